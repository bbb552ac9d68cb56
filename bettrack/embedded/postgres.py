"""The embedded PostgreSQL: made, started and watched by the janitor. Standard library only."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from functools import cached_property
from pathlib import Path
from typing import IO

from bettrack.embedded import account as accounts
from bettrack.embedded import binaries
from bettrack.embedded.layout import DATABASE_NAME, DATABASE_USER, POSTGRES_PORT, EmbeddedServiceError, Layout
from bettrack.embedded.processes import POSTGRES_SIGNALS, command_line, end_process, is_server_of

DURABLE_VARIABLE = "BETTRACK_EMBEDDED_DURABLE"
SMALLEST_SHM = 64 * 2**20
STATISTICS = "pg_stat_statements"
ENVIRONMENT = {"LC_ALL": "C", "LANG": "C", "PATH": "/usr/local/bin:/usr/bin:/bin", "TZ": "UTC"}


class Postgres:
    """One PostgreSQL server over one data directory. Only the janitor, under its lock, may hold one."""

    name = "postgres"
    stop_signals = POSTGRES_SIGNALS
    death_signal = signal.SIGINT

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.durable = os.environ.get(DURABLE_VARIABLE, "1") != "0"
        self.account = accounts.for_servers(layout.home / "postgres")
        self.home = accounts.reachable_home(layout, self.account)
        self.data = self.home / "postgres"
        self.account = accounts.for_servers(self.data)
        self.log = layout.logs / "postgres.log"

    @cached_property
    def programs(self) -> Path:
        """The folder of the server programs, where the server's account can run them."""
        folder = binaries.postgres_bin()
        package = folder.parent.parent if folder.parent.name == "pginstall" else folder.parent
        return accounts.reachable_program(folder / "postgres", package, self.account).parent

    @cached_property
    def shared_memory(self) -> str:
        """`posix` where /dev/shm serves the account, else `mmap` (files in the data directory)."""
        return "posix" if self.account.can(_shm_is_usable) else "mmap"

    def prepare(self) -> None:
        """Make the data directory when there is none; refuse one that this server cannot read.

        Raises EmbeddedServiceError with the way out.
        """
        if not self.data.exists():
            self._initialise()
            return
        try:
            version = (self.data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            if any(self.data.iterdir()):
                raise EmbeddedServiceError(
                    f"{self.data} is not a PostgreSQL data directory (PG_VERSION is missing): restore it from a "
                    "backup, or move it away to start with an empty database."
                ) from None
            self.data.rmdir()
            self._initialise()
            return
        ours = binaries.postgres_major(self.programs)
        if version != str(ours):
            raise EmbeddedServiceError(
                f"The data in {self.data} were made by PostgreSQL {version}, but the installed server is "
                f"{ours}. Name the folder of PostgreSQL {version}'s programs in {binaries.POSTGRES_OVERRIDE}, start "
                "once more and dump the database with pg_dump; then move the folder away, unset the variable, "
                "start again and load the dump with psql."
            )
        if self.data.stat().st_mode & 0o077:
            self.data.chmod(0o700)

    def start(self) -> subprocess.Popen[bytes]:
        """Clear what a killed server left behind, and start a new one."""
        self._clear_locks()
        folder = accounts.socket_folder(self.layout, self.account)
        command = [str(self.programs / "postgres"), "-D", str(self.data)]
        for name, value in self._enforced_settings(folder).items():
            command += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            return self._spawn(command, log)

    def ready(self, server: subprocess.Popen[bytes]) -> bool:
        """Whether the server accepts connections, by its own status line."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0].strip() == str(server.pid) and lines[7].strip() == "ready"

    def intact(self) -> bool:
        """Whether data and socket still exist (somebody may have removed them under the running server)."""
        return (self.data / "PG_VERSION").exists() and self.layout.postgres_socket.exists()

    def recover(self, failures: int) -> bool:
        """Whether a start that failed is worth another try: a test's data, written without fsync, start afresh."""
        if failures == 3 and (self.data / "disposable").exists():
            shutil.rmtree(self.data)
            self._initialise()
        return failures < 6

    def _enforced_settings(self, folder: Path) -> dict[str, str]:
        settings = {
            "listen_addresses": "",
            "port": POSTGRES_PORT,
            "unix_socket_directories": str(folder),
            "unix_socket_permissions": "0700",
            "dynamic_shared_memory_type": self.shared_memory,
            "logging_collector": "off",
        }
        if binaries.has_library(self.programs, STATISTICS):
            settings["shared_preload_libraries"] = STATISTICS
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        return settings

    def _initialise(self) -> None:
        """Run initdb in a folder aside, make the database, rename: a kill leaves no half-made data."""
        for stale in self.home.glob(".postgres-draft-*"):
            shutil.rmtree(stale, ignore_errors=True)
        draft = Path(tempfile.mkdtemp(prefix=".postgres-draft-", dir=self.home))
        try:
            self.account.own(draft)
            draft.chmod(0o700)
            self._run_initdb(draft)
            self._single_user(draft, "postgres", f"CREATE DATABASE {DATABASE_NAME}")
            if binaries.has_library(self.programs, STATISTICS):
                self._single_user(draft, DATABASE_NAME, f"CREATE EXTENSION {STATISTICS}")
            if self.durable:
                self._run([str(self.programs / "initdb"), "--sync-only", "-D", str(draft)])
            else:
                (draft / "disposable").touch()
                self.account.own(draft / "disposable")  # a copy of the data is read by the server
            draft.rename(self.data)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise

    def _run_initdb(self, draft: Path) -> None:
        command = [str(self.programs / "initdb"), "-D", str(draft), "-U", DATABASE_USER, "-E", "UTF8"]
        command += ["--locale=C", "--auth=trust", "--no-sync", "--no-instructions"]
        if binaries.postgres_major(self.programs) >= 17:
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if binaries.postgres_major(self.programs) >= 16:
            command += ["-c", f"dynamic_shared_memory_type={self.shared_memory}"]
        self._run(command)
        lines = [f"{name} = {value}" for name, value in _sensible_settings().items()]
        with (draft / "postgresql.conf").open("a") as conf:
            conf.write("\n# BetTrack's choice at first start; yours to edit\n" + "\n".join(lines) + "\n")

    def _single_user(self, draft: Path, database: str, statement: str) -> None:
        command = [str(self.programs / "postgres"), "--single", "-D", str(draft), "-c", "fsync=off"]
        command += ["-c", f"dynamic_shared_memory_type={self.shared_memory}", "-c", "log_min_messages=fatal"]
        command += ["-c", "exit_on_error=on", database]
        self._run(command, statement + ";\n")

    def _run(self, command: list[str], text: str = "") -> None:
        done = subprocess.run(  # noqa: S603
            command,
            input=text.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=ENVIRONMENT,
            preexec_fn=accounts.child_setup(self.account, signal.SIGKILL),
            check=False,
        )
        with self.log.open("ab") as log:
            log.write(done.stdout)
        if done.returncode:
            raise EmbeddedServiceError(
                f"PostgreSQL's data directory could not be made: {Path(command[0]).name} ended with status "
                f"{done.returncode}. Its last words: {_last_words(done.stdout)}"
            )

    def _spawn(self, command: list[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=ENVIRONMENT,
            preexec_fn=accounts.child_setup(self.account, self.death_signal),  # noqa: PLW1509 - one thread
        )

    def _clear_locks(self) -> None:
        """Remove lock files of dead and foreign processes; end a server of ours that outlived its janitor."""
        for path in (self.data / "postmaster.pid", Path(f"{self.layout.postgres_socket}.lock")):
            try:
                first = path.read_text().split("\n", 1)[0].strip()
            except FileNotFoundError:
                continue
            pid = abs(int(first)) if first.lstrip("-").isdigit() else 0
            if pid > 1 and command_line(pid) and is_server_of(pid, self.data):
                end_process(pid, self.stop_signals)
            path.unlink(missing_ok=True)
        self.layout.postgres_socket.unlink(missing_ok=True)


def _sensible_settings() -> dict[str, str]:
    """Settings for a machine shared with the rest of BetTrack, from its memory."""
    megabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return {
        "shared_buffers": f"{max(64, min(512, megabytes // 16))}MB",
        "effective_cache_size": f"{max(256, megabytes // 2)}MB",
        "maintenance_work_mem": f"{max(64, min(256, megabytes // 32))}MB",
        "work_mem": "16MB",
        "max_connections": "100",
        "wal_compression": "on",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        "track_io_timing": "on",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "log_line_prefix": "'%m [%p] '",
        "log_min_duration_statement": "'2s'",
        "log_checkpoints": "off",
        "lc_messages": "'C'",
    }


def _shm_is_usable() -> bool:
    """Whether /dev/shm exists, may be written and has room for PostgreSQL's segments."""
    try:
        room = os.statvfs("/dev/shm")  # noqa: S108
        with tempfile.NamedTemporaryFile(dir="/dev/shm"):
            return room.f_bavail * room.f_frsize >= SMALLEST_SHM
    except OSError:
        return False


def _last_words(output: bytes) -> str:
    lines = [line.strip() for line in output.decode(errors="replace").splitlines() if line.strip()]
    return " / ".join(lines[-3:]) or "none"
