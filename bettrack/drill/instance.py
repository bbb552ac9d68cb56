"""The scratch instance: servers, worker and beat of its own, and the hands that kill them."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, InterfaceError, OperationalError, connection, connections

from bettrack.benchmarks.scratch import use
from bettrack.embedded import binaries, client, state
from bettrack.running import children
from bettrack.running.instance import family_of
from bettrack.running.supervision import Child, Supervisor

PATIENCE = 60.0
REFERENCE = "bettrack_reference"
"""The second database, which is fed the same answers without any fault."""


class DrillError(Exception):
    """What was waited for did not come; the message says what."""


class Redis:
    """A Redis of the drill's own on a port of the loopback, which keeps nothing when it is killed."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [str(binaries.redis_server()), "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--save", "", "--appendonly", "no", "--dir", str(self.folder)]
        with (self.folder / "log" / "redis.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)  # noqa: S603
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1.0):
                return
            time.sleep(0.02)
        raise DrillError("the drill's Redis does not start")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Instance:
    """What `up` runs, on data of its own; `settings` are those of a process started by `scratch.environment`."""

    def __init__(self, *, provider_url: str, workers: int = 1) -> None:
        self.home: Path = settings.HOME
        self.database = str(connection.settings_dict["NAME"])
        self.redis = Redis(self.home, int(settings.REDIS_URL.rpartition(":")[2].partition("/")[0]))
        self.supervisor = Supervisor(
            logs=settings.EMBEDDED.logs,
            environment={**os.environ, "SANDBOX_URL": provider_url},
            family=family_of(self.home),
            say=self._note,
            folder=settings.BASE_DIR,
        )
        self.log = settings.EMBEDDED.logs / "drill.log"
        self.worker = children.worker()
        self.beat = children.beat()

    def prepare(self, *, schema: Path | None = None) -> None:
        """Servers, schema and master data; `schema` is SQL of a migrated database to begin with."""
        settings.EMBEDDED.make_home()
        self.redis.start()
        client.ensure(settings.EMBEDDED, "postgres")
        if schema is not None:
            self._load(schema)
        call_command("migrate", interactive=False, verbosity=0)
        call_command("seed", verbosity=0)
        connection.close()
        use("postgres")  # nobody may be connected to what is copied
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {REFERENCE} TEMPLATE {self.database}")
        use(self.database)

    def start(self) -> None:
        """Start worker and beat as `up` does."""
        self.supervisor.start(self.worker)
        self.supervisor.start(self.beat)

    def stop(self) -> None:
        """End everything; safe to call at any point."""
        self.supervisor.stop()
        connections.close_all()
        self.redis.kill()
        client.release(settings.EMBEDDED, wait=20.0)

    def until(self, what: str, holds: Callable[[], bool], *, seconds: float = PATIENCE) -> float:
        """Wait while the processes are looked after; return the seconds it took.

        A database or Redis that is away counts as not yet. Raises DrillError when it never comes.
        """
        begun = time.monotonic()
        last = ""
        while (waited := time.monotonic() - begun) < seconds:
            self.supervisor.tick()
            try:
                if holds():
                    return waited
            except (OperationalError, InterfaceError, OSError) as error:
                last = f" ({str(error).strip().splitlines()[0] if str(error).strip() else error!r})"
                connection.close()
            time.sleep(0.05)
        raise DrillError(f"{what}: not within {seconds:.0f} s{last}")

    @contextlib.contextmanager
    def held_up(self, table: str) -> Iterator[None]:
        """Keep everybody from writing to a table, so that a transaction stands still before it does."""
        other = connections.create_connection("default")
        try:
            other.set_autocommit(False)
            with other.cursor() as cursor:
                cursor.execute(f"LOCK TABLE {other.ops.quote_name(table)} IN SHARE MODE")
            yield
        finally:
            with contextlib.suppress(DatabaseError):
                other.rollback()
            with contextlib.suppress(DatabaseError):
                other.close()

    def stands_before(self, table: str) -> bool:
        """Whether a transaction waits to write to the table."""
        return bool(
            value("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass", table)
        )

    def kill_postgres(self) -> None:
        """Kill -9 the server and every process of it."""
        server = int(state.read_state(settings.EMBEDDED)["services"]["postgres"]["pid"])
        for pid in (server, *_children_of(server)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        client.forget(settings.EMBEDDED)
        connection.close()

    def kill(self, child: Child) -> None:
        """Kill -9 a process of `up` with all that it started."""
        if child.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()

    @contextlib.contextmanager
    def stopped(self, child: Child) -> Iterator[None]:
        """Have a process of `up` stand still with all that it started: it is there and does nothing."""
        family = child.process.pid if child.process is not None else 0
        os.killpg(family, signal.SIGSTOP)
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(family, signal.SIGCONT)

    def _load(self, schema: Path) -> None:
        psql = binaries.postgres_bin() / "psql"
        place = ["-h", str(settings.EMBEDDED.sockets), "-U", "bettrack", "-d", self.database]
        done = subprocess.run(  # noqa: S603
            [str(psql), "-X", "-q", "-v", "ON_ERROR_STOP=1", *place, "-f", str(schema)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise DrillError(f"{schema} cannot be loaded: {done.stderr.strip()[-300:]}")

    def _note(self, line: str) -> None:
        with contextlib.suppress(OSError), self.log.open("a") as log:
            log.write(line + "\n")


def value(sql: str, *parameters: Any) -> Any:
    """The first column of a statement's first row."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        row = cursor.fetchone()
        return row[0] if row else None


def remove(home: Path) -> None:
    """Remove a scratch home, and what the servers' account had to keep elsewhere."""
    disk = home / "backups"
    if disk.is_mount():  # of a drill that was killed while its disk was full
        subprocess.run(["umount", "-l", str(disk)], check=False)  # noqa: S603, S607
    elsewhere = home / "embedded" / "elsewhere"
    with contextlib.suppress(OSError):
        shutil.rmtree(os.fsdecode(elsewhere.read_bytes()).strip(), ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)


def make_home() -> Path:
    """A folder of the drill's own that the servers' account can reach."""
    home = Path(tempfile.mkdtemp(prefix="bettrack-drill-"))
    home.chmod(0o755)
    return home


def _children_of(parent: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(folder.name))
    return found
