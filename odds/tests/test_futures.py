from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from games.models import Game
from games.tests.factories import GameFactory
from odds.futures import read_fields
from odds.models import Bookmaker
from odds.tests.factories import HeartbeatFactory
from odds.tests.quoting import move, quote, selection

pytestmark = pytest.mark.django_db

RUNNERS = ("Ants", "Bees", "Crows")


def outright(**terms: object) -> Game:
    start = timezone.now() + dt.timedelta(days=30)
    game: Game = GameFactory(outright=True, **{"commence_time": start} | terms)
    return game


def field(game: Game, at: str, *prices: int, hours: int = 0) -> None:
    for runner, price in zip(RUNNERS, prices, strict=False):
        quote(game, "outrights win", price, at=at, participant=runner)
    seen = timezone.now() - dt.timedelta(hours=hours)
    HeartbeatFactory(game=game, bookmaker=Bookmaker.objects.get(key=at), seen_at=seen, polled_at=seen)


def test_each_runner_has_its_best_price_the_shortest_first() -> None:
    game = outright()
    field(game, "alpha", 300, 150, 200)
    field(game, "beta", 250, 160, 210)
    (found,) = read_fields(now=timezone.now())
    assert [(runner.name, runner.best.price, runner.best.book_key) for runner in found.runners] == [
        ("Bees", Decimal(160), "beta"),
        ("Crows", Decimal(210), "beta"),
        ("Ants", Decimal(300), "alpha"),
    ]
    assert [runner.books for runner in found.runners] == [2, 2, 2]
    assert sum(runner.fair for runner in found.runners if runner.fair) == 1


def test_the_hold_of_a_book_needs_every_runner() -> None:
    game = outright()
    field(game, "alpha", 200, 200, 200)
    field(game, "beta", 100, 200)
    (found,) = read_fields(now=timezone.now())
    holds = {book.key: (book.runners, book.hold) for book in found.books}
    assert holds == {"alpha": (3, Fraction(0)), "beta": (2, None)}


def test_a_field_with_most_runners_missing_has_no_fair_price_and_no_hold() -> None:
    field(outright(), "alpha", 900, 900, 900)
    (found,) = read_fields(now=timezone.now())
    assert found.hold is None
    assert [runner.fair for runner in found.runners] == [None] * 3
    assert [book.hold for book in found.books] == [None]


def test_a_book_not_seen_for_two_days_is_not_the_best() -> None:
    game = outright()
    field(game, "alpha", 900, 900, 900, hours=48)
    field(game, "beta", 200, 200, 200)
    (found,) = read_fields(now=timezone.now())
    assert {runner.best.book_key for runner in found.runners} == {"beta"}
    assert [book.key for book in found.books if book.stale] == ["alpha"]


def test_movement_is_told_at_the_book_that_is_best_now() -> None:
    game = outright()
    field(game, "alpha", 100, 300, 300)
    ants = selection(game, "outrights", "win", "Ants")
    now = timezone.now()
    move(ants, 300, now - dt.timedelta(days=9), at="alpha")
    move(ants, 100, now - dt.timedelta(days=1), at="alpha")
    move(ants, 900, now - dt.timedelta(days=20), at="beta")
    (found,) = read_fields(now=now)
    runner = next(runner for runner in found.runners if runner.name == "Ants")
    assert runner.first is not None
    assert runner.first.price == Decimal(300)
    assert runner.moved == Fraction(1, 4)


def test_an_outright_without_prices_or_over_is_left_out() -> None:
    outright()
    old = outright(commence_time=timezone.now() - dt.timedelta(days=90))
    field(old, "alpha", 100, 200, 300)
    assert read_fields(now=timezone.now()) == []


def test_the_page_shows_runners_and_takes_as_many_statements_for_one_as_for_many(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        field(outright(), "alpha", 100, 200, 300)
    with django_assert_num_queries(3):
        client.get("/futures/")
    page = client.get("/futures/").content.decode()
    assert page.count("Bees") >= 3
    assert "hold of the best prices" in page


def test_without_futures_the_page_says_so(client: Client) -> None:
    assert "No futures open" in client.get("/futures/").content.decode()
