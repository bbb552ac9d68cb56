"""Requests at a steady rate, and the memory of processes: what a soak measures with."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

THREADS: Final = 24
TIMEOUT: Final = 30.0


@dataclass(frozen=True, slots=True)
class Target:
    """A path to be asked for, with the cookie of whoever asks ('' for a stranger)."""

    path: str
    cookie: str = ""


@dataclass(slots=True)
class Answers:
    """What came back: seconds of each answer from when it was due, and errors by what they were."""

    seconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    def quantile(self, share: float) -> float:
        """In milliseconds."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


class Load:
    """So many requests a second until stopped, whether or not the earlier ones are answered.

    A request's time begins when it is due, so that a server which stalls cannot hide it.
    """

    def __init__(self, port: int, targets: Callable[[], Sequence[Target]], *, rate: float) -> None:
        self.port, self.targets, self.rate = port, targets, rate
        self.answers = Answers()
        self._lock = threading.Lock()
        self._turns = itertools.count()
        self._stop = threading.Event()
        self._begun = time.monotonic()
        self._threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(THREADS)]

    def start(self) -> None:
        self._begun = time.monotonic()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=TIMEOUT + 5)

    def _ask(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        while True:
            with self._lock:
                turn = next(self._turns)
            due = self._begun + turn / self.rate
            if self._stop.wait(max(0.0, due - time.monotonic())):
                break
            chosen = self.targets()
            target = chosen[turn % len(chosen)]
            error = self._one(connection, target)
            with self._lock:
                self.answers.seconds.append(time.monotonic() - due)
                if error:
                    self.answers.errors[f"{error} {target.path.partition('?')[0]}"] += 1
        connection.close()

    def _one(self, connection: http.client.HTTPConnection, target: Target) -> str:
        headers = {"Accept-Encoding": "gzip"} | ({"Cookie": target.cookie} if target.cookie else {})
        for attempt in range(2):
            try:
                is_fresh = connection.sock is None
                connection.request("GET", target.path, headers=headers)
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                # a kept connection may have been closed by the other side meanwhile, which is its right
                if attempt == 0 and not is_fresh and not isinstance(error, TimeoutError):
                    continue
                return type(error).__name__
            return "" if answer.status == 200 else str(answer.status)
        return ""


def own_memory(pid: int) -> float:
    """Megabytes that belong to this process alone (RssAnon); 0 for one that is gone."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) / 1024
    return 0.0


def descendants(root: int) -> list[int]:
    """The process and all it started, by number."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(folder.name))
    found, rest = [], [root]
    while rest:
        pid = rest.pop()
        found.append(pid)
        rest += children.get(pid, [])
    return sorted(found)


def slope(samples: Sequence[tuple[float, float]]) -> float:
    """Least squares: units of the second value per second of the first; 0 for fewer than three samples."""
    if len(samples) < 3:
        return 0.0
    middle = sum(at for at, _ in samples) / len(samples)
    mean = sum(value for _, value in samples) / len(samples)
    spread = sum((at - middle) ** 2 for at, _ in samples)
    return sum((at - middle) * (value - mean) for at, value in samples) / spread if spread else 0.0
