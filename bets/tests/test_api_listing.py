"""All bets of a person by the API: the SQL is worked out once, and says what that of a filtered list says."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.tests.factories import ApiKeyFactory, text_of
from bets.tests.factories import BetFactory, funded_bankroll

pytestmark = pytest.mark.django_db

ALL = "status=pending"
"""A filter that leaves out none of these bets."""


@pytest.fixture
def client() -> Client:
    """The client of who has seven bets, of which three were placed at one instant; another person has one too."""
    roll, now = funded_bankroll("1000"), timezone.now()
    for n in range(7):
        BetFactory(bankroll=roll, user=roll.user, placed_at=now - dt.timedelta(minutes=min(n, 4)))
    BetFactory()
    key = ApiKeyFactory(user=roll.user, scopes=["bets:read"])
    return Client(headers={"Authorization": f"Bearer {text_of(key)}"})


def walked(client: Client, address: str, way: str = "next") -> tuple[list[list[str]], str]:
    """The bets of each page, and the address of the last."""
    found, following = [], address
    while following:
        address = following
        page = client.get(address).json()
        found.append([bet["id"] for bet in page["results"]])
        following = page[way]
    return found, address


@pytest.mark.parametrize("order", ["-placed", "placed"])
def test_pages_turn_as_those_of_a_filtered_list(client: Client, order: str) -> None:
    whole, end = walked(client, f"/api/v1/bets/?order={order}&limit=3")
    filtered, _ = walked(client, f"/api/v1/bets/?order={order}&limit=3&{ALL}")
    assert whole == filtered
    assert [len(page) for page in whole] == [3, 3, 1]
    back, _ = walked(client, end, "previous")
    assert back[1:] == [whole[1], whole[0]]


def test_rows_are_those_of_a_filtered_list(client: Client) -> None:
    def rows(query: str) -> list[dict[str, Any]]:
        page: dict[str, Any] = client.get(f"/api/v1/bets/?expand=events,ledger&{query}").json()
        return list(page["results"])

    assert rows("order=-placed") == rows(ALL)


def test_a_cursor_of_another_list_is_refused_as_ever(client: Client) -> None:
    page = client.get("/api/v1/bets/?order=placed&limit=3").json()
    other = page["next"].replace("order=placed", "order=-placed")
    assert client.get(other).json()["code"] == "not_found"
