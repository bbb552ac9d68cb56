from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.tests.factories import UserFactory
from games.models import Game, GameStatus
from games.tests.factories import CommenceTimeFactory, GameFactory, ScoreReadingFactory
from odds.models import Selection
from odds.tests.factories import HeartbeatFactory
from odds.tests.quoting import book, full_market, move, quote, selection

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
START = dt.datetime(2026, 3, 20, 23, 0, tzinfo=dt.UTC)


@pytest.fixture
def game() -> Game:
    """Over now; announced two days before, priced from a day before on."""
    made: Game = GameFactory(final=True, home_score=112, away_score=104, commence_time=START)
    CommenceTimeFactory(game=made, commence_time=START, seen_at=START - 48 * HOUR)
    ScoreReadingFactory(game=made, read_at=START + 3 * HOUR)
    HeartbeatFactory(game=made, bookmaker=book("draftkings"), seen_at=START)
    return made


@pytest.fixture
def home(game: Game) -> Selection:
    found = selection(game, "h2h", "home")
    move(found, -110, START - 24 * HOUR)
    move(found, -170, START - 2 * HOUR)
    quote(game, "h2h home", -170)
    return found


def page(client: Client, path: str, **headers: str) -> str:
    response = client.get(path, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def when(hours: float) -> str:
    return (START + hours * HOUR).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_the_board_shows_the_prices_of_then_and_says_so(client: Client, game: Game, home: Selection) -> None:
    html = page(client, f"/?at={when(-12)}")
    assert str(game.home_team) in html
    assert "\N{MINUS SIGN}110" in html
    assert "\N{MINUS SIGN}170" not in html
    assert "As of <time" in html
    assert "Fri 20 Mar 2026, 7:00:00 AM EDT" in html


def test_nothing_of_the_past_can_be_bet_on_and_nothing_refreshes(
    client: Client, game: Game, home: Selection
) -> None:
    for path in (f"/?at={when(-12)}", f"/games/{game.pk}/?at={when(-12)}"):
        html = page(client, path)
        assert "price-form" not in html
        assert "data-refresh-seconds" not in html


def test_a_game_stands_as_it_stood_then(client: Client, game: Game, home: Selection) -> None:
    assert 'class="score"' not in page(client, f"/?at={when(-12)}")
    assert "no score yet" in page(client, f"/?at={when(1)}&day=2026-03-20")
    after = page(client, f"/?at={when(4)}&day=2026-03-20")
    assert '<span class="score">112</span>' in after
    assert Game.objects.get().status == GameStatus.FINAL


def test_the_start_is_the_one_announced_by_then(client: Client, game: Game, home: Selection) -> None:
    CommenceTimeFactory(game=game, commence_time=START, seen_at=START - HOUR)
    game.commence_times.filter(seen_at=START - 48 * HOUR).update(commence_time=START - HOUR)
    assert "6:00 PM" in page(client, f"/?at={when(-12)}")
    assert "7:00 PM" in page(client, f"/?at={when(-0.5)}")


def test_a_game_not_announced_by_then_is_not_on_the_board(
    client: Client, game: Game, home: Selection
) -> None:
    html = page(client, f"/?at={when(-72)}&day=2026-03-20")
    assert str(game.home_team) not in html
    assert "Nothing of that day had been announced by then" in html


def test_a_game_moved_since_stands_on_the_day_it_was_announced_for_then(
    client: Client, game: Game, home: Selection
) -> None:
    later = START + 48 * HOUR
    CommenceTimeFactory(game=game, commence_time=later, seen_at=START - HOUR)
    Game.objects.update(commence_time=later)
    name = str(game.home_team)
    assert name in page(client, f"/?at={when(-12)}&day=2026-03-20")
    assert name not in page(client, f"/?at={when(-12)}&day=2026-03-22")
    assert name not in page(client, f"/?at={when(-0.5)}&day=2026-03-20")
    assert name in page(client, f"/?at={when(-0.5)}&day=2026-03-22")


def test_a_game_still_under_way_after_midnight_stands_on_the_board_of_then(
    client: Client, game: Game, home: Selection
) -> None:
    midnight = dt.datetime(2026, 3, 21, 4, 0, tzinfo=dt.UTC)  # in New York
    ScoreReadingFactory(game=game, read_at=midnight - HOUR, status="live", home_score=50, away_score=48)
    game.score_readings.filter(status="final").update(read_at=midnight + HOUR)
    name = str(game.home_team)
    assert name in page(client, f"/?at={midnight + HOUR / 2:%Y-%m-%dT%H:%M:%SZ}")
    assert name not in page(client, f"/?at={midnight + 2 * HOUR:%Y-%m-%dT%H:%M:%SZ}")


def test_a_past_board_is_in_the_order_of_then(client: Client, game: Game, home: Selection) -> None:
    other = GameFactory(commence_time=START - 2 * HOUR)
    CommenceTimeFactory(game=other, commence_time=START + HOUR, seen_at=START - 48 * HOUR)
    CommenceTimeFactory(game=other, commence_time=START - 2 * HOUR, seen_at=START - 3 * HOUR)
    for at, first, second in ((-12, game, other), (-2.5, other, game)):
        html = page(client, f"/?at={when(at)}&day=2026-03-20&group=time")
        assert html.index(str(first.home_team)) < html.index(str(second.home_team))


def test_the_grid_shows_the_prices_of_then_with_the_changes_beside(
    client: Client, game: Game, home: Selection
) -> None:
    html = page(client, f"/games/{game.pk}/?at={when(-12)}")
    grids = html[html.index('id="grids"') : html.index('id="movement"')]
    assert "\N{MINUS SIGN}110" in grids
    assert "\N{MINUS SIGN}170" not in grids
    assert f"at={when(-24)}".replace(":", "%3A") in grids
    assert f"at={when(-2)}".replace(":", "%3A") in grids
    assert "112" not in html[: html.index('id="grids"')]


def test_before_the_first_capture_the_page_says_when_it_came(
    client: Client, game: Game, home: Selection
) -> None:
    html = page(client, f"/games/{game.pk}/?at={when(-30)}")
    assert "nothing yet. The first prices came in at Thu 19 Mar 2026, 7:00:00 PM" in html
    assert "No book offered these lines then" in html


def test_the_slider_is_a_form_that_works_without_script(client: Client, game: Game, home: Selection) -> None:
    html = page(client, f"/games/{game.pk}/")
    assert f'min="{int((START - 24 * HOUR).timestamp())}"' in html
    assert f'max="{int(START.timestamp())}"' in html
    assert '<button class="button" type="submit">Show</button>' in html
    moved = page(client, f"/games/{game.pk}/?tab=main&at={int((START - 12 * HOUR).timestamp())}")
    assert "Fri 20 Mar 2026, 7:00:00 AM EDT" in moved


def test_htmx_gets_the_grids_of_then_with_the_header_that_belongs_to_them(
    client: Client, game: Game, home: Selection
) -> None:
    part = page(client, f"/games/{game.pk}/?at={when(-12)}", **{"HX-Request": "true", "HX-Target": "grids"})
    assert "<html" not in part
    assert 'id="game-header" hx-swap-oob="true"' in part
    assert "As of <time" in part


def test_an_instant_without_a_zone_is_the_reader_s(client: Client, game: Game, home: Selection) -> None:
    client.force_login(UserFactory(time_zone="Asia/Tokyo"))
    assert "Fri 20 Mar 2026, 8:00:00 PM JST" in page(client, "/?at=2026-03-20T20:00:00")


@pytest.mark.parametrize("path", ["/", "game"])
@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("yesterday", "at: write an instant such as 2026-11-20T19:30"),
        ("2099-01-01T00:00:00Z", "at: that has not come yet; now it is"),
        ("1066-10-14T09:00:00Z", "at: choose an instant from 2000-01-01 on."),
        ("2026-02-30T00:00", "at: write an instant"),
        ("9" * 41, "at: "),
        ("-1", "at: write an instant"),
    ],
)
def test_an_instant_that_cannot_be_shown_is_refused_with_a_reason(
    client: Client, game: Game, path: str, at: str, said: str
) -> None:
    response = client.get(f"/?at={at}" if path == "/" else f"/games/{game.pk}/?at={at}")
    assert response.status_code == 400
    assert said in response.content.decode()


def test_the_present_by_a_clock_a_little_ahead_is_the_present(client: Client, game: Game) -> None:
    ahead = (timezone.now() + dt.timedelta(seconds=20)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert client.get(f"/?at={ahead}").status_code == 200


def test_a_past_board_is_not_sifted_by_the_states_of_today(client: Client) -> None:
    response = client.get(f"/?at={when(0)}&status=live")
    assert response.status_code == 400
    assert "at: a past board is shown whole" in response.content.decode()


def test_past_pages_take_as_many_statements_for_one_game_as_for_many(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    games = [GameFactory(commence_time=START + n * dt.timedelta(minutes=1)) for n in range(5)]
    for game in games:
        full_market(game, books=3)
        move(selection(game, "h2h", "home"), -110, START - HOUR, at="book0")
    with django_assert_num_queries(7):
        client.get(f"/?at={when(-0.5)}")
    with django_assert_num_queries(9):
        client.get(f"/games/{games[0].pk}/?at={when(-0.5)}")
