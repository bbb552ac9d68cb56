"""From staged quotes to changes: what is new, changed or gone, in archive and board. One statement, on one machine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper

from odds import shards
from odds.markets import scope, single_line

from .rows import literal

COMPARED: Final = """
WITH held AS MATERIALIZED (
    SELECT c.game_id, c.selection_id, c.bookmaker_id, c.line AS place, c.point, c.price, c."timestamp", s.market,
        m.is_polled,
        CASE WHEN m.is_single AND row_number() OVER (
            PARTITION BY c.selection_id, c.bookmaker_id ORDER BY c.id DESC
        ) = 1 THEN 'NaN' ELSE coalesce(c.point, 'NaN') END AS line
    FROM current_odds c
    JOIN selections s ON s.game_id = c.game_id AND s.id = c.selection_id
    JOIN unnest(%(markets)s::text[], %(scopes)s::text[], %(single)s::boolean[], %(polled)s::boolean[])
        AS m (market, scope, is_single, is_polled) ON m.market = s.market
    JOIN heartbeats b ON b.game_id = c.game_id AND b.bookmaker_id = c.bookmaker_id AND b.scope = m.scope
    WHERE c.game_id = ANY(%(games)s::uuid[]) AND s.game_id = ANY(%(games)s::uuid[])
        AND b.game_id = ANY(%(games)s::uuid[]) AND b.id = ANY(%(beats)s::bigint[])
), compared AS MATERIALIZED (
    SELECT h.place AS held_place, h.game_id AS held_game_id, h.selection_id AS held_selection_id,
        h.bookmaker_id AS held_bookmaker_id, h.market, h.point AS held_point, h.price AS held_price,
        h."timestamp" AS held_timestamp, h.is_polled, i.*
    FROM (
        SELECT *, CASE WHEN is_single THEN 'NaN' ELSE coalesce(point, 'NaN') END AS line FROM incoming_quotes
    ) i
    FULL JOIN held h ON h.selection_id = i.selection_id AND h.bookmaker_id = i.bookmaker_id AND h.line = i.line
    WHERE h.place IS NULL OR i.price IS DISTINCT FROM h.price OR i.point IS DISTINCT FROM h.point
), changed AS MATERIALIZED (
    SELECT held_place, game_id, selection_id, bookmaker_id, point, price,
        CASE WHEN held_point IS NOT DISTINCT FROM point THEN held_price END AS previous_price,
        greatest("timestamp", held_timestamp, CASE WHEN held_place IS NULL AND is_known THEN (
            SELECT s."timestamp" FROM odd_snapshots s
            WHERE s.game_id = x.game_id AND s.selection_id = x.selection_id AND s.bookmaker_id = x.bookmaker_id
                AND s."timestamp" > x."timestamp" AND (x.is_single OR s.point IS NOT DISTINCT FROM x.point)
            ORDER BY s."timestamp" DESC LIMIT 1
        ) END) AS "timestamp"
    FROM compared x
    WHERE game_id IS NOT NULL
), gone AS MATERIALIZED (
    SELECT held_place, held_game_id AS game_id, held_selection_id AS selection_id,
        held_bookmaker_id AS bookmaker_id, held_point AS point
    FROM compared x
    WHERE game_id IS NULL AND is_polled AND NOT EXISTS (
        SELECT FROM unnest(%(unsure_games)s::uuid[], %(unsure_books)s::smallint[], %(unsure_markets)s::text[])
            AS u (game_id, bookmaker_id, market)
        WHERE u.game_id = x.held_game_id AND u.bookmaker_id = x.held_bookmaker_id
            AND u.market IN (x.market, '')
    )
)
"""
"""A change keeps its place: it is never dated before the one it follows, nor a return before its withdrawal.

Where a market has one line at a time, a new point takes the place of the old one: one change, not a withdrawal
and an arrival.
"""
APPLY: Final = f"""{COMPARED}, archived AS (
    INSERT INTO odd_snapshots (game_id, selection_id, bookmaker_id, price, point, "timestamp", captured_at)
    SELECT game_id, selection_id, bookmaker_id, price, point, "timestamp", %(at)s FROM changed
    UNION ALL
    SELECT game_id, selection_id, bookmaker_id, NULL, point, %(at)s, %(at)s FROM gone
), removed AS (
    DELETE FROM current_odds c USING gone g
    WHERE c.game_id = g.game_id AND c.selection_id = g.selection_id AND c.bookmaker_id = g.bookmaker_id
        AND c.line = g.held_place AND c.game_id = ANY(%(games)s::uuid[])
), moved AS (
    UPDATE current_odds c
    SET point = x.point, price = x.price, previous_price = x.previous_price, "timestamp" = x."timestamp",
        changed_at = %(at)s, updated_at = %(at)s
    FROM changed x
    WHERE c.game_id = x.game_id AND c.selection_id = x.selection_id AND c.bookmaker_id = x.bookmaker_id
        AND c.line = x.held_place AND c.game_id = ANY(%(games)s::uuid[])
), added AS (
    INSERT INTO current_odds
        (game_id, selection_id, bookmaker_id, point, price, "timestamp", changed_at, updated_at)
    SELECT game_id, selection_id, bookmaker_id, point, price, "timestamp", %(at)s, %(at)s
    FROM changed WHERE held_place IS NULL
)
SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM gone)
"""  # noqa: S608 - the parts are constants
DIFFERENCES: Final = f"""{COMPARED}
SELECT held_place, game_id, selection_id, bookmaker_id, point, price, previous_price, "timestamp", false AS is_gone
FROM changed
UNION ALL
SELECT held_place, game_id, selection_id, bookmaker_id, point, NULL, NULL, %(at)s, true FROM gone
"""  # noqa: S608 - the parts are constants
BOARD_SLICE: Final = "game_id = ANY(%(games)s::uuid[])"
ARCHIVE_SLICE: Final = """game_id = ANY(%(games)s::uuid[])
    AND selection_id IN (SELECT i.selection_id FROM incoming_quotes i WHERE i.is_known)
    AND "timestamp" > (SELECT min(i."timestamp") FROM incoming_quotes i WHERE i.is_known)"""
ACROSS_SHARDS: Final = (
    """INSERT INTO odd_snapshots (game_id, selection_id, bookmaker_id, price, point, "timestamp", captured_at)
    SELECT game_id, selection_id, bookmaker_id, price, point, "timestamp", %(at)s FROM differences""",
    """DELETE FROM current_odds c USING differences d
    WHERE d.is_gone AND c.game_id = d.game_id AND c.selection_id = d.selection_id
        AND c.bookmaker_id = d.bookmaker_id AND c.line = d.held_place AND c.game_id = ANY(%(games)s::uuid[])""",
    """UPDATE current_odds c
    SET point = d.point, price = d.price, previous_price = d.previous_price, "timestamp" = d."timestamp",
        changed_at = %(at)s, updated_at = %(at)s
    FROM differences d
    WHERE NOT d.is_gone AND c.game_id = d.game_id AND c.selection_id = d.selection_id
        AND c.bookmaker_id = d.bookmaker_id AND c.line = d.held_place AND c.game_id = ANY(%(games)s::uuid[])""",
    """INSERT INTO current_odds
        (game_id, selection_id, bookmaker_id, point, price, "timestamp", changed_at, updated_at)
    SELECT game_id, selection_id, bookmaker_id, point, price, "timestamp", %(at)s, %(at)s
    FROM differences WHERE held_place IS NULL""",
)
"""What ``APPLY`` does, in statements that write one table each: Citus takes no other of several shards."""

Unsure = tuple[UUID, int, str]
"""Game, bookmaker, and market or '' for all of which a part was refused."""


class Applied(NamedTuple):
    """Lines that are new or changed, and lines that are gone."""

    changed: int
    gone: int


def apply_changes(
    *,
    games: Iterable[UUID],
    beats: Iterable[int],
    markets: Collection[str],
    polled: Collection[str],
    unsure: Iterable[Unsure],
    captured_at: dt.datetime,
) -> Applied:
    """Compare the staged quotes with what these heartbeats' books had on offer; write what differs.

    ``games`` are those of the heartbeats, ``markets`` those to compare. An offer that is not staged is
    withdrawn if its market was ``polled`` and no part of it was refused. Nested loops are ruled out while
    the statement runs: nothing is known of the temporary table, and a wrong guess would be quadratic.
    """
    unsure_games, books, names = list(zip(*unsure, strict=True)) or ((), (), ())
    keys = sorted(markets)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
        found = (_across_shards if settings.ARCHIVE_IS_SHARDED else _at_once)(
            cursor,
            {
                "games": literal(games),
                "beats": literal(beats),
                "markets": keys,
                "scopes": [scope(key) for key in keys],
                "single": [single_line(key) for key in keys],
                "polled": [key in polled for key in keys],
                "unsure_games": literal(unsure_games),
                "unsure_books": literal(books),
                "unsure_markets": list(names),
                "at": captured_at,
            },
        )
        cursor.execute("SET LOCAL enable_nestloop = on")
    return found


def _at_once(cursor: CursorWrapper, values: dict[str, Any]) -> Applied:
    cursor.execute(APPLY, values)
    return Applied(*cursor.fetchone())


def _across_shards(cursor: CursorWrapper, values: dict[str, Any]) -> Applied:
    differing = shards.sliced(DIFFERENCES, board=BOARD_SLICE, archive=ARCHIVE_SLICE)
    cursor.execute(f"CREATE TEMPORARY TABLE differences ON COMMIT DROP AS {differing}", values)
    for statement in ACROSS_SHARDS:
        cursor.execute(statement, values)
    cursor.execute(
        "SELECT count(*) FILTER (WHERE NOT is_gone), count(*) FILTER (WHERE is_gone) FROM differences"
    )
    found = Applied(*cursor.fetchone())
    cursor.execute("DROP TABLE differences")
    return found
