from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from feeds import services


@shared_task
def forget_old_calls() -> None:
    """Drop the record of provider calls that are older than the retention."""
    services.forget_old_calls(now=timezone.now())
