"""Loading a backup into a new, empty database with PostgreSQL's own programs."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bettrack.backups import programs
from bettrack.backups.databases import Database
from bettrack.backups.dumping import Progress
from bettrack.backups.errors import BackupError
from bettrack.backups.manifest import Manifest

LOADING: Final = re.compile(
    r'pg_restore: (?:processing data for table "(?P<full>.+)"|launching item \d+ TABLE DATA (?P<name>.+))'
)
BUILDING: Final = re.compile(
    r"pg_restore: (?:creating|launching item \d+) (INDEX|CONSTRAINT|FK CONSTRAINT|TRIGGER)"
)
NEWER_SETTING: Final = "transaction_timeout"
"""A setting that every dump of PostgreSQL 17's programs names, and no older server knows."""
KNOWS_IT: Final = 17
HEADER: Final = 65_536
BLOCK: Final = 2**20
MOST_JOBS: Final = 4


@dataclass(frozen=True)
class Server:
    """What has to be known of the server that a backup is loaded into."""

    major: int
    roles: frozenset[str]
    owner: str
    """The role that shall own everything; empty for the one that connects."""


def load(path: Path, manifest: Manifest, into: Database, server: Server, progress: Progress) -> None:
    """Fill the empty database ``into``. Raises BackupError with the program's own words."""
    if server.major < manifest.server["major"]:
        raise BackupError(
            f"The backup is of PostgreSQL {manifest.server['major']} and the server {into.host or 'here'} is of "
            f"PostgreSQL {server.major}: a backup goes into the same version or a newer one."
        )
    try:
        if manifest.format in ("plain", "plain.gz"):
            _load_plain(path, manifest, into, server, progress)
        else:
            _load_archive(path, manifest, into, server, progress)
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror or error}.") from error


def _load_archive(path: Path, manifest: Manifest, into: Database, server: Server, progress: Progress) -> None:
    program = programs.find("pg_restore", manifest.pg_dump, "backup")
    command = [*program.command, f"--dbname={into.name}", "--no-owner", "--verbose", "--no-password"]
    command += [f"--jobs={min(os.cpu_count() or 1, MOST_JOBS)}"]
    command += ["--no-privileges"] if set(manifest.roles) - server.roles else []
    command += [f"--role={server.owner}"] if server.owner else []
    is_older = server.major < KNOWS_IT <= program.major
    command += [] if is_older else ["--exit-on-error"]
    rows, total, done = dict(manifest.rows), sum(manifest.rows.values()), 0
    faults: list[str] = []

    def on_line(line: str) -> None:
        nonlocal done
        if match := LOADING.match(line):
            name = match["full"] or f"public.{match['name']}"
            progress(f"restoring {name.partition('.')[2]}", done, total)
            done += rows.get(name, 0)
        elif match := BUILDING.match(line):
            progress(f"restoring: {match[1].lower()}", total, total)
        elif "ERROR:" in line and NEWER_SETTING not in line:
            faults.append(line)

    with programs.running([*command, str(path)], into.environment(), on_line=on_line) as child:
        # an older server is forgiven that it does not know one harmless setting, and nothing else
        child.wait(forgiving=1 if is_older else 0)
    if faults:
        raise BackupError(f"pg_restore failed: {faults[0]}")


def _load_plain(path: Path, manifest: Manifest, into: Database, server: Server, progress: Progress) -> None:
    if missing := sorted(set(manifest.roles) - server.roles):
        raise BackupError(
            f"The backup gives rights to the role {missing[0]}, which this server does not have. Make it first: "
            f'CREATE ROLE "{missing[0]}" NOLOGIN'
        )
    program = programs.find("psql", manifest.pg_dump, "backup")
    command = [
        *program.command,
        "-X",
        "-q",
        "-o",
        os.devnull,
        "-v",
        "ON_ERROR_STOP=1",
        "--single-transaction",
    ]
    command += ["--no-password", f"--dbname={into.name}", "--file=-"]
    with programs.running(command, into.environment(), stdin=subprocess.PIPE) as child:
        assert child.process.stdin is not None  # noqa: S101 - asked for
        try:
            if server.owner:
                child.process.stdin.write(f'SET ROLE "{server.owner}";\n'.encode())
            for block in _script(path, server, progress):
                child.process.stdin.write(block)
            child.process.stdin.close()
        except BrokenPipeError:
            pass  # it says why when it is waited for
        child.wait()


def _script(path: Path, server: Server, progress: Progress) -> Iterator[bytes]:
    """The statements of a plain dump, without the one setting that an older server does not know."""
    total = path.stat().st_size
    with path.open("rb") as raw, gzip.open(raw) if path.suffix == ".gz" else raw as file:
        header = file.read(HEADER)
        if server.major < KNOWS_IT:
            header = header.replace(f"\nSET {NEWER_SETTING} = 0;\n".encode(), b"\n", 1)
        yield header
        try:
            while block := file.read(BLOCK):
                progress("restoring", raw.tell(), total)
                yield block
        except (EOFError, zlib.error) as error:
            raise BackupError(f"{path.name} cannot be unpacked to its end.") from error
