from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from games.tests.factories import GameFactory
from odds.best_prices import GamePrices, best_on_main_lines, short_code
from odds.tests.factories import NOON
from odds.tests.quoting import book, full_market, quote

pytestmark = pytest.mark.django_db


def prices_of(game: object) -> GamePrices:
    return best_on_main_lines([game.pk])[game.pk]


def test_the_best_price_is_the_highest_american_odds() -> None:
    game = GameFactory()
    quote(game, "h2h home", -150, at="a")
    quote(game, "h2h home", -142, at="b")
    quote(game, "h2h home", -155, at="c")
    quote(game, "h2h away", 124, at="a")
    quote(game, "h2h away", 128, at="c")
    found = prices_of(game)
    home, away = found.get("h2h", "home"), found.get("h2h", "away")
    assert home is not None
    assert (home.price, home.book_key) == (Decimal(-142), "b")
    assert away is not None
    assert (away.price, away.book_key) == (Decimal(128), "c")
    assert found.books == 3


def test_the_main_line_is_the_point_most_books_quote() -> None:
    game = GameFactory()
    for at, point, price in (("a", "-2.5", -112), ("b", "-2.5", -110), ("c", "-3", 100)):
        quote(game, "spreads home", price, at=at, point=point)
        quote(game, "spreads away", -108, at=at, point=str(-Decimal(point)))
    home = prices_of(game).get("spreads", "home")
    away = prices_of(game).get("spreads", "away")
    assert home is not None
    assert (home.point, home.price) == (Decimal("-2.5"), Decimal(-110))
    assert away is not None
    assert away.point == Decimal("2.5")


def test_of_points_with_equally_many_books_the_one_nearest_even_money_is_the_main_line() -> None:
    game = GameFactory()
    quote(game, "totals over", -140, at="a", point="218.5")
    quote(game, "totals under", 118, at="a", point="218.5")
    quote(game, "totals over", -108, at="b", point="221")
    quote(game, "totals under", -112, at="b", point="221")
    over = prices_of(game).get("totals", "over")
    assert over is not None
    assert over.point == Decimal(221)


def test_of_equal_prices_the_book_that_has_held_it_longest_is_shown() -> None:
    game = GameFactory()
    quote(game, "h2h home", -110, at="late", changed_at=NOON)
    quote(game, "h2h home", -110, at="early", changed_at=NOON - dt.timedelta(hours=1))
    found = prices_of(game).get("h2h", "home")
    assert found is not None
    assert found.book_key == "early"


def test_a_book_switched_off_is_left_out() -> None:
    game = GameFactory()
    quote(game, "h2h home", 150, at="off")
    quote(game, "h2h home", 110, at="on")
    off = book("off")
    off.active = False
    off.save(update_fields=["active"])
    found = prices_of(game)
    best = found.get("h2h", "home")
    assert best is not None
    assert best.book_key == "on"
    assert found.books == 1


def test_lay_prices_and_props_are_no_part_of_the_board() -> None:
    game = GameFactory()
    quote(game, "h2h_lay home", 300)
    quote(game, "player_points over", 105, point="20.5", participant="Somebody")
    assert best_on_main_lines([game.pk]) == {}


def test_many_games_take_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    games = GameFactory.create_batch(4)
    for game in games:
        full_market(game, books=3)
    with django_assert_num_queries(1):
        found = best_on_main_lines([game.pk for game in games])
    assert len(found) == 4
    assert all(len(prices.quotes) == 6 for prices in found.values())


def test_no_games_take_no_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        assert best_on_main_lines([]) == {}


@pytest.mark.parametrize(
    ("previous", "seconds", "shown"),
    [(-120, 5, "up"), (-105, 5, "down"), (-120, 61, ""), (None, 5, ""), (-110, 5, "")],
)
def test_a_change_shows_for_one_minute(previous: int | None, seconds: int, shown: str) -> None:
    game = GameFactory()
    quote(game, "h2h home", -110, previous=previous)
    found = prices_of(game).get("h2h", "home")
    assert found is not None
    assert found.change(NOON + dt.timedelta(seconds=seconds)) == shown


@pytest.mark.parametrize(
    ("title", "short", "code"),
    [
        ("DraftKings", "DK", "DK"),
        ("Pinnacle", "", "PI"),
        ("Hard Rock Bet", "", "HR"),
        ("PointsBet (US)", "", "PU"),
        ("×", "", ""),
    ],
)
def test_a_book_without_a_short_name_gets_two_letters(title: str, short: str, code: str) -> None:
    assert short_code(title, short) == code
