"""Queries whose SQL is worked out once read what the same queryset reads."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import UserFactory
from games.models import Game, GameStatus
from games.tests.factories import GameFactory
from rest.compiled import Compiled, CompiledRows, Given, IsAmong

pytestmark = pytest.mark.django_db
GAMES = Compiled(
    lambda: Game.objects.filter(IsAmong("id", "keys"), status=Given("status")).order_by("title"),
    "sport",
    "home_team",
    "home_team__sport",
)
TITLES = CompiledRows(
    lambda: Game.objects.filter(sport__key=Given("sport")).order_by("title"), ("id", "title", "sport__title")
)


def as_fields(game: Game) -> dict[str, Any]:
    return {field.attname: getattr(game, field.attname) for field in Game._meta.concrete_fields}


def test_objects_are_those_of_the_queryset_with_what_they_are_joined_to() -> None:
    games = [
        GameFactory(title=title, period_scores={"home": [1], "away": [2]}, kind=kind, **teams)
        for title, kind, teams in (
            ("B", "match", {}),
            ("A", "outright", {"home_team": None, "away_team": None}),
        )
    ]
    GameFactory(title="C", status=GameStatus.LIVE)
    asked = {"keys": [game.pk for game in games], "status": "scheduled"}
    for _ in range(2):
        with CaptureQueriesContext(connection) as statements:
            found = GAMES.all(**asked)
            names = [
                (game.title, game.sport.title, game.home_team and game.home_team.sport.key) for game in found
            ]
        assert len(statements) == 1
        assert names == [("A", games[1].sport.title, None), ("B", games[0].sport.title, games[0].sport_id)]
        assert [as_fields(game) for game in found] == [
            as_fields(game) for game in Game.objects.filter(pk__in=asked["keys"]).order_by("title")
        ]
    found[0].title = "Changed"
    found[0].save()
    assert Game.objects.get(pk=found[0].pk).title == "Changed"


def test_nothing_is_found_where_nothing_is() -> None:
    assert GAMES.first(keys=[], status="scheduled") is None
    assert GAMES.all(keys=[GameFactory().pk], status="final") == []


def test_values_are_sent_as_values() -> None:
    game = GameFactory()
    assert GAMES.all(keys=[game.pk], status="x' OR true --") == []
    assert TITLES.all(sport="' OR true --") == []


def test_rows_have_the_columns_by_name() -> None:
    game = GameFactory(title="50 % off")
    (row,) = TITLES.all(sport=game.sport_id)
    assert (row.id, row.title, row.sport__title) == (game.pk, "50 % off", game.sport.title)


def test_a_parameter_that_is_not_given_is_an_error() -> None:
    UserFactory()
    with pytest.raises(KeyError, match="status"):
        GAMES.all(keys=[])
