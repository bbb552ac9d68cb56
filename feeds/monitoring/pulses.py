"""Signs of life: tasks, workers and backups say that they did their work, and what is overdue is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db import connection
from django.db.models import Min

from feeds.models import Monitor, Pulse
from feeds.monitoring.registry import Reading
from feeds.monitoring.transitions import Verdict

WORKER: Final = "worker:"
WORKER_LATE: Final = dt.timedelta(minutes=3)
WORK: Final = "Background work"
POSITION: Final = 200
FORGOTTEN: Final = dt.timedelta(days=7)
AHEAD: Final = dt.timedelta(minutes=1)
"""A sign of life dated further ahead is of a wrong clock: it vouches for nothing, and the next takes its place."""

BEAT: Final = """
INSERT INTO pulses (name, at, failed_at, since) VALUES (%(name)s, %(good)s, %(bad)s, %(now)s)
ON CONFLICT (name) DO UPDATE SET
  at = greatest(CASE WHEN pulses.at <= clock_timestamp() + make_interval(secs => %(ahead)s) THEN pulses.at END, excluded.at),
  failed_at = greatest(CASE WHEN pulses.failed_at <= clock_timestamp() + make_interval(secs => %(ahead)s) THEN pulses.failed_at END, excluded.failed_at)
"""


@dataclass(frozen=True, slots=True)
class Expected:
    """Work that is to be done every so often.

    ``task`` is the Celery task whose success is its sign; '' where something else calls ``beat``. What was never
    heard of is late once there has been a watcher for ``late_after``.
    """

    name: str
    title: str
    late_after: dt.timedelta
    task: str = ""
    position: int = 0


EXPECTED: Final[dict[str, Expected]] = {}


def expect(expected: Expected) -> None:
    """Watch for the pulse of this name."""
    EXPECTED[expected.name] = expected


def beat(*, name: str, now: dt.datetime, succeeded: bool = True) -> None:
    """Say that the work of this name was done, or failed, at ``now``. One statement; older news change nothing."""
    given: dict[str, str | dt.datetime | int | None] = {
        "name": name[:120],
        "now": now,
        "good": now if succeeded else None,
        "bad": None if succeeded else now,
        "ahead": int(AHEAD.total_seconds()),
    }
    with connection.cursor() as cursor:
        cursor.execute(BEAT, given)


def forget_workers(*, now: dt.datetime) -> int:
    """Delete the pulses of workers not heard of for a week; return how many."""
    return Pulse.objects.filter(name__startswith=WORKER, at__lt=now - FORGOTTEN).delete()[0]


def read_pulses(now: dt.datetime) -> Iterator[Reading]:
    """The monitors of all work that is expected, and of the workers. Two statements."""
    pulses = {pulse.name: pulse for pulse in Pulse.objects.all()}
    begun: dt.datetime | None = Monitor.objects.aggregate(begun=Min("created_at"))["begun"]
    for expected in EXPECTED.values():
        yield read_one(expected, pulses.get(expected.name), begun or now, now)
    yield read_workers(pulses, now)


def latest_worker(pulses: Mapping[str, Pulse], now: dt.datetime) -> dt.datetime | None:
    """When any worker was last heard of, by a clock that is not far ahead."""
    heard = (pulse.at for name, pulse in pulses.items() if name.startswith(WORKER))
    return max((at for at in heard if at and at <= now + AHEAD), default=None)


def read_one(
    expected: Expected, pulse: Pulse | None, watched_since: dt.datetime, now: dt.datetime
) -> Reading:
    """The monitor of one kind of work."""
    verdict, reason = judge(expected, pulse, watched_since, now)
    return Reading(
        f"work:{expected.name}", WORK, expected.title, verdict, reason, POSITION + expected.position
    )  # fmt: skip


def judge(
    expected: Expected, pulse: Pulse | None, watched_since: dt.datetime, now: dt.datetime
) -> tuple[Verdict, str]:
    """Tell whether the work is done as it should be, and if not, why."""
    if pulse is None:
        waited = now - watched_since
        return (Verdict.OFF if waited <= expected.late_after else Verdict.FAILING), "it has not run yet"
    if pulse.at is None:
        return Verdict.FAILING, "it has only failed so far"
    if pulse.at > now + AHEAD:
        return Verdict.FAILING, "its last success is dated in the future: a clock was wrong"
    has_failed = pulse.failed_at is not None and pulse.failed_at > pulse.at
    if now - pulse.at > expected.late_after / settings.PACE:
        again = " and has failed since" if has_failed else ""
        return Verdict.FAILING, f"it last succeeded {since(pulse.at, now)} ago{again}"
    return Verdict.OK, ""


def read_workers(pulses: Mapping[str, Pulse], now: dt.datetime) -> Reading:
    """The monitor of the workers: one that is heard of is enough."""
    alive = latest_worker(pulses, now)
    key, name = "work:workers", "Workers"
    if alive is None:
        return Reading(key, WORK, name, Verdict.FAILING, "no worker was ever heard of", POSITION)
    if now - alive > WORKER_LATE / settings.PACE:
        reason = f"no worker was heard of for {since(alive, now)}"
        return Reading(key, WORK, name, Verdict.FAILING, reason, POSITION)
    return Reading(key, WORK, name, Verdict.OK, "", POSITION)


def since(at: dt.datetime, now: dt.datetime) -> str:
    """How long it is, in the largest whole unit."""
    minutes = max(int((now - at).total_seconds()) // 60, 0)
    for size, word in ((60 * 24, "day"), (60, "hour"), (1, "minute")):
        if minutes >= 2 * size or (size == 1):
            count = minutes // size
            return f"{count} {word}{'' if count == 1 else 's'}"
    return ""
