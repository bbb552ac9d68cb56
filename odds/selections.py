"""Selections by what they are, for imports that bring prices of many games at once."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import connection

from odds.ingest.rows import SPORT_LOCK
from odds.partitions import LOCK as PARTITION_LOCK

SelectionKey = tuple[UUID, str, str, str]
"""Game, market, participant, side."""


def lock_sports(sport_keys: Iterable[str]) -> None:
    """Keep ingests of these sports, and the making of partitions, out until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [PARTITION_LOCK])
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, hashtext(sport)) FROM unnest(%s::text[]) AS sport",
            [SPORT_LOCK, sorted(set(sport_keys))],
        )


def ensure_selections(wanted: Iterable[SelectionKey]) -> dict[SelectionKey, int]:
    """Ids of these selections, made where they are missing; two statements whatever their number."""
    keys = sorted(set(wanted))
    if not keys:
        return {}
    columns = [list(column) for column in zip(*keys, strict=True)]
    values = (
        "unnest(%s::uuid[], %s::text[], %s::text[], %s::text[]) AS w (game_id, market, participant, side)"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO selections (game_id, market, participant, side) SELECT w.* FROM {values} "  # noqa: S608
            "ON CONFLICT (game_id, market, participant, side) DO NOTHING",
            columns,
        )
        cursor.execute(
            f"SELECT game_id, market, participant, side, s.id FROM {values} "  # noqa: S608
            "JOIN selections s USING (game_id, market, participant, side)",
            columns,
        )
        return {
            (game, market, participant, side): key
            for game, market, participant, side, key in cursor.fetchall()
        }
