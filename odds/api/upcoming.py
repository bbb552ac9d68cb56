"""Games to come with the latest odds of every book."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any, ClassVar

from rest_framework import serializers

from games.api import AWAY_ID, GAME_ID, HOME_ID
from games.models import Game, GameQuerySet, GameStatus
from odds.api.rows import game_head, priced
from odds.models import CurrentOdds, Heartbeat
from rest.fields import NumberField, OddsField, PointField, UtcField, plain
from rest.shaping import Row


class BookPrice(Row):
    selection_id = serializers.IntegerField()
    market_type = serializers.CharField()
    side = serializers.CharField()
    participant = serializers.CharField(allow_null=True)
    point = PointField(allow_null=True)
    price = OddsField(help_text="American odds.")
    decimal = NumberField()
    changed_at = UtcField()


class BookOffer(Row):
    bookmaker = serializers.CharField()
    seen_at = UtcField(allow_null=True, help_text="When the book was last seen to quote the game.")
    odds = BookPrice(many=True)


class UpcomingRow(Row):
    """A match to come with the latest odds per bookmaker."""

    id = serializers.UUIDField()
    sport_key = serializers.CharField()
    sport_name = serializers.CharField()
    title = serializers.CharField()
    home_team_id = serializers.UUIDField()
    away_team_id = serializers.UUIDField()
    home_team_name = serializers.CharField()
    away_team_name = serializers.CharField()
    commence_time = UtcField()
    bookmakers = BookOffer(many=True)

    class Meta:
        example: ClassVar = {
            "id": GAME_ID, "sport_key": "basketball_nba", "sport_name": "NBA",
            "title": "Los Angeles Lakers at Boston Celtics", "home_team_id": HOME_ID, "away_team_id": AWAY_ID,
            "home_team_name": "Boston Celtics", "away_team_name": "Los Angeles Lakers",
            "commence_time": "2026-11-21T00:30:00Z",
            "bookmakers": [{
                "bookmaker": "draftkings", "seen_at": "2026-11-20T18:21:07Z",
                "odds": [{
                    "selection_id": 4711, "market_type": "spreads", "side": "home", "participant": None,
                    "point": "-3.5", "price": "-110", "decimal": "1.909091",
                    "changed_at": "2026-11-20T18:01:07Z",
                }],
            }],
        }  # fmt: skip


NAMES = (
    "id", "sport_key", "sport_name", "title", "home_team_id", "away_team_id", "home_team_name", "away_team_name",
    "commence_time",
)  # fmt: skip


def upcoming_games(*, now: dt.datetime, within: dt.timedelta) -> GameQuerySet:
    """Scheduled matches that start within the time, the soonest first."""
    games = Game.objects.matches().with_names().filter(status=GameStatus.SCHEDULED)
    return games.filter(commence_time__gt=now, commence_time__lt=now + within).in_start_order()


def upcoming_rows(
    games: Sequence[Game], keys: Sequence[str], books: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """The games with what active books, all or those named, offer on these markets; two statements in all."""
    ids = [game.pk for game in games]
    offers: dict[uuid.UUID, dict[str, list[dict[str, Any]]]] = {pk: {} for pk in ids}
    found = CurrentOdds.objects.filter(game__in=ids, selection__market__in=keys, bookmaker__active=True)
    if books is not None:
        found = found.filter(bookmaker__key__in=books)
    rows = found.order_by("game_id", "bookmaker__key", "selection_id", "point").values_list(
        "game_id", "bookmaker__key", "selection_id", "selection__market", "selection__side",
        "selection__participant", "point", "price", "changed_at",
    )  # fmt: skip
    for game, book, selection, market, side, participant, point, price, changed_at in rows:
        offers[game].setdefault(book, []).append({
            "selection_id": selection,
            "market_type": market,
            "side": side,
            "participant": participant or None,
            "point": plain(point),
            **priced(price),
            "changed_at": changed_at,
        })  # fmt: skip
    seen: dict[tuple[uuid.UUID, str], dt.datetime] = {}
    beats = Heartbeat.objects.filter(game__in=ids).values_list("game_id", "bookmaker__key", "seen_at")
    for game, book, at in beats:
        seen[game, book] = max(at, seen.get((game, book), at))
    return [
        {
            **{name: value for name, value in game_head(game).items() if name in NAMES},
            "bookmakers": [
                {"bookmaker": book, "seen_at": seen.get((game.pk, book)), "odds": odds}
                for book, odds in offers[game.pk].items()
            ],
        }
        for game in games
    ]
