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
from odds.wording import duration, start_in_words

SERIES_COLOURS = 8

register = template.Library()


@register.inclusion_tag("_components/price_button.html", takes_context=True)
def price_button(
    context: template.Context, quote: Quote | None, name: str, bettable: bool
) -> dict[str, object]:
    """A price to click into the slip; only to read where the bet can no longer be placed."""
    return _price(context, quote, name, bettable) | {"with_book": True}


@register.inclusion_tag("_components/price_button.html", takes_context=True)
def price_cell(
    context: template.Context, cell: Cell | None, bettable: bool, with_point: bool = True
) -> dict[str, object]:
    """The same in a table whose column or row names the book; the best price is tinted."""
    quote = cell.quote if cell else None
    kinds = "bare best" if cell and cell.best else "bare"
    name = cell.name if cell else ""
    return _price(context, quote, name, bettable and _can_be_backed(quote)) | {
        "kinds": kinds,
        "bare_point": not with_point,
    }


def _price(context: template.Context, quote: Quote | None, name: str, bettable: bool) -> dict[str, object]:
    if quote is None:
        return {"price": None}
    fmt = context.get("odds_format") or pricing.AMERICAN
    return {
        "quote": quote,
        "price": pricing.format_odds(quote.price, fmt),
        "point": point(quote),
        "name": name,
        "slip_add": context.get("slip_add") if bettable else "",
        "pressed": quote.line in (context.get("slip_lines") or ()),
        "change": quote.change(context["now"]),
        "csrf_token": context.get("csrf_token"),
    }


@register.simple_tag(takes_context=True)
def slip_lines(context: template.Context) -> frozenset[str]:
    """The lines in the slip, for a page without script; a fragment has its prices marked by script."""
    slip = context.get("slip")
    if slip is None or context["request"].htmx:
        return frozenset()
    return frozenset(line.leg.line for line in slip.lines)


def _can_be_backed(quote: Quote | None) -> bool:
    return quote is not None and not markets.is_lay(quote.market)


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
