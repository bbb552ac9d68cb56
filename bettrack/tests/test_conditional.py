from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from redis.exceptions import ConnectionError as NoRedis

from accounts.tests.factories import UserFactory
from bets.tests.factories import BankrollFactory
from feeds.payloads import parse_odds
from games.models import Game, GameStatus, Sport, Team
from games.tests.factories import GameFactory
from odds import conditional
from odds.ingest import ingest_odds
from odds.models import Bookmaker, CurrentOdds, Heartbeat
from odds.tests.quoting import full_market, quote
from odds.wording import next_minute

pytestmark = pytest.mark.django_db(transaction=True)
BOARD = {"HX-Request": "true", "HX-Target": "board"}
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def game() -> Game:
    made: Game = GameFactory(commence_time=timezone.now() + 90 * MINUTE)
    full_market(made)
    return made


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[dt.timedelta], None]:
    """Stands still at the beginning of a minute of the present; call it to let time pass."""
    instants = [timezone.now().replace(second=5, microsecond=0)]
    monkeypatch.setattr(timezone, "now", lambda: instants[-1])
    return lambda passed: instants.append(instants[-1] + passed)


def again(client: Client, path: str, response: HttpResponse, **headers: str) -> Any:
    return client.get(path, headers={"If-None-Match": response.headers["ETag"], **headers})


def seen_twice(client: Client, path: str, **headers: str) -> Any:
    """The second answer: by then the visitor has the cookie for forms."""
    client.get(path, headers=headers)
    return client.get(path, headers=headers)


@pytest.mark.parametrize("headers", [{}, BOARD])
@pytest.mark.parametrize("signed_in", [False, True])
def test_an_unchanged_board_is_not_sent_again_and_asks_the_database_nothing(
    client: Client, game: Game, headers: dict[str, str], signed_in: bool
) -> None:
    if signed_in:
        client.force_login(UserFactory())
    first = seen_twice(client, "/", **headers)
    with CaptureQueriesContext(connection) as queries:
        second = again(client, "/", first, **headers)
    assert (second.status_code, second.content) == (304, b"")
    assert len(queries) == 0
    assert second.headers["ETag"] == first.headers["ETag"]
    assert "private" in second.headers["Cache-Control"]
    assert {"Cookie", "HX-Request"} <= set(second.headers["Vary"].split(", "))


def test_an_unchanged_game_page_asks_the_database_nothing(client: Client, game: Game) -> None:
    path = f"/games/{game.pk}/"
    first = seen_twice(client, path)
    with CaptureQueriesContext(connection) as queries:
        assert again(client, path, first).status_code == 304
    assert len(queries) == 0


def test_the_page_and_its_part_are_not_taken_for_one_another(client: Client, game: Game) -> None:
    whole = seen_twice(client, "/")
    assert again(client, "/", whole, **BOARD).status_code == 200
    assert again(client, "/?status=live", whole).status_code == 200


def poll(game: Game) -> None:
    now = timezone.now()
    event = {
        "id": game.external_id,
        "sport_key": game.sport_id,
        "sport_title": "NBA",
        "commence_time": game.commence_time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "home_team": game.home_team.name if game.home_team else "",
        "away_team": game.away_team.name if game.away_team else "",
        "bookmakers": [
            {
                "key": "pinnacle",
                "title": "Pinnacle",
                "last_update": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "markets": [
                    {
                        "key": "h2h",
                        "outcomes": [
                            {"name": game.home_team.name if game.home_team else "", "price": 120},
                            {"name": game.away_team.name if game.away_team else "", "price": -140},
                        ],
                    }
                ],
            }
        ],
    }
    counts = ingest_odds(events=parse_odds(json.dumps([event]).encode()).events, captured_at=now)
    assert counts.snapshots == 2


def final(game: Game) -> None:
    Game.objects.filter(pk=game.pk).update(status=GameStatus.FINAL, home_score=100, away_score=90)


def rename(game: Game) -> None:
    team = Team.objects.get(home_games=game)
    team.name = "Another Name"
    team.save()


CHANGES: dict[str, Callable[[Game], object]] = {
    "a poll of the feed": poll,
    "a result": final,
    "a new game": lambda game: GameFactory(commence_time=game.commence_time),
    "a game taken away": lambda game: game.delete(),
    "a team renamed": rename,
    "a price by hand": lambda game: quote(game, "h2h home", 150, at="pinnacle"),
    "prices updated in bulk": lambda game: CurrentOdds.objects.update(price=-120),
    "a line withdrawn": lambda game: CurrentOdds.objects.first().delete(),  # type: ignore[union-attr]
    "a book put out of use": lambda game: Bookmaker.objects.update(active=False),
    "a sport renamed": lambda game: Sport.objects.update(title="Basketball"),
    "a book seen again": lambda game: Heartbeat.objects.create(
        game=game, bookmaker=Bookmaker.objects.all()[0], seen_at=timezone.now(), polled_at=timezone.now()
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize("headers", [{}, BOARD], ids=["page", "part"])
def test_every_change_of_games_and_prices_is_seen_at_once(
    client: Client, game: Game, change: Callable[[Game], object], headers: dict[str, str]
) -> None:
    first = seen_twice(client, "/", **headers)
    assert again(client, "/", first, **headers).status_code == 304
    change(game)
    assert again(client, "/", first, **headers).status_code == 200


def test_what_belongs_to_the_visitor_is_part_of_the_page(client: Client, game: Game) -> None:
    user = UserFactory()
    client.force_login(user)
    line = CurrentOdds.objects.select_related("bookmaker").filter(selection__market="h2h")[0]
    steps: list[Callable[[], object]] = [
        lambda: client.post("/account/theme/", {"theme": "dark"}),
        lambda: type(user).objects.filter(pk=user.pk).update(odds_format="decimal"),
        lambda: type(user).objects.filter(pk=user.pk).update(time_zone="Asia/Tokyo"),
        lambda: BankrollFactory(user=user),
        lambda: client.post(
            "/bets/slip/add/",
            {
                "selection": line.selection_id,
                "bookmaker": line.bookmaker.key,
                "price": line.price,
                "point": "",
            },
        ),
        lambda: client.post("/accounts/logout/"),
    ]
    for step in steps:
        held = seen_twice(client, "/")
        assert again(client, "/", held).status_code == 304
        step()
        assert again(client, "/", held).status_code == 200


def test_the_session_of_another_does_not_answer_for_mine(client: Client, game: Game) -> None:
    client.force_login(UserFactory())
    mine = seen_twice(client, "/")
    other = Client()
    other.force_login(UserFactory())
    assert again(other, "/", mine).status_code == 200
    assert again(Client(), "/", mine).status_code == 200


def test_the_words_of_time_are_not_kept_longer_than_they_are_true(
    client: Client, game: Game, clock: Callable[[dt.timedelta], None]
) -> None:
    game.commence_time = timezone.now() + 40 * MINUTE + dt.timedelta(seconds=30)
    game.save()
    first = seen_twice(client, "/")
    assert "in 40 min" in first.content.decode()
    clock(dt.timedelta(seconds=29))
    assert again(client, "/", first).status_code == 304
    clock(dt.timedelta(seconds=2))
    second = again(client, "/", first)
    assert second.status_code == 200
    assert "in 39 min" in second.content.decode()


def test_bets_close_with_the_start_though_nothing_is_written(
    client: Client, game: Game, clock: Callable[[dt.timedelta], None]
) -> None:
    game.commence_time = timezone.now() + dt.timedelta(seconds=20)
    game.save()
    first = seen_twice(client, "/", **BOARD)
    assert "price-form" in first.content.decode()
    clock(dt.timedelta(seconds=20))
    assert "price-form" not in again(client, "/", first, **BOARD).content.decode()


def test_the_mark_of_a_change_goes_after_its_minute(
    client: Client, game: Game, clock: Callable[[dt.timedelta], None]
) -> None:
    quote(game, "h2h home", 300, previous=250, changed_at=timezone.now() - dt.timedelta(seconds=50), at="x")
    first = seen_twice(client, "/", **BOARD)
    assert 'class="price up"' in first.content.decode()
    clock(dt.timedelta(seconds=11))
    second = again(client, "/", first, **BOARD)
    assert second.status_code == 200
    assert 'class="price up"' not in second.content.decode()


def test_nothing_is_kept_for_more_than_a_minute(
    client: Client, clock: Callable[[dt.timedelta], None]
) -> None:
    first = seen_twice(client, "/?day=2020-01-01")
    clock(dt.timedelta(seconds=61))
    assert again(client, "/?day=2020-01-01", first).status_code == 200


def test_without_redis_the_page_is_made_as_ever(
    client: Client, game: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise NoRedis("refused")

    first = seen_twice(client, "/")
    monkeypatch.setattr(cache, "get_many", refuse)
    second = again(client, "/", first)
    assert second.status_code == 200
    assert "ETag" not in second.headers


@pytest.mark.parametrize("tag", ['"abc"', "*", 'W/"', 'W/"' + "0" * 32 + '-9999999999999"'])
def test_a_tag_that_is_not_ours_is_no_reason_not_to_answer(client: Client, game: Game, tag: str) -> None:
    assert client.get("/", headers={"If-None-Match": tag}).status_code == 200


def test_pages_that_are_not_marked_have_no_tag(client: Client) -> None:
    assert "ETag" not in client.get("/accounts/login/").headers
    assert "ETag" not in client.get("/nowhere/").headers


@pytest.mark.parametrize(
    ("away", "left"), [(0, 60), (-1, 59), (-59, 1), (-61, 59), (30, 1), (0.5, 0.5), (61, 1), (120, 60)]
)
def test_minutes_change_on_the_minute_of_their_instant(away: float, left: float) -> None:
    now = timezone.now()
    assert next_minute(now + dt.timedelta(seconds=away), now) - now == dt.timedelta(seconds=left)


def test_a_page_is_kept_until_the_first_of_its_instants() -> None:
    now = timezone.now()
    response = HttpResponse()
    conditional.keep_until(response, [now - MINUTE, now + dt.timedelta(seconds=9), now + MINUTE], now=now)
    assert getattr(response, conditional.UNTIL) == now + dt.timedelta(seconds=9)
