"""The present board as plain rows, for who writes it without a page: the same games and prices, and no objects."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from django.db import connection
from django.db.models import Count, Window

from games.days import day_bounds
from games.models import Game
from odds.api.rows import share
from odds.as_of import STILL_LIVE_AFTER
from odds.best_prices import BestLine, best_rows
from odds.board import PAGE_SIZE, STATUSES, BoardRequest, hold_of, on_day, ordered, sides_in_order
from rest.compiled import CompiledRows, Given

GAME: Final = (
    "id", "sport_id", "sport__title", "title", "home_team_id", "away_team_id", "home_team__name", "away_team__name",
    "commence_time", "status", "home_score", "away_score", "clock",
)  # fmt: skip
SEEN: Final = "SELECT max(seen_at) FROM heartbeats WHERE game_id = ANY(%s)"

Quotes = Mapping[tuple[str, str], BestLine]


class PlainGame(NamedTuple):
    """A game by its columns (``GAME``), its best prices in the board's order, how many books, and the hold as text."""

    game: Any
    prices: list[BestLine]
    books: int
    hold: str | None


class PlainBoard(NamedTuple):
    """One page; ``games`` are those of all pages."""

    rows: list[PlainGame]
    games: int
    seen_at: dt.datetime | None

    def has_more(self, page: int) -> bool:
        return page * PAGE_SIZE < self.games


def read_rows(request: BoardRequest, *, now: dt.datetime) -> PlainBoard | None:
    """A page of the present board in three statements; None where there is no such page, but may be others."""
    start, end = day_bounds(request.day, request.zone)
    is_today = start <= now < end
    sport = None if request.sport is None else request.sport.pk
    games = games_query(is_today, sport is not None, request.status, request.group, request.page).all(
        start=start, end=end, live_from=start - STILL_LIVE_AFTER, sport=sport
    )
    if not games:
        return None if request.page > 1 else PlainBoard([], 0, None)
    ids = [game.id for game in games]
    quotes: dict[uuid.UUID, dict[tuple[str, str], BestLine]] = {}
    for row in best_rows(ids):
        quotes.setdefault(row.game_id, {})[row.market, row.side] = row
    with connection.cursor() as cursor:
        cursor.execute(SEEN, [ids])
        (seen_at,) = cursor.fetchone()
    return PlainBoard([plain_game(game, quotes.get(game.id, {})) for game in games], games[0].all, seen_at)


@lru_cache(maxsize=256)
def games_query(is_today: bool, of_sport: bool, status: str, group: str, page: int) -> CompiledRows:
    """The games of a page of the board, each with the number of those on all pages."""
    live_from = Given("live_from") if is_today else None
    found = Game.objects.matches().filter(on_day(Given("start"), Given("end"), live_from))
    if of_sport:
        found = found.filter(sport=Given("sport"))
    if (wanted := STATUSES[status]) is not None:
        found = found.filter(status=wanted)
    first = (page - 1) * PAGE_SIZE
    counted = ordered(found.annotate(all=Window(Count("pk"))), group, past=False)
    return CompiledRows(lambda: counted, (*GAME, "all"), limits=(first, first + PAGE_SIZE))


def plain_game(game: Any, quotes: Quotes) -> PlainGame:
    order = sides_in_order(game.sport_id, has_draw=("h2h", "draw") in quotes)
    moneylines = [quotes.get(("h2h", side)) for side in order]
    prices = tuple(quote.price for quote in moneylines if quote is not None)
    hold = hold_text(prices) if len(prices) == len(order) else None
    books = next(iter(quotes.values())).books if quotes else 0
    return PlainGame(game, in_order(order, quotes), books, hold)


def in_order(order: Sequence[str], quotes: Quotes) -> list[BestLine]:
    """Moneyline, spread and total of each side, as the rows of the board have them."""
    found = []
    for side in order:
        names = [("h2h", side)]
        if side != "draw":
            names += [("spreads", side), ("totals", "over" if side == order[0] else "under")]
        found += [quotes[name] for name in names if name in quotes]
    return found


@lru_cache(maxsize=16384)
def hold_text(prices: tuple[Any, ...]) -> str | None:
    """The hold of the best moneylines, to six places; None where they are of different moments."""
    return share(hold_of(prices))
