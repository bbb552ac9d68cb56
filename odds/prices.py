"""Point-in-time reads of the archive: what a book offered for a line at an instant."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from games.models import Game
from odds import markets, shards
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

UP_TO_START = """
o."timestamp" <= {start} AND o.captured_at <= {start} AND o."timestamp" >= {start} - %(longest)s
AND o."timestamp" BETWEEN %(oldest)s AND %(latest)s
"""
"""What may hold a closing price; the bounds let whole months be left out."""

STANDING = f"""
SELECT DISTINCT ON (o.game_id, o.selection_id, o.bookmaker_id)
    l.game_id, l.start, o.selection_id, o.bookmaker_id, o.price, o.captured_at
FROM lines l JOIN odd_snapshots o ON o.game_id = l.game_id AND o.selection_id = l.id
WHERE {UP_TO_START.format(start="l.start")}
ORDER BY o.game_id, o.selection_id, o.bookmaker_id, o."timestamp" DESC, o.id DESC
"""  # noqa: S608 - put together from constants
"""The state in which each book left each of ``lines`` (game, id, start), selections of one line at a time.

A price of NULL is a line withdrawn before the start: it has no closing price (see ``closing_prices``).
"""

ONE_START = STARTS.format(games="SELECT %(game)s::uuid, %(announced)s::timestamptz")

CLOSING = f"""
WITH w (n, game_id, selection_id, bookmaker_id, point, instant) AS MATERIALIZED (
    SELECT * FROM unnest(%(n)s::int[], %(games)s::uuid[], %(selections)s::bigint[], %(books)s::smallint[],
        %(points)s::numeric[], %(instants)s::timestamptz[])
), starts AS MATERIALIZED ({STARTS.format(games="SELECT DISTINCT game_id, instant FROM w")})
SELECT w.n, s.price, s.point, s."timestamp", s.captured_at
FROM w
JOIN starts ON starts.game_id = w.game_id AND starts.announced = w.instant
JOIN selections c ON c.id = w.selection_id
CROSS JOIN LATERAL (
    SELECT o.price, o.point, o."timestamp", o.captured_at
    FROM odd_snapshots o
    WHERE o.game_id = w.game_id AND o.selection_id = w.selection_id AND o.bookmaker_id = w.bookmaker_id
      AND (o.point IS NOT DISTINCT FROM w.point OR (o.price IS NULL AND c.market ~ %(single)s))
      AND {UP_TO_START.format(start="starts.start")}
    ORDER BY o."timestamp" DESC, o.id DESC
    LIMIT 1
) s
WHERE s.price IS NOT NULL
"""  # noqa: S608 - put together from constants
CLOSING_SLICE = """game_id = ANY(%(games)s::uuid[]) AND selection_id = ANY(%(selections)s::bigint[])
    AND bookmaker_id = ANY(%(books)s::smallint[]) AND "timestamp" BETWEEN %(oldest)s AND %(latest)s"""
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


def actual_start(game: Game) -> dt.datetime:
    """When the game began, up to which its lines close (see ``STARTS``); one statement."""
    with connection.cursor() as cursor:
        cursor.execute(ONE_START, {"game": game.pk, "announced": game.commence_time})
        _, _, start = cursor.fetchone()
    found: dt.datetime = start
    return found


def bounds_of(first: dt.datetime, last: dt.datetime) -> dict[str, Any]:
    """What ``UP_TO_START`` is executed with, for games announced to start between the two."""
    return {"oldest": first - LONGEST_STANDING, "latest": last + SLACK, "longest": LONGEST_STANDING}


def closing_prices(lines: Iterable[LineAt]) -> dict[LineAt, Price]:
    """Return the closing price of each line that has one, in one statement whatever their number.

    The closing price is the last one received up to the actual start of the game at the same book, selection and
    point, unless the book withdrew the line after it and before the start: what nobody could take at the start closed
    at no price. Its age shows in ``seen_at``. The line's instant is the start as last announced (see ``STARTS``). A
    line without one is left out. Only the months that can hold one are read.
    """
    wanted = list(dict.fromkeys(lines))
    if not wanted:
        return {}
    instants = [line.instant for line in wanted]
    names = ("games", "selections", "books", "points", "instants")
    values: dict[str, Any] = {
        "n": list(range(len(wanted))),
        **{name: list(column) for name, column in zip(names, zip(*wanted, strict=True), strict=True)},
        "single": markets.SINGLE_LINE_PATTERN,
        **bounds_of(min(instants), max(instants)),
    }
    with connection.cursor() as cursor:
        cursor.execute(shards.sliced(CLOSING, archive=CLOSING_SLICE), values)
        return {wanted[n]: Price(*price) for n, *price in cursor.fetchall()}
