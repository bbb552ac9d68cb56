"""Bets that came from a file: the batch, and legs that are words instead of a game and a selection."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.audit.tracking import audited
from accounts.ids import uuid7
from bets.models.kinds import BetStatus, BetType
from bets.models.tickets import Bet
from odds.models import is_american_odds


class ImportState(models.TextChoices):
    DRAFT = "draft", "Not imported yet"
    COMMITTED = "committed", "Imported"
    UNDONE = "undone", "Undone"


class ImportFormat(models.TextChoices):
    PIKKIT = "pikkit", "Pikkit"
    BET_ANALYTIX = "bet-analytix", "Bet-Analytix"
    BETFAIR = "betfair", "Betfair profit and loss"
    BETTRACK = "bettrack", "BetTrack JSON"
    GENERIC = "generic", "Columns of your own"


class ImportBatchQuerySet(models.QuerySet["ImportBatch"]):
    def owned_by(self, user: object) -> Self:
        return self.filter(user=user)


class ImportBatch(models.Model):
    """One file of one person. A draft keeps the file until it is imported; then only what it did is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="import_batches"
    )
    format = models.CharField(max_length=12, choices=ImportFormat)
    file_name = models.CharField(max_length=120)
    checksum = models.CharField(max_length=64, help_text="SHA-256 of the file.")
    state = models.CharField(max_length=9, choices=ImportState, default=ImportState.DRAFT)
    options = models.JSONField(
        default=dict, blank=True, help_text="How the file is read: columns, dates, odds."
    )
    content = models.BinaryField(null=True, blank=True)
    added = models.PositiveIntegerField(default=0)
    settled = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(ImportBatchQuerySet)()

    class Meta:
        db_table = "import_batches"
        ordering = ["-created_at", "-id"]
        verbose_name_plural = "import batches"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ImportState.values),
                name="import_state_is_known",
                violation_error_message="Choose a known state of an import.",
            ),
            models.CheckConstraint(
                condition=Q(format__in=ImportFormat.values),
                name="import_format_is_known",
                violation_error_message="Choose a known format of an import.",
            ),
            models.CheckConstraint(
                condition=Q(state=ImportState.DRAFT, content__isnull=False)
                | (~Q(state=ImportState.DRAFT) & Q(content__isnull=True)),
                name="import_keeps_its_file_until_it_is_done",
                violation_error_message="A draft has its file; an import that is done has none.",
            ),
            models.CheckConstraint(
                condition=Q(state=ImportState.UNDONE, undone_at__isnull=False)
                | (~Q(state=ImportState.UNDONE) & Q(undone_at__isnull=True)),
                name="import_is_undone_at_a_time",
                violation_error_message="An import that was undone has the time; others have none.",
            ),
        ]
        triggers = audited(quiet=["content", "options"], owner="{row}.user_id")

    def __str__(self) -> str:
        return f"{self.file_name} ({self.get_state_display().lower()})"


class ImportedLeg(models.Model):
    """One selection of an imported bet in the file's words. BetTrack never grades it."""

    id = models.BigAutoField(primary_key=True)
    bet = models.ForeignKey(Bet, on_delete=models.CASCADE, related_name="imported_legs", db_index=False)
    position = models.PositiveSmallIntegerField(default=1)
    description = models.CharField(max_length=500)
    event = models.CharField(max_length=200, blank=True)
    sport = models.CharField(max_length=80, blank=True)
    league = models.CharField(max_length=80, blank=True)
    market = models.CharField(max_length=80, blank=True)
    bet_type = models.CharField(max_length=11, choices=BetType, default=BetType.OTHER)
    odds = models.DecimalField(
        max_digits=12,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="American odds, if the file has them.",
    )
    point = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    status = models.CharField(
        max_length=12, choices=BetStatus, blank=True, help_text="Empty: the file does not say."
    )
    closing_odds = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    closing_point = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    starts_at = models.DateTimeField(null=True, blank=True)
    is_live = models.BooleanField(null=True, blank=True, help_text="Empty: the file does not say.")

    class Meta:
        db_table = "imported_legs"
        ordering = ["bet", "position"]
        constraints = [
            models.UniqueConstraint(fields=["bet", "position"], name="one_imported_leg_per_position"),
            models.CheckConstraint(
                condition=Q(odds__isnull=True) | is_american_odds("odds"),
                name="imported_odds_are_american",
                violation_error_message="American odds are at most −100 or at least +100.",
            ),
            models.CheckConstraint(
                condition=Q(closing_odds__isnull=True) | is_american_odds("closing_odds"),
                name="imported_closing_odds_are_american",
                violation_error_message="American odds are at most −100 or at least +100.",
            ),
            models.CheckConstraint(
                condition=Q(bet_type__in=BetType.values),
                name="imported_bet_type_is_known",
                violation_error_message="Choose a known type of bet.",
            ),
            models.CheckConstraint(
                condition=Q(status="") | Q(status__in=BetStatus.values),
                name="imported_leg_status_is_known",
                violation_error_message="Choose a known status.",
            ),
        ]
        triggers = audited(
            object_id="{row}.bet_id",
            owner="(SELECT b.user_id FROM bets b WHERE b.id = {row}.bet_id)",
            image=["position"],
            quiet=["description"],
        )

    def __str__(self) -> str:
        return self.description
