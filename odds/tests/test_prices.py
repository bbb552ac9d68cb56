from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from odds.models import Bookmaker, Selection
from odds.prices import LineAt, Price, closing_prices, price_at
from odds.tests.factories import NOON, BookmakerFactory, SelectionFactory, SnapshotFactory

pytestmark = pytest.mark.django_db


def after(minutes: int) -> dt.datetime:
    return NOON + dt.timedelta(minutes=minutes)


@pytest.fixture
def book() -> Bookmaker:
    return BookmakerFactory(key="pinnacle")


@pytest.fixture
def spread() -> Selection:
    return SelectionFactory(market="spreads")


@pytest.fixture
def prop() -> Selection:
    return SelectionFactory(market="player_points", participant="Jayson Tatum", side="over")


def change(
    selection: Selection,
    book: Bookmaker,
    minutes: int,
    price: int | None,
    point: str,
    received: int | None = None,
) -> None:
    SnapshotFactory(
        selection=selection,
        bookmaker=book,
        price=price,
        point=Decimal(point),
        timestamp=after(minutes),
        captured_at=after(minutes if received is None else received),
    )


def odds_at(selection: Selection, book: Bookmaker, point: str, minutes: int) -> Decimal | None:
    price = price_at(selection=selection, bookmaker=book, point=Decimal(point), instant=after(minutes))
    return price and price.odds


def closing(selection: Selection, book: Bookmaker, point: str, minutes: int) -> Price | None:
    line = LineAt(selection.game_id, selection.pk, book.pk, Decimal(point), after(minutes))
    return closing_prices([line]).get(line)


def test_the_price_at_an_instant_is_the_last_one_received_by_then(spread: Selection, book: Bookmaker) -> None:
    change(spread, book, 0, -110, "-3.5")
    change(spread, book, 10, -115, "-3.5", received=12)
    assert odds_at(spread, book, "-3.5", -1) is None
    assert odds_at(spread, book, "-3.5", 11) == -110
    assert odds_at(spread, book, "-3.5", 12) == -115


def test_a_moved_main_line_no_longer_has_a_price_at_its_old_point(spread: Selection, book: Bookmaker) -> None:
    change(spread, book, 0, -110, "-3.5")
    change(spread, book, 10, -105, "-4.5")
    assert odds_at(spread, book, "-3.5", 10) is None
    assert odds_at(spread, book, "-4.5", 10) == -105


def test_props_keep_every_point_until_it_is_withdrawn(prop: Selection, book: Bookmaker) -> None:
    change(prop, book, 0, -110, "25.5")
    change(prop, book, 10, 180, "30.5")
    assert odds_at(prop, book, "25.5", 10) == -110
    change(prop, book, 20, None, "25.5")
    assert odds_at(prop, book, "25.5", 20) is None
    assert odds_at(prop, book, "30.5", 20) == 180


def test_another_book_says_nothing(spread: Selection, book: Bookmaker) -> None:
    other = BookmakerFactory(key="bovada")
    change(spread, other, 0, -110, "-3.5")
    assert odds_at(spread, book, "-3.5", 5) is None


def test_the_closing_price_is_the_last_before_the_start_at_the_same_point(
    spread: Selection, book: Bookmaker
) -> None:
    change(spread, book, 0, -110, "-3.5")
    change(spread, book, 10, -105, "-4.5")
    change(spread, book, 30, -120, "-3.5")
    assert closing(spread, book, "-3.5", 20) == Price(Decimal(-110), Decimal("-3.5"), after(0), after(0))
    assert closing(spread, book, "-3.5", 30) == Price(Decimal(-120), Decimal("-3.5"), after(30), after(30))


def test_a_line_never_seen_has_no_closing_price(spread: Selection, book: Bookmaker) -> None:
    change(spread, book, 0, None, "-3.5")
    assert closing(spread, book, "-3.5", 20) is None
    assert closing(spread, book, "-7", 20) is None


def test_a_price_received_after_the_start_is_no_closing_price(spread: Selection, book: Bookmaker) -> None:
    change(spread, book, 0, -110, "-3.5", received=21)
    assert closing(spread, book, "-3.5", 20) is None


def test_closing_prices_of_many_lines_are_one_statement(prop: Selection, book: Bookmaker) -> None:
    lines = []
    for step in range(20):
        change(prop, book, step, -110 - step, f"{step}.5")
        lines.append(LineAt(prop.game_id, prop.pk, book.pk, Decimal(f"{step}.5"), after(60)))
    with CaptureQueriesContext(connection) as queries:
        prices = closing_prices(lines)
    assert len(queries) == 1
    assert [prices[line].odds for line in lines] == [-110 - step for step in range(20)]
