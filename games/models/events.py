"""What is played: games and when they start."""

from __future__ import annotations

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from accounts.audit.tracking import audited
from accounts.ids import uuid7
from games.models.participants import Sport, Team


class GameKind(models.TextChoices):
    MATCH = "match", "Match"
    OUTRIGHT = "outright", "Outright"


class GameStatus(models.TextChoices):
    SCHEDULED = "scheduled", "Scheduled"
    LIVE = "live", "Live"
    FINAL = "final", "Final"
    POSTPONED = "postponed", "Postponed"
    CANCELLED = "cancelled", "Cancelled"
    ABANDONED = "abandoned", "Abandoned"


class GameQuerySet(models.QuerySet["Game"]):
    def final(self) -> Self:
        return self.filter(completed=True)

    def open(self) -> Self:
        """Not final: what the board polls and what results are still wanted for."""
        return self.filter(completed=False)

    def matches(self) -> Self:
        return self.filter(kind=GameKind.MATCH)

    def outrights(self) -> Self:
        return self.filter(kind=GameKind.OUTRIGHT)

    def with_names(self) -> Self:
        """Join what a line of text about the game needs: sport and both teams."""
        return self.select_related("sport", "home_team", "away_team")

    def starting_within(self, start: dt.datetime, end: dt.datetime) -> Self:
        """Half-open: start <= commence_time < end."""
        return self.filter(commence_time__gte=start, commence_time__lt=end)

    def with_conflicting_results(self) -> Self:
        """Final games of which a feed's latest final score is another one, and on which staff has not decided."""
        from games.models.results import ResultSource, ScoreReading

        finals = ScoreReading.objects.filter(status=GameStatus.FINAL)
        newer = finals.filter(
            game=OuterRef("game"), source=OuterRef("source"), read_at__gt=OuterRef("read_at")
        )
        other = (
            finals.filter(game=OuterRef("pk"))
            .exclude(source=ResultSource.STAFF)
            .exclude(home_score=OuterRef("home_score"), away_score=OuterRef("away_score"))
            .filter(~Exists(newer))
        )
        by_staff = finals.filter(game=OuterRef("pk"), source=ResultSource.STAFF)
        return self.final().filter(Exists(other), ~Exists(by_staff))

    def in_start_order(self) -> Self:
        return self.order_by("commence_time", "id")


class Game(models.Model):
    """An event of the odds feed: a match of two teams, or an outright with many runners."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=8, choices=GameKind, default=GameKind.MATCH)
    external_id = models.CharField(max_length=64, unique=True, help_text="The odds feed's event id.")
    espn_id = models.CharField(max_length=16, null=True, blank=True, unique=True)
    sport = models.ForeignKey(Sport, on_delete=models.PROTECT, related_name="games", db_index=False)
    home_team = models.ForeignKey(
        Team, on_delete=models.CASCADE, null=True, blank=True, related_name="home_games"
    )
    away_team = models.ForeignKey(
        Team, on_delete=models.CASCADE, null=True, blank=True, related_name="away_games"
    )
    title = models.CharField(max_length=260, blank=True)
    commence_time = models.DateTimeField(
        help_text="Start as last announced; after the start, the actual one."
    )
    status = models.CharField(max_length=10, choices=GameStatus, default=GameStatus.SCHEDULED)
    completed = models.GeneratedField(
        expression=Q(status=GameStatus.FINAL),  # type: ignore[arg-type] # a condition is an expression too
        output_field=models.BooleanField(),
        db_persist=True,
    )
    home_score = models.PositiveSmallIntegerField(null=True, blank=True)
    away_score = models.PositiveSmallIntegerField(null=True, blank=True)
    period_scores = models.JSONField(
        default=dict, blank=True, help_text='Points per period: {"home": [28, 31], "away": [25, 30]}.'
    )
    period = models.PositiveSmallIntegerField(null=True, blank=True)
    clock = models.CharField(
        max_length=32, blank=True, help_text="What the scoreboard shows: Q3 4:12, HT, 67'."
    )
    bet_count = models.PositiveIntegerField(default=0, editable=False)
    seen_at = models.DateTimeField(
        null=True, editable=False, help_text="Latest response of the odds feed that listed this game."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = models.Manager.from_queryset(GameQuerySet)()

    class Meta:
        db_table = "games"
        ordering = ["commence_time", "id"]
        indexes = [
            models.Index(
                fields=["sport", "commence_time"], name="game_sport_start"
            ),  # board of a sport's day
            models.Index(fields=["sport", "completed"], name="game_sport_completed"),  # open games of a sport
            models.Index(fields=["commence_time"], name="game_start"),  # board of all sports' day
            models.Index(
                fields=["commence_time"], name="game_open_start", condition=Q(completed=False)
            ),  # what is live, due or upcoming
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=GameKind.values),
                name="game_kind_is_known",
                violation_error_message="A game is a match or an outright.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=GameStatus.values),
                name="game_status_is_known",
                violation_error_message="Choose a known game status.",
            ),
            models.CheckConstraint(
                condition=Q(kind=GameKind.MATCH, home_team__isnull=False, away_team__isnull=False)
                | Q(kind=GameKind.OUTRIGHT, home_team__isnull=True, away_team__isnull=True),
                name="match_has_both_teams_outright_none",
                violation_error_message="A match has two teams; an outright has none.",
            ),
            models.CheckConstraint(
                condition=Q(home_team__isnull=True) | ~Q(home_team=F("away_team")),
                name="home_is_not_away",
                violation_error_message="A team cannot play itself.",
            ),
            models.CheckConstraint(
                condition=Q(home_score__isnull=True, away_score__isnull=True)
                | Q(home_score__isnull=False, away_score__isnull=False),
                name="scores_both_or_none",
                violation_error_message="Enter both scores or neither.",
            ),
            models.CheckConstraint(
                condition=~Q(kind=GameKind.MATCH, status=GameStatus.FINAL) | Q(home_score__isnull=False),
                name="final_match_has_scores",
                violation_error_message="A final match needs its score.",
            ),
        ]
        triggers = audited(quiet=["bet_count", "seen_at", "created_at", "updated_at", "period", "clock"])

    def __str__(self) -> str:
        return self.title or self.external_id

    @property
    def sport_key(self) -> str:
        return self.sport_id

    @property
    def sport_name(self) -> str:
        """The sport's title; callers join it with ``with_names()``."""
        return self.sport.title


class CommenceTime(models.Model):
    """Every start time the feed ever announced for a game, in the order seen."""

    game = models.ForeignKey(Game, on_delete=models.CASCADE, related_name="commence_times", db_index=False)
    commence_time = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="When the response that said so was received.")

    class Meta:
        db_table = "commence_times"
        ordering = ["game", "seen_at", "id"]
        indexes = [
            models.Index(fields=["commence_time"], name="commence_times_start"),  # the board of a past day
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["game", "seen_at"],
                name="one_start_per_game_and_sighting",
                violation_error_message="This game already has a start time seen at that instant.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.commence_time:%Y-%m-%d %H:%M:%SZ}"
