"""Months of ``odd_snapshots``: one partition each, made ahead; the default partition catches what fits none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql

PARENT = "odd_snapshots"
DEFAULT = "odd_snapshots_default"
MONTHS_AHEAD = 3
ARCHIVE_START = dt.date(2020, 6, 1)
"""The feed's own archive begins here; an older timestamp is a stray and stays in the default partition."""
LOCK = 7_301_001
"""Advisory lock: exclusive for whoever creates partitions, shared for every ingest."""
GUARDS = """
SELECT g.tgname, p.proname FROM pg_trigger g JOIN pg_proc p ON p.oid = g.tgfoid
WHERE g.tgrelid = %s::regclass AND NOT g.tgisinternal AND g.tgtype::int & 32 <> 0
"""
"""The parent's triggers on TRUNCATE, which its partitions do not inherit; sharded, it has none."""


def month_of(instant: dt.datetime) -> dt.date:
    """First day of the instant's month in UTC."""
    return instant.astimezone(dt.UTC).date().replace(day=1)


def next_month(month: dt.date) -> dt.date:
    return (month + dt.timedelta(days=31)).replace(day=1)


def months_ahead(now: dt.datetime, *, count: int = MONTHS_AHEAD) -> list[dt.date]:
    """The month of ``now`` and as many after it."""
    months = [month_of(now)]
    for _ in range(count):
        months.append(next_month(months[-1]))
    return months


def partition_name(month: dt.date) -> str:
    return f"{PARENT}_{month:%Y_%m}"


def existing_partitions() -> set[str]:
    """Names of all partitions, the default one included. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = %s::regclass",
            [PARENT],
        )
        return {name for (name,) in cursor.fetchall()}


def create_months(months: Iterable[dt.date]) -> list[str]:
    """Create the partitions of these months that do not exist yet; return their names.

    Rows of such a month that strayed into the default partition move along. Safe to run in any number
    of processes at once and any number of times; it waits for running ingests, so call it before, not
    within, a transaction that ingests.
    """
    wanted = {partition_name(month): month.replace(day=1) for month in sorted(months)}
    if wanted.keys() <= existing_partitions():
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        missing = sorted(wanted.keys() - existing_partitions())
        for name in missing:
            _create(cursor, name, wanted[name])
    return missing


def _create(cursor: CursorWrapper, name: str, month: dt.date) -> None:
    start, end = _midnight(month), _midnight(next_month(month))
    table, parent, default = (sql.Identifier(part) for part in (name, PARENT, DEFAULT))
    bounds = {"table": table, "parent": parent, "start": sql.Literal(start), "end": sql.Literal(end)}
    cursor.execute(
        sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)").format(table, parent)
    )
    # PostgreSQL refuses the attachment while the default partition holds rows of the month
    cursor.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(default))
    cursor.execute("SELECT set_config('bettrack.purge', 'on', true)")
    cursor.execute(
        sql.SQL(
            "WITH strays AS (DELETE FROM {default} WHERE timestamp >= %s AND timestamp < %s RETURNING *) "
            "INSERT INTO {table} SELECT * FROM strays"
        ).format(default=default, table=table),
        [start, end],
    )
    cursor.execute("SELECT set_config('bettrack.purge', '', true)")
    cursor.execute(
        sql.SQL("ALTER TABLE {parent} ATTACH PARTITION {table} FOR VALUES FROM ({start}) TO ({end})").format(
            **bounds
        )
    )
    cursor.execute(GUARDS, [PARENT])
    for guard, function in cursor.fetchall():
        cursor.execute(
            sql.SQL(
                "CREATE TRIGGER {} BEFORE TRUNCATE ON {} FOR EACH STATEMENT EXECUTE FUNCTION {}()"
            ).format(sql.Identifier(guard), table, sql.Identifier(function))
        )


def _midnight(month: dt.date) -> dt.datetime:
    return dt.datetime.combine(month, dt.time(), dt.UTC)
