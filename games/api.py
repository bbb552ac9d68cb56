"""Sports, teams, players and games, with the evidence of their results."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from games.filters import (
    GameFilter,
    PlacingFilter,
    PlayerFilter,
    ReadingFilter,
    SportFilter,
    StartFilter,
    StatFilter,
    TeamFilter,
)
from games.models import CommenceTime, Game, Placing, Player, PlayerStat, ScoreReading, Sport, Team
from rest.fields import NumberField
from rest.shaping import ModelRow
from rest.views import ApiView, ListMixin, RetrieveMixin, lists

GAME_ID = "0195f1a0-0000-7000-8000-000000000001"
HOME_ID = "0195f1a0-0000-7000-8000-0000000000a1"
AWAY_ID = "0195f1a0-0000-7000-8000-0000000000a2"
PLAYER_ID = "0195f1a0-0000-7000-8000-0000000000b1"


class SportRow(ModelRow):
    """A league as the odds feed names it."""

    class Meta:
        model = Sport
        fields = ("key", "title", "group", "description", "active", "has_outrights", "time_zone")
        identity = "key"
        example: ClassVar = {
            "key": "basketball_nba", "title": "NBA", "group": "Basketball", "description": "US Basketball",
            "active": True, "has_outrights": False, "time_zone": "America/New_York",
        }  # fmt: skip


class TeamRow(ModelRow):
    """A side of a match."""

    sport_key = serializers.CharField(source="sport_id")

    class Meta:
        model = Team
        fields = ("id", "sport_key", "name", "abbr", "espn_id", "logo_url", "color")
        example: ClassVar = {
            "id": HOME_ID, "sport_key": "basketball_nba", "name": "Boston Celtics", "abbr": "BOS",
            "espn_id": "2", "logo_url": None, "color": "#008348",
        }  # fmt: skip


class PlayerRow(ModelRow):
    sport_key = serializers.CharField(source="sport_id")
    team_id = serializers.UUIDField(allow_null=True)

    class Meta:
        model = Player
        fields = ("id", "sport_key", "team_id", "name", "espn_id")
        example: ClassVar = {
            "id": PLAYER_ID, "sport_key": "basketball_nba", "team_id": HOME_ID, "name": "Jayson Tatum",
            "espn_id": "4065648",
        }  # fmt: skip


class ReadingRow(ModelRow):
    """What one source said of a game's state: the evidence of its result. One row per change."""

    class Meta:
        model = ScoreReading
        fields = (
            "id", "source", "source_event_id", "status", "status_detail", "home_score", "away_score",
            "period_scores", "read_at", "confirmed_at",
        )  # fmt: skip
        example: ClassVar = {
            "id": 7, "source": "espn", "source_event_id": "401766128", "status": "final",
            "status_detail": "STATUS_FINAL", "home_score": 112, "away_score": 104,
            "period_scores": {"home": [28, 31, 27, 26], "away": [25, 30, 24, 25]},
            "read_at": "2026-11-21T03:02:11Z", "confirmed_at": "2026-11-21T04:02:11Z",
        }  # fmt: skip


class StartRow(ModelRow):
    """A start time as the feed announced it."""

    class Meta:
        model = CommenceTime
        fields = ("id", "commence_time", "seen_at")
        example: ClassVar = {
            "id": 1, "commence_time": "2026-11-21T00:30:00Z", "seen_at": "2026-11-18T08:00:00Z",
        }  # fmt: skip


class StatRow(ModelRow):
    """One number of a box score."""

    player_id = serializers.UUIDField()
    player = serializers.CharField(source="player.name")
    value = NumberField(max_digits=9, decimal_places=3)

    class Meta:
        model = PlayerStat
        fields = ("id", "player_id", "player", "stat", "value")
        example: ClassVar = {
            "id": 11, "player_id": PLAYER_ID, "player": "Jayson Tatum", "stat": "player_points", "value": "31",
        }  # fmt: skip


class PlacingRow(ModelRow):
    """Where a runner of an outright finished; no position: did not take part."""

    class Meta:
        model = Placing
        fields = ("id", "participant", "position", "tied_with")
        example: ClassVar = {"id": 3, "participant": "Scottie Scheffler", "position": 1, "tied_with": 0}


class GameRow(ModelRow):
    """A match of two teams, or an outright with many runners."""

    sport_key = serializers.CharField(source="sport_id")
    sport_name = serializers.CharField(help_text="The sport's title.")
    home_team_id = serializers.UUIDField(allow_null=True)
    away_team_id = serializers.UUIDField(allow_null=True)
    home_team_name = serializers.CharField(source="home_team.name", default=None, allow_null=True)
    away_team_name = serializers.CharField(source="away_team.name", default=None, allow_null=True)
    completed = serializers.BooleanField()
    sport = SportRow()
    home_team = TeamRow(allow_null=True)
    away_team = TeamRow(allow_null=True)
    readings = ReadingRow(source="score_readings", many=True)
    starts = StartRow(source="commence_times", many=True)

    class Meta:
        model = Game
        fields = (
            "id", "kind", "external_id", "espn_id", "sport_key", "sport_name", "title", "home_team_id",
            "away_team_id", "home_team_name", "away_team_name", "commence_time", "status", "completed",
            "home_score", "away_score", "period_scores", "period", "clock", "bet_count", "created_at", "updated_at",
            "sport", "home_team", "away_team", "readings", "starts",
        )  # fmt: skip
        expandable = ("sport", "home_team", "away_team", "readings", "starts")
        example: ClassVar = {
            "id": GAME_ID, "kind": "match", "external_id": "e912304de2b2ce35b473ce2ecd3d1502",
            "espn_id": "401766128", "sport_key": "basketball_nba", "sport_name": "NBA",
            "title": "Los Angeles Lakers at Boston Celtics", "home_team_id": HOME_ID, "away_team_id": AWAY_ID,
            "home_team_name": "Boston Celtics", "away_team_name": "Los Angeles Lakers",
            "commence_time": "2026-11-21T00:30:00Z", "status": "final", "completed": True, "home_score": 112,
            "away_score": 104, "period_scores": {"home": [28, 31, 27, 26], "away": [25, 30, 24, 25]},
            "period": 4, "clock": "", "bet_count": 2, "created_at": "2026-11-18T08:00:00Z",
            "updated_at": "2026-11-21T03:02:11Z",
        }  # fmt: skip


class GamesView(ApiView):
    """Base of views of what is played."""

    scope = "odds:read"
    tag = "games"


class SportViewSet(ListMixin, RetrieveMixin, GamesView):
    """Sports, which are leagues as the odds feed names them."""

    queryset = Sport.objects.order_by("key")
    serializer_class = SportRow
    filterset_class = SportFilter
    lookup_field = "key"


class TeamViewSet(ListMixin, RetrieveMixin, GamesView):
    """Teams, and the fighters and players of one-on-one sports."""

    queryset = Team.objects.order_by("name", "id")
    serializer_class = TeamRow
    filterset_class = TeamFilter
    lookup_value_converter = "uuid"


class PlayerViewSet(ListMixin, RetrieveMixin, GamesView):
    """Players, as box scores and props name them."""

    queryset = Player.objects.order_by("name", "id")
    serializer_class = PlayerRow
    filterset_class = PlayerFilter
    lookup_value_converter = "uuid"


class GameViewSet(ListMixin, RetrieveMixin, GamesView):
    """Games with their scores. `expand=readings` adds what each source said of the result."""

    serializer_class = GameRow
    filterset_class = GameFilter
    lookup_value_converter = "uuid"
    row_classes: ClassVar = {
        "readings": ReadingRow, "starts": StartRow, "stats": StatRow, "placings": PlacingRow,
    }  # fmt: skip

    def get_queryset(self) -> QuerySet[Any]:
        """The rows of the action: games, or what a game has of them."""
        game = self.kwargs.get("pk")
        if self.action == "readings":
            return ScoreReading.objects.filter(game=game).order_by("-read_at", "-id")
        if self.action == "starts":
            return CommenceTime.objects.filter(game=game).order_by("seen_at", "id")
        if self.action == "stats":
            return PlayerStat.objects.filter(game=game).select_related("player").order_by("player_id", "stat")
        if self.action == "placings":
            return Placing.objects.filter(game=game).order_by("participant")
        wanted = {"readings": "score_readings", "starts": "commence_times"}
        expand = self.shape.expand if hasattr(self, "shape") else frozenset()
        parts = [wanted[name] for name in sorted(expand & wanted.keys())]
        return Game.objects.with_names().in_start_order().prefetch_related(*parts)

    def _listed_of_game(self) -> Response:
        get_object_or_404(Game.objects.only("pk"), pk=self.kwargs["pk"])
        return self.listed(self.filter_queryset(self.get_queryset()))

    @lists
    @action(detail=True, filterset_class=ReadingFilter, filtered_actions=("readings",))
    def readings(self, request: Request, pk: Any = None) -> Response:
        """What each source said of the game's state: the evidence of its result, the newest first."""
        return self._listed_of_game()

    @lists
    @action(detail=True, filterset_class=StartFilter, filtered_actions=("starts",))
    def starts(self, request: Request, pk: Any = None) -> Response:
        """Every start that the feed announced for the game, the first seen first."""
        return self._listed_of_game()

    @lists
    @action(detail=True, filterset_class=StatFilter, filtered_actions=("stats",))
    def stats(self, request: Request, pk: Any = None) -> Response:
        """The box score: one number of one player a row."""
        return self._listed_of_game()

    @lists
    @action(detail=True, filterset_class=PlacingFilter, filtered_actions=("placings",))
    def placings(self, request: Request, pk: Any = None) -> Response:
        """Where the runners of an outright finished."""
        return self._listed_of_game()
