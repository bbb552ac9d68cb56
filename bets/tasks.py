from __future__ import annotations

from celery import shared_task

from bets.late import settle_late
from bets.regrading import regrade_due
from bets.settlement import settle_due as settle


@shared_task(name="bets.tasks.settle_due")
def settle_due() -> dict[str, int]:
    """Settle every bet that is due or late by its rule, and grade again what was corrected.

    Any number of these may run at once, and run again. Returns how many bets got each status.
    """
    return dict(settle() + settle_late() + regrade_due())
