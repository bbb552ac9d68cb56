"""A case of the calculator names a bookmaker, whose rules then hold: stored ones, or the seeds' without a database."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from bets.calculator import Houses, answer_line
from bets.house_rules import seeded, stored, stored_or_seeded
from bets.models import RuleFamily
from bets.tests.factories import SettlementRuleFactory
from odds.tests.factories import BookmakerFactory


def leg(home: int, away: int) -> dict[str, Any]:
    result = {"status": "final", "home": home, "away": away}
    return {"market": "spreads", "side": "home", "point": "-3", "odds": "-110", "result": result}


def case(bookmaker: str | None, **fields: Any) -> str:
    ticket = {
        "id": 7,
        "kind": "same_game_parlay",
        "stake": "100",
        "odds": "260",
        "bookmaker": bookmaker,
        "sport": "basketball_nba",
        "legs": [leg(110, 100), leg(103, 100)],
    }
    return json.dumps(ticket | fields)


def answered(line: str, houses: Houses) -> tuple[Any, Any]:
    answer = answer_line(line, houses)
    return answer.get("status", "error"), answer.get("payout", answer.get("error"))


def test_the_seeds_need_no_database() -> None:
    assert answered(case("espnbet"), seeded) == ("push", "100.00")
    assert answered(case("fanduel"), seeded)[0] == "needs_review"
    assert answered(case(None), seeded)[0] == "needs_review"


def test_an_unknown_bookmaker_is_named() -> None:
    answer = answer_line(case("nobody"), seeded)
    assert answer["id"] == 7
    assert answer["error"].startswith("bookmaker: 'nobody' is not known")


@pytest.mark.django_db
def test_stored_rules_stand_before_the_seeds() -> None:
    assert answered(case("espnbet"), stored_or_seeded()) == ("push", "100.00")
    book = BookmakerFactory(key="fanduel")
    SettlementRuleFactory(bookmaker=book, family=RuleFamily.TICKET, parameters={"same_game_push": "void"})
    assert answered(case("fanduel"), stored_or_seeded()) == ("push", "100.00")
    assert answered(case("espnbet"), stored_or_seeded())[0] == "error"
    assert answered(case(None), stored)[0] == "needs_review"


@pytest.mark.django_db
def test_a_book_decides_how_a_leg_is_graded_too() -> None:
    SettlementRuleFactory(
        bookmaker=BookmakerFactory(key="draftkings"), family=RuleFamily.MONEYLINE, parameters={"draw": "lose"}
    )
    tie = {"status": "final", "home": 20, "away": 20}
    fields = {
        "kind": "straight",
        "odds": None,
        "legs": [{"market": "h2h", "side": "home", "odds": 100, "result": tie}],
    }
    assert answered(case("draftkings", **fields), stored) == ("lost", "0.00")
    assert answered(case(None, **fields), stored) == ("push", "100.00")


@pytest.mark.django_db
def test_the_page_offers_the_books_that_have_rules(client: Client) -> None:
    SettlementRuleFactory(
        bookmaker=BookmakerFactory(key="draftkings", title="DraftKings"),
        family=RuleFamily.SPREAD,
        parameters={"overtime": False},
    )
    BookmakerFactory(key="fanduel", title="FanDuel")
    page = client.get(reverse("settlement_calculator")).text
    assert '<option value="draftkings">DraftKings</option>' in page
    assert "FanDuel" not in page
