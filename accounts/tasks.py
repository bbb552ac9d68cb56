from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from accounts.api import idempotency
from accounts.audit import retention


@shared_task(name="accounts.tasks.forget_answers")
def forget_answers() -> int:
    """Delete kept answers of the API that are older than a day. Safe to run at any time."""
    return idempotency.forget_answers(now=timezone.now())


@shared_task(name="accounts.tasks.forget_old_addresses")
def forget_old_addresses() -> int:
    """Take addresses off the trail after ``AUDIT_ADDRESS_DAYS``. Safe to run at any time."""
    return retention.forget_old_addresses(now=timezone.now())
