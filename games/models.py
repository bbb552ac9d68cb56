from __future__ import annotations

import datetime as dt
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.ids import uuid7


class Sport(models.Model):
    """A league as the odds feed names it; the key is the feed's (``basketball_nba``)."""

    key = models.CharField(primary_key=True, max_length=64)
    title = models.CharField(max_length=100)
    group = models.CharField(max_length=100, blank=True)
    description = models.CharField(max_length=200, blank=True)
    active = models.BooleanField(default=True, help_text="In season: polled and shown on the board.")
    has_outrights = models.BooleanField(default=False)
    time_zone = models.CharField(
        max_length=64,
        default="America/New_York",
        help_text="The zone whose calendar day the league plays by.",
    )
    espn_path = models.CharField(
        max_length=64, blank=True, help_text="ESPN's sport and league, such as basketball/nba."
    )

    class Meta:
        db_table = "sports"
        ordering = ["title", "key"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(key=""),
                name="sport_key_is_not_empty",
                violation_error_message="A sport needs the feed's key, such as basketball_nba.",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Team(models.Model):
    """A side of a match: a club, a franchise, or a fighter or player in one-on-one sports."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    sport = models.ForeignKey(Sport, on_delete=models.PROTECT, related_name="teams", db_index=False)
    espn_id = models.CharField(max_length=16, null=True, blank=True)  # noqa: DJ001 - NULL: not on ESPN
    name = models.CharField(max_length=120)
    abbr = models.CharField(max_length=8, blank=True)
    logo_url = models.URLField(max_length=300, null=True, blank=True)  # noqa: DJ001 - NULL: no logo known
    color = models.CharField(max_length=7, blank=True, help_text="Team colour, such as #552583.")

    class Meta:
        db_table = "teams"
        ordering = ["name", "id"]
        indexes = [
            models.Index(fields=["sport"], name="team_sport"),  # a sport's teams; delete of a sport
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["name", "sport"],
                name="team_name_is_unique_in_its_sport",
                violation_error_message="This sport already has a team of that name.",
            ),
            models.UniqueConstraint(
                fields=["sport", "espn_id"],
                name="team_espn_id_is_unique_in_its_sport",
                violation_error_message="This sport already has a team with that ESPN id.",
            ),
            models.CheckConstraint(
                condition=~Q(name=""),
                name="team_name_is_not_empty",
                violation_error_message="A team needs a name.",
            ),
            models.CheckConstraint(
                condition=Q(espn_id__isnull=True) | ~Q(espn_id=""),
                name="team_espn_id_is_null_or_not_empty",
                violation_error_message="Leave the ESPN id out when the team has none.",
            ),
            models.CheckConstraint(
                condition=Q(color="") | Q(color__regex=r"^#[0-9a-f]{6}$"),
                name="team_color_is_hex",
                violation_error_message="Write the colour as #rrggbb in lower case.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TeamAlias(models.Model):
    """Another spelling of a team's name; feeds are matched by alias, never by substring."""

    sport = models.ForeignKey(Sport, on_delete=models.CASCADE, related_name="team_aliases")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=120)

    class Meta:
        db_table = "team_aliases"
        ordering = ["name", "id"]
        verbose_name_plural = "team aliases"
        constraints = [
            models.UniqueConstraint(
                fields=["sport", "name"],
                name="alias_is_unique_in_its_sport",
                violation_error_message="Another team of this sport already has that alias.",
            ),
            models.CheckConstraint(
                condition=~Q(name=""),
                name="alias_is_not_empty",
                violation_error_message="An alias needs a name.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Player(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    sport = models.ForeignKey(Sport, on_delete=models.PROTECT, related_name="players")
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, blank=True, related_name="players")
    espn_id = models.CharField(max_length=16, null=True, blank=True)  # noqa: DJ001 - NULL: not on ESPN
    name = models.CharField(max_length=120)

    class Meta:
        db_table = "players"
        ordering = ["name", "id"]
        indexes = [
            models.Index(fields=["sport", "name"], name="player_sport_name"),  # props name players, not ids
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["sport", "espn_id"],
                name="player_espn_id_is_unique_in_its_sport",
                violation_error_message="This sport already has a player with that ESPN id.",
            ),
            models.CheckConstraint(
                condition=~Q(name=""),
                name="player_name_is_not_empty",
                violation_error_message="A player needs a name.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


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
        expression=Q(status=GameStatus.FINAL), output_field=models.BooleanField(), db_persist=True
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
        constraints = [
            models.UniqueConstraint(
                fields=["game", "seen_at"],
                name="one_start_per_game_and_sighting",
                violation_error_message="This game already has a start time seen at that instant.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.commence_time:%Y-%m-%d %H:%M:%SZ}"


class ResultSource(models.TextChoices):
    ESPN = "espn", "ESPN"
    THE_ODDS_API = "the_odds_api", "The Odds API"
    STAFF = "staff", "Staff"


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
        ]

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

    def __str__(self) -> str:
        return f"{self.stat} {self.value.normalize():f}"


class Placing(models.Model):
    """Where a runner of an outright finished; ``tied_with`` counts the others at the same position."""

    game = models.ForeignKey(Game, on_delete=models.CASCADE, related_name="placings", db_index=False)
    participant = models.CharField(max_length=160)
    position = models.PositiveSmallIntegerField()
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
                condition=Q(position__gte=1),
                name="placing_starts_at_first",
                violation_error_message="Positions count from 1.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.participant}"
