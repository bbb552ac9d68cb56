"""The outbox of alerts: written with the incident, sent by whoever watches."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from feeds.models.monitors import Incident


class AlertKind(models.TextChoices):
    DOWN = "down", "Down"
    RESOLVED = "resolved", "Resolved"


class AlertChannel(models.TextChoices):
    EMAIL = "email", "Email"
    WEBHOOK = "webhook", "Webhook"


class AlertState(models.TextChoices):
    PENDING = "pending", "Waiting"
    SENT = "sent", "Sent"
    FAILED = "failed", "Given up"


class Alert(models.Model):
    """One message about an incident to one recipient.

    A waiting one is sent once ``due_at`` has passed; while it is being sent, that is when another may try.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="alerts", db_index=False)
    kind = models.CharField(max_length=8, choices=AlertKind)
    channel = models.CharField(max_length=7, choices=AlertChannel)
    recipient = models.CharField(
        max_length=254, blank=True, help_text="The address; empty for the one webhook."
    )
    state = models.CharField(max_length=7, choices=AlertState, default=AlertState.PENDING)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_at = models.DateTimeField(null=True, blank=True, help_text="When the last attempt ended.")
    note = models.CharField(max_length=300, blank=True, help_text="Why the last attempt failed.")

    class Meta:
        db_table = "alerts"
        ordering = ["-created_at", "-id"]
        # what is to be sent now
        indexes = [models.Index(fields=["due_at"], name="alerts_due", condition=Q(state="pending"))]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "kind", "channel", "recipient"],
                name="alert_is_written_once",
                violation_error_message="That alert has been written already.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=AlertKind.values),
                name="alert_kind_is_known",
                violation_error_message="Choose a known kind.",
            ),
            models.CheckConstraint(
                condition=Q(channel__in=AlertChannel.values),
                name="alert_channel_is_known",
                violation_error_message="Choose a known channel.",
            ),
            models.CheckConstraint(
                condition=Q(state__in=AlertState.values),
                name="alert_state_is_known",
                violation_error_message="Choose a known state.",
            ),
            models.CheckConstraint(
                condition=Q(state="pending", due_at__isnull=False)
                | (~Q(state="pending") & Q(due_at__isnull=True)),
                name="alert_is_due_while_it_waits",
                violation_error_message="An alert is due at some time exactly while it waits.",
            ),
            models.CheckConstraint(
                condition=Q(channel="webhook", recipient="") | (Q(channel="email") & ~Q(recipient="")),
                name="alert_by_email_has_an_address",
                violation_error_message="Mail needs an address; the webhook has none of its own.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.channel}, {self.state}"
