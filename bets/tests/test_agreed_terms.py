"""What was agreed stays: triggers refuse to change it, but for stake, price and book before the first game begins."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from bets.models import Bet, BetLeg
from bets.tests.factories import FAR, PLACED, BankrollFactory, BetFactory, BetLegFactory
from bets.tests.test_constraints import change, raised_by
from games.tests.factories import GameFactory
from odds.tests.factories import BookmakerFactory, SelectionFactory

pytestmark = pytest.mark.django_db


def leg_at(commence_time: dt.datetime, status: str = "scheduled", **fields: Any) -> BetLeg:
    """A leg on a game that starts then."""
    game = GameFactory(commence_time=commence_time, status=status)
    leg: BetLeg = BetLegFactory(selection=SelectionFactory(game=game), **fields)
    return leg


def begun_leg() -> BetLeg:
    return leg_at(PLACED)


@pytest.mark.parametrize(
    "fields",
    [
        {"stake": 99},
        {"odds": -105},
        {"kind": "parlay"},
        {"placed_at": PLACED + dt.timedelta(1)},
        {"own_price": True},
        {"is_bonus": True},
        {"boost_pct": 50},
        {"boost_cap": 100},
        {"unit_stake": 50},
        {"combinations": 2},
        {"sizes": [2]},
        {"teaser_points": 6},
        {"is_lay": True},
        {"commission_pct": 2},
        {"each_way_places": 5},
        {"each_way_fraction": "1/4"},
        {"insured_up_to": 50},
        {"idempotency_key": "another"},
    ],
)
def test_the_agreed_terms_of_a_bet_cannot_change(fields: dict[str, Any]) -> None:
    placed = BetFactory()
    assert "agreed terms" in raised_by(lambda: change(placed, **fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"odds": -105},
        {"point": "-3.5"},
        {"bet_type": "spread"},
        {"position": 2},
        {"draw_offered": True},
        {"price_seen_at": PLACED},
    ],
)
def test_the_agreed_terms_of_a_leg_cannot_change(fields: dict[str, Any]) -> None:
    leg = begun_leg()
    assert "agreed terms" in raised_by(lambda: change(leg, **fields))


def test_a_leg_stays_with_its_bet_and_what_it_backed() -> None:
    leg, other = BetLegFactory(), BetLegFactory()
    assert "agreed terms" in raised_by(lambda: change(leg, bet=other.bet))
    assert "agreed terms" in raised_by(lambda: change(leg, game=other.game, selection=other.selection))


def test_a_bet_stays_with_its_user_bankroll_and_bookmaker() -> None:
    placed, other = BetFactory(), BankrollFactory()
    assert "agreed terms" in raised_by(lambda: change(placed, bookmaker=BookmakerFactory()))
    assert "agreed terms" in raised_by(lambda: change(placed, bankroll=other))
    assert "agreed terms" in raised_by(lambda: change(placed, user=other.user))


def test_what_was_not_agreed_may_change() -> None:
    placed = BetFactory()
    change(placed, note="later", stake=placed.stake)
    assert Bet.objects.get().note == "later"


CORRECTIONS: list[dict[str, Any]] = [
    {"stake": 99},
    {"odds": -105},
    {"own_price": True},
    {"commission_pct": 2},
    {"bookmaker": None},
    {"stake": 98, "unit_stake": 98},
]


@pytest.mark.parametrize("fields", CORRECTIONS)
def test_stake_price_and_book_may_be_set_right_before_the_start(fields: dict[str, Any]) -> None:
    leg = leg_at(FAR, bet=BetFactory(bookmaker=BookmakerFactory()))
    change(leg.bet, **fields)
    change(leg, odds=-105, price_seen_at=PLACED, draw_offered=True)
    assert BetLeg.objects.get().odds == -105


@pytest.mark.parametrize("fields", CORRECTIONS)
@pytest.mark.parametrize(
    ("commence_time", "status"), [(PLACED, "scheduled"), (FAR, "live"), (FAR, "final"), (FAR, "cancelled")]
)
def test_nothing_is_set_right_once_a_game_has_begun(
    fields: dict[str, Any], commence_time: dt.datetime, status: str
) -> None:
    placed = BetFactory(bookmaker=BookmakerFactory())
    leg_at(FAR, bet=placed)
    scores = {"home_score": 1, "away_score": 0} if status == "final" else {}
    game = GameFactory(commence_time=commence_time, status=status, **scores)
    BetLegFactory(bet=placed, position=2, selection=SelectionFactory(game=game))
    assert "agreed terms" in raised_by(lambda: change(placed, **fields))
    assert "agreed terms" in raised_by(lambda: change(placed.legs.first(), odds=-105))


def test_nothing_is_set_right_of_a_decided_bet() -> None:
    leg = leg_at(FAR, status="scheduled")
    change(leg.bet, status="void", payout=100, settled_at=timezone.now())
    assert "agreed terms" in raised_by(lambda: change(leg.bet, stake=99))
    assert "agreed terms" in raised_by(lambda: change(leg, odds=-105))


def test_a_stake_is_not_changed_while_the_bet_is_settled() -> None:
    leg = leg_at(FAR)
    settle = {"status": "void", "payout": Decimal(99), "settled_at": timezone.now()}
    assert "agreed terms" in raised_by(lambda: change(leg.bet, stake=99, **settle))


def test_a_bet_cashed_out_in_part_keeps_its_stake() -> None:
    leg = leg_at(FAR)
    change(leg.bet, cashed_stake=10, cashed_out=12)
    assert "agreed terms" in raised_by(lambda: change(leg.bet, stake=99))
