from __future__ import annotations

from celery import shared_task

from bets.settlement import settle_due as settle


@shared_task(name="bets.tasks.settle_due")
def settle_due() -> dict[str, int]:
    """Settle every bet that is due. Any number of these may run at once, and run again."""
    return dict(settle())
