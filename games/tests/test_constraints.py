"""Every constraint of the games models, broken once by its name."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Model
from factory.django import DjangoModelFactory

from games import models
from games.tests import factories as f

pytestmark = pytest.mark.django_db

BROKEN_ROWS: list[tuple[str, type[DjangoModelFactory], dict[str, Any]]] = [
    ("sport_key_is_not_empty", f.SportFactory, {"key": ""}),
    ("team_name_is_not_empty", f.TeamFactory, {"name": ""}),
    ("team_espn_id_is_null_or_not_empty", f.TeamFactory, {"espn_id": ""}),
    ("team_color_is_hex", f.TeamFactory, {"color": "#55258G"}),
    ("alias_is_not_empty", f.TeamAliasFactory, {"name": ""}),
    ("player_name_is_not_empty", f.PlayerFactory, {"name": ""}),
    ("game_kind_is_known", f.GameFactory, {"kind": "friendly"}),
    ("game_status_is_known", f.GameFactory, {"status": "delayed"}),
    ("match_has_both_teams_outright_none", f.GameFactory, {"home_team": None, "title": "?"}),
    ("match_has_both_teams_outright_none", f.GameFactory, {"kind": "outright"}),
    ("scores_both_or_none", f.GameFactory, {"home_score": 3}),
    ("final_match_has_scores", f.GameFactory, {"status": "final"}),
    ("reading_source_is_known", f.ScoreReadingFactory, {"source": "radio"}),
    ("reading_status_is_known", f.ScoreReadingFactory, {"status": "delayed"}),
    ("reading_scores_both_or_none", f.ScoreReadingFactory, {"away_score": None}),
    (
        "reading_is_confirmed_after_it_was_read",
        f.ScoreReadingFactory,
        {"confirmed_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)},
    ),
    ("placing_starts_at_first", f.PlacingFactory, {"position": 0}),
    ("who_did_not_run_tied_with_nobody", f.PlacingFactory, {"position": None, "tied_with": 1}),
]


@pytest.mark.parametrize(("name", "factory", "values"), BROKEN_ROWS)
def test_check_refuses_a_row_that_breaks_it(
    name: str, factory: type[DjangoModelFactory], values: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError, match=f'"{name}"'), transaction.atomic():
        factory(**values)


def test_team_cannot_play_itself() -> None:
    team = f.TeamFactory()
    with pytest.raises(IntegrityError, match='"home_is_not_away"'), transaction.atomic():
        f.GameFactory(home_team=team, away_team=team)


REPEATED_ROWS: list[tuple[str, type[DjangoModelFactory], tuple[str, ...], dict[str, Any]]] = [
    ("sports_pkey", f.SportFactory, ("key", "title"), {}),
    ("team_name_is_unique_in_its_sport", f.TeamFactory, ("sport", "name"), {}),
    ("team_espn_id_is_unique_in_its_sport", f.TeamFactory, ("sport", "espn_id"), {"espn_id": "13"}),
    ("alias_is_unique_in_its_sport", f.TeamAliasFactory, ("sport", "team", "name"), {}),
    ("player_espn_id_is_unique_in_its_sport", f.PlayerFactory, ("sport", "espn_id"), {"espn_id": "7"}),
    ("games_external_id_", f.GameFactory, ("external_id", "sport"), {}),
    ("games_espn_id_", f.GameFactory, ("espn_id", "sport"), {"espn_id": "401"}),
    ("one_start_per_game_and_sighting", f.CommenceTimeFactory, ("game", "seen_at"), {}),
    ("one_value_per_game_player_and_stat", f.PlayerStatFactory, ("game", "player", "stat"), {}),
    ("one_placing_per_runner", f.PlacingFactory, ("game", "participant"), {}),
]


@pytest.mark.parametrize(("name", "factory", "same", "values"), REPEATED_ROWS)
def test_unique_key_refuses_a_second_row(
    name: str, factory: type[DjangoModelFactory], same: tuple[str, ...], values: dict[str, Any]
) -> None:
    first = factory(**values)
    again = {field: getattr(first, field) for field in same}
    build = models.Sport.objects.create if isinstance(first, models.Sport) else factory
    with pytest.raises(IntegrityError, match=f'"{name}'), transaction.atomic():
        build(**again)


def test_same_team_name_may_exist_in_another_sport() -> None:
    giants = f.TeamFactory(name="Giants")
    assert f.TeamFactory(name="Giants", sport__key="baseball_mlb").pk != giants.pk


def test_completed_follows_from_the_status() -> None:
    assert f.GameFactory(final=True).completed is True
    assert f.GameFactory(postponed=True).completed is False


def test_every_constraint_of_the_app_is_broken_by_a_test() -> None:
    tested = {name for name, *_ in BROKEN_ROWS} | {name for name, *_ in REPEATED_ROWS} | {"home_is_not_away"}
    rows: list[type[Model]] = [
        model for model in vars(models).values() if isinstance(model, type) and issubclass(model, Model)
    ]
    named = {constraint.name for model in rows for constraint in model._meta.constraints}
    assert len(named) > 20
    assert named <= tested


def test_deleting_a_game_in_the_database_takes_what_hangs_on_it() -> None:
    reading = f.ScoreReadingFactory()
    f.CommenceTimeFactory(game=reading.game)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM games WHERE id = %s", [reading.game_id])
    assert not models.ScoreReading.objects.exists()
    assert not models.CommenceTime.objects.exists()
