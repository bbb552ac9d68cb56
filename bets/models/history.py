"""Everything that happened to a bet."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.audit.guards import never_emptied
from accounts.audit.tracking import audited
from bets.models.kinds import append_only
from bets.models.tickets import Bet
from bets.models.webhooks import tell_webhooks


class BetEventKind(models.TextChoices):
    PLACED = "placed", "Placed"
    SETTLED = "settled", "Settled"
    REGRADED = "regraded", "Graded again"
    VOIDED = "voided", "Voided"
    CASHED_OUT = "cashed_out", "Cashed out"
    REVIEW = "review", "Sent to review"
    EDITED = "edited", "Edited"
    CREDITED = "credited", "Bonus credit"
    UNDONE = "undone", "Decision undone"


class BetEvent(models.Model):
    """Append-only history of a bet: what happened, who did it and why. ``by`` empty: BetTrack itself."""

    id = models.BigAutoField(primary_key=True)
    bet = models.ForeignKey(Bet, on_delete=models.CASCADE, related_name="events", db_index=False)
    revision = models.PositiveSmallIntegerField(default=0)
    kind = models.CharField(max_length=10, choices=BetEventKind)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="bet_events",
        db_index=False,
    )
    reason = models.CharField(max_length=300, blank=True)
    data = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "bet_events"
        ordering = ["bet", "at", "id"]
        indexes = [
            models.Index(fields=["bet", "at"], name="event_bet_at"),  # history on the bet's page
            models.Index(fields=["by"], name="event_by", condition=Q(by__isnull=False)),  # what a person did
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["bet", "revision", "kind"],
                condition=~Q(kind=BetEventKind.EDITED),
                name="one_event_of_a_kind_per_revision",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=BetEventKind.values),
                name="bet_event_kind_is_known",
                violation_error_message="Choose a known kind of event.",
            ),
        ]
        triggers = [
            append_only,
            never_emptied,
            tell_webhooks,
            *audited(
                object_id="{row}.bet_id",
                owner="(SELECT b.user_id FROM bets b WHERE b.id = {row}.bet_id)",
                where="{row}.kind <> 'placed'",
                image=["id", "kind", "revision"],
                many=10**6,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d %H:%M:%SZ}"
