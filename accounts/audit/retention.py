"""How long the trail knows addresses."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Func, QuerySet, Value
from django.db.models.fields.json import JSONField
from pghistory.models import Context

STEP = 5_000
"""Rows of one transaction."""


def forget_addresses(contexts: QuerySet[Context]) -> int:
    """Take the addresses off these contexts; the caller lets rows of the trail be changed."""
    without = Func("metadata", Value("address"), arg_joiner=" - ", template="(%(expressions)s)")
    without.output_field = JSONField()
    return contexts.filter(metadata__has_key="address").update(metadata=without)


def forget_old_addresses(*, now: dt.datetime) -> int:
    """Forget the addresses older than ``AUDIT_ADDRESS_DAYS``, some at a time; 0 days keep them. Return how many."""
    if not settings.AUDIT_ADDRESS_DAYS:
        return 0
    oldest = now - dt.timedelta(days=settings.AUDIT_ADDRESS_DAYS)
    old = Context.objects.filter(created_at__lt=oldest, metadata__has_key="address")
    total = 0
    while True:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('bettrack.purge', 'on', true)")
            done = forget_addresses(
                Context.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:STEP]))
            )
        total += done
        if done < STEP:
            return total
