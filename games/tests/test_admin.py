"""Staff curate the games; every list asks a constant number of questions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from factory.django import DjangoModelFactory

from accounts.models import User
from accounts.tests.factories import UserFactory
from games.models import Game, Placing, ScoreReading, Team, TeamAlias
from games.tests import factories as f

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client) -> User:
    user: User = UserFactory(staff=True)
    client.force_login(user)
    return user


def sport_number(n: int) -> f.SportFactory:
    return f.SportFactory(key=f"sport_{n}", title=f"Sport {n}")


LISTS: list[tuple[str, Callable[[int], Any]]] = [
    ("sport", sport_number),
    ("team", lambda n: f.TeamAliasFactory(team__sport=sport_number(n))),
    ("teamalias", lambda n: f.TeamAliasFactory(team__sport=sport_number(n))),
    ("player", lambda n: f.PlayerFactory(sport=sport_number(n))),
    ("playerstat", lambda n: f.PlayerStatFactory(game__sport=sport_number(n))),
    ("game", lambda n: f.ScoreReadingFactory(game__sport=sport_number(n))),
    ("commencetime", lambda n: f.CommenceTimeFactory(game__sport=sport_number(n))),
    ("scorereading", lambda n: f.ScoreReadingFactory(game__sport=sport_number(n), by=UserFactory())),
    ("placing", lambda n: f.PlacingFactory(game__sport=sport_number(n))),
]


@pytest.mark.parametrize(("model", "make"), LISTS, ids=[name for name, _ in LISTS])
def test_list_asks_no_more_for_more_rows(
    model: str, make: Callable[[int], Any], client: Client, staff: User
) -> None:
    url = reverse(f"admin:games_{model}_changelist")

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    for n in range(2):
        make(n)
    statements()
    few = statements()
    for n in range(2, 12):
        make(n)
    assert statements() == few


def test_user_list_asks_no_more_for_more_rows(client: Client, staff: User) -> None:
    url = reverse("admin:accounts_user_changelist")

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    few = statements()
    for _ in range(10):
        UserFactory()
    assert statements() == few


@pytest.mark.parametrize(
    ("model", "query"),
    [
        ("sport", "nba"),
        ("team", "lakers"),
        ("teamalias", "lakers"),
        ("player", "james"),
        ("playerstat", "james"),
        ("game", "lakers"),
        ("commencetime", "lakers"),
        ("scorereading", "lakers"),
        ("placing", "runner"),
    ],
)
def test_lists_can_be_searched(model: str, query: str, client: Client, staff: User) -> None:
    assert client.get(reverse(f"admin:games_{model}_changelist"), {"q": query}).status_code == 200


def test_stranger_is_sent_to_sign_in(client: Client) -> None:
    response = client.get(reverse("admin:games_game_changelist"))
    assert response.status_code == 302
    assert "/admin/login/" in response.headers["Location"]


@pytest.mark.parametrize(
    "factory", [f.TeamFactory, f.GameFactory, f.PlayerFactory, f.SportFactory, f.PlacingFactory]
)
def test_page_of_a_row_has_no_inline_style_or_script(
    factory: type[DjangoModelFactory], client: Client, staff: User
) -> None:
    row = factory()
    name = row._meta.model_name
    page = client.get(reverse(f"admin:games_{name}_change", args=[row.pk])).text
    assert not re.search(r"\sstyle=|<style|<script(?![^>]*\b(src=|type=\"application/json\"))", page)


def test_team_page_shows_logo_or_badge(client: Client, staff: User) -> None:
    team = f.TeamFactory(logo_url="https://a.espncdn.com/i/teamlogos/nba/500/lal.png")
    bare = f.TeamFactory()
    page = client.get(reverse("admin:games_team_change", args=[team.pk])).text
    assert 'src="https://a.espncdn.com/i/teamlogos/nba/500/lal.png"' in page
    assert f"/teams/{bare.pk}/monogram.svg" in client.get(reverse("admin:games_team_changelist")).text


def inline(prefix: str, rows: list[dict[str, Any]], initial: int = 0) -> dict[str, Any]:
    data: dict[str, Any] = {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": initial}
    for number, row in enumerate(rows):
        data |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    return data


def test_alias_added_on_the_team_page_is_of_the_team_s_sport(client: Client, staff: User) -> None:
    team = f.TeamFactory(name="Los Angeles Clippers", espn_id="12")
    data = {
        "name": team.name,
        "abbr": "LAC",
        "sport": team.sport_id,
        "espn_id": "12",
        "color": "",
        "logo_url": "",
    }
    response = client.post(
        reverse("admin:games_team_change", args=[team.pk]),
        data | inline("aliases", [{"name": "LA Clippers", "team": team.pk}]),
    )
    assert response.status_code == 302
    alias = TeamAlias.objects.get()
    assert (alias.team, alias.sport_id, alias.name) == (team, team.sport_id, "LA Clippers")


def test_empty_logo_and_espn_id_are_stored_as_unknown(client: Client, staff: User) -> None:
    team = f.TeamFactory(espn_id="12", logo_url="https://a.espncdn.com/x.png")
    data = {"name": team.name, "abbr": "", "sport": team.sport_id, "espn_id": "", "color": "", "logo_url": ""}
    response = client.post(reverse("admin:games_team_change", args=[team.pk]), data | inline("aliases", []))
    assert response.status_code == 302
    assert Team.objects.filter(espn_id=None, logo_url=None).count() == 1


def test_second_use_of_an_alias_is_refused_with_a_sentence(client: Client, staff: User) -> None:
    alias = f.TeamAliasFactory(name="LA Clippers")
    other = f.TeamFactory(sport=alias.sport)
    data = {
        "name": other.name,
        "abbr": "",
        "sport": other.sport_id,
        "espn_id": "",
        "color": "",
        "logo_url": "",
    }
    response = client.post(
        reverse("admin:games_team_change", args=[other.pk]),
        data | inline("aliases", [{"name": "LA Clippers", "team": other.pk}]),
    )
    assert response.status_code == 200
    assert "already has that alias" in response.text


def test_alias_that_is_another_team_s_name_is_refused(client: Client, staff: User) -> None:
    team = f.TeamFactory()
    other = f.TeamFactory(sport=team.sport, name="LA Clippers")
    response = client.post(reverse("admin:games_teamalias_add"), {"name": other.name, "team": team.pk})
    assert response.status_code == 200
    assert "Another team of this sport has that name." in response.text
    response = client.post(reverse("admin:games_teamalias_add"), {"name": "Clips", "team": team.pk})
    assert response.status_code == 302
    assert TeamAlias.objects.get().sport_id == team.sport_id


def save_game(client: Client, game: Game, **values: Any) -> Any:
    data = {"status": game.status, "home_score": "", "away_score": ""} | values
    return client.post(
        reverse("admin:games_game_change", args=[game.pk]),
        data | inline("placings", []) | inline("score_readings", []) | inline("commence_times", []),
    )


def test_result_saved_by_staff_is_a_reading_with_their_name(client: Client, staff: User) -> None:
    game = f.GameFactory()
    assert save_game(client, game, status="final", home_score=112, away_score=104).status_code == 302
    game.refresh_from_db()
    assert (game.status, game.home_score, game.away_score) == ("final", 112, 104)
    reading = ScoreReading.objects.get()
    assert (reading.source, reading.by) == ("staff", staff)


def test_saving_an_unchanged_game_records_nothing(client: Client, staff: User) -> None:
    game = f.GameFactory()
    assert save_game(client, game).status_code == 302
    assert not ScoreReading.objects.exists()


def test_result_that_contradicts_itself_is_refused_on_the_page(client: Client, staff: User) -> None:
    game = f.GameFactory()
    response = save_game(client, game, status="final")
    assert response.status_code == 200
    assert "A final match needs its score." in response.text
    game.refresh_from_db()
    assert game.status == "scheduled"


def test_placings_are_entered_on_the_page_of_an_outright(client: Client, staff: User) -> None:
    game = f.GameFactory(outright=True)
    response = client.post(
        reverse("admin:games_game_change", args=[game.pk]),
        {"status": "scheduled", "home_score": "", "away_score": ""}
        | inline(
            "placings", [{"participant": "Scottie Scheffler", "position": 1, "tied_with": 0, "game": game.pk}]
        )
        | inline("score_readings", [])
        | inline("commence_times", []),
    )
    assert response.status_code == 302
    assert Placing.objects.get().participant == "Scottie Scheffler"


def test_game_is_not_deleted_or_added_here(client: Client, staff: User) -> None:
    game = f.GameFactory()
    assert client.post(reverse("admin:games_game_delete", args=[game.pk]), {"post": "yes"}).status_code == 403
    assert client.get(reverse("admin:games_game_add")).status_code == 403
    client.post(
        reverse("admin:games_game_changelist"),
        {"action": "delete_selected", "_selected_action": game.pk, "post": "yes"},
    )
    assert Game.objects.filter(pk=game.pk).exists()


@pytest.mark.parametrize("factory", [f.ScoreReadingFactory, f.CommenceTimeFactory, f.PlayerStatFactory])
def test_evidence_cannot_be_edited(factory: type[DjangoModelFactory], client: Client, staff: User) -> None:
    row = factory()
    name = row._meta.model_name
    assert client.get(reverse(f"admin:games_{name}_change", args=[row.pk])).status_code == 200
    assert client.post(reverse(f"admin:games_{name}_change", args=[row.pk]), {}).status_code == 403
    assert (
        client.post(reverse(f"admin:games_{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    )


def test_games_whose_sources_disagree_can_be_listed(client: Client, staff: User) -> None:
    game = f.GameFactory(final=True, title="Contested")
    f.ScoreReadingFactory(game=game, home_score=1, away_score=0)
    f.GameFactory(final=True, title="Undisputed")
    page = client.get(reverse("admin:games_game_changelist"), {"sources": "disagree"}).text
    assert "Contested" in page
    assert "Undisputed" not in page


def test_staff_without_the_permission_cannot_set_a_result(client: Client) -> None:
    user = UserFactory(is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_game"))
    client.force_login(user)
    game = f.GameFactory()
    assert save_game(client, game, status="final", home_score=1, away_score=0).status_code == 403


def test_user_page_shows_the_preferences(client: Client, staff: User) -> None:
    user = UserFactory()
    page = client.get(reverse("admin:accounts_user_change", args=[user.pk])).text
    assert "odds_format" in page
    assert client.get(reverse("admin:accounts_user_add")).status_code == 200


@pytest.mark.parametrize("key", ["NBA", "basketball nba", "-1", "../sports", "[", "nba\n"])
def test_a_sports_key_is_one_the_feed_could_use(key: str) -> None:
    sport = f.SportFactory.build(key=key, title="Odd")
    with pytest.raises(ValidationError, match="as the odds feed does"):
        sport.clean_fields()
