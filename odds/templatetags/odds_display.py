"""How prices, points and times read on a page."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

from django import template
from django.template.defaultfilters import date
from django.utils.timezone import localtime

from games.models import Game
from odds import markets, pricing
from odds.best_prices import Quote
from odds.grids import Cell, Outcome
from odds.movement import Change, text_of
from odds.price_markup import PriceText, button_markup, closed_markup, none_markup
from odds.wording import duration, live_clock, start_in_words

SERIES_COLOURS = 8

register = template.Library()
register.filter("live_clock", live_clock)


@register.simple_tag(takes_context=True)
def price_button(context: template.Context, quote: Quote | None, name: str, bettable: bool) -> str:
    """A price to click into the slip; only to read where the bet can no longer be placed."""
    if quote is None:
        return none_markup()
    return _price(context, quote, name, bettable, with_book=True)


@register.simple_tag(takes_context=True)
def price_cell(context: template.Context, cell: Cell | None, bettable: bool, with_point: bool = True) -> str:
    """The same in a table whose column or row names the book; the best price is tinted."""
    if cell is None:
        return none_markup("bare")
    bettable = bettable and not markets.is_lay(cell.quote.market)
    kinds = "bare best" if cell.best else "bare"
    return _price(context, cell.quote, cell.name, bettable, with_point=with_point, kinds=kinds)


def _price(
    context: template.Context,
    quote: Quote,
    name: str,
    bettable: bool,
    *,
    with_point: bool = True,
    with_book: bool = False,
    kinds: str = "",
) -> str:
    fmt = context.get("odds_format") or pricing.AMERICAN
    text = PriceText(quote, pricing.format_odds(quote.price, fmt), point(quote), name, with_point, with_book)
    add = context.get("slip_add") or ""
    if not bettable or not add:
        return closed_markup(text, kinds)
    where = f"-{quote.book_key}{'' if quote.point is None else quote.point}" if kinds else ""
    return button_markup(
        text,
        kinds=f"{kinds} {quote.change(context['now'])}".strip(),
        add=add,
        token=str(context.get("csrf_token") or ""),
        pressed=quote.line in (context.get("slip_lines") or ()),
        element_id=f"p{quote.selection_id}{where}",
    )


@register.simple_tag(takes_context=True)
def slip_lines(context: template.Context) -> frozenset[str]:
    """The lines in the slip, for a page without script; a fragment has its prices marked by script."""
    slip = context.get("slip")
    if slip is None or context["request"].htmx:
        return frozenset()
    return frozenset(line.leg.line for line in slip.lines)


@register.simple_tag(takes_context=True)
def line_text(context: template.Context, quote: Quote) -> str:
    """ "−2.5 at −110" in the reader's odds format."""
    return change_text(context, Change(quote.changed_at, quote.price, quote.point), quote.market)


@register.simple_tag(takes_context=True)
def change_text(context: template.Context, change: Change, market: str) -> str:
    """ "−2.5 at −110" or "withdrawn" in the reader's odds format."""
    return text_of(change, market, context.get("odds_format") or pricing.AMERICAN)


@register.filter
def odds(price: Decimal | None, fmt: str = "") -> str:
    """American odds in the reader's format: ``{{ price|odds:odds_format }}``."""
    return pricing.format_odds(price, fmt or pricing.AMERICAN)


@register.filter
def point(quote: Quote) -> str:
    """The line as a button shows it: a handicap with its sign, a total with O or U before it."""
    if quote.point is None:
        return ""
    if quote.side in ("over", "under"):
        return f"{quote.side[0].upper()} {pricing.format_point(quote.point, signed=False)}"
    return pricing.format_point(quote.point, signed=markets.is_signed(quote.market))


@register.filter
def plain_point(line: Decimal) -> str:
    return pricing.format_point(line, signed=False)


@register.filter
def percent(share: Fraction | None) -> str:
    """A share as a percentage with one decimal place and a true minus sign."""
    if share is None:
        return ""
    text = f"{Decimal(round(share * 1000)).scaleb(-1):.1f}%"
    return text.replace("-", pricing.MINUS)


@register.filter
def signed(number: Decimal) -> str:
    """With its sign, a true minus among them: +3.2, −0.4."""
    return f"{number:+.1f}".replace("-", pricing.MINUS) if number else "0.0"


@register.filter
def starts(game: Game, now: dt.datetime) -> str:
    """ "in 48 min", or what else there is to say about the start of a game."""
    return start_in_words(game, now)


@register.filter
def moment(then: dt.datetime, now: dt.datetime) -> str:
    """The time to the second when it was today, else day and time, in the zone of the page."""
    local, today = localtime(then), localtime(now).date()
    if local.date() == today:
        return date(local, "g:i:s A")
    return date(local, "D j M, g:i A" if local.year == today.year else "D j M Y, g:i A")


@register.filter
def ago(then: dt.datetime, now: dt.datetime) -> str:
    """How long ago, in its largest unit: "12 s", "4 min", "3 h", "2 d"."""
    return duration(now - then)


@register.filter
def column_name(outcome: Outcome, game: Game) -> str:
    """A column's heading: a team's abbreviation where it has one, else the outcome's name."""
    team = {"home": game.home_team, "away": game.away_team}.get(outcome.side)
    return team.abbr or team.name if team else outcome.name


@register.filter
def market_title(market: str) -> str:
    return markets.title(market)


@register.filter
def series_colour(index: int) -> int:
    """Colours of chart lines go round: 1 to 8."""
    return index % SERIES_COLOURS + 1
