"""How a process comes to use the embedded servers: `ensure` before connecting. Standard library only."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from bettrack.embedded import state
from bettrack.embedded.layout import EmbeddedServiceError, Layout

PATIENCE_SECONDS = 120.0
FRESH_SECONDS = 1.0
POLL_SECONDS = 0.02
# set by `up` for its children; a janitor outlives them and must not carry it
FAMILY_VARIABLE = "BETTRACK_FAMILY"
_BOOT = (
    "import sys, types; package = types.ModuleType('bettrack'); package.__path__ = [sys.argv[1]]; "
    "sys.modules['bettrack'] = package; from bettrack.embedded.janitor import main; main(sys.argv[2])"
)

_guard = threading.RLock()
_held: dict[Path, int] = {}
_seen_well: dict[tuple[Path, str], float] = {}


def ensure(
    layout: Layout, *services: str, patience: float = PATIENCE_SECONDS, fresh: float = FRESH_SECONDS
) -> None:
    """Have the named services (`postgres`, `redis`) run and accept connections, starting what is missing.

    The process counts as a user until it ends or calls `release`. A service seen well less than `fresh`
    seconds ago is taken on trust. Raises EmbeddedServiceError with the server's own reason.
    """
    unknown = set(services) - set(state.SERVICES)
    if unknown:
        raise ValueError(f"no embedded service is called {', '.join(sorted(unknown))}")
    now = time.monotonic()
    if all(now - _seen_well.get((layout.home, name), -fresh) < fresh for name in services):
        return
    with _guard:
        _ensure(layout, services, deadline=now + patience)
        for name in services:
            _seen_well[layout.home, name] = time.monotonic()


def forget(layout: Layout) -> None:
    """Trust nothing seen before: the next `ensure` looks. To be called when a connection failed."""
    for name in state.SERVICES:
        _seen_well.pop((layout.home, name), None)


def release(layout: Layout, *, wait: float = 0.0) -> bool:
    """Stop counting as a user. With `wait`, have the servers stop now and wait that many seconds for it.

    Whether they have stopped; they go on while another process uses them.
    """
    with _guard:
        forget(layout)
        descriptor = _held.pop(layout.home, None)
        if descriptor is None:
            return not state.janitor_lives(layout)
        if wait:
            state.stop_file(layout).touch()
        # closing, not unlocking: forked children share the lock
        os.close(descriptor)
    deadline = time.monotonic() + wait
    while state.janitor_lives(layout):
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def in_use_by_others(layout: Layout) -> bool:
    """Whether another process uses the servers (only meaningful after `release`)."""
    try:
        descriptor = os.open(layout.users_lock, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not state.try_lock(descriptor, fcntl.LOCK_EX)
    finally:
        os.close(descriptor)


def _ensure(layout: Layout, services: tuple[str, ...], deadline: float) -> None:
    asked_at = time.time()
    stale: str | None = None
    next_spawn = 0.0
    while True:
        _hold(layout, deadline)
        if state.janitor_lives(layout):
            words = state.read_state(layout)
            if words.get("generation") != stale or not words:
                if _all_well(layout, services, words.get("services", {})):
                    return
                _raise_failure(services, words.get("services", {}), asked_at)
        elif time.monotonic() >= next_spawn:
            stale = state.read_state(layout).get("generation")
            state.stop_file(layout).unlink(missing_ok=True)
            for name in services:
                state.want_file(layout, name).touch()
            _spawn_janitor(layout)
            next_spawn = time.monotonic() + 2.0
        if time.monotonic() >= deadline:
            raise EmbeddedServiceError(
                f"The embedded servers did not become ready in time. Their logs are in {layout.logs}."
            )
        _wish(layout, services)
        time.sleep(POLL_SECONDS)


def _hold(layout: Layout, deadline: float) -> None:
    """Hold the users' lock, in the file that is there now."""
    descriptor = _held.get(layout.home)
    if descriptor is not None:
        if state.same_file(descriptor, layout.users_lock):
            return
        os.close(_held.pop(layout.home))
    while True:
        layout.make_home()
        descriptor = state.open_lock(layout.users_lock)
        if state.try_lock(descriptor, fcntl.LOCK_SH) and state.same_file(descriptor, layout.users_lock):
            _held[layout.home] = descriptor
            return
        os.close(descriptor)
        if time.monotonic() >= deadline:
            raise EmbeddedServiceError(
                f"The embedded servers of {layout.home} are being stopped and do not end. Their logs are in {layout.logs}."
            )
        time.sleep(POLL_SECONDS)


def _wish(layout: Layout, services: tuple[str, ...]) -> None:
    """Ask a living janitor for what it does not run yet."""
    known = state.read_state(layout).get("services", {})
    for name in services:
        if name not in known or known[name].get("phase") == "failed":
            try:
                state.want_file(layout, name).touch()
            except FileNotFoundError:
                layout.make_home()


def _all_well(layout: Layout, services: tuple[str, ...], words: dict[str, Any]) -> bool:
    places = {"postgres": layout.postgres_socket, "redis": layout.redis_socket}
    return all(words.get(name, {}).get("phase") == "ready" and _accepts(places[name]) for name in services)


def _raise_failure(services: tuple[str, ...], words: dict[str, Any], asked_at: float) -> None:
    for name in services:
        word = words.get(name, {})
        if word.get("phase") == "failed" and word.get("at", 0.0) >= asked_at:
            raise EmbeddedServiceError(str(word.get("reason")))


def _accepts(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(2.0)
            probe.connect(str(path))
    except OSError:
        return False
    return True


def _spawn_janitor(layout: Layout) -> None:
    package = Path(__file__).resolve().parent.parent
    environment = {name: value for name, value in os.environ.items() if name != FAMILY_VARIABLE}
    log = layout.logs / "janitor.log"
    with log.open("ab") as output:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-P", "-c", _BOOT, str(package), str(layout.home)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            cwd="/",
            start_new_session=True,
            check=False,
        )
    if done.returncode:
        raise EmbeddedServiceError(f"The keeper of the embedded servers cannot start: see {log}.")
