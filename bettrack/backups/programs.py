"""PostgreSQL's own programs: finding ones that suit the server, and running them with their words kept."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Final

from bettrack.backups.errors import BackupError
from bettrack.embedded import binaries
from bettrack.embedded.account import Account, child_setup
from bettrack.embedded.layout import EmbeddedServiceError

VERSION: Final = re.compile(rb"\(PostgreSQL\) (\d+)")
KEPT_LINES: Final = 12
DOCKER: Final = ("docker", "compose", "exec", "-T", "postgres")
"""Runs a program in the compose file's database container."""
PASSWORD: Final = re.compile(r"password=\S+|://[^@/\s]*@")

OnLine = Callable[[str], None]


@dataclass(frozen=True)
class Program:
    """A program that can be run, and PostgreSQL's major version it is of."""

    command: tuple[str, ...]
    major: int


def find(name: str, at_least: int, whose: str = "server") -> Program:
    """`pg_dump`, `pg_restore` or `psql` of this major version, else of the next newer one there is.

    Looked for as the embedded server's programs are, then in PATH and Debian's folders; ``whose`` version it has to
    reach is said when there is none. Raises BackupError.
    """
    seen = [program for path in _candidates(name) if (program := _program(path))]
    fit = [program for program in seen if program.major >= at_least]
    if fit:
        return min(fit, key=lambda program: program.major)
    newest = max((program.major for program in seen), default=0)
    have = f"the newest {name} here is of version {newest}" if newest else f"there is no {name} here"
    raise BackupError(
        f"The {whose} is of PostgreSQL {at_least}, but {have}: {name} must not be older than the {whose}. Install "
        f"PostgreSQL {at_least}'s client programs, or name a folder that has them in {binaries.POSTGRES_OVERRIDE}."
    )


def find_in_docker(name: str) -> Program:
    """The program in the compose file's database container, which suits the server beside it. Raises BackupError."""
    if shutil.which(DOCKER[0]) is None:
        raise BackupError("--via docker needs the program docker, which is not here.")
    command = (*DOCKER, name)
    answer = subprocess.run([*command, "--version"], capture_output=True, timeout=60, check=False)  # noqa: S603
    match = VERSION.search(answer.stdout)
    if answer.returncode or not match:
        said = _clean(answer.stderr.decode(errors="replace")).strip().splitlines()[-1:] or ["nothing"]
        raise BackupError(
            f"docker compose cannot run {name} in the container postgres; start it with: docker compose up -d "
            f"postgres, in the folder of docker-compose.yml. It says: {said[0]}"
        )
    return Program(command, int(match[1]))


def _candidates(name: str) -> Iterator[Path]:
    with contextlib.suppress(EmbeddedServiceError):
        yield binaries.postgres_bin() / name
    if found := shutil.which(name):
        yield Path(found)
    yield from sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)


@cache
def _program(path: Path) -> Program | None:
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, timeout=30, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    match = VERSION.search(answer.stdout)
    return Program((str(path),), int(match[1])) if match else None


@dataclass
class Running:
    """A program at work; it dies with this process and ends with the context it was started in."""

    name: str
    process: subprocess.Popen[bytes]
    words: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_LINES))
    """Its last lines that are not mere progress."""
    listener: threading.Thread = field(default_factory=threading.Thread)

    def wait(self, forgiving: int = 0) -> None:
        """Wait for its end. Raises BackupError with its own words when its status is none that is forgiven."""
        status = self.process.wait()
        self.listener.join(timeout=10)
        if status not in (0, forgiving):
            raise BackupError(self.failure(status))

    def failure(self, status: int) -> str:
        said = self.said()
        if status < 0:
            name = signal.Signals(-status).name
            more = f" It had said: {said}" if said else ""
            return f"{self.name} was killed by {name} before it was done.{more}"
        return f"{self.name} failed: {said or f'it ended with status {status} and said nothing'}"

    def said(self) -> str:
        """Its errors, else its last line."""
        prefix = f"{self.name}: "
        lines = [_clean(line.removeprefix(prefix)) for line in self.words]
        telling = [line for line in lines if re.search(r"\b(error|ERROR|FATAL|fatal|detail|DETAIL)\b", line)]
        return " / ".join((telling or lines[-1:])[:3])

    def listen(self, stream: IO[bytes], on_line: OnLine) -> None:
        self.listener = threading.Thread(target=self._read, args=(stream, on_line), daemon=True)
        self.listener.start()

    def _read(self, stream: IO[bytes], on_line: OnLine) -> None:
        for raw in stream:
            line = raw.decode(errors="replace").rstrip()
            on_line(line)
            if line and not _is_progress(line):
                self.words.append(line)


@contextlib.contextmanager
def running(
    command: list[str],
    environment: dict[str, str],
    *,
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    stdout: int | IO[bytes] = subprocess.DEVNULL,
    on_line: OnLine = lambda line: None,
) -> Iterator[Running]:
    """Run a program, telling ``on_line`` what it says on stderr; what is left of it afterwards is killed.

    Raises BackupError when it cannot be started.
    """
    set_up = child_setup(Account(os.geteuid(), os.getegid()), signal.SIGKILL)
    try:
        process = subprocess.Popen(  # noqa: S603
            command,
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
            preexec_fn=set_up,  # noqa: PLW1509 - it only makes the child die with this process
        )
    except OSError as error:
        raise BackupError(f"{command[0]} cannot be started: {error.strerror}.") from error
    names = [Path(part).name for part in command]
    name = next((one for one in names if one in ("pg_dump", "pg_restore", "psql")), names[0])
    child = Running(name, process)
    assert process.stderr is not None  # noqa: S101 - asked for above
    child.listen(process.stderr, on_line)
    try:
        yield child
    finally:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        child.listener.join(timeout=10)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def _is_progress(line: str) -> bool:
    return re.match(r"pg_(dump|restore): (error|warning|detail|hint|from)", line) is None and line.startswith(
        ("pg_dump: ", "pg_restore: ")
    )


def _clean(line: str) -> str:
    return PASSWORD.sub("…", line)
