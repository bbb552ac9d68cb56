"""The markup of one game of the board, for the same reason as that of its prices: a page holds fifty of them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from html import escape
from typing import Final
from uuid import UUID

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.dateformat import format as format_date
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from games.models import Game, GameStatus, Team
from odds import pricing
from odds.best_prices import Quote
from odds.board import BoardRow, SideRow
from odds.price_markup import Reader, none_markup, price_markup
from odds.wording import live_clock, start_in_words

ROW: Final = (
    '<article class="board-row{three}" aria-label="{title}">'
    '<a class="when{live}" href="{url}"><b>{when}</b><span>{state}</span>{sport}</a>'
    '<a class="match" href="{url}">{sides}</a>'
    '<div class="prices">{moneylines}</div><div class="prices">{spreads}</div><div class="prices">{totals}</div>'
    '<div class="hold">{hold}</div></article>\n'
)
SIDE: Final = '<span class="side{kinds}">{crest}<span class="name">{name}</span>{score}</span>'
NO_CREST: Final = '<span class="crest none"></span>'
SPARKLINE: Final = (
    '<svg class="spark {way}" viewBox="0 0 60 18" width="60" height="18" role="img" aria-label="{label}">'
    '<title>{label}</title><path d="{corners}"/></svg>'
)
GAP: Final = '<span class="price gap"></span>'


def row_markup(row: BoardRow, reader: Reader, *, with_sport: bool) -> SafeString:
    """The row of one game; ``with_sport`` names its sport too."""
    game = row.game
    when, state = _when(game, reader.now)
    moneylines, spreads, totals = [], [], []
    for side in row.sides:
        moneylines.append(_price(reader, side.moneyline, side.moneyline_name, row.bettable))
        if side.side == "draw":
            spreads.append(GAP)
            totals.append(GAP)
        else:
            spreads.append(_price(reader, side.spread, side.spread_name, row.bettable))
            totals.append(_price(reader, side.total, game.title, row.bettable))
    return SafeString(
        ROW.format(
            three=" three" if len(row.sides) == 3 else "",
            title=escape(game.title),
            live=" live" if game.status == GameStatus.LIVE else "",
            url=reverse("odds:game", args=[game.pk]),
            when=escape(when),
            state=state,
            sport=f'<span class="league">{escape(game.sport.title)}</span>' if with_sport else "",
            sides="".join(map(_side, row.sides)),
            moneylines="".join(moneylines),
            spreads="".join(spreads),
            totals="".join(totals),
            hold=_hold(row) + _sparkline(row, reader),
        )
    )


def percent_text(share: Fraction | None) -> str:
    """A share as a percentage with one decimal place and a true minus sign; '' for none."""
    if share is None:
        return ""
    text = f"{Decimal(round(share * 1000)).scaleb(-1):.1f}%"
    return text.replace("-", pricing.MINUS)


def _price(reader: Reader, quote: Quote | None, name: str, bettable: bool) -> str:
    if quote is None:
        return none_markup()
    return price_markup(reader, quote, name, bettable, with_book=True)


def _when(game: Game, now: dt.datetime) -> tuple[str, str]:
    if game.status == GameStatus.LIVE:
        return live_clock(game), "live"
    start = format_date(localtime(game.commence_time), "g:i A")
    if game.status == GameStatus.SCHEDULED:
        return start, start_in_words(game, now)
    return game.get_status_display(), start


def _side(side: SideRow) -> str:
    kinds = f"{' behind' if side.behind else ''}{' draw' if side.side == 'draw' else ''}"
    crest = _crest(side.team.pk, side.team.logo_url) if side.team else NO_CREST
    score = "" if side.score is None else f'<span class="score">{side.score}</span>'
    return SIDE.format(kinds=kinds, crest=crest, name=escape(side.name), score=score)


@lru_cache(maxsize=4096)
def _crest(team: UUID, logo_url: str) -> str:
    shown = Team(pk=team, logo_url=logo_url)
    return render_to_string("_components/crest.html", {"team": shown}).strip()


def _hold(row: BoardRow) -> str:
    share = "" if row.hold is None else f"<b>{percent_text(row.hold)}</b>"
    books = f"<span>{row.books} book{'' if row.books == 1 else 's'}</span>" if row.books else ""
    return share + books


def _sparkline(row: BoardRow, reader: Reader) -> str:
    line = row.sparkline
    if line is None:
        return ""
    quoted = [side for side in row.sides if side.moneyline is not None and side.side != "draw"]
    backed = min(quoted, key=lambda side: (side.moneyline.price, side.side != "home"))  # type: ignore[union-attr]
    first, last = (pricing.format_odds(price, reader.odds_format) for price in (line.first, line.last))
    label = f"{backed.name} at {line.book}, last 7 days: {first} to {last}"
    return SPARKLINE.format(way=line.way, label=escape(label), corners=line.corners)
