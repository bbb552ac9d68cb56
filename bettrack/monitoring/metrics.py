"""Prometheus' metrics: what the web processes counted, and what is read from the database and Redis when asked.

The second kind is the same whichever process answers. It is kept for ten seconds, so that asking often costs little, and
each part stands by itself: one that cannot be read is left out and named by ``bettrack_metrics_unread``.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection, transaction
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY, Collector

from bets.health import read_due
from bettrack.backups import state
from feeds.models import Alert, AlertState, Incident, Monitor, Pulse, Quota
from feeds.monitoring.transitions import Status, status_at
from feeds.monitoring.watching import database_now
from odds.freshness import read_sports

from . import queues

logger = logging.getLogger(__name__)

KEPT: Final = 10.0
PATIENCE: Final = "3s"
WRITTEN: Final = {
    "odd_snapshots": ("bettrack_snapshots_written", "Price changes written to the archive."),
    "current_odds": ("bettrack_prices_written", "Prices of the board that were written."),
    "grades": ("bettrack_legs_graded", "Grades of legs written; their rate is how fast bets are settled."),
    "settled_bets": ("bettrack_bets_settled", "Settled bets entered into the statistics."),
}
COUNTERS: Final = """
SELECT regexp_replace(relname, '^odd_snapshots.*', 'odd_snapshots'), sum(n_tup_ins)::bigint, sum(n_tup_upd)::bigint
FROM pg_stat_user_tables
WHERE relname = ANY(%s) OR relname LIKE 'odd\\_snapshots%%'
GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Family:
    """A metric with its samples, one for each set of labels."""

    name: str
    text: str
    labels: tuple[str, ...] = ()
    samples: Sequence[tuple[tuple[str, ...], float]] = ()
    counts: bool = False

    def as_metric(self) -> Metric:
        kind = CounterMetricFamily if self.counts else GaugeMetricFamily
        metric = kind(self.name, self.text, labels=self.labels)
        for labels, value in self.samples:
            metric.add_metric(labels, value)
        return metric


def gauge(name: str, text: str, value: float) -> Family:
    return Family(name, text, samples=[((), value)])


def read_prices(now: dt.datetime) -> Iterator[Family]:
    sports = read_sports(now)
    lag = [((one.key,), (now - one.seen_at).total_seconds()) for one in sports if one.seen_at]
    soon = [((one.key,), float(one.games)) for one in sports]
    yield Family(
        "bettrack_pull_lag_seconds", "Since a price of a coming game was last seen.", ("sport",), lag
    )
    yield Family("bettrack_games_soon", "Games that start within 24 hours.", ("sport",), soon)


def read_written(now: dt.datetime) -> Iterator[Family]:
    """Rows written since PostgreSQL's counters began, by its own statistics."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTERS, [[name for name in WRITTEN if name != "odd_snapshots"]])
        found = {table: inserted + updated for table, inserted, updated in cursor.fetchall()}
    for table, (name, text) in WRITTEN.items():
        yield Family(name, text, samples=[((), float(found.get(table, 0)))], counts=True)


def read_bets(now: dt.datetime) -> Iterator[Family]:
    due = read_due()
    age = (now - due.since).total_seconds() if due.since else 0.0
    yield gauge("bettrack_bets_due", "Bets that could be graded now.", float(due.bets))
    yield gauge("bettrack_bets_oldest_due_seconds", "Since when the oldest of them could be.", max(age, 0.0))


def read_quota(now: dt.datetime) -> Iterator[Family]:
    newest = Quota.objects.order_by("provider", "-period_start", "-id").distinct("provider")
    rows = [(one.provider, one.limit, one.used, one.reserved, one.block) for one in newest]
    left = [
        ((provider,), float(limit - used - reserved)) for provider, limit, used, reserved, _ in rows if limit
    ]
    total = [((provider,), float(limit)) for provider, limit, *_ in rows if limit]
    blocked = [((row[0],), float(bool(row[4]))) for row in rows]
    yield Family("bettrack_quota_left_credits", "Credits neither used nor reserved.", ("provider",), left)
    yield Family("bettrack_quota_limit_credits", "Credits of the period.", ("provider",), total)
    yield Family("bettrack_quota_blocked", "1 while calls are held back.", ("provider",), blocked)


def read_backups(now: dt.datetime) -> Iterator[Family]:
    last = state.last_backup()
    if last is not None:
        yield gauge(
            "bettrack_backup_age_seconds", "Since the last good backup.", (now - last.at).total_seconds()
        )
        yield gauge("bettrack_backup_size_bytes", "Size of the last good backup.", float(last.size))
    attempt = state.last_attempt()
    if attempt is not None:
        yield gauge(
            "bettrack_backup_last_ok", "1 if the last backup that was tried is good.", float(attempt.ok)
        )


def read_queues(now: dt.datetime) -> Iterator[Family]:
    samples = [((queue,), float(length)) for queue, length in queues.lengths().items()]
    yield Family("bettrack_queue_length", "Tasks that wait.", ("queue",), samples)


def read_monitors(now: dt.datetime) -> Iterator[Family]:
    rows = [
        (one.key, status_at(Status(one.status), one.checked_at, now)) for one in Monitor.objects.watched()
    ]
    samples = [((key, str(status)), float(found is status)) for key, found in rows for status in Status]
    yield Family("bettrack_monitor_status", "1 for the status it has.", ("monitor", "status"), samples)
    yield gauge(
        "bettrack_incidents_open", "Incidents that are not over.", float(Incident.objects.open().count())
    )
    waiting = Alert.objects.filter(state=AlertState.PENDING).count()
    yield gauge("bettrack_alerts_waiting", "Alerts that are not sent yet.", float(waiting))


def read_pulses(now: dt.datetime) -> Iterator[Family]:
    samples = [((one.name,), (now - one.at).total_seconds()) for one in Pulse.objects.all() if one.at]
    yield Family(
        "bettrack_pulse_age_seconds", "Since work was last done, or a worker heard of.", ("name",), samples
    )


PARTS: Final[dict[str, Callable[[dt.datetime], Iterator[Family]]]] = {
    "prices": read_prices,
    "written": read_written,
    "bets": read_bets,
    "quota": read_quota,
    "backups": read_backups,
    "queues": read_queues,
    "monitors": read_monitors,
    "pulses": read_pulses,
}


def read_all() -> list[Family]:
    """Every part that can be read."""
    found: list[Family] = []
    unread: list[tuple[tuple[str, ...], float]] = []
    for name, part in PARTS.items():
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [PATIENCE])
                found += part(database_now())
                cursor.execute("SELECT set_config('statement_timeout', '0', true)")
        except Exception as error:  # noqa: BLE001 - one part that cannot be read must not hide the others
            logger.warning("metrics of %s cannot be read: %s", name, type(error).__name__)
            unread.append(((name,), 1.0))
        else:
            unread.append(((name,), 0.0))
    found.append(Family("bettrack_metrics_unread", "1 for a part that cannot be read.", ("part",), unread))
    return found


_guard = threading.Lock()
_kept: list[tuple[float, list[Family]]] = []


def families() -> list[Family]:
    """What was read within the last ten seconds."""
    with _guard:
        if not _kept or _kept[0][0] < time.monotonic():
            _kept[:] = [(time.monotonic() + KEPT, read_all())]
        return _kept[0][1]


def forget_kept() -> None:
    """Read anew at the next question."""
    _kept.clear()


class Stored(Collector):
    """What is read from the database and Redis."""

    def collect(self) -> Iterator[Metric]:
        return (family.as_metric() for family in families())


def exposition() -> bytes:
    """Everything, as Prometheus reads it: of all web processes together where they share a folder."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(Requests())
    registry.register(Stored())
    return generate_latest(registry)


class Requests(Collector):
    """What this process counted of requests."""

    def collect(self) -> Iterator[Metric]:
        return (metric for metric in REGISTRY.collect() if metric.name.startswith("django_"))
