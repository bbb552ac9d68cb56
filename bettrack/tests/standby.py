"""A streaming replica of the tests' own server, for tests of reading from one."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection

from bettrack.embedded import account, binaries
from bettrack.embedded.layout import EmbeddedServiceError

LARGEST = 600 * 2**20
WAIT = 30.0


@dataclass
class Standby:
    """A running replica; ``settings`` is its entry for Django."""

    folder: Path
    port: int
    server: subprocess.Popen[bytes]

    @property
    def settings(self) -> dict[str, Any]:
        given = connection.settings_dict
        kept = {key: given[key] for key in ("NAME", "USER", "PASSWORD")}
        place = {"ENGINE": "django.db.backends.postgresql", "HOST": str(self.folder), "PORT": str(self.port)}
        return {**kept, **place, "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": False, "OPTIONS": {}}

    def ask(self, statement: str) -> Any:
        given = self.settings
        with psycopg.connect(
            host=given["HOST"], port=given["PORT"], user=given["USER"], dbname=given["NAME"], autocommit=True
        ) as own:
            row = own.execute(statement).fetchone()
        return row[0] if row else None

    def pause(self) -> None:
        """Stay at what has been replayed so far."""
        self.ask("SELECT pg_wal_replay_pause()")
        self._until("SELECT pg_get_wal_replay_pause_state() = 'paused'")

    def resume(self) -> None:
        self.ask("SELECT pg_wal_replay_resume()")
        self.catch_up()

    def catch_up(self) -> None:
        self._until(f"SELECT pg_last_wal_replay_lsn() >= '{flushed()}'::pg_lsn")

    def stop(self) -> None:
        self.server.terminate()
        self.server.wait(WAIT)

    def _until(self, statement: str) -> None:
        deadline = time.monotonic() + WAIT
        while not self.ask(statement):
            assert time.monotonic() < deadline, statement
            time.sleep(0.01)


def flushed() -> str:
    """Have everything written that was committed without waiting for the disk; the end of the log."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")
        cursor.execute("SELECT pg_logical_emit_message(true, 'bettrack', 'flush')")
        cursor.execute("RESET synchronous_commit")
        cursor.execute("SELECT pg_current_wal_insert_lsn()")
        return str(cursor.fetchone()[0])


def start_standby() -> Standby:
    """Copy the tests' server and follow it. Skips the test where the server is too large, or its programs are not here."""
    given = connection.settings_dict
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(pg_database_size(oid))::bigint FROM pg_database")
        (size,) = cursor.fetchone()
    if size > LARGEST:
        pytest.skip(f"the server's databases have {size:,} bytes: too many to copy for a test")
    try:
        programs = binaries.postgres_bin()
    except EmbeddedServiceError as error:
        pytest.skip(str(error))
    folder = Path(tempfile.mkdtemp(prefix="bettrack-standby-"))
    folder.chmod(0o711)
    who = account.for_servers(folder / "none")
    who.own(folder)
    package = programs.parent.parent
    if package.name != "usr":
        programs = account.reachable_program(programs / "postgres", package, who).parent
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = folder / "data"
    command = [
        str(programs / "pg_basebackup"),
        "-D",
        str(data),
        "-X",
        "stream",
        "-c",
        "fast",
        "-R",
        "--no-sync",
    ]
    command += [
        "-h",
        str(given["HOST"] or "127.0.0.1"),
        "-p",
        str(given["PORT"] or 5432),
        "-U",
        str(given["USER"]),
    ]
    done = subprocess.run(
        command,
        preexec_fn=who.become,
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
    )
    if done.returncode:
        shutil.rmtree(folder)
        pytest.skip(f"the tests' server cannot be copied: {done.stderr.strip()[-200:]}")
    command = [str(programs / "postgres"), "-D", str(data), "-p", str(port), "-k", str(folder)]
    command += [
        "-c",
        "listen_addresses=",
        "-c",
        "fsync=off",
        "-c",
        "shared_buffers=32MB",
        "-c",
        "hot_standby_feedback=on",
    ]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, preexec_fn=who.become, cwd="/", stdout=log, stderr=log)  # noqa: PLW1509
    standby = Standby(folder, port, server)
    deadline = time.monotonic() + WAIT
    while True:
        try:
            standby.ask("SELECT 1")
        except psycopg.OperationalError:
            assert time.monotonic() < deadline, (folder / "log").read_text()[-2000:]
            time.sleep(0.05)
        else:
            return standby
