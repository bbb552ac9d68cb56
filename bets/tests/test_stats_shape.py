"""The same numbers on the page, in the JSON that the API answers with, and in every export."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets.exports import export_bets
from bets.models import Bankroll
from bets.money import format_money
from bets.stats import as_json, read_record, rolls_of, whole
from bets.stats.breakdowns import DIMENSIONS
from bets.stats.page import titles
from bets.tests.factories import BankrollFactory
from bets.tests.stats_bets import START, every_kind, settled

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client: Client) -> User:
    user: User = UserFactory(time_zone="America/New_York")
    client.force_login(user)
    return user


@pytest.fixture
def roll(owner: User) -> Bankroll:
    made: Bankroll = BankrollFactory(user=owner)
    every_kind(made)
    return made


def downloaded(client: Client, query: str = "") -> dict[str, Any]:
    response = client.get(f"/stats/record.json{query}")
    assert response.status_code == 200
    assert "attachment" in response.headers["Content-Disposition"]
    found: dict[str, Any] = response.json()
    return found


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in leaves(each)]
    if isinstance(value, list):
        return [leaf for each in value for leaf in leaves(each)]
    return [value]


def test_the_page_and_its_json_say_the_same(client: Client, roll: Bankroll) -> None:
    found, page = downloaded(client), client.get("/stats/").content.decode()
    for amount in (found["profit"], found["staked"], found["returned"], found["drawdown"]["depth"]):
        assert format_money(Decimal(amount), "USD") in page
    for value in (found["yield"]["value"], found["win_rate"]["value"], *(found["clv"][name]["mean"] for name in ("price", "fair"))):  # fmt: skip
        assert f"{abs(100 * Decimal(value)):.1f}%" in page
    assert f"{found['streaks']['up']} up, {found['streaks']['down']} down" in page
    assert f"{found['outcomes']['won']} won, {found['outcomes']['lost']} lost" in page
    assert found["open"] == {"bets": 1, "stake": "70.00"}
    expected = found["expected"]
    assert format_money(Decimal(expected["actual"]), "USD", signed=True) in page
    assert format_money(Decimal(expected["band"]), "USD") in page


def test_every_export_adds_up_to_the_same_profit(client: Client, roll: Bankroll) -> None:
    profit = Decimal(downloaded(client)["profit"])
    flat = csv.DictReader(io.StringIO(export_bets(roll.user, "csv")))
    assert sum(Decimal(row["profit"]) for row in flat if row["profit"]) == profit
    bets = json.loads(export_bets(roll.user, "json"))["bets"]
    gains = [
        Decimal(bet["payout"]) - (0 if bet["is_bonus"] else Decimal(bet["stake"]))
        for bet in bets
        if bet["payout"]
    ]
    assert sum(gains) == profit
    rows = csv.DictReader(io.StringIO(export_bets(roll.user, "bet-analytix")), delimiter=";")
    heads = [row for row in rows if row["Date"] and row["Payout"]]
    assert (
        sum(Decimal(row["Payout"]) - (0 if row["Freebet"] else Decimal(row["Stake"])) for row in heads)
        == profit
    )


def test_everything_is_text_whole_numbers_or_nothing(client: Client, roll: Bankroll) -> None:
    found = downloaded(client)
    assert {type(leaf) for leaf in leaves(found)} <= {str, int, bool, type(None)}
    assert set(found["breakdowns"]) == set(DIMENSIONS)
    for dimension in set(DIMENSIONS) - {"tag"}:
        assert sum(one["bets"] for one in found["breakdowns"][dimension]) == found["bets"], dimension
    scope = whole(rolls_of(roll.user), (roll.currency, roll.kind), "America/New_York")
    assert as_json(read_record(roll.user, scope), titles()) == found


def test_what_too_few_bets_cannot_say_is_nothing(client: Client, roll: Bankroll) -> None:
    found = downloaded(client)
    assert found["small_sample"]
    silent = [found["yield"]["low"], found["expected"]["z"], found["wins"]["p"], found["test"]["p"]]
    assert silent == [None] * 4
    for number in range(30):
        settled(roll, "won" if number % 2 else "lost", fair="0.5", at=START + dt.timedelta(days=50 + number))
    found = downloaded(client)
    assert None not in [
        found["yield"]["low"],
        found["expected"]["z"],
        found["wins"]["p"],
        found["test"]["p"],
    ]


def test_the_json_is_narrowed_as_the_page_is_and_is_the_owners_alone(client: Client, roll: Bankroll) -> None:
    assert downloaded(client, "?type=parlay")["bets"] == 2
    assert client.get("/stats/record.json?by=moon").status_code == 400
    assert client.get("/stats/record.json?bankroll=x").json() == {
        "problem": "bankroll: You have no such bankroll."
    }
    assert Client().get("/stats/record.json").status_code == 302
    client.force_login(UserFactory())
    assert client.get("/stats/record.json").status_code == 404
    assert client.get(f"/stats/record.json?bankroll={roll.pk}").status_code == 404
