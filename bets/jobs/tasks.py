from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from bets.jobs import asking, running


@shared_task(name=asking.RUN)
def run() -> int:
    """Do what people asked for. Any number of these may run at once, and run again. Returns how many were begun."""
    return running.run_due()


@shared_task(name="bets.jobs.forget")
def forget() -> int:
    """Delete files that have expired and old jobs. Safe to run at any time."""
    return asking.forget(now=timezone.now())
