"""What real days cost to store, against one row an outcome and poll."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from django.db import connection

from feeds.payloads import OddsEvent
from feeds.recordings import Kind, Recording, Replay
from odds.ingest import ingest_odds

IDENTICAL: Final = """
CREATE TABLE {name} (
    LIKE odd_snapshots INCLUDING ALL,
    FOREIGN KEY (bookmaker_id) REFERENCES bookmakers (id) ON DELETE RESTRICT,
    FOREIGN KEY (game_id, selection_id) REFERENCES selections (game_id, id) ON DELETE CASCADE
) PARTITION BY RANGE ("timestamp");
CREATE TABLE {name}_default PARTITION OF {name} DEFAULT
"""
"""A table like the archive, with its keys, checks and indexes."""
EVERY_OUTCOME: Final = """
INSERT INTO every_poll (game_id, selection_id, bookmaker_id, price, point, "timestamp", captured_at)
SELECT c.game_id, c.selection_id, c.bookmaker_id, c.price, c.point, c."timestamp", %s
FROM current_odds c JOIN heartbeats b ON b.game_id = c.game_id AND b.bookmaker_id = c.bookmaker_id
WHERE b.seen_at = %s
"""
SIZE: Final = """
SELECT sum(pg_total_relation_size(coalesce(part.relid, root.name::regclass)))
FROM unnest(%s::text[]) AS root (name) LEFT JOIN LATERAL pg_partition_tree(root.name::regclass) AS part ON true
"""
"""A table without partitions has no partition tree."""


def storage_ratio(recording: Path) -> float:
    """Replay the recording into an empty archive; return its bytes over those of a row an outcome and poll.

    The bytes are those of tables with all their indexes; what the archive needs beside its changes, the
    heartbeats, counts too. They are vacuumed between polls, as autovacuum does in the minutes that pass there.
    """
    with connection.cursor() as cursor:
        cursor.execute(IDENTICAL.format(name="every_poll"))
    for item in Replay([recording]):
        if not isinstance(item, Recording) or item.kind is not Kind.ODDS:
            continue
        events = [event for event in _events(item) if isinstance(event, OddsEvent)]
        ingest_odds(events=events, captured_at=item.captured_at, rejected=item.rejected)
        with connection.cursor() as cursor:
            cursor.execute(EVERY_OUTCOME, [item.captured_at, item.captured_at])
            cursor.execute("VACUUM heartbeats")
    ratio = _size("odd_snapshots", "heartbeats") / _size("every_poll")
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE every_poll")
    return round(ratio, 4)


def _events(item: Recording) -> list[object]:
    return list(getattr(item.content, "events", []))


def _size(*tables: str) -> float:
    with connection.cursor() as cursor:
        cursor.execute(SIZE, [list(tables)])
        (size,) = cursor.fetchone()
    return float(size)
