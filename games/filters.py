"""What lists of games, teams and players can be asked for."""

from __future__ import annotations

import datetime as dt
import uuid
import zoneinfo
from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django_filters import rest_framework as filters

from games.days import day_bounds
from games.models import (
    CommenceTime,
    Game,
    GameKind,
    GameQuerySet,
    GameStatus,
    Placing,
    Player,
    PlayerStat,
    ResultSource,
    ScoreReading,
    Sport,
    Team,
)
from rest.filters import CountFilter, InstantFilter, TrueFalseFilter

FIRST_DAY = dt.date(1900, 1, 1)
LAST_DAY = dt.date(2100, 1, 1)


class SportFilter(filters.FilterSet):
    search = filters.CharFilter(
        field_name="title", lookup_expr="icontains", max_length=100, help_text="Part of the title."
    )
    group = filters.CharFilter(lookup_expr="iexact", max_length=100, help_text="Such as Basketball.")
    active = TrueFalseFilter(help_text="In season.")
    has_outrights = TrueFalseFilter(help_text="Sports whose events are futures.")

    class Meta:
        model = Sport
        fields: list[str] = []


class TeamFilter(filters.FilterSet):
    sport = filters.CharFilter(field_name="sport_id", max_length=64, help_text="The feed's key.")
    search = filters.CharFilter(
        field_name="name", lookup_expr="icontains", max_length=100, help_text="Part of the name."
    )

    class Meta:
        model = Team
        fields: list[str] = []


class PlayerFilter(filters.FilterSet):
    sport = filters.CharFilter(field_name="sport_id", max_length=64, help_text="The feed's key.")
    team = filters.UUIDFilter(field_name="team_id", help_text="The id of a team.")
    search = filters.CharFilter(
        field_name="name", lookup_expr="icontains", max_length=100, help_text="Part of the name."
    )

    class Meta:
        model = Player
        fields: list[str] = []


class StatFilter(filters.FilterSet):
    player = filters.UUIDFilter(field_name="player_id", help_text="The id of a player.")
    stat = filters.CharFilter(max_length=64, help_text="Such as player_points.")

    class Meta:
        model = PlayerStat
        fields: list[str] = []


class ReadingFilter(filters.FilterSet):
    source = filters.MultipleChoiceFilter(choices=ResultSource.choices)
    status = filters.MultipleChoiceFilter(choices=GameStatus.choices)
    since = InstantFilter(field_name="read_at", lookup_expr="gte")
    until = InstantFilter(field_name="read_at", lookup_expr="lt")

    class Meta:
        model = ScoreReading
        fields: list[str] = []


class StartFilter(filters.FilterSet):
    since = InstantFilter(field_name="seen_at", lookup_expr="gte", help_text="Announced from then on.")
    until = InstantFilter(field_name="seen_at", lookup_expr="lt", help_text="Announced before.")

    class Meta:
        model = CommenceTime
        fields: list[str] = []


class PlacingFilter(filters.FilterSet):
    participant = filters.CharFilter(
        lookup_expr="icontains", max_length=160, help_text="Part of a runner's name."
    )
    top = CountFilter(field_name="position", lookup_expr="lte", help_text="At this position or a better one.")
    took_part = TrueFalseFilter(
        field_name="position", lookup_expr="isnull", exclude=True, help_text="false: who did not run."
    )

    class Meta:
        model = Placing
        fields: list[str] = []


class GameFilter(filters.FilterSet):
    """Days are those of ``zone``, of the signed-in person's time zone, or of the site's, in this order."""

    sport = filters.CharFilter(
        method="of_sport",
        max_length=100,
        help_text="The feed's key (basketball_nba) or the group (Basketball).",
    )
    league = filters.CharFilter(field_name="sport_id", max_length=64, help_text="The feed's key of a league.")
    kind = filters.ChoiceFilter(choices=GameKind.choices)
    status = filters.MultipleChoiceFilter(choices=GameStatus.choices)
    completed = TrueFalseFilter(help_text="With a final result.")
    team = filters.UUIDFilter(method="of_team", help_text="Home or away.")
    date = filters.DateFilter(method="on_day", help_text="A calendar day in `zone`.")
    today = TrueFalseFilter(method="of_today", help_text="The games of the present day in `zone`.")
    upcoming = TrueFalseFilter(method="to_come", help_text="Scheduled and not begun.")
    starts_from = InstantFilter(field_name="commence_time", lookup_expr="gte")
    starts_before = InstantFilter(field_name="commence_time", lookup_expr="lt")
    zone = filters.CharFilter(
        method="in_zone", max_length=64, help_text="An IANA time zone, for date and today."
    )
    order = filters.ChoiceFilter(
        method="in_order",
        choices=[("start", "earliest first"), ("-start", "latest first")],
        help_text="By start.",
    )

    class Meta:
        model = Game
        fields: list[str] = []

    def of_sport(self, games: GameQuerySet, name: str, value: str) -> GameQuerySet:
        return games.filter(Q(sport_id=value) | Q(sport__group__iexact=value))

    def of_team(self, games: GameQuerySet, name: str, value: uuid.UUID) -> GameQuerySet:
        return games.filter(Q(home_team=value) | Q(away_team=value))

    def on_day(self, games: GameQuerySet, name: str, value: dt.date) -> GameQuerySet:
        if not FIRST_DAY <= value <= LAST_DAY:
            return games.none()
        return games.starting_within(*day_bounds(value, self.zone_asked()))

    def of_today(self, games: GameQuerySet, name: str, value: bool) -> GameQuerySet:
        zone = self.zone_asked()
        first, last = day_bounds(timezone.now().astimezone(zone).date(), zone)
        if value:
            return games.starting_within(first, last)
        return games.filter(Q(commence_time__lt=first) | Q(commence_time__gte=last))

    def to_come(self, games: GameQuerySet, name: str, value: bool) -> GameQuerySet:
        coming = Q(status=GameStatus.SCHEDULED, commence_time__gt=timezone.now())
        return games.filter(coming) if value else games.exclude(coming)

    def in_zone(self, games: GameQuerySet, name: str, value: str) -> GameQuerySet:
        """Only says where days begin."""
        return games

    def in_order(self, games: GameQuerySet, name: str, value: str) -> GameQuerySet:
        return games.order_by("-commence_time", "-id") if value == "-start" else games.in_start_order()

    def get_form_class(self) -> Any:
        base = super().get_form_class()

        class Form(base):  # type: ignore[misc, valid-type]
            def clean_zone(self) -> str:
                name: str = self.cleaned_data["zone"]
                if name and not is_zone(name):
                    raise ValidationError("Write a time zone such as Europe/London.", code="unknown")
                return name

        return Form

    def zone_asked(self) -> zoneinfo.ZoneInfo:
        return zone_of(self.request, self.form.cleaned_data.get("zone") or "")


def is_zone(name: str) -> bool:
    return name in zones()


@cache
def zones() -> frozenset[str]:
    """The time zones there are; looking them up reads the folders of the time zone database."""
    return frozenset(zoneinfo.available_timezones() - {"Factory", "localtime"})


def zone_of(request: Any, name: str = "") -> zoneinfo.ZoneInfo:
    """The zone of that name, else the person's, else the site's."""
    if name:
        return zoneinfo.ZoneInfo(name)
    user = getattr(request, "user", None)
    own = user.time_zone if user is not None and user.is_authenticated else settings.DEFAULT_TIME_ZONE
    return zoneinfo.ZoneInfo(own)
