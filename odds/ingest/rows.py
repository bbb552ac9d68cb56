"""The SQL of the ingest: every function is one statement, whatever the number of rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from odds.partitions import LOCK as PARTITION_LOCK

from .beats import Beat
from .diff import Change, Line, Offer

SPORT_LOCK = 7_301_002

SelectionKey = tuple[str, str, str]
"""Market, participant, side."""
SelectionIds = dict[UUID, dict[SelectionKey, int]]


def begin(sport_keys: Iterable[str]) -> None:
    """Lock the sports until the end of the transaction, whose commit need not wait for the disk.

    A crash may lose the last responses' rows, never tear them; the next poll brings their prices again.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('synchronous_commit', 'off', true), pg_advisory_xact_lock_shared(%s)",
            [PARTITION_LOCK],
        )
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, hashtext(sport)) FROM unnest(%s::text[]) AS sport",
            [SPORT_LOCK, sorted(set(sport_keys))],
        )


def bookmaker_ids(titles: dict[str, str]) -> dict[str, int]:
    """Ids by key; a key never seen before becomes a bookmaker. One or two statements."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT key, id FROM bookmakers WHERE key = ANY(%s)", [list(titles)])
        ids: dict[str, int] = dict(cursor.fetchall())
        unknown = sorted(titles.keys() - ids.keys())
        if unknown:
            cursor.execute(
                "INSERT INTO bookmakers (key, title, short, regions, is_exchange, commission, sharpness, "
                "active, url) SELECT key, title, '', '', false, 0, 1, true, '' "
                "FROM unnest(%s::text[], %s::text[]) AS fresh (key, title) "
                "ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING key, id",
                [unknown, [titles[key][:64] for key in unknown]],
            )
            ids.update(cursor.fetchall())
    return ids


def read_beats(games: Sequence[UUID], scopes: Iterable[str]) -> list[Beat]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT game_id, bookmaker_id, scope, seen_at, polled_at, missed FROM heartbeats "
            "WHERE game_id = ANY(%s::uuid[]) AND scope = ANY(%s)",
            [list(games), list(scopes)],
        )
        return [Beat._make(row) for row in cursor.fetchall()]


def read_selections(games: Sequence[UUID], markets: Iterable[str]) -> SelectionIds:
    ids: SelectionIds = {game: {} for game in games}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT game_id, market, participant, side, id FROM selections "
            "WHERE game_id = ANY(%s::uuid[]) AND market = ANY(%s)",
            [list(games), list(markets)],
        )
        for game, market, participant, side, selection in cursor.fetchall():
            ids[game][market, participant, side] = selection
    return ids


def add_selections(wanted: Iterable[tuple[UUID, SelectionKey]], ids: SelectionIds) -> None:
    """Create the selections that ``ids`` lacks and enter them there."""
    missing = [(game, *key) for game, key in dict.fromkeys(wanted) if key not in ids[game]]
    if not missing:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO selections (game_id, market, participant, side) "
            "SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[]) "
            "ON CONFLICT (game_id, market, participant, side) DO UPDATE SET side = excluded.side "
            "RETURNING game_id, market, participant, side, id",
            [list(column) for column in zip(*missing, strict=True)],
        )
        for game, market, participant, side, selection in cursor.fetchall():
            ids[game][market, participant, side] = selection


def read_offers(games: Sequence[UUID], selections: Iterable[int]) -> list[Offer]:
    """What is on offer of these games' selections."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, game_id, selection_id, bookmaker_id, point, price, timestamp FROM current_odds "
            "WHERE game_id = ANY(%s::uuid[]) AND selection_id = ANY(%s::bigint[])",
            [list(games), list(selections)],
        )
        return [Offer._make(row) for row in cursor.fetchall()]


def last_changes(lines: Sequence[Line]) -> dict[tuple[int, int, Decimal | None], dt.datetime]:
    """Latest timestamp after the line's own at which the archive saw the line change, where there is one."""
    if not lines:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT line.selection, line.book, line.point, latest.timestamp
            FROM unnest(%s::bigint[], %s::smallint[], %s::numeric[], %s::timestamptz[], %s::boolean[])
                AS line (selection, book, point, since, single)
            CROSS JOIN LATERAL (
                SELECT s.timestamp FROM odd_snapshots s
                WHERE s.selection_id = line.selection AND s.bookmaker_id = line.book
                  AND s.timestamp > line.since AND (line.single OR s.point IS NOT DISTINCT FROM line.point)
                ORDER BY s.timestamp DESC LIMIT 1
            ) latest
            """,
            [
                [line.selection_id for line in lines],
                [line.bookmaker_id for line in lines],
                [line.point for line in lines],
                [line.timestamp for line in lines],
                [line.single for line in lines],
            ],
        )
        return {(selection, book, point): at for selection, book, point, at in cursor.fetchall()}


def append_snapshots(lines: Iterable[Line], withdrawn: Iterable[Offer], *, captured_at: dt.datetime) -> None:
    """Add the changes to the archive; a withdrawal is dated by the response that no longer had the line."""
    at = captured_at.isoformat()
    rows = [
        f"{x.game_id}\t{x.selection_id}\t{x.bookmaker_id}\t{x.price}\t{_text(x.point)}\t{x.timestamp}\t{at}\n"
        for x in lines
    ]
    rows += [
        f"{x.game_id}\t{x.selection_id}\t{x.bookmaker_id}\t\\N\t{_text(x.point)}\t{at}\t{at}\n"
        for x in withdrawn
    ]
    _copy(
        "COPY odd_snapshots (game_id, selection_id, bookmaker_id, price, point, timestamp, captured_at)", rows
    )


def add_offers(lines: Iterable[Line], *, captured_at: dt.datetime) -> None:
    at = captured_at.isoformat()
    _copy(
        "COPY current_odds (game_id, selection_id, bookmaker_id, point, price, timestamp, changed_at, updated_at)",
        [
            f"{x.game_id}\t{x.selection_id}\t{x.bookmaker_id}\t{_text(x.point)}\t{x.price}\t{x.timestamp}\t{at}\t{at}\n"
            for x in lines
        ],
    )


def change_offers(changes: Sequence[Change], *, captured_at: dt.datetime) -> None:
    """``previous_price`` is the price before at the same point; after a move of the point there is none."""
    if not changes:
        return
    columns: list[list[Any]] = [
        [change.before.game_id for change in changes],
        [change.before.id for change in changes],
        [change.after.point for change in changes],
        [change.after.price for change in changes],
        [c.before.price if c.before.point == c.after.point else None for c in changes],
        [change.after.timestamp for change in changes],
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE current_odds c
            SET point = f.point, price = f.price, previous_price = f.previous_price, timestamp = f.at,
                changed_at = %s, updated_at = %s
            FROM unnest(%s::uuid[], %s::bigint[], %s::numeric[], %s::numeric[], %s::numeric[], %s::timestamptz[])
                AS f (game_id, id, point, price, previous_price, at)
            WHERE c.game_id = f.game_id AND c.id = f.id
            """,
            [captured_at, captured_at, *columns],
        )


def remove_offers(offers: Sequence[Offer]) -> None:
    if not offers:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM current_odds c USING unnest(%s::uuid[], %s::bigint[]) AS gone (game_id, id) "
            "WHERE c.game_id = gone.game_id AND c.id = gone.id",
            [[offer.game_id for offer in offers], [offer.id for offer in offers]],
        )


def write_beats(beats: Sequence[Beat]) -> None:
    if not beats:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO heartbeats (game_id, bookmaker_id, scope, seen_at, polled_at, missed) "
            "SELECT * FROM unnest(%s::uuid[], %s::smallint[], %s::text[], %s::timestamptz[], "
            "%s::timestamptz[], %s::smallint[]) "
            "ON CONFLICT (game_id, bookmaker_id, scope) DO UPDATE SET seen_at = excluded.seen_at, "
            "polled_at = excluded.polled_at, missed = excluded.missed",
            [list(column) for column in zip(*beats, strict=True)],
        )


def _copy(into: str, rows: list[str]) -> None:
    if rows:
        with connection.cursor() as cursor, cursor.copy(f"{into} FROM STDIN") as copy:
            copy.write("".join(rows))


def _text(point: Decimal | None) -> str:
    return "\\N" if point is None else str(point)
