"""The page of statistics: for its owner alone, whole without script, clear about what it cannot say."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets.models import Bankroll
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
    return made


def page(client: Client, query: str = "", status: int = 200) -> str:
    response = client.get(f"/stats/{query}")
    assert response.status_code == status
    return response.content.decode()


def test_a_stranger_is_asked_to_sign_in_for_page_and_chart() -> None:
    for path in ("/stats/", "/stats/chart.json"):
        assert Client().get(path).headers["Location"].startswith("/accounts/login/")


def test_nobody_sees_the_bets_of_another(client: Client, roll: Bankroll) -> None:
    other = BankrollFactory()
    settled(other, stake="98765")
    assert "98,765" not in page(client)
    page(client, f"?bankroll={other.pk}", 400)
    assert client.get(f"/stats/chart.json?bankroll={other.pk}").status_code == 400
    assert client.get("/stats/chart.json").json()["bets"] == 0


def test_without_bankroll_or_bets_the_page_says_what_to_do(client: Client, owner: User) -> None:
    assert "Open a bankroll" in page(client)
    assert client.get("/stats/chart.json").json()["t"] == []
    BankrollFactory(user=owner)
    assert "No settled bets yet" in page(client)
    assert "No settled bets here" in page(client, "?period=7")


def test_every_figure_is_on_the_page_without_script(client: Client, roll: Bankroll) -> None:
    every_kind(roll)
    text = page(client)
    for words in (
        "(returned − staked) ÷ staked",
        "won, ",
        "known of",
        "too few",
        "of the 30 bets that a verdict needs",
        "in none of the other figures",
        "March 2026",
        "Wilson",
        "Bonferroni",
        "Brier score",
    ):
        assert words in text, words


@pytest.mark.parametrize(
    "by", ["sport", "league", "book", "market", "type", "odds", "tag", "weekday", "live", "side"]
)
@pytest.mark.parametrize("sort", ["", "name", "-name", "bets", "-staked", "profit", "-yield", "clv"])
def test_every_break_down_is_shown_in_every_order(client: Client, roll: Bankroll, by: str, sort: str) -> None:
    settled(roll, tags=["model"], close="-120")
    settled(roll, "lost", legs=2)
    text = page(client, f"?by={by}&sort={sort}")
    if sort:
        assert f'aria-sort="{"descending" if sort.startswith("-") else "ascending"}"' in text


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?pot=x", "pot"), ("?period=8", "period"), ("?by=moon", "by"), ("?sort=x", "sort"), ("?month=2026-13", "month"),
        ("?month=0001-01", "month"), ("?book=x", "book"), ("?type=x", "type"), ("?bankroll=x", "bankroll"),
        ("?sport=%00", "sport"), ("?book=9999999999", "book"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(client: Client, roll: Bankroll, query: str, field: str) -> None:
    settled(roll)
    assert f"{field}:" in page(client, query, 400)
    assert client.get(f"/stats/chart.json{query}").status_code == 400


def test_a_day_of_the_calendar_is_one_of_the_owners_zone(client: Client, roll: Bankroll) -> None:
    settled(roll, at=dt.datetime(2026, 3, 6, 3, 0, tzinfo=dt.UTC))
    text = page(client, "?month=2026-03")
    cell = text.split('<time datetime="2026-03-05">')[1].split("</td>")[0]
    assert "+$90.91" in cell
    assert "$" not in text.split('<time datetime="2026-03-06">')[1].split("</td>")[0]


def test_amounts_in_another_currency_are_on_a_page_of_their_own(client: Client, roll: Bankroll) -> None:
    settled(roll, stake="10")
    settled(BankrollFactory(user=roll.user, currency="EUR"), stake="20")
    dollars, euros = page(client, "?pot=usd-paper"), page(client, "?pot=eur-paper")
    assert "€20.00" in euros
    assert "€20.00" not in dollars
    assert 'href="?pot=eur-paper"' in dollars


def test_the_chart_has_profit_and_expectation_and_says_when_it_is_thinned(
    client: Client, roll: Bankroll
) -> None:
    settled(roll, fair="0.5", at=START)
    settled(roll, "lost", at=START + dt.timedelta(days=1))
    data: dict[str, Any] = client.get("/stats/chart.json").json()
    assert data["profit"] == [90.91, -9.09]
    assert data["covered"] == [90.91, 90.91]
    assert data["expected"] == pytest.approx([-4.545, -4.545], abs=0.01)
    assert data["low"][0] < -4.55 < data["high"][0]
    assert not data["thinned"]


def test_the_page_takes_the_same_statements_whatever_its_bets(client: Client, roll: Bankroll) -> None:
    def statements() -> int:
        page(client)
        with CaptureQueriesContext(connection) as queries:
            page(client)
        return len(queries)

    settled(roll)
    few = statements()
    every_kind(roll)
    assert statements() == few <= 26
