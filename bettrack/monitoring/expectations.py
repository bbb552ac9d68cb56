"""What is watched that belongs to no app below: the schedule, the queue, backups."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

from django.conf import settings

from bettrack.backups import state
from feeds.monitoring import pulses, registry
from feeds.monitoring.registry import Reading
from feeds.monitoring.transitions import Verdict

from .queues import QueueGone, ping

BACKUPS: Final = (
    ("backup", "Nightly backup", state.backup_state),
    ("verification", "Proof of the backup", state.verification_state),
    ("offsite", "Off-site copy", state.offsite_state),
)
WATCH: Final = "bettrack.monitoring.tasks.watch"


def register() -> None:
    """Tell the watcher of them."""
    pulses.expect(pulses.Expected("schedule", "Schedule", dt.timedelta(minutes=5), WATCH, position=1))
    registry.register("queue", read_queue)
    registry.register("backups", read_backups)


def read_queue(now: dt.datetime) -> Iterator[Reading]:
    """The monitor of the task queue."""
    try:
        ping()
    except QueueGone:
        verdict, reason = Verdict.FAILING, "it does not answer"
    else:
        verdict, reason = Verdict.OK, ""
    yield Reading("work:queue", pulses.WORK, "Task queue", verdict, reason, pulses.POSITION + 2)


def read_backups(now: dt.datetime) -> Iterator[Reading]:
    """The monitors of backups: that they are made, that they can be restored, and that a copy is elsewhere."""
    for position, (kind, name, read) in enumerate(BACKUPS):
        found = read(now)
        if kind == "offsite" and not settings.BACKUPS.offsite:
            continue
        verdict = {True: Verdict.OK, False: Verdict.FAILING, None: Verdict.OFF}[found.ok]
        reason = "" if found.ok else found.reason.rstrip(".")
        yield Reading(f"work:{kind}", pulses.WORK, name, verdict, reason, pulses.POSITION + 40 + position)
