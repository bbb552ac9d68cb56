"""What a bet would come to, said by what places bets, and nothing kept of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.cache import cache

from bets.models import Bankroll, Bet, LedgerEntry
from bets.tests.factories import funded_bankroll, offered
from bets.tests.test_api_placing import asked, coming, leg, program
from games.models import Game
from odds.models import CurrentOdds

pytestmark = pytest.mark.django_db


@pytest.fixture
def bankroll() -> Bankroll:
    cache.clear()
    return funded_bankroll("1000")


@pytest.fixture
def line() -> CurrentOdds:
    return offered(coming(), point="-3.5")


def ask(bankroll: Bankroll, body: dict[str, Any], path: str = "quote/") -> Any:
    return program(bankroll).post(f"/api/v1/bets/{path}", json.dumps(body), "application/json")


def test_it_says_what_placing_says_and_nothing_is_kept(bankroll: Bankroll, line: CurrentOdds) -> None:
    lines = LedgerEntry.objects.count()
    body = asked(bankroll, line, stake="100.00")
    told = ask(bankroll, body).json()
    assert told["possible"] is True
    assert told["problem"] is None
    assert (told["stake"], told["payout"], told["profit"]) == ("100.00", "190.91", "90.91")
    assert told["balance_after"] == "900.00"
    assert (Bet.objects.count(), LedgerEntry.objects.count()) == (0, lines)
    assert Game.objects.get().bet_count == 0
    placed = ask(bankroll, body, path="").json()
    assert (placed["stake"], placed["odds"], placed["decimal"]) == (
        told["stake"],
        told["odds"],
        told["decimal"],
    )


def test_a_better_price_is_the_one_it_is_quoted_at(bankroll: Bankroll, line: CurrentOdds) -> None:
    worse = leg(line, odds="-120")
    told = ask(bankroll, asked(bankroll, line, legs=[worse])).json()
    assert (told["possible"], told["odds"]) == (True, "-110")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"stake": "1000.01"}, "insufficient_funds"),
        ({"legs": "better"}, "price_moved"),
    ],
)
def test_what_would_refuse_it_is_told_with_what_it_comes_to(
    bankroll: Bankroll, line: CurrentOdds, change: dict[str, Any], code: str
) -> None:
    if "legs" in change:
        change = {"legs": [leg(line, odds="150")]}
    answer = ask(bankroll, asked(bankroll, line, **change))
    assert answer.status_code == 200
    told = answer.json()
    assert (told["possible"], told["problem"]["code"], told["balance_after"]) == (False, code, None)
    assert told["odds"] == ("150" if "legs" in change else "-110")
    assert ask(bankroll, asked(bankroll, line, **change), path="").json() == told["problem"]


def test_a_ticket_that_there_cannot_be_is_refused(bankroll: Bankroll, line: CurrentOdds) -> None:
    assert ask(bankroll, asked(bankroll, line, bookmaker="nobody")).status_code == 422
    assert ask(bankroll, asked(bankroll, line, stake="0")).status_code == 400
    stranger = funded_bankroll("1000")
    assert ask(stranger, asked(bankroll, line)).json()["errors"][0]["field"] == "bankroll_id"
