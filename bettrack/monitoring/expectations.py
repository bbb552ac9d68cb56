"""What is watched that belongs to no app below: the schedule, the queue, the nightly backup."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

from feeds.monitoring import pulses, registry
from feeds.monitoring.registry import Reading
from feeds.monitoring.transitions import Verdict

from .queues import QueueGone, ping

BACKUP: Final = "backup"
"""The pulse that whoever makes backups beats: ``feeds.monitoring.pulses.beat(name="backup", now=…, succeeded=…)``."""
BACKUP_LATE: Final = dt.timedelta(hours=26)
WATCH: Final = "bettrack.monitoring.tasks.watch"


def register() -> None:
    """Tell the watcher of them."""
    pulses.expect(pulses.Expected("schedule", "Schedule", dt.timedelta(minutes=5), WATCH, position=1))
    pulses.expect(
        pulses.Expected(BACKUP, "Nightly backup", BACKUP_LATE, position=40, every_failure_counts=True)
    )
    registry.register("queue", read_queue)


def read_queue(now: dt.datetime) -> Iterator[Reading]:
    """The monitor of the task queue."""
    try:
        ping()
    except QueueGone:
        verdict, reason = Verdict.FAILING, "it does not answer"
    else:
        verdict, reason = Verdict.OK, ""
    yield Reading("work:queue", pulses.WORK, "Task queue", verdict, reason, pulses.POSITION + 2)
