"""A team that staff rename is still found under the name the feeds use."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import UserFactory
from games.models import Game, Team, TeamAlias
from games.services import ingest_games, keep_former_name, list_games
from games.tests.factories import TeamFactory
from games.tests.test_fixtures import Event

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)


def rename(client: Client, team: Team, name: str) -> None:
    client.force_login(UserFactory(staff=True))
    data = {
        "name": name,
        "abbr": team.abbr,
        "sport": team.sport_id,
        "espn_id": team.espn_id or "",
        "color": team.color,
        "logo_url": "",
        "aliases-TOTAL_FORMS": "0",
        "aliases-INITIAL_FORMS": "0",
    }
    response = client.post(reverse("admin:games_team_change", args=[team.pk]), data)
    assert response.status_code == 302


def test_the_feeds_events_stay_with_their_game(client: Client) -> None:
    listed = Event()
    games = ingest_games(events=[listed], seen_at=NOW)
    home = Game.objects.get().home_team
    assert home is not None
    rename(client, home, "Another name")
    assert TeamAlias.objects.get().team == home
    again = list_games(events=[listed], seen_at=NOW)
    assert (again.games, again.new, again.turned | again.strangers) == (games, frozenset(), frozenset())
    assert Team.objects.count() == 2


def test_a_name_that_is_another_teams_is_not_kept() -> None:
    team = TeamFactory(name="New")
    TeamFactory(name="Old", sport=team.sport)
    assert not keep_former_name(team=team, name="Old")
    assert not TeamAlias.objects.exists()


def test_an_alias_of_another_team_is_left_to_it() -> None:
    team = TeamFactory(name="New")
    other = TeamFactory(sport=team.sport)
    TeamAlias.objects.create(sport=team.sport, team=other, name="Old")
    assert not keep_former_name(team=team, name="Old")
    assert TeamAlias.objects.get().team == other
