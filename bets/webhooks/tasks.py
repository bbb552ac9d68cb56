from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from bets.webhooks.delivering import deliver_due, forget_deliveries
from bets.webhooks.finding import tell_edges, tell_moves


@shared_task(name="bets.webhooks.deliver")
def deliver() -> dict[str, int]:
    """Send what is due. Any number of these may run at once, and run again."""
    return dict(deliver_due(clock=timezone.now))


@shared_task(name="bets.webhooks.find")
def find() -> int:
    """Look for edges and moves that somebody wants to be told. Returns how many are new."""
    now = timezone.now()
    return tell_edges(now=now) + tell_moves(now=now)


@shared_task(name="bets.webhooks.forget")
def forget() -> int:
    """Delete the log beyond 30 days. Safe to run at any time."""
    return forget_deliveries(now=timezone.now())
