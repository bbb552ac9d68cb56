"""The statements that take the most time, as pg_stat_statements has counted them."""

from __future__ import annotations

from typing import Final

from django.db import DatabaseError, connections
from django.db.backends.utils import CursorWrapper

from bettrack.database.redaction import redacted
from bettrack.database.sections import CODE, COUNT, PERCENT, SECONDS, Column, Section, rows_of, shown

EXTENSION: Final = "pg_stat_statements"
MOST: Final = 25
PRESENT: Final = """
SELECT (SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = %(name)s) AS schema,
       EXISTS (SELECT FROM pg_available_extensions WHERE name = %(name)s) AS is_available,
       current_setting('pg_stat_statements.max', true) IS NOT NULL AS is_loaded
"""
SLOWEST: Final = """
SELECT query, calls, total_exec_time / 1000 AS total, mean_exec_time / 1000 AS mean, max_exec_time / 1000 AS longest,
       rows, 100.0 * shared_blks_hit / nullif(shared_blks_hit + shared_blks_read, 0) AS cached,
       100.0 * total_exec_time / nullif(sum(total_exec_time) OVER (), 0) AS share
FROM {schema}.pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY total_exec_time DESC
LIMIT {most}
"""


def create_extension(*, using: str) -> None:
    """Create the extension where the server has loaded it; a role without the right leaves things as they are."""
    with connections[using].cursor() as cursor:
        (found,) = rows_of(cursor, PRESENT, {"name": EXTENSION})  # type: ignore[arg-type]
        if found["schema"] or not (found["is_available"] and found["is_loaded"]):
            return
        try:
            cursor.execute(f"CREATE EXTENSION IF NOT EXISTS {EXTENSION}")
        except DatabaseError:
            return


def slowest(cursor: CursorWrapper) -> Section:
    """The statements by their time in total; without the extension a sentence that says how to get it."""
    columns = [
        Column("query", "Statement", CODE),
        Column("calls", "Calls", COUNT),
        Column("total", "In total", SECONDS),
        Column("share", "Share", PERCENT),
        Column("mean", "Mean", SECONDS),
        Column("longest", "Longest", SECONDS),
        Column("rows", "Rows", COUNT),
        Column("cached", "From cache", PERCENT),
    ]
    found = Section("slow_queries", "Statements by time", columns)
    (present,) = rows_of(cursor, PRESENT, {"name": EXTENSION})  # type: ignore[arg-type]
    if why := absence(present["schema"], available=present["is_available"], loaded=present["is_loaded"]):
        found.notes.append(why)
        return found
    schema = connections["default"].ops.quote_name(present["schema"].strip('"'))
    found.rows = rows_of(cursor, SLOWEST.format(schema=schema, most=MOST))
    for row in found.rows:
        row["query"] = redacted(row["query"])
    cursor.execute(f"SELECT stats_reset FROM {schema}.pg_stat_statements_info")  # noqa: S608
    (since,) = cursor.fetchone()
    found.notes.append(f"Counted since {shown(since, 'instant')} UTC. Values are not shown.")
    return found


def absence(schema: str | None, *, available: bool, loaded: bool) -> str:
    """Why there are no statistics of statements, and what to do; '' where there are."""
    if not available:
        return (
            f"The server has no {EXTENSION}: it comes with PostgreSQL's contrib package. Everything else works "
            "without it."
        )
    if not loaded:
        return (
            f"{EXTENSION} is not loaded: add it to shared_preload_libraries in postgresql.conf, restart PostgreSQL, "
            "and run this again."
        )
    if schema is None:
        return (
            f"{EXTENSION} is loaded but not created in this database, and this role may not: as a superuser run "
            f"CREATE EXTENSION {EXTENSION};"
        )
    return ""
