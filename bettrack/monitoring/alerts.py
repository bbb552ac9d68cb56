"""Sending alerts: each at least once, under an id that says which it is.

Alerts are written with the incident that they tell of, in its transaction, so none is lost and none is made twice. A
sender claims what is due for two minutes, sends it, and notes what came of it. One that is killed between sending and
noting leaves the alert to the next, which sends it again under the same id: ``X-BetTrack-Delivery`` of the webhook,
``Message-ID`` of the mail, by which receivers know a repetition. At most once would mean an alert lost at that
moment, which is worse than one that comes twice.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import smtplib
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import msgspec
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection, transaction

from bets.webhooks.signing import signature
from feeds.models import Alert, AlertChannel, AlertKind, AlertState
from feeds.public_web import BadAddress, NoAnswer, client, post

logger = logging.getLogger(__name__)

DELAYS: Final = tuple(
    dt.timedelta(seconds=seconds) for seconds in (30, 120, 600, 1_800, 7_200, 21_600, 43_200)
)
MOST_ATTEMPTS: Final = len(DELAYS) + 1
LEASE: Final = dt.timedelta(minutes=2)
BATCH: Final = 10
"""So few that a claim outlasts them, with ten seconds for each mail server or receiver that does not answer."""
AT_IT: Final = dt.timedelta(seconds=40)
"""For so long batches are claimed; the next look goes on."""
KEPT: Final = dt.timedelta(days=90)

CLAIM: Final = """
WITH due AS (
    SELECT a.id, i.started_at, i.resolved_at, i.reason, m.key, m.name, m.group, a.due_at AS was_due,
           a.channel <> 'webhook' AS by_mail, m.source = 'prices' AS of_one_sport, m.position
    FROM alerts a JOIN incidents i ON i.id = a.incident_id JOIN monitors m ON m.id = i.monitor_id
    WHERE a.state = 'pending' AND (a.due_at <= %(now)s OR a.due_at > %(never)s) AND NOT (a.kind = 'resolved' AND EXISTS (
        SELECT 1 FROM alerts e WHERE e.incident_id = a.incident_id AND e.kind = 'down' AND e.state = 'pending'
          AND e.channel = a.channel AND e.recipient = a.recipient))
    ORDER BY was_due, by_mail, of_one_sport, position, started_at, key, a.id LIMIT %(size)s
    FOR UPDATE OF a SKIP LOCKED
), claimed AS (
UPDATE alerts a SET attempts = a.attempts + 1, due_at = %(until)s
FROM due WHERE a.id = due.id
RETURNING a.id, a.incident_id, a.kind, a.channel, a.recipient, a.attempts, a.created_at, due.started_at,
          due.resolved_at, due.reason, due.key, due.name, due.group,
          due.was_due, due.by_mail, due.of_one_sport, due.position
)
SELECT id, incident_id, kind, channel, recipient, attempts, created_at, started_at, resolved_at, reason, key, name, "group"
FROM claimed ORDER BY was_due, by_mail, of_one_sport, position, started_at, key, id
"""
"""The webhook before mails, a provider or the work before each sport's prices, which may all follow from it.

That all is well again is not told before that it was not. What a wrong clock put off beyond any delay is due now.
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """An alert that this process sends now."""

    id: uuid.UUID
    incident_id: uuid.UUID
    kind: str
    channel: str
    recipient: str
    attempts: int
    created_at: dt.datetime
    started_at: dt.datetime
    resolved_at: dt.datetime | None
    reason: str
    key: str
    name: str
    group: str


class NotSent(Exception):
    """The alert did not leave; the text says why and names no person."""


Clients = Callable[[], httpx.AsyncClient]


def send_due(*, clock: Callable[[], dt.datetime], clients: Clients = client) -> Counter[str]:
    """Send what is due, batch after batch, for a while; return how many were sent, put off or given up.

    Any number may run at once.
    """
    counts: Counter[str] = Counter()
    until = clock() + AT_IT
    while True:
        batch = claim(clock())
        for alert in batch:
            counts[send_one(alert, clock, clients)] += 1
        if len(batch) < BATCH or clock() >= until:
            return counts


def send_one(alert: Claimed, clock: Callable[[], dt.datetime], clients: Clients) -> str:
    """Send it and write what came of it; return the word for that."""
    try:
        send(alert, clock(), clients)
    except NotSent as problem:
        return note(alert, str(problem), clock())
    return note(alert, "", clock())


@transaction.atomic
def claim(now: dt.datetime) -> list[Claimed]:
    given: dict[str, dt.datetime | int] = {
        "now": now,
        "until": now + LEASE,
        "size": BATCH,
        "never": now + DELAYS[-1] + LEASE,
    }
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, given)
        return [Claimed(*row) for row in cursor.fetchall()]


def send(alert: Claimed, now: dt.datetime, clients: Clients) -> None:
    """Raises NotSent."""
    try:
        if alert.channel == AlertChannel.EMAIL:
            send_mail(alert)
        else:
            asyncio.run(send_webhook(alert, now, clients))
    except NotSent:
        raise
    except Exception as error:
        logger.exception("an alert could not be sent")
        raise NotSent(f"sending failed ({type(error).__name__}); the server's log has the details") from error


def send_mail(alert: Claimed) -> None:
    """One message to one recipient. Raises NotSent."""
    if alert.recipient not in settings.ALERT_EMAILS:
        raise NotSent("ALERT_EMAILS does not name this address any more")
    host = urlsplit(settings.BETTRACK_URL).hostname or "localhost"
    message = EmailMessage(
        subject=subject_of(alert),
        body=body_of(alert),
        to=[alert.recipient],
        headers={"Message-ID": f"<alert-{alert.id}@{host}>", "Auto-Submitted": "auto-generated"},
    )
    try:
        message.send()
    except (smtplib.SMTPException, OSError) as error:
        raise NotSent(f"the mail server did not take it ({type(error).__name__})") from error


def subject_of(alert: Claimed) -> str:
    word = "Down" if alert.kind == AlertKind.DOWN else "Resolved"
    return " ".join(f"[BetTrack] {word}: {alert.group}, {alert.name}".split())


def body_of(alert: Claimed) -> str:
    lines = [
        f"{alert.group}: {alert.name}",
        f"Down since {alert.started_at:%Y-%m-%d %H:%M} UTC: {alert.reason}.",
    ]
    if alert.kind == AlertKind.RESOLVED and alert.resolved_at:
        minutes = int((alert.resolved_at - alert.started_at).total_seconds()) // 60
        lines.append(f"Resolved {alert.resolved_at:%Y-%m-%d %H:%M} UTC, after {minutes} min.")
    lines += ["", f"{settings.BETTRACK_URL}/status/incidents/{alert.incident_id}/"]
    return "\n".join(lines) + "\n"


async def send_webhook(alert: Claimed, now: dt.datetime, clients: Clients) -> None:
    """A POST signed like the webhooks of people. Raises NotSent."""
    if not settings.ALERT_WEBHOOK_URL:
        raise NotSent("ALERT_WEBHOOK_URL is not set any more")
    body, stamp = msgspec.json.encode(message_of(alert)), int(now.timestamp())
    headers = {
        "Content-Type": "application/json",
        "X-BetTrack-Event": f"monitor.{alert.kind}",
        "X-BetTrack-Delivery": str(alert.id),
        "X-BetTrack-Timestamp": str(stamp),
        "X-BetTrack-Signature": signature(settings.ALERT_WEBHOOK_SECRET, stamp, body),
    }
    try:
        async with clients() as by:
            answer = await post(by, settings.ALERT_WEBHOOK_URL, body, headers)
    except (BadAddress, NoAnswer) as problem:
        raise NotSent(str(problem)) from problem
    if not 200 <= answer.status < 300:
        raise NotSent(f"the receiver answered {answer.status}")


def message_of(alert: Claimed) -> dict[str, Any]:
    """What the webhook is told, the same at every attempt."""
    return {
        "id": str(alert.id),
        "event": f"monitor.{alert.kind}",
        "created_at": instant(alert.created_at),
        "data": {
            "incident": str(alert.incident_id),
            "monitor": alert.key,
            "group": alert.group,
            "name": alert.name,
            "reason": alert.reason,
            "started_at": instant(alert.started_at),
            "resolved_at": instant(alert.resolved_at) if alert.kind == AlertKind.RESOLVED else None,
        },
    }


def instant(at: dt.datetime | None) -> str | None:
    return None if at is None else at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def note(alert: Claimed, problem: str, now: dt.datetime) -> str:
    """Write what came of the attempt; return the word for it. Nothing is written where another has taken it over."""
    state, due, word = AlertState.SENT, None, "sent"
    if problem and alert.attempts >= MOST_ATTEMPTS:
        state, word = AlertState.FAILED, "given up"
        logger.error("an alert by %s is given up: %s", alert.channel, problem)
    elif problem:
        state, due, word = AlertState.PENDING, now + DELAYS[alert.attempts - 1], "put off"
        logger.warning("an alert by %s was not sent and is tried again: %s", alert.channel, problem)
    mine = Alert.objects.filter(pk=alert.id, state=AlertState.PENDING, attempts=alert.attempts)
    written = mine.update(state=state, due_at=due, last_at=now, note=problem[:300])
    return word if written else "taken over"


def forget_alerts(*, now: dt.datetime) -> int:
    """Delete alerts older than ninety days; return how many."""
    return Alert.objects.filter(created_at__lt=now - KEPT).exclude(state=AlertState.PENDING).delete()[0]
