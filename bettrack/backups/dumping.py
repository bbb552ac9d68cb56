"""Running pg_dump against an exported snapshot while its rows are counted in that snapshot."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bettrack.backups import catalog, programs
from bettrack.backups.catalog import Session, Table
from bettrack.backups.databases import Database
from bettrack.backups.errors import BackupError, TooManyJobs
from bettrack.backups.programs import Program, Running
from bettrack.backups.sessions import snapshot, snapshot_in_docker

Progress = Callable[[str, int, int], None]
"""Told what is being done, and how much of how much of it is done."""
FLAG: Final = {"custom": "c", "directory": "d", "plain": "p", "plain.gz": "p"}
DUMPING: Final = re.compile(r'pg_dump: dumping contents of table "(.+)"')
OBSERVING: Final = {"pg_stat_statements"}
"""Extensions that hold no data of ours and may be missing, or not allowed, where a backup is restored."""
LOCK_TIMEOUT: Final = "120s"
MOST_JOBS: Final = 32
LEFT_FREE: Final = 5
"""Connections that a parallel dump leaves to everybody else."""


def quiet(what: str, done: int, total: int) -> None:
    """Progress that nobody looks at."""


@dataclass(frozen=True)
class Source:
    """A database to back up, directly or in the compose file's container."""

    database: Database
    docker: bool = False

    def snapshot(self) -> AbstractContextManager[tuple[Session, str]]:
        if self.docker:
            return snapshot_in_docker(self.database.user, self.database.name)
        return snapshot(self.database)

    def program(self, name: str, at_least: int) -> Program:
        return programs.find_in_docker(name) if self.docker else programs.find(name, at_least)

    def environment(self) -> dict[str, str]:
        return dict(os.environ) if self.docker else self.database.environment()


@dataclass(frozen=True)
class Facts:
    """What was found in the snapshot."""

    server: dict[str, Any]
    tables: list[Table]
    rows: dict[str, int]
    shape: dict[str, dict[str, str]]
    migrations: list[str]
    extensions: list[str]
    roles: list[str]
    pg_dump: int


def dump(
    source: Source,
    draft: Path,
    file_format: str,
    *,
    names: Sequence[str],
    jobs: int | None,
    progress: Progress,
) -> Facts:
    """Write the dump to ``draft``, and tell what the same snapshot holds. Raises BackupError and OSError."""
    with source.snapshot() as (session, exported):
        server = session.value(catalog.SERVER)
        program = source.program("pg_dump", int(server["major"]))
        tables = chosen(catalog.tables(session), names)
        extensions = list(session.value(catalog.EXTENSIONS))
        command = [*program.command, f"--format={FLAG[file_format]}", f"--snapshot={exported}", "--verbose"]
        command += [f"--lock-wait-timeout={LOCK_TIMEOUT}", "--no-password"]
        command += [f"--table={table.full}" for table in tables] if names else []
        # naming the ones to keep is how every supported version leaves one out
        wanted = sorted(set(extensions) - OBSERVING)
        command += [] if names else [f'--extension="{name}"' for name in wanted]
        command += ["--no-owner"] if file_format.startswith("plain") else []
        command += ["--compress=6"] if file_format == "plain.gz" else []
        command += [f"--jobs={jobs_of(session, jobs)}"] if file_format == "directory" else []
        with _started(source, command, draft, tables, progress) as running:
            facts = Facts(
                server=server,
                tables=tables,
                rows={table.full: catalog.count(session, table) for table in tables if not table.is_parent},
                shape=catalog.shape(session),
                migrations=catalog.migrations(session),
                extensions=[name for name in wanted if name != "plpgsql"],
                roles=list(session.value(catalog.ROLES)),
                pg_dump=program.major,
            )
            if source.docker:
                _save(running, draft)
            running.wait()
    return facts


def jobs_of(session: Session, asked: int | None) -> int:
    """How many processes dump: each has a connection, and so has the one that leads them. Raises TooManyJobs."""
    free = int(session.value(catalog.FREE_CONNECTIONS))
    room = max(1, free - LEFT_FREE - 1)
    if asked is None:
        return min(os.cpu_count() or 1, MOST_JOBS, room)
    if asked > room:
        raise TooManyJobs(
            f"{asked} processes would take {asked + 1} connections. The server has {free} free, of which {LEFT_FREE} "
            f"are left to others: ask for --jobs {room} or fewer, or leave it out."
        )
    return asked


def chosen(tables: list[Table], names: Sequence[str]) -> list[Table]:
    """The tables of these names, with their partitions; all when no name is given. Raises BackupError."""
    if not names:
        return tables
    known = {table.name for table in tables} | {table.full for table in tables}
    unknown = sorted(set(names) - known)
    if unknown:
        raise BackupError(
            f"There is no table {', '.join(unknown)}. Tables are named as in the database, for example bets."
        )
    wanted = {table.name for table in tables if {table.name, table.full} & set(names)}
    return [table for table in tables if table.name in wanted or table.ancestor in wanted]


@contextmanager
def _started(
    source: Source, command: list[str], draft: Path, tables: list[Table], progress: Progress
) -> Iterator[Running]:
    sizes = {table.full.replace('"', ""): table.size for table in tables if not table.is_parent}
    total = sum(sizes.values())
    done = 0
    current = ""

    def on_line(line: str) -> None:
        nonlocal done, current
        if match := DUMPING.search(line):
            done += sizes.get(current, 0)
            current = match[1].replace('"', "")
            progress(f"dumping {current.partition('.')[2]}", done, total)

    if source.docker:
        account = ["-U", source.database.user, "-d", source.database.name]
        arguments: dict[str, Any] = {"stdout": subprocess.PIPE}
        command = [*command, *account]
    else:
        arguments = {}
        command = [*command, f"--file={draft}"]
    with programs.running(command, source.environment(), on_line=on_line, **arguments) as running:
        yield running
    progress("dumped", total, total)


def _save(running: Running, draft: Path) -> None:
    assert running.process.stdout is not None  # noqa: S101 - asked for
    with draft.open("wb") as file:
        shutil.copyfileobj(running.process.stdout, file, 2**20)
