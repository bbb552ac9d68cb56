"""What can be told about a process by its number; a number alone is never trusted. Standard library only."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

Signals = tuple[tuple[int, float], ...]
POSTGRES_SIGNALS: Signals = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
PLAIN_SIGNALS: Signals = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))


def command_line(pid: int) -> list[str]:
    """The arguments a live process was started with; empty for none, a zombie, or one we may not see."""
    if Path("/proc/self/cmdline").exists():
        try:
            raw = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return []
        return [os.fsdecode(part) for part in raw.split(b"\0") if part]
    answer = subprocess.run(  # noqa: S603
        ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)],
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    return answer.stdout.split()


def is_server_of(pid: int, data: Path) -> bool:
    """Whether `pid` is a live server that was started with the data directory `data` among its arguments."""
    arguments = command_line(pid)
    return bool(arguments) and (str(data) in arguments or str(data) in " ".join(arguments))


def end_process(pid: int, signals: Signals) -> bool:
    """Send each signal in turn and wait its seconds for the process to go; whether it went.

    Works on processes that are not our children; zombies count as gone.
    """
    for number, patience in signals:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return True
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not command_line(pid):
                return True
            time.sleep(0.02)
    return not command_line(pid)
