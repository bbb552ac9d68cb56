"""What the tests of the slip send and read."""

from __future__ import annotations

import html
import re
from typing import Any

from django.test import Client
from django.urls import reverse

from bets.models import SlipLeg
from bets.tests.scenes import Scene

HTMX: dict[str, Any] = {"headers": {"HX-Request": "true", "HX-Target": "slip"}}
SUMS: dict[str, Any] = {"headers": {"HX-Request": "true", "HX-Target": "slip-sums"}}


def words(response: Any) -> str:
    """The text of a page as a person reads it."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def add(client: Client, at: Scene, odds: Any = None) -> str:
    """Click a price and return the key of the slip."""
    response = client.post(reverse("bets:slip_add"), at.clicked(odds), **HTMX)
    assert response.status_code == 200
    return key_in(response)


def key_in(response: Any) -> str:
    found = re.search(r'name="key" value="(\w+)"', response.content.decode())
    assert found
    return found[1]


def fields(key: str, stake: str = "50", bankroll: str = "", **typed: str) -> dict[str, str]:
    """What the form of a slip with one leg sends; ``typed`` are fields of that leg."""
    leg = SlipLeg.objects.filter(removed_at=None).last()
    number = leg.pk if leg else 0
    return {
        "key": key,
        f"stake-{number}": stake,
        **({"bankroll": bankroll} if bankroll else {}),
        **{f"{name}-{number}": text for name, text in typed.items()},
    }


def place(client: Client, key: str, **typed: str) -> Any:
    return client.post(reverse("bets:slip_place"), fields(key, **typed), **HTMX)


def update(client: Client, key: str, **typed: str) -> Any:
    return client.post(reverse("bets:slip_update"), fields(key, **typed), **SUMS)


def press(client: Client, key: str, **button: str) -> Any:
    return client.post(reverse("bets:slip_update"), {"key": key, **button}, **HTMX)
