"""The SQL of the ingest: every function is one statement, whatever the number of rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection

from odds.markets import single_line
from odds.partitions import LOCK as PARTITION_LOCK

from .beats import Beat, BeatKey
from .flat import FlatMarket, Quote, SelectionKey

SPORT_LOCK: Final = 7_301_002
WORK_MEMORY: Final = "32MB"
CHUNK: Final = 500
"""Markets of quotes that are sent to the staging table at a time."""

SelectionIds = dict[SelectionKey, int]


def begin(sport_keys: Iterable[str]) -> None:
    """Lock the sports until the end of the transaction, whose commit need not wait for the disk.

    A crash may lose the last responses' rows, never tear them; the next poll brings their prices again. Whole tables
    are not to be read: PostgreSQL keeps the plans by which it checks foreign keys, and one that was made while the
    tables were small would read them row after row when they are large.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('synchronous_commit', 'off', true), set_config('work_mem', %s, true), "
            "set_config('jit', 'off', true), set_config('enable_seqscan', 'off', true), pg_advisory_xact_lock_shared(%s), "
            "(SELECT count(*) FROM (SELECT pg_advisory_xact_lock(%s, hashtext(sport)) "
            "FROM unnest(%s::text[]) AS sport) locked)",
            [WORK_MEMORY, PARTITION_LOCK, SPORT_LOCK, sorted(set(sport_keys))],
        )


def prepare_staging() -> None:
    """Have an empty staging table. It is temporary and empties itself at the commit; where the transaction goes on,
    the rows of the response before are still there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('pg_temp.incoming_quotes') IS NULL")
        (is_first,) = cursor.fetchone()
        # a pooler's session outlives us, and a later version of BetTrack must not find our columns in it
        end = "DROP" if settings.DATABASE_POOLED else "DELETE ROWS"
        cursor.execute(STAGING.format(end=end) if is_first else "DELETE FROM incoming_quotes")


STAGING: Final = """
CREATE TEMPORARY TABLE incoming_quotes (
    game_id uuid NOT NULL,
    bookmaker_id smallint NOT NULL,
    is_single boolean NOT NULL,
    is_known boolean NOT NULL,
    "timestamp" timestamptz NOT NULL,
    selection_id bigint NOT NULL,
    point numeric(8, 2),
    price numeric(12, 6) NOT NULL
) ON COMMIT {end}
"""


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


def read_beats(games: Sequence[UUID], scopes: Iterable[str], captured_at: dt.datetime) -> list[Beat]:
    """The heartbeats of these games; their numbers are the places in the list."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT b.id, g.number::int - 1, b.bookmaker_id, b.scope, b.polled_at >= %s, b.polled_at > %s, "
            "b.missed, b.mark "
            "FROM unnest(%s::uuid[]) WITH ORDINALITY AS g (id, number) JOIN heartbeats b ON b.game_id = g.id "
            "WHERE b.scope = ANY(%s)",
            [captured_at, captured_at, literal(games), list(scopes)],
        )
        return [Beat._make(row) for row in cursor.fetchall()]


def read_selections(games: Sequence[UUID], touched: Iterable[int], markets: Iterable[str]) -> SelectionIds:
    """The selections of the touched games, which are given by their numbers."""
    numbers = sorted(touched)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT g.number, s.market, s.participant, s.side, s.id "
            "FROM unnest(%s::int[], %s::uuid[]) AS g (number, id) JOIN selections s ON s.game_id = g.id "
            "WHERE s.market = ANY(%s)",
            [literal(numbers), literal(games[number] for number in numbers), list(markets)],
        )
        return {(number, *key): selection for number, *key, selection in cursor.fetchall()}


def add_selections(games: Sequence[UUID], missing: Sequence[SelectionKey]) -> SelectionIds:
    """Create these selections."""
    if not missing:
        return {}
    numbers, *texts = zip(*missing, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO selections (game_id, market, participant, side) "
            "SELECT (%s::uuid[])[number + 1], market, participant, side "
            "FROM unnest(%s::int[], %s::text[], %s::text[], %s::text[]) AS w (number, market, participant, side) "
            "ON CONFLICT (game_id, market, participant, side) DO UPDATE SET side = excluded.side "
            "RETURNING game_id, market, participant, side, id",
            [literal(games), literal(numbers), *map(list, texts)],
        )
        number_of = {game: number for number, game in enumerate(games)}
        return {(number_of[game], *key): selection for game, *key, selection in cursor.fetchall()}


def write_beats(
    games: Sequence[UUID], beats: Mapping[BeatKey, int | None], *, captured_at: dt.datetime
) -> list[int]:
    """Note that these books were seen and what they quote; return the ids of the heartbeats."""
    if not beats:
        return []
    numbers, books, scopes = zip(*beats, strict=True)
    marks = ["NULL" if mark is None else mark for mark in beats.values()]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO heartbeats (game_id, bookmaker_id, scope, seen_at, polled_at, missed, mark) "
            "SELECT (%s::uuid[])[number + 1], book, scope, %s, %s, 0, mark "
            "FROM unnest(%s::int[], %s::smallint[], %s::text[], %s::bigint[]) AS b (number, book, scope, mark) "
            "ON CONFLICT (game_id, bookmaker_id, scope) DO UPDATE SET seen_at = excluded.seen_at, "
            "polled_at = excluded.polled_at, missed = 0, mark = excluded.mark RETURNING id",
            [
                literal(games),
                captured_at,
                captured_at,
                literal(numbers),
                literal(books),
                list(scopes),
                literal(marks),
            ],
        )
        return [beat for (beat,) in cursor.fetchall()]


def confirm_beats(beats: Sequence[int], *, captured_at: dt.datetime) -> None:
    """Note that these books were seen to quote what they did before."""
    if not beats:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE heartbeats SET seen_at = %s, polled_at = %s, missed = 0 WHERE id = ANY(%s::bigint[])",
            [captured_at, captured_at, literal(beats)],
        )


def miss_beats(missed: Mapping[int, int], gone: Sequence[int], *, captured_at: dt.datetime) -> None:
    """Note how many polls in a row these books have been absent; what is gone is no longer known by its mark."""
    if not missed:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE heartbeats b SET polled_at = %s, missed = m.missed, "
            "mark = CASE WHEN b.id = ANY(%s::bigint[]) THEN NULL ELSE b.mark END "
            "FROM unnest(%s::bigint[], %s::smallint[]) AS m (id, missed) WHERE b.id = m.id",
            [captured_at, literal(gone), literal(missed), literal(missed.values())],
        )


def stage(
    games: Sequence[UUID], known: Container[BeatKey], markets: Iterable[FlatMarket], ids: Sequence[int]
) -> None:
    """Copy the quotes into the staging table.

    ``known`` are the heartbeats of before; ``ids`` those of the selections, by their places.
    """
    columns = 'game_id, bookmaker_id, is_single, is_known, "timestamp", selection_id, point, price'
    heads = (
        (
            f"{games[beat.game]}\t{beat.bookmaker_id}\t{single_line(key)}\t{beat in known}\t{written(stamp)}",
            quotes,
        )
        for beat, key, stamp, quotes in markets
    )
    _copy("incoming_quotes", columns, heads, ids)


def offer(
    games: Sequence[UUID], markets: Iterable[FlatMarket], ids: Sequence[int], captured_at: dt.datetime
) -> None:
    """Copy the quotes of games that nobody quoted before straight on to the board."""
    columns = 'game_id, bookmaker_id, "timestamp", changed_at, updated_at, selection_id, point, price'
    now = written(captured_at)
    heads = (
        (f"{games[beat.game]}\t{beat.bookmaker_id}\t{written(stamp)}\t{now}\t{now}", quotes)
        for beat, _, stamp, quotes in markets
    )
    _copy("current_odds", columns, heads, ids)


def archive(games: Iterable[UUID]) -> int:
    """File what the board holds of these games, which are new, and return the number of prices."""
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO odd_snapshots (game_id, selection_id, bookmaker_id, price, point, "timestamp", captured_at) '
            'SELECT game_id, selection_id, bookmaker_id, price, point, "timestamp", changed_at FROM current_odds '
            "WHERE game_id = ANY(%s::uuid[])",
            [literal(games)],
        )
        return int(cursor.rowcount)


def _copy(table: str, columns: str, heads: Iterator[tuple[str, list[Quote]]], ids: Sequence[int]) -> None:
    """Write each market's quotes behind its head, which ``columns`` name first."""
    first = list(islice(heads, CHUNK))
    if not first:
        return
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        while first:
            copy.write(
                "".join(
                    [
                        f"{head}\t{ids[place]}\t{point}\t{price}\n"
                        for head, quotes in first
                        for place, point, price in quotes
                    ]
                )
            )
            first = list(islice(heads, CHUNK))


@lru_cache(maxsize=4096)
def written(stamp: dt.datetime) -> str:
    """The instant as COPY writes it."""
    return stamp.isoformat()


def literal(numbers: Iterable[object]) -> str:
    """An array of numbers as PostgreSQL writes it: much faster than one parameter an element."""
    return "{" + ",".join(map(str, numbers)) + "}"
