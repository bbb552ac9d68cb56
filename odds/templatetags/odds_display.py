"""How prices, points and times read on a page."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

from django import template
from django.template.defaultfilters import date
from django.utils.timezone import localtime

from games.models import Game
from odds import markets, pricing, wording
from odds.best_prices import Quote
from odds.board import BoardRow
from odds.board_markup import percent_text, row_markup
from odds.grids import Cell, Outcome
from odds.movement import Change, text_of
from odds.price_markup import Reader, none_markup, price_markup
from odds.wording import live_clock, start_in_words

SERIES_COLOURS = 8

register = template.Library()
register.filter("live_clock", live_clock)


@register.simple_tag(takes_context=True)
def board_row(context: template.Context, row: BoardRow, with_sport: bool) -> str:
    """One game of the board; ``with_sport`` where no heading names the sport."""
    return row_markup(row, reader_of(context), with_sport=with_sport)


@register.simple_tag(takes_context=True)
def price_cell(context: template.Context, cell: Cell | None, bettable: bool, with_point: bool = True) -> str:
    """A price in a table whose column or row names the book; the best price is tinted."""
    if cell is None:
        return none_markup("bare")
    bettable = bettable and not markets.is_lay(cell.quote.market)
    kinds = "bare best" if cell.best else "bare"
    return price_markup(
        reader_of(context), cell.quote, cell.name, bettable, with_point=with_point, kinds=kinds
    )


def reader_of(context: template.Context) -> Reader:
    """For whom the page is written."""
    return Reader(
        odds_format=context.get("odds_format") or pricing.AMERICAN,
        now=context["now"],
        add=context.get("slip_add") or "",
        token=str(context.get("csrf_token") or ""),
        pressed=context.get("slip_lines") or frozenset(),
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
def plain_point(line: Decimal) -> str:
    return pricing.format_point(line, signed=False)


@register.filter
def percent(share: Fraction | None) -> str:
    """A share as a percentage with one decimal place and a true minus sign."""
    return percent_text(share)


@register.filter
def span(time: dt.timedelta) -> str:
    """A span of time in its largest unit, cut off: "40 s", "6 min"."""
    return wording.duration(time)


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
def instant(at: dt.datetime) -> str:
    """The instant as an address has it: 2026-11-20T17:00:00Z."""
    return at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


@register.filter
def epoch(at: dt.datetime) -> int:
    """Whole seconds since 1970."""
    return int(at.timestamp())


@register.filter
def ago(then: dt.datetime, now: dt.datetime) -> str:
    """How long ago, in its largest unit: "<1 min", "4 min", "3 h", "2 d"."""
    return wording.ago(now - then)


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
