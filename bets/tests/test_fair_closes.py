"""The fair closing chance of a leg: whose prices, of which line, and when there is none."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bets.fair_closes import record_fair_closes
from bets.models import BetLeg
from bets.tasks import derive_statistics
from bets.tests.factories import BetFactory, BetLegFactory
from games.models import Game
from games.tests.factories import GameFactory
from odds.models import Bookmaker
from odds.tests.factories import NOON, BookmakerFactory
from odds.tests.quoting import move, selection

pytestmark = pytest.mark.django_db
BEFORE = NOON - dt.timedelta(hours=1)
WEIGHTS = {"pinnacle": 4, "betfair_ex_eu": 3, "circasports": 2, "draftkings": 1}


@pytest.fixture
def game() -> Game:
    made: Game = GameFactory(commence_time=NOON)
    for key, weight in WEIGHTS.items():
        BookmakerFactory(key=key, sharpness=weight)
        Bookmaker.objects.filter(key=key).update(sharpness=weight)
    return made


def closes(game: Game, at: str, market: str = "h2h", point: str | None = None, **prices: int | None) -> None:
    """Closing prices of a market at a book by side; a handicap's other side has its point turned."""
    for side, price in prices.items():
        turned = point if point is None or market != "spreads" or side == "home" else str(-Decimal(point))
        move(selection(game, market, side), price, BEFORE, at=at, point=turned)


def graded(
    game: Game, market: str = "h2h", side: str = "home", point: str | None = None, **fields: Any
) -> BetLeg:
    leg: BetLeg = BetLegFactory(
        bet=BetFactory(bookmaker=fields.pop("book", BookmakerFactory(key="draftkings"))),
        selection=selection(game, market, side),
        point=None if point is None else Decimal(point),
        **{"status": "won", "return_factor": "2/1", **fields},
    )
    return leg


def fair(leg: BetLeg) -> tuple[Decimal | None, str | None]:
    record_fair_closes()
    leg.refresh_from_db()
    return leg.closing_fair, leg.closing_fair_from


def test_pinnacles_price_goes_before_all_others(game: Game) -> None:
    closes(game, "pinnacle", home=-111, away=-100)
    closes(game, "draftkings", home=-200, away=170)
    closes(game, "betfair_ex_eu", home=-150, away=140)
    closes(game, "circasports", home=-150, away=140)
    chance, source = fair(graded(game))
    assert source == "sharp"
    assert chance == round(Decimal(222) / 433, 8)


def test_without_it_two_sharp_books_make_a_consensus_by_their_weights(game: Game) -> None:
    closes(game, "betfair_ex_eu", home=100, away=-100)
    closes(game, "circasports", home=-150, away=150)
    closes(game, "draftkings", home=-400, away=300)
    chance, source = fair(graded(game))
    assert (chance, source) == (Decimal("0.54000000"), "consensus")


def test_one_sharp_book_is_no_consensus_so_the_bets_own_book_must_do(game: Game) -> None:
    closes(game, "betfair_ex_eu", home=100, away=-100)
    closes(game, "draftkings", home=-110, away=-110)
    assert fair(graded(game)) == (Decimal("0.5"), "own")


def test_a_bet_at_no_book_has_no_own_price_to_fall_back_on(game: Game) -> None:
    closes(game, "draftkings", home=-110, away=-110)
    assert fair(graded(game, book=None)) == (None, "none")


def test_a_market_that_is_not_complete_at_the_close_says_nothing(game: Game) -> None:
    closes(game, "pinnacle", home=-110)
    selection(game, "h2h", "away")
    assert fair(graded(game)) == (None, "none")


def test_the_draw_is_an_outcome_where_the_book_prices_it_and_a_set_without_margin_is_none(game: Game) -> None:
    closes(game, "pinnacle", home=160, away=140, draw=330)
    assert fair(graded(game))[0] == pytest.approx(Decimal("0.372026"), abs=Decimal("1e-6"))
    other = GameFactory(commence_time=NOON)
    closes(other, "pinnacle", home=160, away=140)
    selection(other, "h2h", "draw")
    assert fair(graded(other)) == (None, "none")


def test_only_the_same_handicap_counts(game: Game) -> None:
    closes(game, "pinnacle", market="spreads", point="-4.5", home=-110, away=-110)
    assert fair(graded(game, "spreads", "home", "-3.5")) == (None, "none")
    assert fair(graded(game, "spreads", "away", "4.5")) == (Decimal("0.5"), "sharp")


def test_a_price_after_the_start_is_no_closing_price(game: Game) -> None:
    closes(game, "pinnacle", home=-110, away=-110)
    for side in ("home", "away"):
        move(selection(game, "h2h", side), -500, NOON + dt.timedelta(minutes=5), at="pinnacle")
    assert fair(graded(game)) == (Decimal("0.5"), "sharp")


@pytest.mark.parametrize(
    ("market", "side"), [("h2h_lay", "home"), ("outrights", "win"), ("player_goal_scorer_anytime", "yes")]
)
def test_lays_outrights_and_markets_of_one_side_have_none(game: Game, market: str, side: str) -> None:
    move(selection(game, market, side), -110, BEFORE, at="pinnacle")
    assert fair(graded(game, market, side)) == (None, "none")


def test_open_legs_wait_and_what_has_been_looked_at_is_left_alone(game: Game) -> None:
    leg = graded(game, status="pending", return_factor=None)
    assert fair(leg) == (None, None)
    done = graded(game)
    assert fair(done) == (None, "none")
    closes(game, "pinnacle", home=-110, away=-110)
    assert record_fair_closes() == 0


def test_old_games_are_left_to_the_nightly_run(game: Game) -> None:
    graded(game)
    assert record_fair_closes(since=NOON + dt.timedelta(days=1)) == 0
    assert derive_statistics(everything=True) == 0
    assert BetLeg.objects.get().closing_fair_from == "none"


def test_batches_take_the_same_statements_whatever_their_size(game: Game) -> None:
    closes(game, "pinnacle", home=-110, away=-110)
    counts = []
    for number in (1, 12):
        for _ in range(number):
            graded(game)
        with CaptureQueriesContext(connection) as queries:
            assert record_fair_closes() == number
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_small_batches_come_to_the_same_end(game: Game) -> None:
    closes(game, "pinnacle", home=-110, away=-110)
    for _ in range(5):
        graded(game)
    assert record_fair_closes(size=2) == 5
    assert set(BetLeg.objects.values_list("closing_fair", flat=True)) == {Decimal("0.5")}
