from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from fractions import Fraction

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.tests.factories import UserFactory
from games.models import Game
from games.tests.factories import GameFactory
from odds.chart_data import payload
from odds.models import Selection
from odds.movement import Change, moved, newest_changes, read_movement
from odds.tests.factories import NOON, HeartbeatFactory
from odds.tests.quoting import book, move, selection

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def game() -> Game:
    made: Game = GameFactory(commence_time=NOON + 6 * HOUR)
    return made


@pytest.fixture
def home(game: Game) -> Selection:
    return selection(game, "h2h", "home")


def address(game: Game, query: str) -> str:
    return f"/games/{game.pk}/movement.json{query}"


def test_each_book_has_its_changes_in_the_order_of_time(game: Game, home: Selection) -> None:
    move(home, -120, NOON + HOUR, at="b")
    move(home, -110, NOON, at="b")
    move(home, 105, NOON, at="a")
    found = read_movement(game.pk, selection=home.pk, market="h2h", seen={("b", "featured"): NOON + 2 * HOUR})
    assert [series.book_key for series in found.series] == ["a", "b"]
    assert [change.price for change in found.series[1].changes] == [Decimal(-110), Decimal(-120)]
    assert found.series[1].until == NOON + 2 * HOUR
    assert found.changes == 3


def test_a_spread_keeps_its_changing_points_in_one_series(game: Game) -> None:
    spread = selection(game, "spreads", "home")
    move(spread, -110, NOON, point="-2.5")
    move(spread, -105, NOON + HOUR, point="-3")
    (series,) = read_movement(game.pk, selection=spread.pk, market="spreads", seen={}).series
    assert [change.point for change in series.changes] == [Decimal("-2.5"), Decimal(-3)]


def test_a_market_of_many_lines_is_drawn_at_the_one_most_books_have_quoted(game: Game) -> None:
    over = selection(game, "player_points", "over", "Ann Able")
    for at, point in (("a", "20.5"), ("b", "20.5"), ("b", "24.5"), ("a", "20.5")):
        move(over, -110, NOON, at=at, point=point)
    found = read_movement(game.pk, selection=over.pk, market="player_points", seen={})
    assert found.point == Decimal("20.5")
    assert found.changes == 3


@pytest.mark.parametrize(
    ("first", "last", "points"),
    [
        ((Fraction(1, 2), None), (Fraction(1, 2), None), Decimal(0)),
        ((Fraction(1, 2), None), (Fraction(3, 5), None), Decimal(10)),
        ((Fraction(1, 2), "-2.5"), (Fraction(1, 3), "-2.5"), Decimal("-16.7")),
        ((Fraction(1, 2), "-2.5"), (Fraction(1, 2), "-3"), None),
        ((None, None), (Fraction(1, 2), None), None),
    ],
)
def test_a_move_is_told_in_percentage_points_of_no_vig_chance_of_one_line(
    first: tuple[Fraction | None, str | None],
    last: tuple[Fraction | None, str | None],
    points: Decimal | None,
) -> None:
    before, after = (
        Change(NOON, Decimal(-110), None if point is None else Decimal(point), fair)
        for fair, point in (first, last)
    )
    assert moved(before, after) == points


def test_the_chart_gets_probabilities_texts_and_gaps(game: Game, home: Selection) -> None:
    move(home, -110, NOON)
    move(home, None, NOON + HOUR)
    found = read_movement(game.pk, selection=home.pk, market="h2h", seen={})
    body = payload(found, odds_format="decimal", zone="Asia/Tokyo", start=game.commence_time, now=NOON)
    assert body["start"] == int(game.commence_time.timestamp())
    assert body["zone"] == "Asia/Tokyo"
    assert body["books"] == [
        {
            "key": "draftkings",
            "title": "Draftkings",
            "until": None,
            "t": [int(NOON.timestamp()), int((NOON + HOUR).timestamp())],
            "p": [0.52381, None],
            "f": [None, None],
            "x": [None, None],
            "text": ["1.91", "withdrawn"],
        }
    ]


def test_the_table_beside_the_chart_lists_the_newest_changes_first(game: Game, home: Selection) -> None:
    for hour in range(5):
        move(home, -110 - hour, NOON + hour * HOUR)
    found = read_movement(game.pk, selection=home.pk, market="h2h", seen={})
    assert [change.price for _, change in newest_changes(found, 2)] == [Decimal(-114), Decimal(-113)]


def test_a_stranger_may_read_the_series(client: Client, game: Game, home: Selection) -> None:
    move(home, 130, NOON)
    HeartbeatFactory(game=game, bookmaker=book("draftkings"), seen_at=NOON + HOUR)
    response = client.get(address(game, f"?market=h2h&selection={home.pk}"))
    body = json.loads(response.content)
    assert body["format"] == "american"
    assert body["books"][0]["text"] == ["+130"]
    assert body["books"][0]["until"] == int((NOON + HOUR).timestamp())


def test_texts_follow_the_reader_s_odds_format(client: Client, game: Game, home: Selection) -> None:
    client.force_login(UserFactory(odds_format="fractional"))
    move(home, 150, NOON)
    body = json.loads(client.get(address(game, f"?selection={home.pk}")).content)
    assert body["books"][0]["text"] == ["3/2"]


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("", 400, "selection: name the selection to draw."),
        ("?selection=abc", 400, "selection: write the number"),
        ("?selection=-4", 400, "selection: "),
        ("?selection=99999999999999999999999", 400, "selection: "),
        ("?selection=987654321", 404, "no such selection"),
    ],
)
def test_a_series_that_cannot_be_named_is_refused_with_a_reason(
    client: Client, game: Game, query: str, status: int, said: str
) -> None:
    response = client.get(address(game, query))
    assert response.status_code == status
    assert said in response.json()["errors"][0]


def test_a_selection_of_another_market_or_game_is_not_found(
    client: Client, game: Game, home: Selection
) -> None:
    other = selection(GameFactory(), "h2h", "home")
    assert client.get(address(game, f"?market=totals&selection={home.pk}")).status_code == 404
    assert client.get(address(game, f"?selection={other.pk}")).status_code == 404


def test_the_series_takes_three_statements(
    client: Client, game: Game, home: Selection, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for at in "abcdef":
        move(home, -110, NOON, at=at)
    with django_assert_num_queries(3):
        client.get(address(game, f"?selection={home.pk}"))
