"""How migrations wait for locks: briefly, so that nobody queues behind them, and again a little later."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from psycopg import errors

TRIES: Final = 10
LONGEST_PAUSE: Final = 15.0
LOCK: Final = 0x42657454
"""Key of the advisory lock that lets one process migrate at a time, and none while a backup is made."""

Say = Callable[[str], None]


@contextmanager
def one_at_a_time(connection: BaseDatabaseWrapper, say: Say) -> Iterator[None]:
    """Be the only process that migrates this database; the lock ends with the connection at the latest."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            say("Another process is migrating the database, or backing it up; waiting for it")
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        yield
    finally:
        if connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


@contextmanager
def short_waits(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """No statement waits long for a lock, and none runs for ever."""
    limits = {
        "lock_timeout": settings.MIGRATION_LOCK_TIMEOUT,
        "statement_timeout": settings.MIGRATION_STATEMENT_TIMEOUT,
    }
    with connection.cursor() as cursor:
        for name, seconds in limits.items():
            cursor.execute("SELECT set_config(%s, %s, false)", [name, f"{seconds}s"])
    try:
        yield
    finally:
        if connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                for name in limits:
                    cursor.execute(f"RESET {name}")


def persistently(attempt: Callable[[], None], say: Say) -> None:
    """Run the attempt until it gets its locks, at most TRIES times, with growing pauses in between.

    What has been applied stays applied, so each attempt goes on where the last one waited in vain.
    """
    for number in range(1, TRIES + 1):
        try:
            attempt()
        except OperationalError as error:
            if not isinstance(error.__cause__, errors.LockNotAvailable) or number == TRIES:
                raise
            rest = min(LONGEST_PAUSE, 0.5 * 2**number)
            say(f"A table is in use; trying again in {rest:.0f} s ({number} of {TRIES - 1})")
            time.sleep(rest)
        else:
            return


def remove_unfinished_indexes(connection: BaseDatabaseWrapper, migration: Migration) -> None:
    """Drop what an interrupted concurrent build left behind: an index that is there and never used."""
    names = [each.index.name for each in migration.operations if isinstance(each, AddIndexConcurrently)]
    if not names:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
            "WHERE NOT indisvalid AND relname = ANY(%s) AND pg_table_is_visible(pg_class.oid)",
            [names],
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {connection.ops.quote_name(name)}")


def holders(connection: BaseDatabaseWrapper) -> str:
    """The longest open transactions of others, which a lock that is not had waits for; '' for none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid, coalesce(nullif(application_name, ''), 'unnamed'), state, "
            "extract(epoch FROM clock_timestamp() - xact_start)::int FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL "
            "ORDER BY xact_start LIMIT 3"
        )
        rows = cursor.fetchall()
    return "; ".join(f"process {pid} ({name}, {state}, for {age} s)" for pid, name, state, age in rows)
