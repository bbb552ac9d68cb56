from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from games.models import Game, GameStatus
from games.tests.factories import GameFactory
from odds.edges.page import EdgeKind, EdgeRequest, read_edges
from odds.models import Bookmaker
from odds.tests.factories import HeartbeatFactory
from odds.tests.quoting import quote

pytestmark = pytest.mark.django_db


def upcoming(**terms: object) -> Game:
    game: Game = GameFactory(**{"commence_time": timezone.now() + dt.timedelta(hours=3)} | terms)
    return game


def seen(game: Game, *, minutes: int = 0) -> None:
    """Every book that quotes the game was last seen that long ago."""
    at = timezone.now() - dt.timedelta(minutes=minutes)
    for book in Bookmaker.objects.filter(current_odds__game=game).distinct():
        HeartbeatFactory(game=game, bookmaker=book, seen_at=at, polled_at=at)


def arbitrage(*, minutes: int = 0, **terms: object) -> Game:
    game = upcoming(**terms)
    quote(game, "h2h home", 110, at="alpha")
    quote(game, "h2h away", 105, at="beta")
    seen(game, minutes=minutes)
    return game


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_an_arbitrage_shows_its_legs_and_the_split_of_the_stake(client: Client) -> None:
    game = arbitrage()
    page = text(client, "/edges/?kind=arbitrage&outlay=1000")
    assert str(game) in page
    assert "493.98" in page
    assert "506.02" in page
    assert "+37.34 on 1000.00, whatever happens" in page


def test_stakes_are_rounded_as_the_books_take_them(client: Client) -> None:
    arbitrage()
    page = text(client, "/edges/?kind=arbitrage&outlay=1000&step=5")
    assert "495.00" in page
    assert "505.00" in page


def test_an_edge_on_old_prices_is_hidden_and_counted(client: Client) -> None:
    game = arbitrage(minutes=30)
    page = text(client, "/edges/?kind=arbitrage")
    assert str(game) not in page
    assert "1 hidden" in page
    assert "Nothing to trust" in page
    shown = text(client, "/edges/?kind=arbitrage&phantoms=on")
    assert str(game) in shown
    assert "A price is 30 min old." in shown
    assert str(game) in text(client, "/edges/?kind=arbitrage&age=60")


def test_an_edge_too_good_to_be_true_is_hidden_and_doubted(client: Client) -> None:
    game = upcoming()
    quote(game, "h2h home", 150, at="alpha")
    quote(game, "h2h away", 150, at="beta")
    seen(game)
    assert "1 hidden" in text(client, "/edges/?kind=arbitrage")
    assert "Too good: look at both books" in text(client, "/edges/?kind=arbitrage&phantoms=on")


def test_games_in_play_are_left_out_unless_asked_for(client: Client) -> None:
    arbitrage(status=GameStatus.LIVE, commence_time=timezone.now() - dt.timedelta(hours=1))
    assert "No prices to compare" in text(client, "/edges/?kind=arbitrage")
    live = text(client, "/edges/?kind=arbitrage&live=on")
    assert "1 found" in live
    assert 'class="price-form"' not in live


def test_a_game_that_should_have_begun_is_left_out(client: Client) -> None:
    arbitrage(commence_time=timezone.now() - dt.timedelta(minutes=1))
    assert "No prices to compare" in text(client, "/edges/?kind=arbitrage")


def test_filters_narrow_by_sport_market_book_and_time(client: Client) -> None:
    game = arbitrage()
    for fits in (f"sport={game.sport_id}", "market=moneyline", "book=alpha&book=beta", "days=1"):
        assert "1 found" in text(client, f"/edges/?kind=arbitrage&{fits}"), fits
    for misses in ("sport=cricket_ipl", "market=total", "book=alpha"):
        assert "0 found" in text(client, f"/edges/?kind=arbitrage&{misses}"), misses


def test_a_value_bet_names_its_fair_price_and_its_books(client: Client) -> None:
    game = upcoming()
    for at, home, away in (("alpha", 114, -150), ("beta", -104, 104), ("gamma", -104, 104)):
        quote(game, "h2h home", home, at=at)
        quote(game, "h2h away", away, at=at)
    seen(game)
    page = text(client, "/edges/")
    assert "by 2 books" in page
    assert "quarter Kelly" in page
    assert text(client, "/edges/?fair=beta&method=shin").count("by 1 book ") >= 1


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("least=much", "Write a percentage such as 1.5."),
        ("outlay=abc&kind=arbitrage", "Write an amount such as 100."),
        ("outlay=-5&kind=arbitrage", "greater than or equal to 0.01"),
        ("days=9", "Select a valid choice"),
        ("book=" + "x" * 40, "Choose bookmakers from the list."),
    ],
)
def test_a_wrong_filter_is_named_and_the_page_stays(client: Client, query: str, sentence: str) -> None:
    assert sentence in text(client, f"/edges/?{query}")


@pytest.mark.parametrize("kind", EdgeKind)
def test_the_number_of_statements_does_not_depend_on_the_games(
    kind: EdgeKind, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        game = arbitrage()
        for at, low, high in (("alpha", "220.5", "-110"), ("beta", "222.5", "-108")):
            quote(game, "totals over", high, at=at, point=low)
            quote(game, "totals under", high, at=at, point=low)
    with django_assert_max_num_queries(2):
        found = read_edges(EdgeRequest(kind=kind), now=timezone.now())
    assert found.lines >= 3


@pytest.mark.parametrize("kind", EdgeKind)
@pytest.mark.parametrize("least", ["-100", "100", "0", "-0.00"])
def test_the_ends_of_the_smallest_edge_are_answered(client: Client, kind: EdgeKind, least: str) -> None:
    arbitrage()
    assert "found on" in text(client, f"/edges/?kind={kind}&least={least}")


def test_a_middle_of_an_old_and_a_fresh_line_is_counted_as_hidden(client: Client) -> None:
    game = upcoming()
    for at, point, minutes in (("alpha", "220.5", 30), ("beta", "222.5", 0)):
        for side in ("over", "under"):
            quote(game, f"totals {side}", -105, at=at, point=point)
        when = timezone.now() - dt.timedelta(minutes=minutes)
        HeartbeatFactory(game=game, bookmaker=Bookmaker.objects.get(key=at), seen_at=when, polled_at=when)
    assert "1 hidden" in text(client, "/edges/?kind=middle")
    assert "Wins both on 221 and 222" in text(client, "/edges/?kind=middle&phantoms=on")


def test_stakes_that_are_returned_at_the_point_itself_are_said_to_be(client: Client) -> None:
    game = upcoming()
    for at, side, price in (("alpha", "over", 110), ("beta", "under", 105)):
        quote(game, f"totals {side}", price, at=at, point="220")
    seen(game)
    page = text(client, "/edges/?kind=arbitrage&outlay=1000")
    assert "+37.34 on 1000.00; at exactly the point all stakes come back" in page
    assert "whatever happens" not in page


def test_a_lay_has_its_liability_and_the_stake_to_enter(client: Client) -> None:
    """Home backed at 2.20 and laid at 2.50 with 2 % commission."""
    game = upcoming(sport__key="basketball_nba")
    quote(game, "h2h home", 120, at="alpha")
    quote(game, "h2h away", -200, at="alpha")
    quote(game, "h2h_lay home", 150, at="exchange")
    Bookmaker.objects.filter(key="exchange").update(commission="0.02", is_exchange=True)
    seen(game)
    page = text(client, "/edges/?kind=low-hold&least=-20")
    back, lay = Fraction("2.2"), 1 + Fraction("0.98") / Fraction("1.5")
    liability = 100 * (1 / lay) / (1 / back + 1 / lay)
    assert f">{float(liability):.2f}<" in page
    assert f"liability of a lay of {float(liability / Fraction('1.5')):.2f}" in page
    assert "after 2.0% commission" in page
