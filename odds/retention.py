"""Forgetting old months of the archive: whole partitions, and only where somebody has said so."""

from __future__ import annotations

import datetime as dt
import logging
import re
from dataclasses import dataclass, field
from typing import Final

from django.db import connection, transaction
from psycopg import sql

from odds import versions
from odds.partitions import LOCK, PARENT, existing_partitions, month_of

logger = logging.getLogger(__name__)

NAME: Final = re.compile(rf"{PARENT}_(?P<year>\d{{4}})_(?P<month>\d{{2}})")
WAIT: Final = "5s"
"""How long a drop waits for its lock, which would hold up every reader meanwhile."""


@dataclass
class Retention:
    """Partitions that were dropped (or would be), and those kept with the reason."""

    dropped: list[str] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)


def expired_partitions(*, now: dt.datetime, months: int) -> list[str]:
    """Partitions older than so many whole months before the current one, oldest first; none for 0 months."""
    if months <= 0:
        return []
    this = month_of(now)
    count = this.year * 12 + this.month - 1 - months
    first_kept = dt.date(count // 12, count % 12 + 1, 1)
    found = []
    for name in existing_partitions():
        match = NAME.fullmatch(name)
        if match and dt.date(int(match["year"]), int(match["month"]), 1) < first_kept:
            found.append(name)
    return sorted(found)


def apply_retention(*, now: dt.datetime, months: int, dry_run: bool = False) -> Retention:
    """Drop the expired partitions; return what was dropped and what was kept.

    A month with prices of a game that has bets and no result is kept: its closing lines are not yet on the legs. What
    is lost with a month is its line movement, its as-of views, and the proof of prices of bets placed in it; closing
    lines on settled legs stay. The default partition is never dropped, nor is the current month or a later one.
    """
    report = Retention()
    for name in expired_partitions(now=now, months=months):
        with transaction.atomic(), connection.cursor() as cursor:
            table = sql.Identifier(name)
            if not dry_run:
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [WAIT])
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            cursor.execute(
                sql.SQL(
                    "SELECT count(*) FROM games g WHERE g.bet_count > 0 AND NOT g.completed "
                    "AND EXISTS (SELECT 1 FROM {} s WHERE s.game_id = g.id)"
                ).format(table)
            )
            (waiting,) = cursor.fetchone()
            if waiting:
                report.kept[name] = f"{waiting} games with open bets have prices in it"
                continue
            if not dry_run:
                cursor.execute(sql.SQL("DROP TABLE {}").format(table))
                transaction.on_commit(versions.bump_archive)
                logger.warning("dropped %s: older than %d months", name, months)
            report.dropped.append(name)
    return report
