"""The janitor: one detached process per home that owns the embedded servers. Standard library only.

It starts what users ask for, restarts what dies, and stops all once nobody has held the users' lock for a
few seconds. The kernel frees the locks of killed processes, so no kill can leave a server behind: the
servers themselves die with the janitor (PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from bettrack.embedded import state
from bettrack.embedded.layout import EmbeddedServiceError, Layout, for_home
from bettrack.embedded.postgres import Postgres
from bettrack.embedded.processes import Signals
from bettrack.embedded.valkey import Valkey

GRACE_SECONDS = 3.0
TICK_SECONDS = 0.05
LOOK_SECONDS = 0.25
LOG_LIMIT = 10 * 2**20
CALM_SECONDS = 60.0


class Server(Protocol):
    """What the janitor needs to know of a server."""

    log: Path
    stop_signals: Signals

    def prepare(self) -> None: ...
    def start(self) -> subprocess.Popen[bytes]: ...
    def ready(self, server: subprocess.Popen[bytes]) -> bool: ...
    def intact(self) -> bool: ...
    def recover(self, failures: int) -> bool: ...


class Keeper:
    """Keeps one server running; `step` is called many times a second."""

    def __init__(self, layout: Layout, name: str) -> None:
        self.layout = layout
        self.name = name
        self.server: Server | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self.phase = "starting"
        self.reason = ""
        self.at = time.time()
        self.failures = 0
        self.next_try = 0.0
        self.ready_since = 0.0

    @property
    def word(self) -> dict[str, Any]:
        pid = self.process.pid if self.process else None
        return {"phase": self.phase, "reason": self.reason, "at": self.at, "pid": pid}

    def step(self, now: float) -> bool:
        """Do what is due; whether the phase changed."""
        before = (self.phase, self.at)
        try:
            self._step(now)
        except (EmbeddedServiceError, OSError, subprocess.SubprocessError) as error:
            self._fail(str(error))
        return before != (self.phase, self.at)

    def look(self) -> None:
        """Notice data or socket removed under the running server, and start anew."""
        if self.phase == "ready" and self.server and not self.server.intact():
            say(f"{self.name}: data or socket vanished, starting anew")
            self.kill()
            self._enter("starting")
            self.next_try = time.monotonic() + 2 * LOOK_SECONDS

    def ask(self, *, first: bool) -> None:
        """Tell the server to stop, politely first; harder on each further call."""
        if self.process and self.process.poll() is None and self.server:
            signals = self.server.stop_signals
            self.process.send_signal(signals[0][0] if first else signals[-2][0])

    def kill(self) -> None:
        """End the server without its farewells, but let PostgreSQL give back its shared memory."""
        if self.process and self.process.poll() is None and self.server:
            self.process.send_signal(self.server.stop_signals[1][0])
            try:
                self.process.wait(timeout=5.0)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def _step(self, now: float) -> None:
        if self.phase == "failed" or now < self.next_try:
            return
        if self.process is None or self.process.poll() is not None:
            if self.process is not None and not self._note_exit(now):
                return
            self._start()
        elif self.phase == "starting" and self.server and self.server.ready(self.process):
            self.ready_since = now
            self._enter("ready")

    def _start(self) -> None:
        server = self.server or _server(self.layout, self.name)
        self.server = server
        server.prepare()
        self.process = server.start()
        say(f"{self.name}: started as process {self.process.pid}")

    def _note_exit(self, now: float) -> bool:
        """The server ended: whether to start it again at once."""
        status = self.process.poll() if self.process else None
        self.process = None
        if self.phase == "ready" and now - self.ready_since > CALM_SECONDS:
            self.failures = 0
        self.failures += 1
        say(f"{self.name}: ended with status {status}")
        if self.server and not self.server.recover(self.failures):
            self._fail(
                f"The embedded {self.name} server does not start: it ended {self.failures} times, last with status "
                f"{status}. The end of {self.server.log}: {tail(self.server.log)}"
            )
            return False
        self._enter("starting")
        if self.failures > 1:
            self.next_try = now + min(5.0, 0.05 * 2**self.failures)
            return False
        return True

    def _fail(self, reason: str) -> None:
        say(f"{self.name}: {reason}")
        self.kill()
        self.process = None
        self.reason = reason
        self._enter("failed")

    def _enter(self, phase: str) -> None:
        self.phase = phase
        self.at = time.time()


def _server(layout: Layout, name: str) -> Server:
    return Postgres(layout) if name == "postgres" else Valkey(layout)


class Janitor:
    def __init__(self, layout: Layout, own_lock: int) -> None:
        self.layout = layout
        self.own_lock = own_lock
        self.users = state.open_lock(layout.users_lock)
        self.generation = uuid4().hex
        self.keepers: dict[str, Keeper] = {}
        self.free_since: float | None = None
        self.told_to_stop = False

    def run(self) -> None:
        self.layout.state_file.unlink(missing_ok=True)
        signal.signal(signal.SIGTERM, self._on_term)
        next_look = next_trim = 0.0
        while True:
            now = time.monotonic()
            self._hear_wishes()
            changes = [keeper.step(now) for keeper in self.keepers.values()]
            if any(changes):
                self._write_state()
            if now >= next_look:
                next_look = now + LOOK_SECONDS
                if not self._home_is_ours():
                    say("the home folder was removed or replaced: killing the servers")
                    self._kill_all()
                    with contextlib.suppress(OSError):
                        self.layout.sockets.rmdir()
                    return
                for keeper in self.keepers.values():
                    keeper.look()
                if self._nobody_is_left(now):
                    self._stop_all()
                    return
            if now >= next_trim:
                next_trim = now + 60
                self._trim_logs()
            time.sleep(TICK_SECONDS)

    def _hear_wishes(self) -> None:
        for name in state.SERVICES:
            wish = state.want_file(self.layout, name)
            if wish.exists():
                wish.unlink(missing_ok=True)
                keeper = self.keepers.get(name)
                if keeper is None or keeper.phase == "failed":
                    self.keepers[name] = Keeper(self.layout, name)
                    self._write_state()

    def _home_is_ours(self) -> bool:
        return state.same_file(self.users, self.layout.users_lock) and state.same_file(
            self.own_lock, self.layout.janitor_lock
        )

    def _nobody_is_left(self, now: float) -> bool:
        """Whether the users' lock has been free for the grace period; then it is kept, so nobody enters."""
        if not state.try_lock(self.users, fcntl.LOCK_EX):
            self.free_since = None
            return self.told_to_stop
        if self.free_since is None:
            self.free_since = now
        hurry = self.told_to_stop or state.stop_file(self.layout).exists()
        if hurry or now - self.free_since >= GRACE_SECONDS:
            return True
        fcntl.flock(self.users, fcntl.LOCK_UN)
        return False

    def _stop_all(self) -> None:
        for keeper in self.keepers.values():
            keeper.phase = "stopping"
            keeper.ask(first=True)
        self._write_state()
        deadline = time.monotonic() + 20.0
        asked_again = False
        while any(keeper.process and keeper.process.poll() is None for keeper in self.keepers.values()):
            if not asked_again and time.monotonic() > deadline - 8.0:
                asked_again = True
                for keeper in self.keepers.values():
                    keeper.ask(first=False)
            if time.monotonic() > deadline:
                self._kill_all()
            time.sleep(0.02)
        state.stop_file(self.layout).unlink(missing_ok=True)
        self.layout.state_file.unlink(missing_ok=True)
        if self.layout.sockets.parent != self.layout.home:
            shutil.rmtree(self.layout.sockets, ignore_errors=True)
        say("nobody is left: stopped")

    def _kill_all(self) -> None:
        for keeper in self.keepers.values():
            keeper.kill()

    def _write_state(self) -> None:
        if self._home_is_ours():
            words = {name: keeper.word for name, keeper in self.keepers.items()}
            state.write_state(self.layout, self.generation, words)

    def _trim_logs(self) -> None:
        """Keep two files of at most 10 MB per log; the writers append, so copy and truncate loses nothing."""
        for name in ("postgres", "redis", "janitor"):
            log = self.layout.logs / f"{name}.log"
            with contextlib.suppress(OSError):
                if log.stat().st_size > LOG_LIMIT:
                    shutil.copyfile(log, log.with_suffix(".log.1"))
                    os.truncate(log, 0)

    def _on_term(self, number: int, frame: object) -> None:
        del number, frame
        self.told_to_stop = True


def tail(log: Path, lines: int = 4) -> str:
    """The last lines of a log on one line."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4096))
            found = file.read().decode(errors="replace").splitlines()
    except OSError:
        return "(no log)"
    return " / ".join(line.strip() for line in found[-lines:] if line.strip()) or "(empty)"


def say(message: str) -> None:
    sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())} [{os.getpid()}] {message}\n")
    sys.stderr.flush()


def detach() -> None:
    """Leave the caller's process tree, session and terminal."""
    if os.fork():
        os._exit(0)
    os.setsid()
    if os.fork():
        os._exit(0)
    os.chdir("/")
    os.umask(0o077)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def main(home: str) -> None:
    """Become the janitor of `home`, or end at once when there is one."""
    layout = for_home(home)
    detach()
    own_lock = state.open_lock(layout.janitor_lock)
    deadline = time.monotonic() + 1.0
    # users look at the lock now and then for an instant
    while not state.try_lock(own_lock, fcntl.LOCK_EX):
        if time.monotonic() > deadline:
            return
        time.sleep(0.01)
    try:
        Janitor(layout, own_lock).run()
    except Exception as error:
        say(f"the janitor gave up: {error!r}")
        raise
