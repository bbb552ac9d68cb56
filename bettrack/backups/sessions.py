"""Asking a database in one read-only transaction, over a connection of its own or through psql in a container."""

from __future__ import annotations

import json
import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg

from bettrack.backups.catalog import Session
from bettrack.backups.databases import Database, last_line
from bettrack.backups.errors import BackupError, Busy
from bettrack.backups.programs import DOCKER, Running, running
from bettrack.upgrades import patience

LOCK: Final = 0x42_6B_75_70
"""Advisory lock of whoever backs up or replaces a database; it ends with the session."""
BEGIN: Final = (
    "SET search_path = pg_catalog; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; "
    "SET lock_timeout = '120s'; SET TimeZone = 'UTC'; "
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
)
SHARE_MIGRATIONS: Final = f"SELECT to_json(pg_try_advisory_lock_shared({patience.LOCK}))"
LONGEST_MIGRATION: Final = 120.0
"""Seconds to wait for."""
TAKE_LOCK: Final = f"SELECT to_json(pg_try_advisory_lock({LOCK}))"
EXPORT: Final = "SELECT to_json(pg_export_snapshot())"
BUSY: Final = "Another backup or restore of this database is at work: wait for it to end."
GONE: Final = "The database went away in the middle of it"


class OverConnection:
    """A session over a connection of psycopg's."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def run(self, statements: str) -> None:
        try:
            self.connection.execute(statements)
        except psycopg.OperationalError as error:
            raise BackupError(f"{GONE}. It says: {last_line(error)}") from error
        except psycopg.Error as error:
            raise BackupError(f"The database refused: {last_line(error)}") from error

    def value(self, statement: str) -> Any:
        try:
            row = self.connection.execute(statement).fetchone()
        except psycopg.OperationalError as error:
            raise BackupError(f"{GONE}. It says: {last_line(error)}") from error
        except psycopg.Error as error:
            raise BackupError(f"The database refused: {last_line(error)}") from error
        return row[0] if row else None


class ThroughPsql:
    """A session of psql in the compose file's database container; its answers end with a mark."""

    def __init__(self, psql: Running) -> None:
        process = psql.process
        assert process.stdin is not None  # noqa: S101 - both were asked for
        assert process.stdout is not None  # noqa: S101
        self.psql, self.to, self.answers = psql, process.stdin, process.stdout
        self.mark = uuid.uuid4().hex

    def run(self, statements: str) -> None:
        self._ask(f"{statements};")

    def value(self, statement: str) -> Any:
        answer = self._ask(f"{statement.strip()};")
        return json.loads(answer) if answer else None

    def _ask(self, text: str) -> str:
        lines: list[str] = []
        try:
            self.to.write(f"{text}\n\\echo {self.mark}\n".encode())
            self.to.flush()
            while raw := self.answers.readline():
                if (line := raw.decode().rstrip("\n")) == self.mark:
                    return "\n".join(lines)
                lines.append(line)
        except OSError:
            pass
        status = self.psql.process.wait()
        self.psql.listener.join(timeout=10)
        raise BackupError(f"{GONE}. {self.psql.failure(status)}")


@contextmanager
def snapshot(database: Database) -> Iterator[tuple[Session, str]]:
    """A session in a transaction whose view of the data is exported, and the name of that view, for pg_dump.

    Holds the lock of backups, and keeps migrations waiting. Raises Busy and BackupError.
    """
    connection = database.connect()
    try:
        session = OverConnection(connection)
        yield session, _begin(session)
    finally:
        connection.close()


@contextmanager
def snapshot_in_docker(user: str, name: str) -> Iterator[tuple[Session, str]]:
    """The same through docker compose. Raises Busy and BackupError."""
    command = [*DOCKER, "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", user, "-d", name]
    with running(command, dict(os.environ), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as psql:
        session = ThroughPsql(psql)
        yield session, _begin(session)


@contextmanager
def looking_at(database: Database) -> Iterator[Session]:
    """A session in a read-only transaction. Raises BackupError."""
    connection = database.connect()
    try:
        session = OverConnection(connection)
        session.run(BEGIN)
        yield session
    finally:
        connection.close()


def _begin(session: OverConnection | ThroughPsql) -> str:
    if not session.value(TAKE_LOCK):
        raise Busy(BUSY)
    _keep_migrations_away(session)
    session.run(BEGIN)
    return str(session.value(EXPORT))


def _keep_migrations_away(session: OverConnection | ThroughPsql) -> None:
    """A table that is rewritten after the snapshot was taken is empty in it, and would be dumped so. Raises BackupError."""
    deadline = time.monotonic() + LONGEST_MIGRATION
    while not session.value(SHARE_MIGRATIONS):
        if time.monotonic() >= deadline:
            raise BackupError(
                "The database is being migrated: a backup of that moment would not be whole. Wait for it to end."
            )
        time.sleep(0.5)
