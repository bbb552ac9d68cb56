"""Profit by day in the person's zone, each day with a link to its bets."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets.models import Bankroll
from bets.tests.factories import BankrollFactory
from bets.tests.stats_bets import settled
from bets.tests.test_slip_page import words

pytestmark = pytest.mark.django_db
UTC = dt.UTC


@pytest.fixture
def ada(client: Client) -> User:
    user: User = UserFactory(time_zone="America/New_York")
    client.force_login(user)
    return user


@pytest.fixture
def roll(ada: User) -> Bankroll:
    made: Bankroll = BankrollFactory(user=ada)
    return made


def page(client: Client, query: str = "") -> str:
    response = client.get(reverse("bets:calendar") + query)
    assert response.status_code == 200
    return response.content.decode()


def cell(text: str, day: str) -> str:
    return text.split(f'<time datetime="{day}">')[1].split("</td>")[0]


def test_a_day_is_from_midnight_to_midnight_of_the_zone_also_when_clocks_change(
    client: Client, roll: Bankroll
) -> None:
    # 1 November 2026 lasts 25 hours in New York: from 4:00 UTC to 5:00 UTC of the next day
    settled(roll, at=dt.datetime(2026, 11, 1, 3, 59, tzinfo=UTC), stake="1", odds="100")
    settled(roll, at=dt.datetime(2026, 11, 1, 4, 0, tzinfo=UTC), stake="2", odds="100")
    settled(roll, at=dt.datetime(2026, 11, 2, 4, 59, tzinfo=UTC), stake="4", odds="100")
    settled(roll, "lost", at=dt.datetime(2026, 11, 2, 5, 0, tzinfo=UTC), stake="8")
    text = page(client, "?month=2026-11")
    assert "+$6.00" in cell(text, "2026-11-01")
    assert "−$8.00" in cell(text, "2026-11-02")
    assert "−$2.00 on 3 bets settled, USD paper money" in re.sub(r"<[^>]*>", "", text)
    assert "+$1.00" in cell(page(client, "?month=2026-10"), "2026-10-31")


def test_a_spring_day_has_twenty_three_hours(client: Client, roll: Bankroll) -> None:
    settled(roll, at=dt.datetime(2026, 3, 8, 5, 0, tzinfo=UTC), stake="2", odds="100")
    settled(roll, at=dt.datetime(2026, 3, 9, 3, 59, tzinfo=UTC), stake="4", odds="100")
    settled(roll, at=dt.datetime(2026, 3, 9, 4, 0, tzinfo=UTC), stake="8", odds="100")
    text = page(client, "?month=2026-03")
    assert "+$6.00" in cell(text, "2026-03-08")
    assert "+$8.00" in cell(text, "2026-03-09")


def test_a_day_leads_to_its_bets(client: Client, roll: Bankroll) -> None:
    settled(roll, at=dt.datetime(2026, 11, 2, 4, 59, tzinfo=UTC), stake="4", odds="100", tags=["model"])
    settled(roll, at=dt.datetime(2026, 11, 2, 4, 0, tzinfo=UTC), stake="7", odds="100")
    settled(BankrollFactory(user=roll.user, currency="EUR"), at=dt.datetime(2026, 11, 2, 4, 0, tzinfo=UTC))
    text = page(client, "?month=2026-11&pot=usd-paper&tag=model")
    link = re.search(r'href="([^"]*since=2026-11-01[^"]*)"', text)
    assert link is not None
    found = client.get(link[1].replace("&amp;", "&"))
    assert len(found.context["rows"]) == 1
    assert "Tag model" in words(found)


def test_weeks_begin_on_monday_and_months_follow_one_another(client: Client, roll: Bankroll) -> None:
    text = page(client, "?month=2026-11")
    assert text.index('title="Monday"') < text.index('title="Sunday"')
    first_week = text.split("<tbody>")[1].split("</tr>")[0]
    assert first_week.count("outside") == 6  # the month begins on a Sunday
    assert "month=2026-10" in text
    assert "month=2026-12" in text


def test_an_empty_month_says_so(client: Client, roll: Bankroll) -> None:
    assert "No bets were settled" in page(client, "?month=2020-02")
    assert "2020-02-29" in page(client, "?month=2020-02")


def test_without_a_bankroll_the_page_says_what_to_do(client: Client, ada: User) -> None:
    assert "Open a bankroll" in page(client)


@pytest.mark.parametrize("query", ["?month=2026-13", "?pot=x", "?status=lucky", "?since=x"])
def test_what_cannot_be_read_is_named(client: Client, roll: Bankroll, query: str) -> None:
    response = client.get(reverse("bets:calendar") + query)
    assert response.status_code == 400
    assert f"{query[1:].split('=')[0]}:" in words(response)


def test_nobody_sees_the_days_of_another(client: Client, roll: Bankroll) -> None:
    other = BankrollFactory()
    settled(other, stake="98765", at=dt.datetime(2026, 11, 2, 4, 0, tzinfo=UTC))
    assert "98,765" not in page(client, "?month=2026-11")
    assert client.get(f"{reverse('bets:calendar')}?bankroll={other.pk}").status_code == 400


def test_the_page_takes_the_same_statements_whatever_its_bets(client: Client, roll: Bankroll) -> None:
    def statements() -> int:
        page(client)
        with CaptureQueriesContext(connection) as queries:
            page(client)
        return len(queries)

    settled(roll)
    few = statements()
    for _ in range(5):
        settled(roll)
    assert statements() == few <= 26
