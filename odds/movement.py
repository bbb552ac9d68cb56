"""How one selection moved at each book, from the archive's change rows: prices, points, and chances without margin.

A chance is the no-vig probability: the prices of all outcomes of the market at the same book, point and moment,
divided by their sum (the multiplicative method). Where a book lacks an outcome, or its points do not belong
together, there is none.
"""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final, NamedTuple

from django.db import connection

from odds import markets, pricing

ROWS: Final = """
SELECT o.selection_id, b.key, b.title, (extract(epoch FROM o."timestamp") * 1000)::bigint,
       (extract(epoch FROM o.captured_at) * 1000)::bigint, o.price, o.point
  FROM odd_snapshots o JOIN bookmakers b ON b.id = o.bookmaker_id
 WHERE o.game_id = %(game)s AND o.selection_id = ANY(ARRAY(
           SELECT s.id FROM selections s JOIN selections mine ON mine.game_id = s.game_id
            WHERE mine.game_id = %(game)s AND mine.id = %(selection)s
              AND s.market = mine.market AND s.participant = mine.participant))
 ORDER BY b.title, b.id, o."timestamp", o.id
"""


@dataclass(frozen=True, slots=True)
class Change:
    """A price from this instant on; ``price`` None means withdrawn. ``fair`` is the chance without margin.

    ``captured_at`` is when we knew; ``own`` is False where only another outcome's price changed.
    """

    at: dt.datetime
    price: Decimal | None
    point: Decimal | None
    fair: Fraction | None = None
    captured_at: dt.datetime | None = None
    own: bool = True


@dataclass(frozen=True, slots=True)
class Series:
    """One book's changes in the order of time; ``until`` is when the book was last seen.

    ``ticks`` has besides the selection's own ``changes`` the moments at which only its chance changed.
    """

    book_key: str
    book_title: str
    ticks: list[Change]
    until: dt.datetime | None

    @property
    def changes(self) -> list[Change]:
        return [tick for tick in self.ticks if tick.own]

    @property
    def first(self) -> Change:
        """The first price seen, with the first chance at its point where the other outcomes came later."""
        quoted = [tick for tick in self.ticks if tick.price is not None]
        return (
            next((tick for tick in quoted if tick.fair is not None), quoted[0]) if quoted else self.ticks[0]
        )

    @property
    def last(self) -> Change:
        return self.ticks[-1]

    def known_at(self, instant: dt.datetime) -> Change | None:
        """The last of what was known at the instant, at the start the closing price; None if nothing was offered."""
        known = [
            tick for tick in self.ticks if (tick.captured_at or tick.at) <= instant and tick.at <= instant
        ]
        return known[-1] if known and known[-1].price is not None else None


@dataclass(frozen=True, slots=True)
class Movement:
    """The series of a selection; in a market of many lines only those at ``point``.

    ``resolution`` is the shortest time between two captures of a change: what happened within it was not seen.
    """

    market: str
    series: list[Series]
    point: Decimal | None
    changes: int
    resolution: dt.timedelta | None = None

    @property
    def has_fair(self) -> bool:
        return any(tick.fair is not None for series in self.series for tick in series.ticks)


class Row(NamedTuple):
    selection: int
    book_key: str
    book_title: str
    at_ms: int
    captured_ms: int
    price: Decimal | None
    point: Decimal | None


def read_movement(
    game: uuid.UUID, *, selection: int, market: str, seen: dict[tuple[str, str], dt.datetime]
) -> Movement:
    """All changes of one selection, and of the other outcomes of its market, by book; one statement.

    A market in which books quote several lines at once is drawn at the line most books have quoted: joining
    different lines would show moves that never were.
    """
    with connection.cursor() as cursor:
        cursor.execute(ROWS, {"game": game, "selection": selection})
        rows = [Row._make(row) for row in cursor.fetchall()]
    point: Decimal | None = None
    if not markets.single_line(market):
        own = {(row.book_key, row.point) for row in rows if row.selection == selection}
        books_at = Counter(each for _, each in own)
        point = max(books_at, key=lambda each: (books_at[each], -abs(each or Decimal(0))), default=None)
        rows = [row for row in rows if row.point == point or markets.is_signed(market)]
    outcomes = sorted({row.selection for row in rows} | {selection})
    scope = markets.scope(market)
    series = []
    for (key, title), members in itertools.groupby(rows, key=lambda row: (row.book_key, row.book_title)):
        ticks = _ticks(list(members), outcomes, selection, point, signed=markets.is_signed(market))
        if ticks:
            series.append(Series(key, title, ticks, seen.get((key, scope))))
    return Movement(
        market=market,
        series=series,
        point=point,
        changes=sum(tick.own for each in series for tick in each.ticks),
        resolution=_resolution(rows),
    )


def _ticks(
    rows: Sequence[Row], outcomes: Sequence[int], mine: int, point: Decimal | None, *, signed: bool
) -> list[Change]:
    """The states of one outcome at one book, from the first in which it was quoted."""
    state: dict[int, Row] = {}
    ticks: list[Change] = []
    for at_ms, members in itertools.groupby(rows, key=lambda row: row.at_ms):
        own: list[Row] = []
        captured = 0
        for row in members:
            if row.selection == mine:
                if point is not None and row.point != point:
                    continue
                own.append(row)
            elif point is not None and row.point != (-point if signed else point):
                continue
            state[row.selection] = row
            captured = max(captured, row.captured_ms)
        now = state.get(mine)
        if now is None or not captured:
            continue
        fair = _fair_of(mine, outcomes, state, signed=signed)
        at, captured_at = _instant(at_ms), _instant(captured)
        ticks += [Change(at, row.price, row.point, None, _instant(row.captured_ms)) for row in own[:-1]]
        if own or fair != (ticks[-1].fair if ticks else None):
            ticks.append(Change(at, now.price, now.point, fair, captured_at, own=bool(own)))
    return ticks


def _fair_of(mine: int, outcomes: Sequence[int], state: dict[int, Row], *, signed: bool) -> Fraction | None:
    if len(outcomes) < 2 or len(state) < len(outcomes):
        return None
    quoted = [state[outcome] for outcome in outcomes]
    prices = tuple(row.price for row in quoted if row.price is not None)
    if len(prices) < len(quoted):
        return None
    points = [row.point for row in quoted]
    if points[0] is not None or points[-1] is not None:
        alike = {abs(each) if signed else each for each in points if each is not None}
        if None in points or len(alike) > 1 or (signed and sum(filter(None, points)) != 0):
            return None
    chances = no_vig(prices)
    return chances[outcomes.index(mine)] if chances else None


@lru_cache(maxsize=32_768)
def no_vig(prices: tuple[Decimal, ...]) -> tuple[Fraction, ...] | None:
    """The chances of all outcomes of a market from their American odds; None where none follow from them."""
    try:
        return pricing.devig(prices, pricing.Method.MULTIPLICATIVE).probabilities
    except pricing.NoFairPrice:
        return None


def moved(first: Change, last: Change) -> Decimal | None:
    """Change of the chance in percentage points, to a tenth; None after a change of the point or without chances."""
    if first.fair is None or last.fair is None or first.point != last.point:
        return None
    return percentage_points(last.fair - first.fair)


def percentage_points(share: Fraction) -> Decimal:
    return Decimal(round(share * 1000)).scaleb(-1)


def text_of(change: Change, market: str, odds_format: str) -> str:
    """ "−2.5 at −110", or that the line was withdrawn."""
    if change.price is None:
        return "withdrawn"
    price = pricing.format_odds(change.price, odds_format)
    point = pricing.format_point(change.point, signed=markets.is_signed(market))
    return f"{point} at {price}" if point else price


def newest_changes(movement: Movement, limit: int) -> list[tuple[str, Change]]:
    """Book and change, newest first: the table beside the chart."""
    every: Iterable[tuple[str, Change]] = (
        (series.book_title, change) for series in movement.series for change in series.changes
    )
    return sorted(every, key=lambda pair: (pair[1].at, pair[0]), reverse=True)[:limit]


def _instant(milliseconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)


def _resolution(rows: Sequence[Row]) -> dt.timedelta | None:
    captures = sorted({row.captured_ms for row in rows})
    gaps = [later - earlier for earlier, later in itertools.pairwise(captures)]
    return dt.timedelta(milliseconds=min(gaps)) if gaps else None
