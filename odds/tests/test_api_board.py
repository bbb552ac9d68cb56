"""The API's board is read without objects, and says what the page's reading says."""

from __future__ import annotations

import datetime as dt
from itertools import product
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from games.tests.factories import GameFactory, SportFactory
from odds.api import board_rows, prices
from odds.tests.factories import HeartbeatFactory
from odds.tests.quoting import book, full_market, quote

pytestmark = pytest.mark.django_db

ADDRESS = "/api/v1/odds/board/"


@pytest.fixture
def noon() -> dt.datetime:
    """Noon of the present day in UTC: games around it are on its board whenever this runs."""
    return timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
def market(noon: dt.datetime) -> None:
    """Matches of three sports in every state, with draws, equal points, equal prices, and prices of different moments."""
    soccer = SportFactory(key="soccer_epl", title="Premier League")
    hockey = SportFactory(key="icehockey_nhl", title="NHL")
    full_market(GameFactory(commence_time=noon, sport=soccer), draw=True)
    full_market(GameFactory(commence_time=noon, sport=hockey))
    GameFactory(commence_time=noon, sport=hockey)
    GameFactory(live=True, commence_time=noon - dt.timedelta(hours=14))
    final = GameFactory(final=True, commence_time=noon - dt.timedelta(hours=2))
    quote(final, "h2h home", -110, at="one")
    torn = GameFactory(commence_time=noon + dt.timedelta(hours=1))
    quote(torn, "h2h home", 300, at="one")
    quote(torn, "h2h away", 300, at="two")
    tied = GameFactory(commence_time=noon + dt.timedelta(hours=2))
    for at, point in (("one", "-2.5"), ("two", "-3")):
        quote(tied, "spreads home", -110, at=at, point=point)
        quote(tied, "spreads away", -106, at=at, point=point.removeprefix("-"))
        quote(tied, "totals under", -110, at=at, point="221.5")
        HeartbeatFactory(game=tied, bookmaker=book(at), seen_at=noon)


def told(client: Client, query: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """The board without objects, and made of the page's."""
    found = []
    for read in (board_rows.read_rows, lambda *_, **__: None):
        cache.clear()
        monkeypatch.setattr(prices, "read_rows", read)
        answer = client.get(ADDRESS + query)
        assert answer.status_code == 200, answer.content
        found.append(answer.json())
    return found[0], found[1]


@pytest.mark.usefixtures("market")
@pytest.mark.parametrize(
    ("order", "status", "sport"),
    list(product(("time", "sport"), ("all", "live", "upcoming", "final"), ("", "icehockey_nhl"))),
)
def test_both_readings_say_the_same(
    client: Client, monkeypatch: pytest.MonkeyPatch, order: str, status: str, sport: str
) -> None:
    query = f"?zone=UTC&order={order}&status={status}" + (f"&sport={sport}" if sport else "")
    plain, made = told(client, query, monkeypatch)
    assert plain == made


@pytest.mark.usefixtures("market")
def test_they_say_something(client: Client) -> None:
    told = client.get(f"{ADDRESS}?zone=UTC").json()
    assert told["games"] == len(told["results"]) == 7
    assert {len(game["prices"]) for game in told["results"]} >= {0, 1, 2, 3, 6}
    assert {game["hold"] is None for game in told["results"]} == {True, False}
    assert told["seen_at"] is not None


@pytest.mark.parametrize("query", ["?zone=UTC&day=2020-01-01", "?zone=UTC&page=2", "?zone=UTC&page=9000"])
def test_both_say_the_same_of_pages_without_games(
    client: Client, monkeypatch: pytest.MonkeyPatch, market: None, query: str
) -> None:
    plain, made = told(client, query, monkeypatch)
    assert plain == made


def test_both_turn_the_pages_alike(
    client: Client, monkeypatch: pytest.MonkeyPatch, market: None, noon: dt.datetime
) -> None:
    monkeypatch.setattr(board_rows, "PAGE_SIZE", 3)
    monkeypatch.setattr("odds.board.PAGE_SIZE", 3)
    board_rows.games_query.cache_clear()
    for page in (1, 2, 3, 4):
        plain, made = told(client, f"?zone=UTC&page={page}", monkeypatch)
        assert plain == made
    board_rows.games_query.cache_clear()


def test_the_sql_is_worked_out_once_but_not_what_it_is_asked_with(
    client: Client, monkeypatch: pytest.MonkeyPatch, market: None, noon: dt.datetime
) -> None:
    games = set()
    for day, zone in (
        (0, "Asia/Tokyo"),
        (0, "Pacific/Honolulu"),
        (1, "Asia/Tokyo"),
        (-1, "Pacific/Honolulu"),
    ):
        query = f"?zone={zone}&day={noon + dt.timedelta(days=day):%Y-%m-%d}"
        plain, made = told(client, query, monkeypatch)
        assert plain == made
        games.add(plain["games"])
    assert len(games) > 1


@pytest.mark.usefixtures("market")
def test_a_board_takes_three_statements(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.get(f"{ADDRESS}?zone=UTC&page=1&status=all")
    cache.clear()
    with django_assert_num_queries(3):
        assert client.get(f"{ADDRESS}?zone=UTC").json()["games"] == 7
