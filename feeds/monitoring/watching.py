"""The watcher's tick: ask every check, and keep what changed with its incidents and alerts.

Any number of watchers may run: the checks are asked first, then one transaction under a lock takes their answers into
account, and leaves out monitors that another has just looked at. ``now`` is to be the database's clock.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from feeds.models import Alert, AlertChannel, AlertKind, Flip, Incident, Monitor
from feeds.monitoring.registry import CHECKS, Check, Reading
from feeds.monitoring.transitions import INSTANT, Change, State, Status, is_ahead, step

logger = logging.getLogger(__name__)

EVERY: Final = dt.timedelta(minutes=1)
AT_LEAST: Final = dt.timedelta(seconds=30)
"""A monitor looked at more recently is left alone, so that two watchers do not count a failure twice."""
LONGEST_CHECK: Final = "5s"
LONGEST_KEY, LONGEST_GROUP, LONGEST_NAME, LONGEST_REASON = 100, 40, 100, 200
KEPT: Final = (
    "group", "name", "source", "position", "status", "reason", "checked_at", "failures", "failing_since",
    "successes", "succeeding_since", "retired_at",
)  # fmt: skip


@dataclass(slots=True)
class Tick:
    """What a tick came to."""

    checked: int = 0
    flips: list[Flip] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    """Sources whose check broke; their monitors become UNKNOWN if it goes on."""


def tick(
    *, now: dt.datetime, checks: Mapping[str, Check] | None = None, at_least: dt.timedelta | None = None
) -> Tick:
    """Look at everything once. Safe to run at any time and any number at once."""
    found = Tick()
    readings: dict[str, list[Reading]] = {}
    for source, check in (CHECKS if checks is None else checks).items():
        try:
            readings[source] = list(fitting(source, read(check, now)))
        except Exception:
            logger.exception("the check of %s broke", source)
            found.unread.append(source)
    with transaction.atomic():
        _keep(readings, now, AT_LEAST / settings.PACE if at_least is None else at_least, found)
    for flip in found.flips:
        logger.log(
            logging.WARNING if flip.new == Status.DOWN else logging.INFO,
            "monitor %s: %s, was %s (%s)", flip.monitor.key, flip.new, flip.old, flip.reason,
        )  # fmt: skip
    return found


def read(check: Check, now: dt.datetime) -> list[Reading]:
    """Ask a check, whose statements may each take five seconds and fail without harm to others."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [LONGEST_CHECK])
        found = list(check(now))
        cursor.execute("SELECT set_config('statement_timeout', '0', true)")
    return found


def fitting(source: str, readings: Iterable[Reading]) -> Iterator[Reading]:
    """The readings that can be kept: texts are cut; a key too long or told twice, or a thing without a name, is left out."""
    seen: set[str] = set()
    for one in readings:
        is_named = one.key and one.group and one.name
        if not is_named or len(one.key) > LONGEST_KEY or one.key in seen:
            logger.error("the check of %s tells of a monitor that cannot be kept: %.120r", source, one.key)
            continue
        seen.add(one.key)
        yield replace(
            one, group=one.group[:LONGEST_GROUP], name=one.name[:LONGEST_NAME], reason=one.reason[:LONGEST_REASON]
        )  # fmt: skip


def database_now() -> dt.datetime:
    """The database's clock, which all watchers share."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row = cursor.fetchone()
    now: dt.datetime = row[0]
    return now


def _keep(
    readings: Mapping[str, list[Reading]], now: dt.datetime, at_least: dt.timedelta, found: Tick
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('feeds.monitors'))")
    known = _known(readings, now)
    changed: list[Monitor] = []
    happened: list[tuple[Monitor, Change]] = []
    for source, told in readings.items():
        for reading in told:
            monitor = known[reading.key]
            if _is_too_soon(monitor.checked_at, now, at_least):
                continue
            happened += [(monitor, change) for change in _apply(monitor, source, reading, now)]
            changed.append(monitor)
        named = {reading.key for reading in told}
        changed += _retire(known.values(), source, named, now)
    if changed:
        Monitor.objects.bulk_update(changed, KEPT)
    found.checked = len(changed)
    found.flips = Flip.objects.bulk_create(_flip(monitor, change, now) for monitor, change in happened)
    _tell(happened, [one for one in changed if one.retired_at is not None], now)


def _is_too_soon(last: dt.datetime | None, now: dt.datetime, at_least: dt.timedelta) -> bool:
    return last is not None and not is_ahead(last, now) and (now <= last or now - last < at_least)


def _known(readings: Mapping[str, list[Reading]], now: dt.datetime) -> dict[str, Monitor]:
    known = {monitor.key: monitor for monitor in Monitor.objects.all()}
    fresh = [
        Monitor(key=one.key, group=one.group, name=one.name, source=source, created_at=now)
        for source, told in readings.items()
        for one in told
        if one.key not in known
    ]
    known |= {monitor.key: monitor for monitor in Monitor.objects.bulk_create(fresh)}
    return known


def _apply(monitor: Monitor, source: str, reading: Reading, now: dt.datetime) -> list[Change]:
    """Let the monitor take the reading in; return what changed. The row is not saved here."""
    before = State(
        Status(monitor.status), monitor.checked_at, monitor.failures, monitor.failing_since,
        monitor.successes, monitor.succeeding_since,
    )  # fmt: skip
    state, changes = step(before, reading.verdict, now)
    monitor.source, monitor.group, monitor.name = source, reading.group, reading.name
    monitor.position, monitor.reason, monitor.retired_at = reading.position, reading.reason, None
    monitor.status, monitor.checked_at = state.status.value, state.checked_at
    monitor.failures, monitor.failing_since = state.failures, state.failing_since
    monitor.successes, monitor.succeeding_since = state.successes, state.succeeding_since
    return changes


def _flip(monitor: Monitor, change: Change, now: dt.datetime) -> Flip:
    reason = "nobody looked" if change.new is Status.UNKNOWN else monitor.reason
    return Flip(
        monitor=monitor, at=change.at, noticed_at=now, old=change.old, new=change.new, reason=reason
    )  # fmt: skip


def _retire(known: Iterable[Monitor], source: str, named: set[str], now: dt.datetime) -> list[Monitor]:
    gone = [one for one in known if one.source == source and one.key not in named and one.retired_at is None]
    for monitor in gone:
        monitor.retired_at = now
    return gone


def _tell(happened: list[tuple[Monitor, Change]], retired: list[Monitor], now: dt.datetime) -> None:
    """Open and close incidents, and write what is to be told of them."""
    ends = [(monitor, change.at) for monitor, change in happened if change.new in ENDING]
    ends += [(monitor, now) for monitor in retired]
    downs = [(monitor, change.at) for monitor, change in happened if change.new is Status.DOWN]
    if not ends and not downs:
        return
    open_now = {one.monitor_id: one for one in Incident.objects.open().select_for_update()}
    closed = []
    for monitor, at in ends:
        incident = open_now.pop(monitor.pk, None)
        if incident is not None:
            incident.resolved_at = max(
                at, incident.started_at + INSTANT
            )  # it may have begun by a wrong clock
            closed.append(incident)
    Incident.objects.bulk_update(closed, ["resolved_at"])
    opened = Incident.objects.bulk_create(
        Incident(monitor=monitor, started_at=at, reason=monitor.reason or "it does not answer")
        for monitor, at in downs
        if monitor.pk not in open_now
    )
    Alert.objects.bulk_create(
        [
            *(alert for one in opened for alert in _alerts(one, AlertKind.DOWN, now)),
            *(alert for one in closed for alert in _alerts(one, AlertKind.RESOLVED, now)),
        ],
        ignore_conflicts=True,
    )


ENDING: Final = (Status.UP, Status.MAINTENANCE)


def _alerts(incident: Incident, kind: AlertKind, now: dt.datetime) -> list[Alert]:
    to = [(AlertChannel.EMAIL, address) for address in settings.ALERT_EMAILS]
    if settings.ALERT_WEBHOOK_URL:
        to.append((AlertChannel.WEBHOOK, ""))
    return [
        Alert(
            incident=incident, kind=kind, channel=channel, recipient=recipient, created_at=now, due_at=now
        )
        for channel, recipient in to
    ]  # fmt: skip
