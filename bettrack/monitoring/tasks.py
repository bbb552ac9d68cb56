from __future__ import annotations

from celery import shared_task

from feeds.monitoring.pulses import forget_workers
from feeds.monitoring.watching import database_now

from .alerts import forget_alerts
from .watcher import look

WATCH = "bettrack.monitoring.tasks.watch"


@shared_task(name=WATCH)
def watch() -> dict[str, int]:
    """Look at everything once and send the alerts that wait. Any number may run at once."""
    return look()


@shared_task(name="bettrack.monitoring.tasks.forget")
def forget() -> int:
    """Forget workers that have been gone for a week, and alerts of ninety days ago."""
    now = database_now()
    return forget_workers(now=now) + forget_alerts(now=now)
