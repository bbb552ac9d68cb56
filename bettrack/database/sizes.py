"""How large the database, its tables and the months of the archive are."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from bettrack.database.sections import BYTES, CODE, COUNT, PERCENT, Column, Section, rows_of
from odds.partitions import DEFAULT, PARENT, months_ahead, partition_name

TABLES: Final = """
SELECT parent.relname AS name,
       sum(greatest(part.reltuples, 0))::bigint AS rows,
       sum(pg_relation_size(part.oid))::bigint AS heap,
       sum(pg_indexes_size(part.oid))::bigint AS indexes,
       sum(coalesce(pg_total_relation_size(nullif(part.reltoastrelid, 0)), 0))::bigint AS toast,
       sum(pg_total_relation_size(part.oid))::bigint AS total,
       round(100.0 * sum(pg_total_relation_size(part.oid))
             / greatest(pg_database_size(current_database()), 1), 1) AS share
FROM pg_class part
JOIN pg_namespace n ON n.oid = part.relnamespace
LEFT JOIN pg_inherits i ON i.inhrelid = part.oid AND part.relispartition
JOIN pg_class parent ON parent.oid = coalesce(i.inhparent, part.oid)
WHERE part.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_'
GROUP BY parent.relname
ORDER BY total DESC, name
"""
PARTITIONS: Final = """
SELECT c.relname AS name,
       (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \\(''([^'']+)''\\)'))[1] AS since,
       (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \\(''([^'']+)''\\)'))[1] AS until,
       greatest(c.reltuples, 0)::bigint AS rows,
       pg_relation_size(c.oid) AS heap,
       pg_indexes_size(c.oid) AS indexes,
       pg_total_relation_size(c.oid) AS total
FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = to_regclass(%s)
ORDER BY pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT', c.relname
"""
MOST_STRAYS: Final = 100_000


def overview(cursor: CursorWrapper) -> Section:
    """The server, and the size of the database in it."""
    (row,) = rows_of(
        cursor,
        "SELECT current_database() AS database, current_setting('server_version') AS version, "
        "pg_database_size(current_database()) AS size, pg_postmaster_start_time() AS started, "
        "pg_is_in_recovery() AS is_replica",
    )
    row["role"] = "a replica, read only" if row.pop("is_replica") else "primary"
    columns = [
        Column("database", "Database", CODE),
        Column("version", "PostgreSQL", CODE),
        Column("role", "Role"),
        Column("size", "Size", BYTES),
        Column("started", "Running since (UTC)", "instant"),
    ]
    return Section("database", "Database", columns, [row])


def tables(cursor: CursorWrapper) -> Section:
    """Every table of ours, partitions summed under their parent."""
    columns = [
        Column("name", "Table", CODE),
        Column("rows", "Rows, about", COUNT),
        Column("heap", "Rows' size", BYTES),
        Column("indexes", "Indexes", BYTES),
        Column("toast", "TOAST", BYTES),
        Column("total", "Total", BYTES),
        Column("share", "Share", PERCENT),
    ]
    notes = [
        "Row counts are the planner's, from the last ANALYZE. TOAST holds values too long for their row."
    ]
    return Section("tables", "Tables by size", columns, rows_of(cursor, TABLES), notes)


def partitions(cursor: CursorWrapper, *, now: dt.datetime | None = None) -> Section:
    """The months of the archive, and whether the coming ones have their place."""
    columns = [
        Column("name", "Partition", CODE),
        Column("since", "From (UTC)"),
        Column("until", "To (UTC)"),
        Column("rows", "Rows, about", COUNT),
        Column("heap", "Rows' size", BYTES),
        Column("indexes", "Indexes", BYTES),
        Column("total", "Total", BYTES),
    ]
    cursor.execute("SELECT set_config('TimeZone', 'UTC', true)")
    found = Section("partitions", f"Months of {PARENT}", columns, rows_of(cursor, PARTITIONS, [PARENT]))
    for row in found.rows:
        row["since"], row["until"] = ((row[key] or "")[:10] for key in ("since", "until"))
    names = {row["name"] for row in found.rows}
    wanted = [partition_name(month) for month in months_ahead(now or timezone.now())]
    if missing := [name for name in wanted if name not in names]:
        found.warnings.append(
            f"Missing: {', '.join(missing)}. Prices of these months would go to {DEFAULT}; "
            "run manage.py create_partitions, and see that beat and a worker run."
        )
    if DEFAULT in names:
        cursor.execute(f"SELECT count(*) FROM (SELECT FROM {DEFAULT} LIMIT {MOST_STRAYS}) AS stray")  # noqa: S608
        (strays,) = cursor.fetchone()
        if strays:
            more = "at least " if strays == MOST_STRAYS else ""
            found.notes.append(
                f"{more}{strays:,} rows are in {DEFAULT}: their dates fit no month that exists."
            )
    return found
