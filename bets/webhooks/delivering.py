"""Sending what waits in the outbox: claimed for two minutes, posted at once, noted one by one.

A worker that is killed leaves its claims to the next, so an event may come twice but is never lost; its id says which it is.
After a failure it is tried again later and later, for about a day. A webhook at which nothing has succeeded for
half a day is switched off.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import httpx
import msgspec
from django.db import connection, transaction

from accounts.access import rules
from accounts.sealing import WEBHOOKS, Unreadable, unseal
from bets.models import DeliveryState, Webhook, WebhookDelivery
from bets.webhooks.signing import signature
from feeds.public_web import BadAddress, NoAnswer, client, post

logger = logging.getLogger(__name__)

DELAYS: Final = tuple(
    dt.timedelta(seconds=seconds) for seconds in (10, 60, 300, 1_800, 7_200, 21_600, 43_200)
)
MOST_ATTEMPTS: Final = len(DELAYS) + 1
OFF_AFTER: Final = dt.timedelta(hours=12)
"""With at least ``MOST_ATTEMPTS`` failures and no success in between."""
LEASE: Final = dt.timedelta(minutes=2)
BATCH: Final = 40
"""As many are sent at once."""
EACH: Final = 10
LONGEST: Final = dt.timedelta(seconds=15)
"""No batch begins later in a run."""
KEPT: Final = dt.timedelta(days=30)
GONE: Final = 410

CLAIM: Final = """
WITH due AS (
    SELECT d.id, w.url, w.secret
    FROM webhooks w JOIN users u ON u.id = w.user_id
    CROSS JOIN LATERAL (
        SELECT q.id, q.due_at FROM webhook_deliveries q
        WHERE q.webhook_id = w.id AND q.state = 'pending' AND q.due_at <= %(now)s
        ORDER BY q.due_at, q.id LIMIT %(each)s
        FOR UPDATE SKIP LOCKED
    ) d
    WHERE w.off_at IS NULL AND u.is_active AND u.id <> ALL(%(blocked)s::uuid[])
        AND (%(listed)s::uuid[] IS NULL OR u.is_superuser OR u.id = ANY(%(listed)s))
    ORDER BY d.due_at, d.id LIMIT %(size)s
)
UPDATE webhook_deliveries d SET attempts = d.attempts + 1, due_at = %(until)s
FROM due WHERE d.id = due.id
RETURNING d.id, d.webhook_id, due.url, due.secret, d.topic, d.data::text, d.created_at, d.attempts
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this worker sends now."""

    id: uuid.UUID
    webhook_id: uuid.UUID
    url: str
    secret: str
    topic: str
    data: str
    created_at: dt.datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt: a status, or a note that says why there is none."""

    status: int | None
    note: str
    took_ms: int | None = None

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


Clients = Callable[[], httpx.AsyncClient]


def deliver_due(
    *, clock: Callable[[], dt.datetime], batches: int = 25, clients: Clients = client
) -> Counter[str]:
    """Send what is due; return how many were delivered, put off or given up. Any number may run at once."""
    counts: Counter[str] = Counter()
    end = clock() + LONGEST
    for _ in range(batches):
        claimed = claim(clock()) if clock() < end else []
        if not claimed:
            break
        for one, outcome in zip(claimed, asyncio.run(send(claimed, clock(), clients)), strict=True):
            counts[note(one, outcome, clock())] += 1
    return counts


@transaction.atomic
def claim(now: dt.datetime, size: int = BATCH) -> list[Claimed]:
    """Take what is due, of each webhook a few, so that no slow one keeps the others waiting."""
    people = rules.current()
    given: dict[str, Any] = {
        "now": now,
        "until": now + LEASE,
        "size": size,
        "each": EACH,
        "blocked": list(people.block.people),
        "listed": list(people.allow.people) if people.allow.lists_people else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, given)
        return [Claimed(*row) for row in cursor.fetchall()]


async def send(claimed: list[Claimed], now: dt.datetime, clients: Clients) -> list[Outcome]:
    """Post all of them at once; nothing is raised."""
    async with clients() as by:
        return list(await asyncio.gather(*(attempt(by, one, now) for one in claimed)))


async def attempt(by: httpx.AsyncClient, delivery: Claimed, now: dt.datetime) -> Outcome:
    try:
        body = body_of(delivery)
        answer = await post(by, delivery.url, body, headers_of(delivery, body, now))
    except Unreadable:
        return Outcome(None, "the secret cannot be read; make a new one")
    except (BadAddress, NoAnswer) as problem:
        return Outcome(None, str(problem))
    except Exception:  # one event must not keep the others of its batch from being noted
        logger.exception("webhook delivery %s could not be sent", delivery.id)
        return Outcome(None, "sending failed; the server's log has the details")
    is_redirect = 300 <= answer.status < 400
    words = " (redirects are not followed)" if is_redirect else ""
    failed = "" if 200 <= answer.status < 300 else f"the receiver answered {answer.status}{words}"
    return Outcome(answer.status, failed, answer.took_ms)


def body_of(delivery: Claimed) -> bytes:
    """The message, the same at every attempt."""
    created = delivery.created_at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    message: dict[str, Any] = {
        "id": delivery.id,
        "event": delivery.topic,
        "created_at": created,
        "data": msgspec.Raw(delivery.data.encode()),
    }
    return msgspec.json.encode(message)


def headers_of(delivery: Claimed, body: bytes, now: dt.datetime) -> dict[str, str]:
    """Raises Unreadable."""
    timestamp = int(now.timestamp())
    return {
        "Content-Type": "application/json",
        "X-BetTrack-Event": delivery.topic,
        "X-BetTrack-Delivery": str(delivery.id),
        "X-BetTrack-Timestamp": str(timestamp),
        "X-BetTrack-Signature": signature(unseal(delivery.secret, WEBHOOKS), timestamp, body),
    }


@transaction.atomic
def note(delivery: Claimed, outcome: Outcome, now: dt.datetime) -> str:
    """Write what came of the attempt, on the event and on its webhook; return the word for it.

    Nothing is written where another worker has taken the event meanwhile.
    """
    state, due = after(delivery.attempts, outcome, now)
    mine = WebhookDelivery.objects.filter(
        pk=delivery.id, state=DeliveryState.PENDING, attempts=delivery.attempts
    )
    written = mine.update(
        state=state,
        due_at=due,
        last_at=now,
        status_code=outcome.status,
        took_ms=outcome.took_ms,
        note=outcome.note[:300],
    )
    if not written:
        return "taken over"
    if outcome.is_success:
        Webhook.objects.filter(pk=delivery.webhook_id, failures__gt=0).update(failures=0, failing_since=None)
        return "delivered"
    note_failure(delivery.webhook_id, outcome, now)
    return "given up" if state is DeliveryState.FAILED else "put off"


def after(attempts: int, outcome: Outcome, now: dt.datetime) -> tuple[DeliveryState, dt.datetime | None]:
    """Where an event stands after so many attempts, and when it is due again."""
    if outcome.is_success:
        return DeliveryState.DELIVERED, None
    if attempts >= MOST_ATTEMPTS or outcome.status == GONE:
        return DeliveryState.FAILED, None
    return DeliveryState.PENDING, now + DELAYS[attempts - 1]


def note_failure(webhook_id: uuid.UUID, outcome: Outcome, now: dt.datetime) -> None:
    """Count a failure, and switch the webhook off where it has gone on for too long or its receiver is gone."""
    hook = Webhook.objects.select_for_update(no_key=True).filter(pk=webhook_id).first()
    if hook is None:
        return
    hook.failures += 1
    hook.failing_since = hook.failing_since or now
    if hook.off_at is None and outcome.status == GONE:
        hook.off_at, hook.off_reason = now, "The receiver answered 410 Gone."
    elif hook.off_at is None and hook.failures >= MOST_ATTEMPTS and now - hook.failing_since >= OFF_AFTER:
        reason = f"{hook.failures} attempts failed in a row; the last: {outcome.note}"
        hook.off_at, hook.off_reason = now, reason[:200]
    hook.save(update_fields=["failures", "failing_since", "off_at", "off_reason"])


def forget_deliveries(*, now: dt.datetime) -> int:
    """Delete the log beyond 30 days, and what has waited so long; return how many."""
    return WebhookDelivery.objects.filter(created_at__lt=now - KEPT).delete()[0]
