from __future__ import annotations

from typing import Final

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone

from bets.webhooks.delivering import deliver_due, forget_deliveries
from bets.webhooks.finding import tell_edges, tell_moves

SENDING: Final = "webhooks:sending"
LONGEST: Final = 60
"""Seconds after which the claim of a run that died is void."""


@shared_task(name="bets.webhooks.deliver")
def deliver() -> dict[str, int]:
    """Send what is due, in one run at a time: receivers that are slow must not take all workers from settling."""
    if not cache.add(SENDING, 1, LONGEST):
        return {}
    try:
        return dict(deliver_due(clock=timezone.now))
    finally:
        cache.delete(SENDING)


@shared_task(name="bets.webhooks.find")
def find() -> int:
    """Look for edges and moves that somebody wants to be told. Returns how many are new."""
    now = timezone.now()
    return tell_edges(now=now) + tell_moves(now=now)


@shared_task(name="bets.webhooks.forget")
def forget() -> int:
    """Delete the log beyond 30 days. Safe to run at any time."""
    return forget_deliveries(now=timezone.now())
