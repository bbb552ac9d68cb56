"""What came of it: score readings, box scores, placings."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.audit.tracking import audited
from games.models.events import Game, GameStatus
from games.models.participants import Player


class ResultSource(models.TextChoices):
    ESPN = "espn", "ESPN"
    THE_ODDS_API = "the_odds_api", "The Odds API"
    STAFF = "staff", "Staff"
    FILE = "file", "Results file"


class ScoreReading(models.Model):
    """What one source said of a game's state, one row per change: the evidence behind a result."""

    game = models.ForeignKey(Game, on_delete=models.CASCADE, related_name="score_readings", db_index=False)
    source = models.CharField(max_length=16, choices=ResultSource)
    source_event_id = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=10, choices=GameStatus)
    status_detail = models.CharField(
        max_length=64, blank=True, help_text="The source's own word: STATUS_FINAL."
    )
    home_score = models.PositiveSmallIntegerField(null=True, blank=True)
    away_score = models.PositiveSmallIntegerField(null=True, blank=True)
    period_scores = models.JSONField(default=dict, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="score_readings",
    )
    read_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(
        null=True, blank=True, help_text="Latest response in which the source said the same again."
    )

    class Meta:
        db_table = "score_readings"
        ordering = ["game", "-read_at", "-id"]
        indexes = [
            models.Index(fields=["game", "-read_at"], name="reading_game_latest"),  # evidence of a grade
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(source__in=ResultSource.values),
                name="reading_source_is_known",
                violation_error_message="Choose a known source.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=GameStatus.values),
                name="reading_status_is_known",
                violation_error_message="Choose a known game status.",
            ),
            models.CheckConstraint(
                condition=Q(home_score__isnull=True, away_score__isnull=True)
                | Q(home_score__isnull=False, away_score__isnull=False),
                name="reading_scores_both_or_none",
                violation_error_message="Enter both scores or neither.",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True) | Q(confirmed_at__gt=F("read_at")),
                name="reading_is_confirmed_after_it_was_read",
                violation_error_message="A source repeats itself only after it has spoken.",
            ),
        ]
        triggers = audited(where="{row}.source = 'staff'", quiet=["confirmed_at"], object_id="{row}.game_id")

    def __str__(self) -> str:
        return f"{self.get_source_display()}: {self.status}"


class PlayerStat(models.Model):
    """One number of a box score, by the feed's market name where it has one (``player_points``)."""

    game = models.ForeignKey(Game, on_delete=models.CASCADE, related_name="player_stats", db_index=False)
    player = models.ForeignKey(Player, on_delete=models.CASCADE, related_name="stats")
    stat = models.CharField(max_length=64)
    value = models.DecimalField(max_digits=9, decimal_places=3)

    class Meta:
        db_table = "player_stats"
        ordering = ["game", "player", "stat"]
        constraints = [
            models.UniqueConstraint(
                fields=["game", "player", "stat"],
                name="one_value_per_game_player_and_stat",
                violation_error_message="This player already has that statistic for the game.",
            ),
        ]
        triggers = audited(object_id="{row}.game_id", many=20)

    def __str__(self) -> str:
        return f"{self.stat} {self.value.normalize():f}"


class Placing(models.Model):
    """Where a runner of an outright finished; ``tied_with`` counts the others at the same position.

    One without a position did not take part.
    """

    game = models.ForeignKey(Game, on_delete=models.CASCADE, related_name="placings", db_index=False)
    participant = models.CharField(max_length=160)
    position = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Empty: the runner did not take part."
    )
    tied_with = models.PositiveSmallIntegerField(default=0)

    class Meta:
        db_table = "placings"
        ordering = ["game", "position", "participant"]
        constraints = [
            models.UniqueConstraint(
                fields=["game", "participant"],
                name="one_placing_per_runner",
                violation_error_message="This runner already has a placing.",
            ),
            models.CheckConstraint(
                condition=Q(position__isnull=True) | Q(position__gte=1),
                name="placing_starts_at_first",
                violation_error_message="Positions count from 1.",
            ),
            models.CheckConstraint(
                condition=Q(position__isnull=False) | Q(tied_with=0),
                name="who_did_not_run_tied_with_nobody",
                violation_error_message="A runner who did not take part is tied with nobody.",
            ),
        ]
        triggers = audited(object_id="{row}.game_id")

    def __str__(self) -> str:
        return f"{'did not run' if self.position is None else self.position}. {self.participant}"
