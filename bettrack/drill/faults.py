"""The faults: what each does to the instance, and what it looks at besides what has to hold after all of them."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from django.conf import settings

from bettrack.drill.checks import Check, attempt
from bettrack.drill.disk import small_disk
from bettrack.drill.instance import Instance, value
from bettrack.drill.provider import Trouble
from bettrack.drill.scene import Scene
from bettrack.running.supervision import Child
from feeds.models import ApiCall
from odds.models import OddSnapshot

Strike = Callable[[Scene, bool], Iterator[Check]]
QUEUE, FEED, BACKUP, SCHEDULE = "work:queue", "provider:the_odds_api", "work:backup", "work:schedule"
WORKERS = "work:workers"
TOLD = """SELECT count(*) FROM alerts a JOIN incidents i ON i.id = a.incident_id JOIN monitors m ON m.id = i.monitor_id
WHERE m.key = %s AND a.kind = 'down' AND a.state = 'sent'"""
LATEST = "SELECT coalesce(max(captured_at), '-infinity') FROM odd_snapshots"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault by name; `strike(scene, short)` does it, waits for the recovery and yields what it saw."""

    name: str
    title: str
    strike: Strike


def in_settlement(kill: Callable[[Instance], None], table: str) -> Strike:
    """Something is killed while a batch of settlement stands before it writes to the table."""

    def strike(scene: Scene, short: bool) -> Iterator[Check]:
        with scene.settlement_stopped(table):
            kill(scene.instance)
            yield Check("killed in the middle of a batch", True, f"before it wrote {table}")
        yield attempt("bets are settled", scene.await_settled)

    return strike


def in_ingest(kill: Callable[[Instance], None]) -> Strike:
    """Something is killed while the ingest of an answer stands before it writes the archive."""

    def strike(scene: Scene, short: bool) -> Iterator[Check]:
        with scene.ingest_stopped():
            kill(scene.instance)
            yield Check("killed in the middle of an ingest", True, "before it wrote odd_snapshots")
        yield attempt("prices are taken in", scene.await_step)

    return strike


def kill_postgres(instance: Instance) -> None:
    instance.kill_postgres()


def kill_worker(instance: Instance) -> None:
    instance.kill(instance.worker)


def redis_gone(scene: Scene, short: bool) -> Iterator[Check]:
    """Redis is killed with all it held and stays away; bets are placed meanwhile."""
    scene.monitor(QUEUE, "up")
    games = scene.announce()
    away = 4.0 if short else 60.0
    scene.instance.redis.kill()
    scene.provider.advance()
    placed = scene.trying(partial(scene.place, games))
    yield Check("bets are taken without Redis", placed, f"{len(scene.asked)} placed so far")
    begun = scene.instance.until("the outage", waited(away), seconds=away + 30)
    yield Check("Redis was away", True, f"{begun:.0f} s")
    yield attempt("the monitor of the queue is down", partial(scene.monitor, QUEUE, "down"))
    scene.instance.redis.start()
    yield attempt("prices are taken in again", scene.await_step)
    yield attempt("the monitor is up again", partial(scene.monitor, QUEUE, "up"))
    scene.provider.finish(scene.begin(games))
    yield attempt("bets are settled", scene.await_settled)


def waited(seconds: float) -> Callable[[], bool]:
    """Holds once so many seconds have passed since now."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def provider_answers(trouble: Trouble, *, calls: int, harmless: bool = False) -> Strike:
    """The provider answers badly for some calls; nothing may be written of it, and afterwards all is taken in."""

    def strike(scene: Scene, short: bool) -> Iterator[Check]:
        provider = scene.provider
        if trouble.status:
            scene.monitor(FEED, "up")
        before, rows = _newest_call(), OddSnapshot.objects.count()
        provider.troubled, provider.trouble = 0, trouble
        provider.advance()
        wanted = calls if not short else max(2, calls // 2)
        scene.instance.until(f"{wanted} bad answers", lambda: provider.troubled >= wanted)
        if not harmless:
            written = OddSnapshot.objects.count() - rows
            yield Check("nothing of it is written", written == 0, f"{written} rows")
        if trouble.status:
            yield attempt("the provider's monitor is down", partial(scene.monitor, FEED, "down"))
        provider.trouble = None
        yield attempt("prices are taken in", scene.await_step)
        if trouble.status:
            yield attempt("the monitor is up again", partial(scene.monitor, FEED, "up"))
            noted = ApiCall.objects.filter(pk__gt=before, status=trouble.status).count()
            yield Check(
                "the calls are on record", noted >= wanted, f"{noted} calls answered {trouble.status}"
            )

    return strike


def hangs(child: Callable[[Instance], Child], monitor: str) -> Strike:
    """A process stands still, which nobody's supervisor sees: what is left of the instance notices and tells."""

    def strike(scene: Scene, short: bool) -> Iterator[Check]:
        scene.monitor(monitor, "up")
        before = value(TOLD, monitor)
        with scene.instance.stopped(child(scene.instance)):
            yield attempt("its monitor is down", partial(scene.monitor, monitor, "down"))
            told = partial(scene.instance.until, "the alert", lambda: value(TOLD, monitor) > before)
            yield attempt("an alert is sent", told)
        yield attempt("the monitor is up again", partial(scene.monitor, monitor, "up"))
        scene.provider.advance()
        yield attempt("prices are taken in again", scene.await_step)

    return strike


def clock_skew(scene: Scene, short: bool) -> Iterator[Check]:
    """The provider's clock is hours ahead, then hours behind: the database's own decides."""
    for hours in (2, -2):
        scene.provider.skew = dt.timedelta(hours=hours)
        scene.provider.advance()
        yield attempt(f"prices stamped {hours:+d} h are taken in", scene.await_step)
        latest = value(LATEST)
        own = value("SELECT statement_timestamp()")
        yield Check("received by our clock", latest <= own, f"{(own - latest).total_seconds():.1f} s ago")
    scene.provider.skew = dt.timedelta()
    scene.provider.advance()
    yield attempt("prices stamped right are taken in", scene.await_step)
    games = scene.begin_round()
    yield Check("no bet after the kick-off by the database's clock", scene.refuses(games[0]), "refused")
    scene.provider.finish(games)
    yield attempt("bets are settled", scene.await_settled)


def backup_disk_full(scene: Scene, short: bool) -> Iterator[Check]:
    """A good backup, then one for which there is no room: it fails in a sentence and leaves the good one alone."""
    with small_disk(settings.BACKUPS.folder) as disk:
        made = disk.back_up()
        yield Check("a backup is made", made.returncode == 0, (made.stdout or made.stderr).strip()[-120:])
        good = disk.contents()
        disk.fill()
        failed = disk.back_up()
        words = failed.stderr.strip()
        told = failed.returncode == 1 and bool(words) and "Traceback" not in words
        yield Check("the next fails in a sentence", told, words[-160:])
        yield Check("the good one is untouched", disk.contents() == good, f"{len(good)} files")
        yield attempt("the backup's monitor is down", partial(scene.monitor, BACKUP, "down"))
        disk.empty()
        again = disk.back_up()
        yield Check(
            "with room it is made again", again.returncode == 0, again.stderr.strip()[-160:] or "made"
        )
        yield attempt("the monitor is up again", partial(scene.monitor, BACKUP, "up"))


def _newest_call() -> int:
    return ApiCall.objects.order_by("-id").values_list("id", flat=True).first() or 0


FAULTS = (
    Fault("postgres-ingest", "kill -9 PostgreSQL during an ingest", in_ingest(kill_postgres)),
    Fault(
        "postgres-settlement",
        "kill -9 PostgreSQL during a settlement",
        in_settlement(kill_postgres, "ledger_entries"),
    ),
    Fault("redis", "Redis gone", redis_gone),
    Fault(
        "worker-settlement",
        "kill -9 the worker in a batch of settlement",
        in_settlement(kill_worker, "bet_events"),
    ),
    Fault("worker-ingest", "kill -9 the worker in an ingest", in_ingest(kill_worker)),
    Fault("provider-429", "the provider answers 429", provider_answers(Trouble(status=429), calls=8)),
    Fault("provider-500", "the provider answers 500", provider_answers(Trouble(status=500), calls=8)),
    Fault(
        "provider-garbage", "the provider answers garbage", provider_answers(Trouble(garbage=True), calls=14)
    ),
    Fault(
        "provider-slow",
        "the provider answers slowly",
        provider_answers(Trouble(delay=3.0), calls=4, harmless=True),
    ),
    Fault("scheduler", "the scheduler hangs", hangs(lambda instance: instance.beat, SCHEDULE)),
    Fault("worker", "the worker hangs", hangs(lambda instance: instance.worker, WORKERS)),
    Fault("clock-skew", "the provider's clock is wrong", clock_skew),
    Fault("backup-disk-full", "the disk for backups is full", backup_disk_full),
)
BY_NAME = {fault.name: fault for fault in FAULTS}
SHORT = ("postgres-settlement", "worker-ingest", "provider-garbage")
"""What a short drill without a choice does."""
