"""How the price of one selection moved at each book, from the archive's change rows.

Drawn is the implied probability, 1 ÷ decimal odds: equal steps mean equally much anywhere, and unlike
American odds it has no gap between −100 and +100. The axis is labelled in the reader's odds format.
"""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from odds import markets, pricing
from odds.models import OddSnapshot

Payload = dict[str, object]


@dataclass(frozen=True, slots=True)
class Change:
    """A price from this instant on; ``price`` None means withdrawn."""

    at: dt.datetime
    price: Decimal | None
    point: Decimal | None


@dataclass(frozen=True, slots=True)
class Series:
    """One book's changes in the order of time; ``until`` is when the book was last seen."""

    book_key: str
    book_title: str
    changes: list[Change]
    until: dt.datetime | None

    @property
    def first(self) -> Change:
        return next((change for change in self.changes if change.price is not None), self.changes[0])

    @property
    def last(self) -> Change:
        return self.changes[-1]


@dataclass(frozen=True, slots=True)
class Movement:
    """The series of a selection; in a market of many lines only those at ``point``."""

    market: str
    series: list[Series]
    point: Decimal | None
    changes: int


def read_movement(
    game: uuid.UUID, *, selection: int, market: str, seen: dict[tuple[str, str], dt.datetime]
) -> Movement:
    """All changes of one selection by book, in one statement.

    A market in which books quote several lines at once is drawn at the line most books have quoted: joining
    different lines would show moves that never were.
    """
    rows = list(
        OddSnapshot.objects.filter(game=game, selection=selection)
        .order_by("bookmaker__title", "bookmaker_id", "timestamp", "id")
        .values_list("bookmaker__key", "bookmaker__title", "timestamp", "price", "point")
    )
    point: Decimal | None = None
    if not markets.single_line(market) and rows:
        books_at = Counter(each for _, each in {(row[0], row[4]) for row in rows})
        point = max(books_at, key=lambda each: (books_at[each], -abs(each or Decimal(0))))
        rows = [row for row in rows if row[4] == point]
    scope = markets.scope(market)
    series = [
        Series(
            key,
            title,
            [Change(at, price, at_point) for _, _, at, price, at_point in members],
            seen.get((key, scope)),
        )
        for (key, title), members in itertools.groupby(rows, key=lambda row: (row[0], row[1]))
    ]
    return Movement(market=market, series=series, point=point, changes=len(rows))


def moved(first: Change, last: Change) -> Decimal | None:
    """Change of the implied probability in percentage points, to a tenth; None after a change of the point."""
    if first.price is None or last.price is None or first.point != last.point:
        return None
    return Decimal(round((pricing.implied(last.price) - pricing.implied(first.price)) * 1000)).scaleb(-1)


def payload(
    movement: Movement, *, odds_format: str, zone: str, start: dt.datetime, now: dt.datetime
) -> Payload:
    """The series as compact JSON: per book times (epoch seconds), probabilities and ready texts."""
    return {
        "format": odds_format,
        "zone": zone,
        "start": int(start.timestamp()),
        "now": int(now.timestamp()),
        "books": [
            {
                "key": series.book_key,
                "title": series.book_title,
                "until": int(series.until.timestamp()) if series.until else None,
                "t": [int(change.at.timestamp()) for change in series.changes],
                "p": [_probability(change.price) for change in series.changes],
                "text": [text_of(change, movement.market, odds_format) for change in series.changes],
            }
            for series in movement.series
        ],
    }


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


def _probability(price: Decimal | None) -> float | None:
    return None if price is None else round(float(pricing.implied(price)), 5)
