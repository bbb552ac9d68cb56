"""How an edge, or a runner of an outright, reads on a page."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from django import template

from games.models import Game, GameStatus
from odds import pricing
from odds.best_prices import Quote
from odds.edges.page import Leg
from odds.price_markup import price_markup
from odds.templatetags.odds_display import percent, reader_of

register = template.Library()


@register.simple_tag(takes_context=True)
def leg_price(context: template.Context, leg: Leg, game: Game, number: int) -> str:
    """The price of a leg to click into the slip; a lay, or a game under way, only to read. ``number`` is the edge's."""
    bettable = not leg.offer.is_lay and game.status == GameStatus.SCHEDULED
    return price_markup(
        reader_of(context),
        leg.quote,
        leg.name,
        bettable,
        with_book=True,
        suffix=f"-{leg.quote.book_key}-{number}",
    )


@register.simple_tag(takes_context=True)
def best_price(context: template.Context, quote: Quote, name: str, bettable: bool) -> str:
    """A runner's best price with its book, to click into the slip."""
    return price_markup(reader_of(context), quote, name, bettable, with_book=True, kinds="bare")


@register.filter
def signed_percent(share: Fraction) -> str:
    """With its sign: +3.2%, −0.4%."""
    text = percent(share)
    return text if text.startswith(pricing.MINUS) or text == "0.0%" else f"+{text}"


@register.filter
def signed_amount(amount: Decimal) -> str:
    """An amount with its sign, a true minus among them: +37.35, −4.71."""
    return f"{amount:+.2f}".replace("-", pricing.MINUS)


@register.filter
def numbers(wins: range) -> str:
    """The whole results of a middle: 4, 4 and 5, or 4 to 7."""
    if len(wins) > 2:
        return f"{wins.start} to {wins.stop - 1}".replace("-", pricing.MINUS)
    return " and ".join(str(one) for one in wins).replace("-", pricing.MINUS)
