"""What the status page, its feed and the API show: everything watched, read with four statements and kept for a while."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from django.core.cache import cache
from django.db.models import QuerySet
from django.utils import timezone

from feeds.models import Flip, Incident, Monitor
from feeds.monitoring.transitions import Status, status_at
from feeds.monitoring.uptime import DAY, History, Span, Sums, Turn, spans_of, sums_by_day, sums_of

logger = logging.getLogger(__name__)

DAYS: Final = 90
PERIODS: Final = {"24 hours": DAY, "7 days": 7 * DAY, "30 days": 30 * DAY, "90 days": 90 * DAY}
MOST_INCIDENTS: Final = 30
KEPT: Final = 30
KEY: Final = "status:page:1"
AT: Final = "status:at:1"
"""When the kept page was read: a process that has that one already does not fetch it again."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A day of a monitor."""

    day: dt.date
    sums: Sums

    @property
    def state(self) -> str:
        return self.sums.state


@dataclass(frozen=True, slots=True)
class MonitorRow:
    """A monitor now, its figures by period and its days, the oldest first."""

    key: str
    group: str
    name: str
    status: Status
    since: dt.datetime | None
    reason: str
    periods: dict[str, Sums]
    bars: list[Bar]

    @property
    def words(self) -> str:
        return self.status.words

    @property
    def whole(self) -> Sums:
        """The longest period."""
        return self.periods["90 days"]

    @property
    def notable(self) -> list[Bar]:
        """Days on which it was down, the newest first."""
        return [bar for bar in reversed(self.bars) if bar.sums.down]


@dataclass(frozen=True, slots=True)
class Note:
    at: dt.datetime
    text: str


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """An incident with what staff say of it."""

    id: uuid.UUID
    monitor: str
    started_at: dt.datetime
    resolved_at: dt.datetime | None
    reason: str
    notes: list[Note] = field(default_factory=list)

    @property
    def lasted(self) -> dt.timedelta | None:
        return self.resolved_at - self.started_at if self.resolved_at else None


@dataclass(frozen=True, slots=True)
class StatusPage:
    """Everything as it stood at ``at``."""

    at: dt.datetime
    watched_at: dt.datetime | None
    monitors: list[MonitorRow]
    incidents: list[IncidentRow]

    @property
    def status(self) -> Status:
        """Down where anything is; not known where most is not; else up."""
        found = [row.status for row in self.monitors]
        if Status.DOWN in found:
            return Status.DOWN
        judged = [status for status in found if status is not Status.MAINTENANCE]
        is_known = Status.UP in judged and judged.count(Status.UNKNOWN) * 2 < len(judged)
        return Status.UP if is_known else Status.UNKNOWN

    @property
    def is_away(self) -> bool:
        """Tell whether the watcher has not looked for longer than a look vouches for."""
        return self.watched_at is not None and status_at(Status.UP, self.watched_at, self.at) is not Status.UP

    @property
    def down(self) -> list[MonitorRow]:
        return [row for row in self.monitors if row.status is Status.DOWN]

    @property
    def groups(self) -> list[tuple[str, list[MonitorRow]]]:
        found: dict[str, list[MonitorRow]] = {}
        for row in self.monitors:
            found.setdefault(row.group, []).append(row)
        return list(found.items())


def read_page(*, now: dt.datetime) -> StatusPage:
    """Read it from the database: four statements, however much there is, over ninety days at most."""
    since = now - DAYS * DAY
    turns: dict[int, list[Turn]] = defaultdict(list)
    monitors = list(Monitor.objects.watched())
    flips = Flip.objects.filter(at__gt=since, at__lte=now).order_by("monitor_id", "at")
    for monitor_id, at, old, new in flips.values_list("monitor_id", "at", "old", "new"):
        turns[monitor_id].append(Turn(at, Status(old), Status(new)))
    return StatusPage(
        at=now,
        watched_at=max((one.checked_at for one in monitors if one.checked_at), default=None),
        monitors=[row_of(one, turns[one.pk], since, now) for one in monitors],
        incidents=rows_of(Incident.objects.recent(since).newest_first()[:MOST_INCIDENTS]),
    )


def row_of(monitor: Monitor, turns: Sequence[Turn], since: dt.datetime, now: dt.datetime) -> MonitorRow:
    history = History(Status(monitor.status), monitor.created_at, monitor.checked_at, turns)
    spans = list(spans_of(history, since=since, until=now))
    status = status_at(Status(monitor.status), monitor.checked_at, now)
    is_quiet = status in (Status.UP, Status.UNKNOWN)
    return MonitorRow(
        key=monitor.key,
        group=monitor.group,
        name=monitor.name,
        status=status,
        since=beginning(spans, status),
        reason="" if is_quiet else monitor.reason,
        periods={
            name: sums_of(spans, since=now - period, until=now) for name, period in PERIODS.items()
        },
        bars=[Bar(day, sums) for day, sums in sums_by_day(spans, days=DAYS, now=now)],
    )  # fmt: skip


def beginning(spans: Sequence[Span], status: Status) -> dt.datetime | None:
    """Since when it has been so, as far as the spans go."""
    found: dt.datetime | None = None
    for span in reversed(spans):
        if span.status is not status:
            break
        found = span.start
    return found


def rows_of(incidents: QuerySet[Incident]) -> list[IncidentRow]:
    """The incidents of a queryset with their notes; two statements."""
    return [
        IncidentRow(
            id=one.pk,
            monitor=one.monitor.name,
            started_at=one.started_at,
            resolved_at=one.resolved_at,
            reason=one.reason,
            notes=[Note(note.at, note.text) for note in one.notes.all()],
        )
        for one in incidents.select_related("monitor").prefetch_related("notes")
    ]


_guard = threading.Lock()
_own: dict[str, tuple[float, StatusPage]] = {}
"""Of this process: the page of Redis it fetched last, and the one it read itself while Redis was away."""


def status_page() -> StatusPage:
    """The page as it stood within the last half minute; kept in Redis, or by this process where that is away."""
    try:
        kept = _kept_in_redis()
    except Exception as error:  # noqa: BLE001 - whatever keeps Redis, or an embedded one, from answering
        logger.warning("the status page is kept by this process alone: %s", type(error).__name__)
        return _kept_here()
    if kept is not None:
        return kept
    page = read_page(now=timezone.now())
    try:
        cache.set_many({KEY: page, AT: page.at}, KEPT)
    except Exception as error:  # noqa: BLE001 - as above
        logger.warning("the status page is not kept: %s", type(error).__name__)
    return page


def forget_page() -> None:
    """Let the page be read anew: somebody wrote a note."""
    _own.clear()
    try:
        cache.delete_many([AT, KEY])
    except Exception as error:  # noqa: BLE001 - it is at most half a minute old
        logger.warning("the status page stays as it is for a while: %s", type(error).__name__)


def _kept_in_redis() -> StatusPage | None:
    at = cache.get(AT)
    _, page = _own.get(AT, (0.0, None))
    if at is None or page is None or page.at != at:
        page = cache.get(KEY)
        if page is not None:
            _own[AT] = (0.0, page)
    return page


def _kept_here() -> StatusPage:
    with _guard:
        until, page = _own.get(KEY, (0.0, None))
        if page is None or until < time.monotonic():
            page = read_page(now=timezone.now())
            _own[KEY] = (time.monotonic() + KEPT, page)
        return page


def share_text(share: Fraction | None) -> str:
    """A share as per cent, cut off after two digits, so that only what is whole reads 100 %."""
    if share is None:
        return "no figure"
    hundredths = share * 10_000 // 1
    return f"{hundredths // 100}.{hundredths % 100:02d} %" if share != 1 else "100 %"
