"""A bet's page on the close: line, age, price and no-vig value of every leg, and of the ticket as statistics count."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bets.history.closes import value_of
from bets.models import Bankroll, Bet, BetLeg, SettledBet
from bets.tests.factories import BankrollFactory
from bets.tests.stats_bets import START, settled
from bets.tests.test_slip_page import words
from games.tests.factories import GameFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def roll(client: Client) -> Bankroll:
    made: Bankroll = BankrollFactory()
    client.force_login(made.user)
    return made


def page(client: Client, bet: Bet) -> str:
    return words(client.get(reverse("bets:bet", args=[bet.pk])))


def test_a_leg_says_how_it_compares_by_price_and_without_the_margin(client: Client, roll: Bankroll) -> None:
    # decimal 2.10 against a close of 1.90 whose fair chance is 1/1.95: +10.5% by price, +7.7% no-vig
    text = page(client, settled(roll, odds="110", close="-111.111111", fair="0.51282051"))
    assert "Against the close +10.5%" in text
    assert "Against the fair close fair chance 51.3%, Pinnacle +7.7%" in text


def test_a_bet_that_was_beaten_by_the_close_says_so(client: Client, roll: Bankroll) -> None:
    text = page(client, settled(roll, "lost", odds="-120", close="-110", fair="0.5"))
    assert "Against the close −4.0%" in text
    assert "−8.3%" in text


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"live": True, "close": "-110", "fair": "0.5"}, "Against the close placed after the start"),
        ({}, "Closing line none in the archive"),
        (
            {"is_lay": True, "unit_stake": Decimal(100), "close": "-110"},
            "a lay is not measured against the close",
        ),
    ],
)
def test_what_has_no_value_says_why(
    client: Client, roll: Bankroll, fields: dict[str, Any], says: str
) -> None:
    text = page(client, settled(roll, **fields))
    assert says in text
    assert "Against the fair close" not in text


def test_another_line_at_the_close_has_no_value_by_price(client: Client, roll: Bankroll) -> None:
    bet = settled(roll, market="spreads", bet_type="spread", point="-3.5", close="-115", fair="0.5")
    BetLeg.objects.filter(bet=bet).update(closing_point=Decimal("-4.5"))
    text = page(client, bet)
    assert "Closing line −4.5 at −115" in text or "−4.5 at −115" in text
    assert "Against the close" not in text


def test_a_parlay_has_the_values_that_statistics_count(client: Client, roll: Bankroll) -> None:
    bet = settled(roll, legs=2, odds="100", close="-110", fair="0.52")
    text = page(client, bet)
    facts = SettledBet.objects.get(bet=bet)
    assert (facts.clv_ppm, facts.fair_clv_ppm) == (97_506, 81_600)
    assert "CLV, price +9.8%" in text
    assert "CLV, no-vig +8.2%" in text
    assert text.count("Against the fair close") == 2


@pytest.mark.parametrize(
    ("status", "scores", "says"),
    [
        ("scheduled", {}, "Game Scheduled"),
        ("live", {"home_score": 50, "away_score": 55}, "Game Live, 55–50"),
        ("final", {"home_score": 104, "away_score": 112}, "Game Final, 112–104"),
        ("postponed", {}, "Game Postponed"),
    ],
)
def test_a_leg_says_where_its_game_stands(
    client: Client, roll: Bankroll, status: str, scores: dict[str, int], says: str
) -> None:
    game = GameFactory(status=status, commence_time=START, **scores)
    assert says in page(client, settled(roll, game=game, at=START + dt.timedelta(hours=3)))


def test_the_page_takes_the_same_statements_for_two_legs_and_for_many(client: Client, roll: Bankroll) -> None:
    def statements(legs: int) -> int:
        bet = settled(roll, legs=legs, close="-110")
        page(client, bet)
        with CaptureQueriesContext(connection) as queries:
            page(client, bet)
        return len(queries)

    assert statements(2) == statements(6)


@pytest.mark.parametrize(
    ("share", "text", "sign"),
    [(0.05, "+5.0%", "gain"), (-0.05, "−5.0%", "loss"), (0.0001, "level", ""), (-0.0001, "level", ""), (0, "level", "")],
)  # fmt: skip
def test_a_value_has_its_sign(share: float, text: str, sign: str) -> None:
    assert (value_of(share).text, value_of(share).sign) == (text, sign)
