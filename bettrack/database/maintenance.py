"""VACUUM and ANALYZE by hand, and the room that VACUUM FULL needs."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from django.db import DatabaseError, OperationalError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

from bettrack.database.sections import LOCK_WAIT as LOOK_WAIT
from bettrack.database.sections import rows_of, sized

LOCK_WAIT: Final = "15s"
SPARE: Final = 1.1
"""Room beyond a table's size that its rewriting is given."""
LOCAL: Final = ("", "localhost", "127.0.0.1", "::1")
TABLES: Final = """
SELECT c.oid::regclass::text AS name, c.relname AS plain, n.nspname AS schema, c.relkind = 'p' AS is_parent,
       c.relispartition AS is_part,
       CASE WHEN c.relkind = 'p' THEN 0 ELSE {size} END AS size,
       coalesce(s.n_dead_tup, 0) AS dead, (SELECT i.inhparent::regclass::text FROM pg_inherits i WHERE i.inhrelid = c.oid) AS parent
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
WHERE c.relkind IN ('r', 'm', 'p')
ORDER BY size DESC, name
"""
EXACT: Final = "pg_total_relation_size(c.oid)"
LAST_KNOWN: Final = """current_setting('block_size')::bigint * greatest(0, c.relpages
    + coalesce((SELECT sum(p.relpages) FROM pg_index x JOIN pg_class p ON p.oid = x.indexrelid
                WHERE x.indrelid IN (c.oid, c.reltoastrelid)), 0)
    + coalesce((SELECT p.relpages FROM pg_class p WHERE p.oid = c.reltoastrelid), 0))::bigint"""
"""The size at the last VACUUM, which is known without a lock on the table."""


class MaintenanceError(Exception):
    """Nothing was done; the message says why and what to do."""


@dataclass(frozen=True)
class Target:
    """A table as it was before. A parent of partitions has no rows of its own and is only analysed."""

    schema: str
    name: str
    size: int
    dead: int
    is_parent: bool
    parent: str | None

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)


@dataclass
class Outcome:
    """What was done to a table; ``problem`` says why it was not."""

    target: Target
    seconds: float = 0.0
    size_after: int = 0
    problem: str = ""

    @property
    def gained(self) -> int:
        """Bytes given back to the disk; below zero where the table grew meanwhile."""
        return self.target.size - self.size_after


@dataclass
class Plan:
    """The tables to do, largest first, parents of partitions last."""

    targets: list[Target] = field(default_factory=list)
    is_full: bool = False

    @property
    def needed(self) -> int:
        """Bytes that VACUUM FULL needs beside the largest table, which it writes anew before the old one goes."""
        return int(SPARE * max((target.size for target in self.targets), default=0))


def planned(names: Sequence[str], *, is_full: bool, using: str) -> Plan:
    """All tables, or those named; naming a partitioned one means its partitions. Raises MaintenanceError."""
    rows = _tables(using)
    known = {row["plain"] for row in rows} | {row["name"] for row in rows}
    if strangers := [name for name in names if name not in known]:
        raise MaintenanceError(f"There is no table {strangers[0]} in this database.")
    wanted = [
        row for row in rows if not names or {row["plain"], row["name"], row["parent"]}.intersection(names)
    ]
    targets = [
        Target(row["schema"], row["plain"], row["size"], row["dead"], row["is_parent"], row["parent"])
        for row in sorted(wanted, key=lambda row: row["is_parent"])
    ]
    return Plan(targets, is_full)


def _tables(using: str) -> list[dict[str, Any]]:
    try:
        with transaction.atomic(using=using), connections[using].cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOOK_WAIT])
            return rows_of(cursor, TABLES.format(size=EXACT))
    except OperationalError:
        with connections[using].cursor() as cursor:
            return rows_of(cursor, TABLES.format(size=LAST_KNOWN))


def free_space(*, using: str) -> int | None:
    """Bytes free where the server keeps its data; None for a server elsewhere, whose disk cannot be seen."""
    connection = connections[using]
    host = str(connection.settings_dict.get("HOST") or "")
    if host not in LOCAL and not host.startswith("/"):
        return None
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('data_directory')")
            (folder,) = cursor.fetchone()
        if not Path(folder, "PG_VERSION").exists():
            return None
        return shutil.disk_usage(folder).free
    except (DatabaseError, OSError):
        return None


def check_room(plan: Plan, *, free: int | None) -> None:
    """Raise MaintenanceError where the disk is too small for VACUUM FULL."""
    if plan.is_full and free is not None and free < plan.needed:
        raise MaintenanceError(
            f"VACUUM FULL writes each table anew before the old one goes: that needs {sized(plan.needed)}, and "
            f"{sized(free)} are free. Make room, or name smaller tables with --table."
        )


def carry_out(
    plan: Plan, *, using: str, on_table: Callable[[Target], None] = lambda target: None
) -> Iterator[Outcome]:
    """Do the tables one by one; each is told as it is done. A table that is locked is left out.

    VACUUM itself takes several workers for a table with large indexes (max_parallel_maintenance_workers).
    """
    with _session(using) as (connection, notices):
        for target in plan.targets:
            on_table(target)
            if plan.is_full:
                check_room(Plan([target], is_full=True), free=free_space(using=using))
            yield _one(connection, target, is_full=plan.is_full, notices=notices)


def _one(connection: BaseDatabaseWrapper, target: Target, *, is_full: bool, notices: list[str]) -> Outcome:
    outcome = Outcome(target, size_after=target.size)
    notices.clear()
    if target.is_parent:
        statement = "ANALYZE {}"
    elif is_full:
        statement = "VACUUM (FULL, ANALYZE) {}"
    else:  # the parent's ANALYZE looks at its partitions too
        statement = "VACUUM {}" if target.parent else "VACUUM (ANALYZE) {}"
    begun = time.monotonic()
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(target.identifier))
            if not target.is_parent:
                cursor.execute(
                    "SELECT pg_total_relation_size(to_regclass(%s))", [target.identifier.as_string(None)]
                )
                outcome.size_after = cursor.fetchone()[0] or 0
    except DatabaseError as error:
        outcome.problem = str(error).strip().splitlines()[0]
        if "lock timeout" in outcome.problem:
            outcome.problem = f"something held a lock on it for {LOCK_WAIT}; see manage.py db_report"
    outcome.problem = outcome.problem or next(iter(notices), "")
    outcome.seconds = time.monotonic() - begun
    return outcome


@contextmanager
def _session(using: str) -> Iterator[tuple[BaseDatabaseWrapper, list[str]]]:
    """A connection of our own that waits only so long for locks; and what the server warns of meanwhile."""
    connection = connections[using]
    notices: list[str] = []

    def noted(diagnostic: Any) -> None:
        if diagnostic.severity_nonlocalized == "WARNING":
            notices.append(str(diagnostic.message_primary))

    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [LOCK_WAIT])
        raw = connection.connection
        raw.add_notice_handler(noted)
    try:
        yield connection, notices
    finally:
        raw.remove_notice_handler(noted)
        if not connection.in_atomic_block and not raw.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', '0', false)")
