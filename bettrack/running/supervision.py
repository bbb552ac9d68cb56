"""Keeps the processes of `up` running: starts, restarts with back-off, logs, ends. Knows nothing of Django.

Each child is the leader of its own session, so that all it started can be ended with it, and dies with this
process (on Linux), so that a killed `up` leaves nothing behind. What slips through carries the family's mark in
its environment and is found by it at the next start.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from logging.handlers import RotatingFileHandler
from pathlib import Path

from bettrack.embedded.client import FAMILY_VARIABLE

STOP_SECONDS = 10.0
CALM_SECONDS = 60.0
LONGEST_PAUSE = 30.0
LOG_BYTES = 5 * 2**20
# runs in a fresh interpreter, because a forked child of a threaded process must not run Python code
WITH_PARENT = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != int(sys.argv[1]):
        sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""


class Child:
    """One supervised process. `once` marks work that ends by itself and is not started again."""

    def __init__(self, name: str, command: list[str], *, once: bool = False) -> None:
        self.name = name
        self.command = command
        self.once = once
        self.process: subprocess.Popen[str] | None = None
        self.started_at = 0.0
        self.failures = 0
        self.next_start = 0.0
        self.done: int | None = None

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Starts children in the order given and watches them from `tick`, to be called about once a second."""

    def __init__(
        self,
        *,
        logs: Path,
        environment: Mapping[str, str],
        family: str,
        say: Callable[[str], None],
        folder: Path,
    ) -> None:
        self.logs = logs
        self.environment = {**environment, FAMILY_VARIABLE: family, "PYTHONUNBUFFERED": "1"}
        self.family = family
        self.say = say
        self.folder = folder
        self.children: list[Child] = []
        self._readers: list[threading.Thread] = []

    def start(self, child: Child) -> Child:
        """Start a new child and watch it from now on."""
        self.children.append(child)
        self._launch(child)
        return child

    def tick(self) -> None:
        """Start again what has died and whose pause is over."""
        now = time.monotonic()
        for child in self.children:
            if child.running or child.done is not None:
                continue
            if child.process is not None:
                self._note_end(child, now)
            elif now >= child.next_start:
                self._launch(child)

    def stop(self) -> None:
        """End every child, politely first and the last started first, and everything they started.

        So the worker finishes what it asks of the web server while that still answers.
        """
        deadline = time.monotonic() + STOP_SECONDS
        for child in reversed(self.children):
            if child.process and child.running:
                child.process.terminate()
            while child.running and time.monotonic() < deadline:
                time.sleep(0.05)
        for child in self.children:
            if child.running:
                self.say(f"{child.name} does not end; killing it")
            _kill_group(child)
        end_family(self.family)
        for reader in self._readers:
            reader.join(timeout=1.0)

    def last_words(self, child: Child, lines: int = 5) -> str:
        """The end of a child's log."""
        try:
            return "\n".join(
                (self.logs / f"{child.name}.log").read_text(errors="replace").splitlines()[-lines:]
            )
        except OSError:
            return ""

    def _launch(self, child: Child) -> None:
        _kill_group(child)
        child.started_at = time.monotonic()
        command = [sys.executable, "-I", "-S", "-c", WITH_PARENT, str(os.getpid()), *child.command]
        child.process = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=self.environment,
            cwd=self.folder,
            start_new_session=True,
        )
        reader = threading.Thread(target=self._read, args=(child, child.process), daemon=True)
        reader.start()
        self._readers = [thread for thread in self._readers if thread.is_alive()] + [reader]

    def _note_end(self, child: Child, now: float) -> None:
        status = child.process.poll() if child.process else None
        _kill_group(child)
        child.process = None
        if child.once:
            child.done = status
            return
        child.failures = 1 if now - child.started_at > CALM_SECONDS else child.failures + 1
        pause = min(LONGEST_PAUSE, 0.25 * 2**child.failures)
        child.next_start = now + pause
        self.say(f"{child.name} ended ({_in_words(status)}); starting it again in {pause:.1f} s")

    def _read(self, child: Child, process: subprocess.Popen[str]) -> None:
        """Copy a child's output to the terminal, marked with its name, and to its log of limited size."""
        handler = RotatingFileHandler(self.logs / f"{child.name}.log", maxBytes=LOG_BYTES, backupCount=2)
        handler.setFormatter(logging.Formatter("%(message)s"))
        try:
            for line in process.stdout or ():
                text = line.rstrip("\n")
                handler.handle(logging.LogRecord(child.name, logging.INFO, "", 0, text, None, None))
                self.say(f"{child.name:6} | {text}")
        except (OSError, ValueError):
            return
        finally:
            handler.close()
            if process.stdout:
                process.stdout.close()


def end_family(family: str) -> list[int]:
    """Kill every process that carries this family's mark, and name them (Linux; elsewhere none are found).

    To be called only under the lock that makes one `up` the family's only head.
    """
    mark = f"{FAMILY_VARIABLE}={family}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            carries = mark in (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if carries and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    for pid in found:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    return found


def _kill_group(child: Child) -> None:
    """Kill what is left of a child's session, so that nothing keeps its port or its work."""
    if child.process is None:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.process.wait(timeout=5.0)


def _in_words(status: int | None) -> str:
    if status is not None and status < 0:
        return f"killed by {signal.Signals(-status).name}"
    return f"exit status {status}"
