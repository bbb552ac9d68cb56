"""Point-in-time reads of the archive: what a book offered for a line at an instant."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from odds import markets
from odds.models import Bookmaker, OddSnapshot, Selection


class LineAt(NamedTuple):
    """A line at a book, and the instant (UTC) up to which its prices are looked at."""

    game_id: uuid.UUID
    selection_id: int
    bookmaker_id: int
    point: Decimal | None
    instant: dt.datetime


class Price(NamedTuple):
    """American odds of a line; ``timestamp`` is the book's time of it, ``seen_at`` when it was received."""

    odds: Decimal
    point: Decimal | None
    timestamp: dt.datetime
    seen_at: dt.datetime


CLOSING = """
SELECT w.n, s.price, s.point, s."timestamp", s.captured_at
FROM unnest(%s::int[], %s::uuid[], %s::bigint[], %s::smallint[], %s::numeric[], %s::timestamptz[])
    AS w (n, game_id, selection_id, bookmaker_id, point, instant)
CROSS JOIN LATERAL (
    SELECT price, point, "timestamp", captured_at
    FROM odd_snapshots
    WHERE game_id = w.game_id AND selection_id = w.selection_id AND bookmaker_id = w.bookmaker_id
      AND point IS NOT DISTINCT FROM w.point AND price IS NOT NULL
      AND "timestamp" <= w.instant AND captured_at <= w.instant
    ORDER BY "timestamp" DESC, id DESC
    LIMIT 1
) s
"""


def price_at(
    *, selection: Selection, bookmaker: Bookmaker, point: Decimal | None, instant: dt.datetime
) -> Price | None:
    """Return what the book offered for the line as known at the instant; None if it did not offer it.

    Where a book has one point at a time, a later point replaces an earlier one.
    """
    known = OddSnapshot.objects.as_known_at(instant).filter(
        game_id=selection.game_id, selection=selection, bookmaker=bookmaker, timestamp__lte=instant
    )
    if not markets.single_line(selection.market):
        known = known.filter(point__isnull=True) if point is None else known.filter(point=point)
    last = known.order_by("-timestamp", "-id").first()
    if last is None or last.price is None or last.point != point:
        return None
    return Price(last.price, last.point, last.timestamp, last.captured_at)


def closing_prices(lines: Iterable[LineAt]) -> dict[LineAt, Price]:
    """Return the closing price of each line that has one, in one statement whatever their number.

    The closing price is the last one received up to the line's instant (the actual start of the game) at
    the same book, selection and point; its age shows in ``seen_at``. A line without one is left out.
    """
    wanted = list(dict.fromkeys(lines))
    if not wanted:
        return {}
    columns = [list(column) for column in zip(*wanted, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(CLOSING, [list(range(len(wanted))), *columns])
        return {wanted[n]: Price(*price) for n, *price in cursor.fetchall()}
