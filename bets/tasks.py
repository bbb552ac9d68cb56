from __future__ import annotations

import datetime as dt

from celery import shared_task
from django.utils import timezone

from bets.fair_closes import record_fair_closes
from bets.jobs import tasks as job_tasks  # noqa: F401 - Celery looks for tasks here
from bets.late import settle_late
from bets.regrading import regrade_due
from bets.settlement import settle_due as settle
from bets.stats import refresh
from bets.webhooks import tasks as webhook_tasks  # noqa: F401 - Celery looks for tasks here

RECENT = dt.timedelta(days=7)


@shared_task(name="bets.tasks.settle_due")
def settle_due() -> dict[str, int]:
    """Settle every bet that is due or late by its rule, and grade again what was corrected.

    Any number of these may run at once, and run again. Returns how many bets got each status.
    """
    return dict(settle() + settle_late() + regrade_due())


@shared_task(name="bets.tasks.derive_statistics")
def derive_statistics(*, everything: bool = False) -> int:
    """Look up fair closing chances of bets on games of the last seven days, or of all, and derive changed figures.

    Safe to run at any time and any number at once. Returns how many bets have new figures.
    """
    record_fair_closes(since=None if everything else timezone.now() - RECENT)
    return refresh()
