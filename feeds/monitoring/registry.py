"""What is watched: each app registers its checks when it is ready, so that this one need not know it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from feeds.monitoring.transitions import Verdict


@dataclass(frozen=True, slots=True)
class Reading:
    """What a check found of one monitor at one time.

    ``key`` is the monitor's for ever; ``group`` and ``name`` are shown to everybody, and so is ``reason``, which says
    in a few words why it fails or rests: no address, no name of a person or host in any of them.
    """

    key: str
    group: str
    name: str
    verdict: Verdict
    reason: str = ""
    position: int = 0


Check = Callable[[dt.datetime], Iterable[Reading]]

CHECKS: Final[dict[str, Check]] = {}
"""Checks by the name of their source. Each tells of all its monitors every time; what it leaves out is retired."""


def register(source: str, check: Check) -> None:
    """Let the watcher ask this check, once a minute; it runs a few bounded statements and raises on trouble of its own."""
    CHECKS[source] = check
