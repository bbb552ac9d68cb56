"""Who plays: sports, teams and players."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from accounts.audit.tracking import audited
from accounts.ids import uuid7

HEX_COLOR = r"^#[0-9a-f]{6}$"


class Sport(models.Model):
    """A league as the odds feed names it; the key is the feed's (``basketball_nba``)."""

    key = models.CharField(
        primary_key=True,
        max_length=64,
        validators=[
            RegexValidator(r"^[a-z0-9_]+\Z", "Write the key as the odds feed does, such as basketball_nba.")
        ],
    )
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
        triggers = audited()

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
    color = models.CharField(
        max_length=7,
        blank=True,
        validators=[RegexValidator(HEX_COLOR, "Write the colour as #rrggbb in lower case.")],
        help_text="Team colour, such as #552583.",
    )

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
                condition=Q(color="") | Q(color__regex=HEX_COLOR),
                name="team_color_is_hex",
                violation_error_message="Write the colour as #rrggbb in lower case.",
            ),
        ]
        triggers = audited()

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
        triggers = audited()

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
        triggers = audited()

    def __str__(self) -> str:
        return self.name
