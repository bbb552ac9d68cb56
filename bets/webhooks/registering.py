"""Registering webhooks, replacing their secrets, switching them on and off, and asking for a test."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from accounts.sealing import WEBHOOKS, seal
from bets.exceptions import NotPossible
from bets.models import DeliveryState, Webhook, WebhookDelivery, WebhookTopic
from bets.models.webhooks import TEST
from feeds.public_web import BadAddress, checked_url

MOST: Final = 10
TEST_EVERY: Final = dt.timedelta(seconds=10)
BY_OWNER: Final = "Switched off by you."


@transaction.atomic
def register(
    *, user: User, url: str, topics: Iterable[str], least_edge: Decimal, now: dt.datetime
) -> tuple[Webhook, str]:
    """Register an address and return it with its secret, which is not shown again.

    Raises NotPossible beyond ``MOST``, ValidationError by field.
    """
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)
    if Webhook.objects.owned_by(user).count() >= MOST:
        raise NotPossible(f"You have {MOST} webhooks. Delete one that you do not need.")
    try:
        address = str(checked_url(url))
    except BadAddress as error:
        raise ValidationError({"url": str(error)}) from None
    secret = new_secret()
    chosen = set(topics)
    hook = Webhook(
        user=user,
        url=address,
        topics=[topic for topic in WebhookTopic.values if topic in chosen]
        + sorted(chosen - set(WebhookTopic.values)),
        least_edge=least_edge,
        secret=seal(secret, WEBHOOKS),
        created_at=now,
    )
    hook.full_clean()
    hook.save(force_insert=True)
    return hook, secret


def rotate_secret(*, hook: Webhook) -> str:
    """Replace the secret and return the new one; what is sent from now on is signed with it."""
    secret = new_secret()
    Webhook.objects.filter(pk=hook.pk).update(secret=seal(secret, WEBHOOKS))
    return secret


def switch_off(*, hook: Webhook, now: dt.datetime, reason: str = BY_OWNER) -> bool:
    """Stop writing and sending; False where it is off already. What waits is sent when it is on again."""
    return bool(
        Webhook.objects.filter(pk=hook.pk, off_at__isnull=True).update(off_at=now, off_reason=reason[:200])
    )


@transaction.atomic
def switch_on(*, hook: Webhook, now: dt.datetime) -> None:
    """Begin again, with a clean record; what waits is due at once."""
    Webhook.objects.filter(pk=hook.pk).update(off_at=None, off_reason="", failures=0, failing_since=None)
    WebhookDelivery.objects.filter(webhook=hook, state=DeliveryState.PENDING).update(due_at=now)


def delete(*, hook: Webhook) -> None:
    """Forget the webhook and its log."""
    hook.delete()


@transaction.atomic
def send_test(*, hook: Webhook, now: dt.datetime) -> WebhookDelivery:
    """Put a test into the outbox. Raises NotPossible where it is off or one was asked for just now."""
    locked = Webhook.objects.select_for_update(no_key=True).get(pk=hook.pk)
    if locked.off_at is not None:
        raise NotPossible("This webhook is off. Switch it on first.")
    if locked.deliveries.filter(topic=TEST, created_at__gt=now - TEST_EVERY).exists():
        raise NotPossible("A test was sent just now. Wait ten seconds.")
    return WebhookDelivery.objects.create(
        webhook=locked,
        topic=TEST,
        key=f"{TEST}:{uuid.uuid4()}",
        data={"message": "This is a test of your webhook."},
        created_at=now,
        due_at=now,
    )


def send_again(*, delivery: WebhookDelivery, now: dt.datetime) -> bool:
    """Send an event that was given up once more, under the same id; False where it is not given up."""
    given_up = WebhookDelivery.objects.filter(pk=delivery.pk, state=DeliveryState.FAILED)
    return bool(given_up.update(state=DeliveryState.PENDING, due_at=now, attempts=0))


def new_secret() -> str:
    return f"whsec_{secrets.token_urlsafe(32)}"
