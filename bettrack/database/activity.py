"""Who is connected, what runs long, and who waits for whom."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from typing import Any, Final

from django.db import connections
from django.db.backends.utils import CursorWrapper

from bettrack.database.redaction import redacted
from bettrack.database.sections import CODE, COUNT, INSTANT, SECONDS, Column, Section, rows_of

logger = logging.getLogger(__name__)

LONG: Final = dt.timedelta(seconds=10)
"""From here on a statement, or a transaction that does nothing, is shown."""
OWN: Final = (
    "a.datname = current_database() AND a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()"
)
RUNNING: Final = f"""
SELECT a.pid, a.usename AS role, a.application_name AS app, a.state, a.backend_start, a.xact_start AS since,
       extract(epoch FROM clock_timestamp() - a.xact_start) AS transaction,
       extract(epoch FROM clock_timestamp() - a.query_start) AS statement,
       a.wait_event_type AS waits_in, pg_blocking_pids(a.pid) AS blocked_by, a.query,
       EXISTS (SELECT FROM pg_stat_activity o WHERE a.pid = ANY (pg_blocking_pids(o.pid))) AS blocks
FROM pg_stat_activity a
WHERE {OWN} AND a.state IS DISTINCT FROM 'idle'
ORDER BY a.xact_start NULLS LAST, a.pid
"""  # noqa: S608
CONNECTIONS: Final = """
SELECT coalesce(nullif(a.application_name, ''), 'no name') AS app, a.usename AS role, coalesce(a.state, 'unknown') AS state,
       count(*) AS connections, max(extract(epoch FROM clock_timestamp() - a.state_change)) AS longest
FROM pg_stat_activity a
WHERE a.backend_type = 'client backend' AND a.datname = current_database()
GROUP BY 1, 2, 3
ORDER BY 4 DESC, 1, 2, 3
"""
LIMITS: Final = """
SELECT current_setting('max_connections')::int AS most,
       current_setting('superuser_reserved_connections')::int AS reserved,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
       (SELECT rolsuper OR pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') FROM pg_roles
        WHERE rolname = current_user) AS sees_all
"""
FULL: Final = 0.8


class NotOurs(Exception):
    """There is no connection of that number that may be ended from here; the message says why."""


@dataclass(frozen=True)
class Backend:
    """A client's connection to this database. ``started`` tells it from a later one of the same number."""

    pid: int
    started: dt.datetime
    app: str
    state: str
    query: str


def queries(cursor: CursorWrapper) -> Section:
    """Statements that run long, wait or make others wait, and transactions left open."""
    columns = [
        Column("pid", "PID", CODE),
        Column("app", "Program"),
        Column("role", "Role"),
        Column("state", "State"),
        Column("since", "Since (UTC)", INSTANT),
        Column("transaction", "Transaction", SECONDS),
        Column("statement", "Statement", SECONDS),
        Column("waits_for", "Waits for", CODE),
        Column("query", "Text", CODE),
    ]
    found = Section("activity", "Long-running and blocked", columns)
    for row in rows_of(cursor, RUNNING):
        blockers = list(dict.fromkeys(row.pop("blocked_by")))
        lasts = max(float(row["statement"] or 0), float(row["transaction"] or 0))
        row["waits_for"] = ", ".join(f"{pid}" if pid else "a prepared transaction" for pid in blockers)
        if blockers or row["blocks"] or lasts >= LONG.total_seconds():
            row["query"] = redacted(row["query"] or "")
            found.rows.append(row)
        if blockers:
            found.warnings.append(f"{row['pid']} waits for {row['waits_for']}, which holds a lock it needs.")
    if found.rows:
        found.notes.append(
            "End one with manage.py db_report --terminate PID: its transaction is rolled back, its program gets an error."
        )
    return found


def clients(cursor: CursorWrapper) -> Section:
    """Connections by program and state, against what the server allows."""
    columns = [
        Column("app", "Program"),
        Column("role", "Role"),
        Column("state", "State"),
        Column("connections", "Connections", COUNT),
        Column("longest", "Longest in it", SECONDS),
    ]
    found = Section("connections", "Connections", columns, rows_of(cursor, CONNECTIONS))
    (limits,) = rows_of(cursor, LIMITS)
    room = limits["most"] - limits["reserved"]
    sentence = f"{limits['used']} of {room} connections are taken (max_connections {limits['most']}, {limits['reserved']} reserved)."
    (found.warnings if limits["used"] >= FULL * room else found.notes).append(sentence)
    if not limits["sees_all"]:
        found.notes.append(
            "This role sees only its own statements: GRANT pg_monitor to it for those of others."
        )
    return found


def find_backend(pid: int, *, using: str) -> Backend:
    """The client of this database with the number. Raises NotOurs for any other process, and for this one."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT pg_stat_clear_snapshot()"
        )  # a transaction sees who was there at its first look
        rows = rows_of(
            cursor,
            "SELECT a.pid, a.backend_start, a.application_name, a.state, a.query, a.backend_type, "
            "a.datname = current_database() AS is_here, a.pid = pg_backend_pid() AS is_self "
            "FROM pg_stat_activity a WHERE a.pid = %s",
            [pid],
        )
    row: dict[str, Any] = rows[0] if rows else {}
    if not row:
        raise NotOurs(f"There is no connection {pid}: it has ended, or was never one of this server.")
    if row["backend_type"] != "client backend":
        kind = row["backend_type"] or "another role's process"
        raise NotOurs(f"{pid} is no client but {kind}: it is left alone.")
    if not row["is_here"]:
        raise NotOurs(f"{pid} is connected to another database: it is left alone.")
    if row["is_self"]:
        raise NotOurs(f"{pid} is the connection that asks.")
    query = redacted(row["query"] or "")
    return Backend(pid, row["backend_start"], row["application_name"] or "no name", row["state"] or "", query)


def terminate(backend: Backend, *, by: str, using: str) -> bool:
    """End the connection, if it is still the one that was found; logged with who asked. Raises NotOurs.

    A role that may not raises DatabaseError. False where it had gone by then.
    """
    current = find_backend(backend.pid, using=using)
    if current.started != backend.started:
        raise NotOurs(f"{backend.pid} has ended; its number belongs to another connection now.")
    with connections[using].cursor() as cursor:
        cursor.execute(
            f"SELECT pg_terminate_backend(a.pid, 5000) FROM pg_stat_activity a "  # noqa: S608
            f"WHERE a.pid = %s AND a.backend_start = %s AND {OWN}",
            [backend.pid, backend.started],
        )
        row = cursor.fetchone()
    ended = bool(row and row[0])
    logger.warning(
        "database connection %d (%s) %s by %s: %s",
        backend.pid,
        backend.app,
        "ended" if ended else "not ended",
        by,
        backend.query,
    )
    return ended
