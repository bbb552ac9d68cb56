"""Webhooks and their outbox: what is to be told to whom, and what became of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Self

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.audit.tracking import audited
from accounts.ids import uuid7


class WebhookTopic(models.TextChoices):
    """What a webhook may be told."""

    BET_SETTLED = "bet.settled", "A bet of yours is settled"
    BET_REGRADED = "bet.regraded", "A settled bet of yours is graded again"
    EDGE_FOUND = "edge.found", "A price above the fair one, or an arbitrage, is found"
    LINE_MOVED = "line.moved", "A line that you have an open bet on moves"


TEST = "test"
"""The event that is sent when its owner asks for one."""


class DeliveryState(models.TextChoices):
    PENDING = "pending", "Waiting"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Given up"


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def owned_by(self, user: object) -> Self:
        return self.filter(user=user)

    def listening(self, topic: str) -> Self:
        """Those that are on and want the topic, of people who may sign in."""
        return self.filter(off_at__isnull=True, topics__contains=[topic], user__is_active=True)


class Webhook(models.Model):
    """An address of a person's that is told what happens. ``secret`` is sealed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhooks", db_index=False
    )
    url = models.CharField(max_length=500)
    topics = ArrayField(models.CharField(max_length=16))
    least_edge = models.DecimalField(
        max_digits=4, decimal_places=2, default=Decimal(2), help_text="Per cent; smaller edges are not told."
    )
    secret = models.TextField(editable=False)
    created_at = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0, help_text="Attempts that failed since one succeeded.")
    failing_since = models.DateTimeField(null=True, blank=True)
    off_at = models.DateTimeField(null=True, blank=True)
    off_reason = models.CharField(max_length=200, blank=True)

    objects = models.Manager.from_queryset(WebhookQuerySet)()

    class Meta:
        db_table = "webhooks"
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "url"],
                name="webhook_url_is_registered_once",
                violation_error_message="You have a webhook at this address already.",
            ),
            models.CheckConstraint(
                condition=Q(topics__contained_by=WebhookTopic.values) & Q(topics__len__gt=0),
                name="webhook_topics_are_known",
                violation_error_message="Choose one event at least.",
            ),
            models.CheckConstraint(
                condition=Q(least_edge__gte=Decimal("0.5"), least_edge__lte=50),
                name="webhook_edge_is_from_half_to_fifty_per_cent",
                violation_error_message="The smallest edge is from 0.5 to 50 per cent.",
            ),
            models.CheckConstraint(
                condition=Q(failures=0, failing_since__isnull=True)
                | Q(failures__gt=0, failing_since__isnull=False),
                name="webhook_fails_since_a_moment",
                violation_error_message="Failures have a beginning, and only they.",
            ),
            models.CheckConstraint(
                condition=Q(off_at__isnull=True, off_reason="")
                | (Q(off_at__isnull=False) & ~Q(off_reason="")),
                name="webhook_is_off_for_a_reason",
                violation_error_message="A webhook is off since a moment and for a reason.",
            ),
        ]
        triggers = audited(
            hidden=["secret", "url"], quiet=["failures", "failing_since"], owner="{row}.user_id"
        )

    def __str__(self) -> str:
        return str(self.pk)


class WebhookDelivery(models.Model):
    """An event for a webhook. Written in the transaction of what happened; ``key`` keeps it from being written twice.

    A waiting one is sent once ``due_at`` has passed; while it is being sent, that is when another worker may.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    topic = models.CharField(max_length=16, choices=[*WebhookTopic.choices, (TEST, "A test")])
    key = models.CharField(max_length=120)
    data = models.JSONField()
    created_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=DeliveryState, default=DeliveryState.PENDING)
    due_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_at = models.DateTimeField(null=True, blank=True, help_text="When the last attempt ended.")
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    took_ms = models.PositiveIntegerField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True, help_text="Why the last attempt failed.")

    class Meta:
        db_table = "webhook_deliveries"
        verbose_name_plural = "webhook deliveries"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(  # what is to be sent now
                fields=["webhook", "due_at"], name="delivery_due", condition=Q(state="pending")
            ),
            models.Index(fields=["webhook", "-created_at", "-id"], name="delivery_log"),  # the page
            models.Index(fields=["created_at"], name="delivery_age"),  # what is to be forgotten
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["webhook", "key"],
                name="event_is_told_once",
                violation_error_message="This webhook has been given that event already.",
            ),
            models.CheckConstraint(
                condition=Q(topic__in=[*WebhookTopic.values, TEST]),
                name="delivery_topic_is_known",
                violation_error_message="Choose a known event.",
            ),
            models.CheckConstraint(
                condition=Q(state__in=DeliveryState.values),
                name="delivery_state_is_known",
                violation_error_message="Choose a known state.",
            ),
            models.CheckConstraint(
                condition=Q(state="pending", due_at__isnull=False)
                | (~Q(state="pending") & Q(due_at__isnull=True)),
                name="delivery_is_due_exactly_while_it_waits",
                violation_error_message="What waits is due at a moment, and nothing else is.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.created_at:%Y-%m-%d %H:%M:%SZ}"


tell_webhooks = pgtrigger.Trigger(
    name="tell_webhooks",
    level=pgtrigger.Statement,
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    referencing=pgtrigger.Referencing(new="fresh"),  # type: ignore[no-untyped-call] # pgtrigger leaves it untyped
    func="""
        IF NOT EXISTS (SELECT 1 FROM webhooks WHERE off_at IS NULL) THEN
            RETURN NULL;
        END IF;
        INSERT INTO webhook_deliveries (id, webhook_id, topic, key, data, created_at, state, due_at, attempts, note)
        SELECT gen_random_uuid(), w.id, e.topic, e.topic || ':' || e.bet_id || ':' || e.revision,
               jsonb_build_object(
                   'bet', e.bet_id, 'revision', e.revision, 'what', e.kind, 'reason', e.reason, 'at', e.at,
                   'status', coalesce(e.data->>'status', e.data->'after'->>'status', b.status),
                   'payout', CASE WHEN e.data ? 'after' THEN e.data->'after'->>'payout'
                                  WHEN e.data ? 'payout' THEN e.data->>'payout' ELSE b.payout::text END,
                   'payout_before', e.data->'before'->>'payout', 'status_before', e.data->'before'->>'status',
                   'kind', b.kind, 'stake', b.stake::text, 'bankroll', b.bankroll_id, 'currency', r.currency),
               statement_timestamp(), 'pending', statement_timestamp(), 0, ''
        FROM (
            SELECT f.*, CASE
                WHEN f.data ? 'batch' THEN NULL
                WHEN f.kind = 'regraded' THEN 'bet.regraded'
                WHEN f.kind IN ('voided', 'undone') AND f.data->'before'->>'payout' IS NOT NULL THEN 'bet.regraded'
                WHEN f.kind IN ('settled', 'voided') THEN 'bet.settled'
                WHEN f.kind = 'cashed_out' AND NOT coalesce((f.data->>'is_part')::boolean, false) THEN 'bet.settled'
                END AS topic
            FROM fresh f
        ) e
        JOIN bets b ON b.id = e.bet_id
        JOIN bankrolls r ON r.id = b.bankroll_id
        JOIN webhooks w ON w.user_id = b.user_id AND w.off_at IS NULL AND e.topic = ANY(w.topics)
        JOIN users u ON u.id = w.user_id AND u.is_active
        WHERE e.topic IS NOT NULL
        ON CONFLICT (webhook_id, key) DO NOTHING;
        RETURN NULL;
    """,
)
"""Writes the outbox in the transaction that settles or grades again, in one statement; nothing where nobody listens.

What an imported file says of its bets is not told. It reads all rows of the statement at once.
"""
