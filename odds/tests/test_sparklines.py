from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from games.models import Game
from games.tests.factories import GameFactory
from odds.best_prices import Quote, best_on_main_lines
from odds.models import CurrentOdds
from odds.sparklines import draw, favourite, read_sparklines
from odds.tests.quoting import move, quote, selection

HOUR = dt.timedelta(hours=1)
NOW = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
T = int(NOW.timestamp())


def test_a_line_goes_in_steps_from_the_first_change_to_now_higher_for_a_shorter_price() -> None:
    changes = [(T - 3600, Decimal(100)), (T - 1800, Decimal(-150)), (T - 900, None)]
    assert draw(changes, NOW) == ("M0 17H30V1H60", Decimal(100), Decimal(-150))


@pytest.mark.parametrize(
    "changes", [[], [(T, Decimal(100))], [(T - 9, Decimal(100)), (T, Decimal(100))], [(T, None)]]
)
def test_a_price_that_has_not_moved_has_no_line(changes: list[tuple[int, Decimal | None]]) -> None:
    assert draw(changes, NOW) is None


@pytest.fixture
def game(db: None) -> Game:
    """The home team is the favourite, at −150 now and at +100 a day before."""
    made: Game = GameFactory(commence_time=timezone.now() + HOUR)
    quote(made, "h2h home", -150)
    quote(made, "h2h away", 130)
    home = selection(made, "h2h", "home")
    for hours, price in ((200, -900), (24, 100), (2, -150)):
        move(home, price, timezone.now() - hours * HOUR)
    return made


def best(game: Game) -> Quote:
    found = favourite(best_on_main_lines([game.pk])[game.pk])
    assert found is not None
    return found


def test_the_favourite_is_the_side_with_the_shortest_price(game: Game) -> None:
    assert (best(game).side, best(game).price) == ("home", Decimal(-150))


def test_the_line_is_that_of_the_last_week_and_is_read_once(
    game: Game, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    shown = best(game)
    with django_assert_num_queries(1):
        found = read_sparklines([shown], now=timezone.now())[shown.selection_id]
    assert (found.first, found.last, found.way) == (Decimal(100), Decimal(-150), "up")
    with django_assert_num_queries(0):
        assert read_sparklines([shown], now=timezone.now())[shown.selection_id].last == Decimal(-150)


def test_a_new_price_is_read_anew(game: Game) -> None:
    shown = best(game)
    read_sparklines([shown], now=timezone.now())
    move(selection(game, "h2h", "home"), -200, timezone.now() - dt.timedelta(minutes=1))
    CurrentOdds.objects.filter(price=-150).update(price=-200, changed_at=timezone.now())
    fresh = best(game)
    assert read_sparklines([fresh], now=timezone.now())[fresh.selection_id].last == Decimal(-200)


def test_the_board_draws_it_with_words_for_who_cannot_see_it(client: Client, game: Game) -> None:
    day = timezone.localtime(game.commence_time, timezone.get_default_timezone()).date()
    pages = [client.get(f"/?day={day + dt.timedelta(days=n)}").content.decode() for n in (-1, 0, 1)]
    (html,) = (page for page in pages if '<svg class="spark' in page)
    assert f"{game.home_team} at Draftkings, last 7 days: +100 to \N{MINUS SIGN}150" in html
    assert '<svg class="spark up"' in html
    assert "style=" not in html[html.index("board-group") :]
