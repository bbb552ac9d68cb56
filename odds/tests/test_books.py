from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from games.models import Game
from games.tests.factories import GameFactory, SportFactory
from odds.book_report import books_now
from odds.closing_accuracy import Accuracy, closing_accuracy
from odds.edges.offers import lines_of
from odds.first_movers import Move, first_movers, leads_of
from odds.models import Bookmaker
from odds.tasks import compare_books
from odds.tests.factories import HeartbeatFactory, PriceImportFactory
from odds.tests.quoting import book, full_market, move, selection
from odds.tests.test_edges import row

START = dt.datetime(2026, 11, 20, 20, 0, tzinfo=dt.UTC)


def test_the_hold_is_of_whole_markets_and_the_best_price_shared() -> None:
    lines = lines_of(
        [
            row("a", "home", "-110"),
            row("a", "away", "-110"),
            row("b", "home", "-105"),
            row("b", "away", "-110"),
        ]
    )
    found = {one.key: one for one in books_now(lines)}
    assert found["a"].hold == Fraction(45_454_545, 10**9)
    assert (found["a"].best, found["a"].compared) == (1, 2)
    assert (found["b"].best, found["b"].compared) == (2, 2)
    assert [one.key for one in books_now(lines)] == ["b", "a"]


def test_a_book_with_one_side_has_no_hold() -> None:
    lines = lines_of([row("a", "home", "-110"), row("a", "away", "-110"), row("b", "home", "+100")])
    assert next(one for one in books_now(lines) if one.key == "b").hold is None


def at(minute: int, key: str, change: str, selection: int = 1) -> Move:
    return Move(selection, key, START + dt.timedelta(minutes=minute), Decimal(change))


def test_the_first_of_three_books_led_the_move() -> None:
    leads = leads_of([at(0, "a", "0.02"), at(5, "b", "0.02"), at(50, "c", "0.01")])
    assert (leads.moves, leads.shared, leads.led) == (1, 0, {"a": 1})
    assert leads.joined == {"a": 1, "b": 1, "c": 1}


@pytest.mark.parametrize(
    "moves",
    [
        [at(0, "a", "0.02"), at(5, "b", "0.02")],
        [at(0, "a", "0.02"), at(5, "b", "-0.02"), at(6, "c", "0.02")],
        [at(0, "a", "0.02"), at(5, "b", "0.02"), at(61, "c", "0.02")],
        [at(0, "a", "0.02"), at(5, "b", "0.02"), at(6, "a", "0.02")],
        [at(0, "a", "0.02"), at(5, "b", "0.02"), at(6, "c", "0.02", selection=2)],
    ],
    ids=["two books", "both ways", "too late", "one twice", "another game"],
)
def test_what_is_no_move_of_the_market(moves: list[Move]) -> None:
    assert leads_of(moves).moves == 0


def test_books_seen_to_move_together_share_no_lead() -> None:
    leads = leads_of([at(0, "a", "0.02"), at(0, "b", "0.02"), at(3, "c", "0.02")])
    assert (leads.moves, leads.shared, leads.led) == (1, 1, {})


def finished(**terms: object) -> Game:
    sport = SportFactory(key="basketball_nba")
    game: Game = GameFactory(**{"final": True, "commence_time": START, "sport": sport} | terms)
    return game


def closed(game: Game, key: str, home: int | None, away: int | None, *, minutes: int = 5) -> None:
    when = game.commence_time - dt.timedelta(minutes=minutes)
    move(selection(game, "h2h", "home"), home, when, at=key)
    move(selection(game, "h2h", "away"), away, when, at=key)
    HeartbeatFactory(game=game, bookmaker=book(key), seen_at=when, polled_at=when)


def accuracy() -> list[Accuracy]:
    return closing_accuracy(since=START - dt.timedelta(days=1), until=START + dt.timedelta(days=1))


@pytest.mark.django_db
def test_scores_of_an_even_forecast_are_those_of_a_coin() -> None:
    closed(finished(), "alpha", 100, -100)
    (found,) = accuracy()
    assert round(found.log_loss, 6) == Decimal("0.693147")
    assert found.brier == Decimal("0.5")
    assert found.edge == 0
    assert found.is_small


@pytest.mark.django_db
def test_a_sharper_book_stands_above_one_that_is_worse_on_the_same_games() -> None:
    for _ in range(30):
        game = finished()
        closed(game, "sharp", -400, 400)
        closed(game, "dull", 100, 100)
    first, second = accuracy()
    assert (first.book_key, second.book_key) == ("sharp", "dull")
    assert not first.is_small
    assert round(first.log_loss, 6) == Decimal("0.223144")  # −ln 0.8
    assert first.edge > 0 > second.edge
    assert round(first.edge + second.edge, 12) == 0


@pytest.mark.django_db
def test_forecasts_are_grouped_by_tenths_with_what_came_true() -> None:
    for home, away, won in ((-300, 300, True), (-233, 233, False), (100, 100, True)):
        score = (2, 1) if won else (1, 2)
        closed(finished(home_score=score[0], away_score=score[1]), "alpha", home, away)
    (found,) = accuracy()
    assert [(one.forecasts, round(one.mean, 3), one.hits) for one in found.bins] == [
        (1, Fraction("0.25"), 0),
        (1, Fraction("0.3"), 1),
        (2, Fraction("0.5"), 1),
        (1, Fraction("0.7"), 0),
        (1, Fraction("0.75"), 1),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sport", "home", "away", "periods", "draw", "happened"),
    [
        ("basketball_nba", 101, 99, 5, None, "0.5"),
        ("americanfootball_nfl", 20, 20, 5, None, None),
        ("soccer_epl", 1, 1, 2, 300, "0.2"),
        ("soccer_epl", 0, 2, 2, 300, "0.4"),
        ("soccer_epl", 0, 2, 2, None, None),
        ("soccer_fa_cup", 2, 1, 4, 300, None),
        ("icehockey_nhl", 3, 2, 4, 300, None),
        ("icehockey_nhl", 3, 2, 4, None, "0.5"),
    ],
)
def test_extra_time_decides_no_market_with_a_draw_and_soccer_has_none_without(
    sport: str, home: int, away: int, periods: int, draw: int | None, happened: str | None
) -> None:
    game = finished(
        sport=SportFactory(key=sport),
        home_score=home,
        away_score=away,
        period_scores={"home": [0] * (periods - 1) + [home], "away": [0] * (periods - 1) + [away]},
    )
    closed(game, "alpha", -100, -100)
    if draw is not None:
        move(selection(game, "h2h", "draw"), draw, START - dt.timedelta(minutes=5), at="alpha")
    found = accuracy()
    assert len(found) == (happened is not None)
    if happened is not None:
        assert round(found[0].log_loss, 6) == round(-Decimal(happened).ln(), 6)


@pytest.mark.django_db
def test_accuracy_takes_the_last_price_before_the_start() -> None:
    game = finished()
    closed(game, "alpha", 100, -120, minutes=60)
    closed_later = game.commence_time - dt.timedelta(minutes=1)
    move(selection(game, "h2h", "home"), -300, closed_later, at="alpha")
    move(selection(game, "h2h", "away"), 300, closed_later, at="alpha")
    move(selection(game, "h2h", "home"), 900, game.commence_time + dt.timedelta(minutes=1), at="alpha")
    (found,) = accuracy()
    assert (found.book_key, found.games) == ("alpha", 1)
    assert found.bins[-1].mean == Fraction(3, 4)


@pytest.mark.django_db
def test_a_line_withdrawn_before_the_start_makes_no_forecast() -> None:
    game = finished()
    closed(game, "alpha", 100, -120, minutes=60)
    closed(game, "beta", 100, -120, minutes=60)
    move(selection(game, "h2h", "home"), None, game.commence_time - dt.timedelta(minutes=1), at="alpha")
    move(selection(game, "h2h", "home"), None, game.commence_time + dt.timedelta(minutes=1), at="beta")
    assert [one.book_key for one in accuracy()] == ["beta"]


@pytest.mark.django_db
def test_closing_prices_of_an_imported_season_count_unless_their_book_has_no_name() -> None:
    game = finished()
    for key in ("alpha", "average"):
        for side in ("home", "away"):
            move(selection(game, "h2h", side), -110, game.commence_time, at=key)
        PriceImportFactory(game=game, bookmaker=book(key))
    Bookmaker.objects.filter(key="average").update(active=False)
    assert [(one.book_key, one.games) for one in accuracy()] == [("alpha", 1)]


@pytest.mark.django_db
def test_a_book_without_both_closing_prices_makes_no_forecast() -> None:
    game = finished()
    closed(game, "alpha", -110, -110)
    when = game.commence_time - dt.timedelta(minutes=5)
    move(selection(game, "h2h", "home"), -110, when, at="beta")
    HeartbeatFactory(game=game, bookmaker=book("beta"), seen_at=when, polled_at=when)
    assert [one.book_key for one in accuracy()] == ["alpha"]


@pytest.mark.django_db
def test_accuracy_of_any_number_of_games_is_one_statement(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(3):
        closed(finished(), "alpha", -110, -110)
    with django_assert_num_queries(1):
        assert accuracy()[0].games == 3


@pytest.mark.django_db
def test_what_beat_has_worked_out_is_not_asked_for_again(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    cache.clear()
    closed(finished(commence_time=timezone.now() - dt.timedelta(days=2)), "alpha", -110, -110)
    full_market(GameFactory(commence_time=timezone.now() + dt.timedelta(hours=5)), books=1)
    with django_assert_num_queries(2):
        assert compare_books() == 1
    with CaptureQueriesContext(connection) as asked:
        page = client.get("/books/").content.decode()
    assert "Alpha, 1 game" in page
    assert "the past as of" in page
    assert not [one for one in asked.captured_queries if "odd_snapshots" in one["sql"]]


@pytest.mark.django_db
def test_moves_are_found_in_the_archive_in_one_statement(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    game = finished()
    home = selection(game, "h2h", "home")
    for minute, key in ((0, "alpha"), (4, "beta"), (9, "gamma")):
        move(home, 100, START - dt.timedelta(hours=5), at=key)
        move(home, -120, START - dt.timedelta(hours=2) + dt.timedelta(minutes=minute), at=key)
    with django_assert_num_queries(1):
        leads = first_movers(since=START - dt.timedelta(days=1), until=START + dt.timedelta(days=1))
    assert (leads.moves, leads.led) == (1, {"alpha": 1})


@pytest.mark.django_db
def test_the_page_compares_books_and_says_when_nothing_is_known(client: Client) -> None:
    cache.clear()
    assert "No prices yet" in client.get("/books/").content.decode()
    full_market(GameFactory(commence_time=timezone.now() + dt.timedelta(hours=5)), books=2)
    page = client.get("/books/").content.decode()
    assert "4.5%" in page
    assert "No game of these days" in page


@pytest.mark.django_db
def test_a_period_that_is_none_is_refused(client: Client) -> None:
    response = client.get("/books/?days=5")
    assert response.status_code == 400
    assert "days: choose one of 7, 30, 90." in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["cricket", "%00", "x" * 5000, "%F0%9F%98%80"])
def test_a_sport_that_is_none_is_no_page(client: Client, key: str) -> None:
    assert client.get(f"/books/?sport={key}").status_code == 404


@pytest.mark.django_db
def test_calibration_of_a_book_is_drawn_and_written_as_a_table(client: Client) -> None:
    cache.clear()
    start = timezone.now() - dt.timedelta(days=2)
    closed(finished(commence_time=start), "alpha", -300, 300)
    full_market(GameFactory(commence_time=timezone.now() + dt.timedelta(hours=5)), books=1)
    page = client.get("/books/?book=alpha").content.decode()
    assert "1 game is too little" in page
    assert page.count("<title>25.0% said") == page.count("<title>75.0% said") == 1
    assert "1 of 1" in page
