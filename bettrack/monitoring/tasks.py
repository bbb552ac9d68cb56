from __future__ import annotations

from celery import shared_task

from feeds.monitoring.pulses import forget_workers
from feeds.monitoring.watching import database_now, tick

WATCH = "bettrack.monitoring.tasks.watch"


@shared_task(name=WATCH)
def watch() -> dict[str, int]:
    """Look at everything once and send the alerts that wait. Any number may run at once."""
    found = tick(now=database_now())
    return {"checked": found.checked, "flips": len(found.flips)}


@shared_task(name="bettrack.monitoring.tasks.forget")
def forget() -> int:
    """Forget workers that have been gone for a week."""
    return forget_workers(now=database_now())
