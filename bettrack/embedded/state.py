"""What the janitor and its users tell each other through files: locks, wishes, state. Standard library only."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from bettrack.embedded.layout import Layout

SERVICES = ("redis", "postgres")


def open_lock(path: Path) -> int:
    """A descriptor to lock; it is not inherited by programs that this process starts."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def try_lock(descriptor: int, kind: int) -> bool:
    """Take the lock if that needs no waiting."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def same_file(descriptor: int, path: Path) -> bool:
    """Whether `path` still names the open file; false once somebody removed or replaced it."""
    try:
        found = path.stat()
    except OSError:
        return False
    opened = os.fstat(descriptor)
    return (opened.st_dev, opened.st_ino) == (found.st_dev, found.st_ino)


def janitor_lives(layout: Layout) -> bool:
    """Whether a janitor holds its lock; the kernel frees it however the janitor dies."""
    try:
        descriptor = os.open(layout.janitor_lock, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not try_lock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def want_file(layout: Layout, service: str) -> Path:
    return layout.control / f"want-{service}"


def stop_file(layout: Layout) -> Path:
    """Asks the janitor not to linger once nobody uses the servers."""
    return layout.control / "stop-when-free"


def read_state(layout: Layout) -> dict[str, Any]:
    """The janitor's last word: its `generation`, and per service `phase`, `reason` and `at`. Empty for none."""
    try:
        state = json.loads(layout.state_file.read_text())
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def write_state(layout: Layout, generation: str, services: dict[str, dict[str, Any]]) -> None:
    """Replace the state in one step, so that no reader sees half of it."""
    content = json.dumps({"generation": generation, "at": time.time(), "services": services})
    with contextlib.suppress(FileNotFoundError):
        descriptor, draft = tempfile.mkstemp(dir=layout.control, prefix=".state-")
        with os.fdopen(descriptor, "w") as file:
            file.write(content)
        Path(draft).replace(layout.state_file)
