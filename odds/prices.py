"""Point-in-time reads of the archive: what a book offered for a line at an instant."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

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


LONGEST_STANDING = dt.timedelta(days=120)
"""A price that no book has touched for this long before the start is no closing price; older months are not read."""

STARTS = """
SELECT g.game_id, g.announced, least(begun.at, greatest(g.announced, waiting.at)) AS start
FROM ({games}) AS g (game_id, announced)
LEFT JOIN LATERAL (
    SELECT min(r.read_at) AS at FROM score_readings r
    WHERE r.game_id = g.game_id AND r.status = 'live' AND r.source <> 'staff'
      AND r.status_detail NOT ILIKE '%%delay%%'
) begun ON true
LEFT JOIN LATERAL (
    SELECT max(r.read_at) AS at FROM score_readings r
    WHERE r.game_id = g.game_id AND r.source <> 'staff' AND r.status_detail ILIKE '%%delay%%'
      AND r.read_at BETWEEN g.announced AND least(begun.at, g.announced + interval '12 hours')
) waiting ON true
"""
"""The actual start of games, given (game, start as last announced): docs/decisions/0008-closing-lines.md.

A score feed that saw the game under way before the announced start moves it there; one that still called the start
delayed after it moves it to the last time it said so.
"""

CLOSING = f"""
WITH w (n, game_id, selection_id, bookmaker_id, point, instant) AS MATERIALIZED (
    SELECT * FROM unnest(%s::int[], %s::uuid[], %s::bigint[], %s::smallint[], %s::numeric[], %s::timestamptz[])
), starts AS MATERIALIZED ({STARTS.format(games="SELECT DISTINCT game_id, instant FROM w")})
SELECT w.n, s.price, s.point, s."timestamp", s.captured_at
FROM w
JOIN starts ON starts.game_id = w.game_id AND starts.announced = w.instant
CROSS JOIN LATERAL (
    SELECT price, point, "timestamp", captured_at
    FROM odd_snapshots
    WHERE game_id = w.game_id AND selection_id = w.selection_id AND bookmaker_id = w.bookmaker_id
      AND point IS NOT DISTINCT FROM w.point AND price IS NOT NULL
      AND "timestamp" <= starts.start AND captured_at <= starts.start
      AND "timestamp" >= %s AND "timestamp" <= %s
    ORDER BY "timestamp" DESC, id DESC
    LIMIT 1
) s
WHERE s."timestamp" >= starts.start - %s
"""  # noqa: S608 - put together from constants
SLACK = dt.timedelta(hours=12)
"""How far a delayed start may lie after the announced one."""


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

    The closing price is the last one received up to the actual start of the game at the same book, selection and
    point; its age shows in ``seen_at``. The line's instant is the start as last announced (see ``STARTS``). A line
    without one is left out. Only the months that can hold one are read.
    """
    wanted = list(dict.fromkeys(lines))
    if not wanted:
        return {}
    instants = [line.instant for line in wanted]
    bounds: list[Any] = [min(instants) - LONGEST_STANDING, max(instants) + SLACK, LONGEST_STANDING]
    columns: list[Any] = [list(column) for column in zip(*wanted, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(CLOSING, [list(range(len(wanted))), *columns, *bounds])
        return {wanted[n]: Price(*price) for n, *price in cursor.fetchall()}
