"""Money of every currency has its minor unit and is rounded once, half up, whatever the ticket."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bets.ledger import balance
from bets.models import Currency
from bets.money import minor_digits, minor_unit
from bets.settlement import settle_due
from bets.tests.factories import funded_bankroll
from bets.tests.test_placing_tickets import asked, finish, games, line, placed, settled

pytestmark = pytest.mark.django_db

ISO_4217 = {
    "AUD": 2, "BRL": 2, "CAD": 2, "CHF": 2, "CZK": 2, "DKK": 2, "EUR": 2, "GBP": 2, "HUF": 2, "INR": 2, "JPY": 0,
    "MXN": 2, "NOK": 2, "NZD": 2, "PLN": 2, "SEK": 2, "USD": 2, "ZAR": 2,
}  # fmt: skip
"""Minor units as the standard lists them; a forint has 100 fillér there, though none are coined."""


def test_every_currency_has_the_minor_unit_of_the_standard() -> None:
    assert {code: minor_digits(code) for code in Currency.values} == ISO_4217
    assert (minor_unit("JPY"), minor_unit("HUF")) == (1, Decimal("0.01"))


@pytest.mark.parametrize(
    ("kind", "stake", "odds", "outcomes", "fields", "paid"),
    [
        ("straight", "105", "1.91", "W", {}, {"JPY": "201", "HUF": "200.55"}),  # 200.55
        ("straight", "50", "1.91", "W", {}, {"JPY": "96", "HUF": "95.50"}),  # half up
        (
            "parlay",
            "101",
            "1.91",
            "WW",
            {},
            {"JPY": "368", "USD": "368.46"},
        ),  # 368.4581; leg by leg 193 × 1.91 = 369
        ("parlay", "15", "1.90", "WW", {}, {"JPY": "54", "USD": "54.15"}),  # leg by leg 29 × 1.9 = 55
        ("round_robin", "15", "1.90", "WWL", {"sizes": (2,)}, {"JPY": "54", "USD": "54.15"}),
        (
            "round_robin",
            "15",
            "1.95",
            "WWW",
            {"sizes": (2,)},
            {"JPY": "171", "USD": "171.11"},
        ),  # thrice 57 is 171
        (
            "round_robin",
            "11",
            "1.90",
            "WWW",
            {"sizes": (2,)},
            {"JPY": "119", "USD": "119.13"},
        ),  # thrice 40 is 120
        ("straight", "33", "1.91", "W", {"boost_pct": Decimal(10)}, {"JPY": "66", "USD": "66.03"}),
        ("straight", "33", "1.91", "W", {"commission_pct": Decimal(5)}, {"JPY": "62", "USD": "61.53"}),
        ("straight", "33", "1.91", "W", {"is_bonus": True}, {"JPY": "30", "USD": "30.03"}),
    ],
)
def test_a_payout_is_rounded_once_at_the_end(
    kind: str, stake: str, odds: str, outcomes: str, fields: dict[str, Any], paid: dict[str, str]
) -> None:
    for currency, payout in paid.items():
        found = games(len(outcomes))
        bankroll = funded_bankroll("1000", currency=currency)
        legs = asked(*[line(game, odds=odds) for game in found])
        bet = placed(kind, legs, bankroll, stake=Decimal(stake), **fields)
        finish(found, outcomes)
        settle_due()
        settled(bet)
        assert (currency, bet.payout) == (currency, Decimal(payout))
        staked = Decimal(0) if bet.is_bonus else bet.stake
        assert balance(bankroll) == 1000 - staked + Decimal(payout)


@pytest.mark.parametrize(
    ("point", "stake", "payout", "status"),
    [
        ("-0.25", "33", "17", "half_lost"),  # 16.5
        ("-0.25", "1", "1", "half_lost"),  # 0.5 is a whole yen, so that nothing is lost after all
        ("0.25", "33", "49", "half_won"),  # 48.675
        ("0.25", "1", "1", "half_won"),  # 1.475
        ("0.25", "10", "15", "half_won"),  # 14.75
    ],
)
def test_half_won_and_half_lost_yen(point: str, stake: str, payout: str, status: str) -> None:
    """A draw with a quarter of a goal given or taken, at 1.95."""
    found = games(1, "soccer_epl")
    bankroll = funded_bankroll("1000", currency="JPY")
    bet = placed(
        "straight",
        asked(line(found[0], "spreads", odds="1.95", point=point)),
        bankroll,
        stake=Decimal(stake),
    )
    finish(found, "P")
    settle_due()
    assert settled(bet)[0] == status
    assert bet.payout == Decimal(payout)


def test_a_teaser_in_yen_is_rounded_once() -> None:
    found = games(2, "americanfootball_nfl")
    legs = asked(*[line(game, "spreads", point="-3") for game in found])
    dollars, yen = (
        placed(
            "teaser", legs, funded_bankroll("1000", currency=one), stake=Decimal(33), teaser_points=Decimal(6)
        )
        for one in ("USD", "JPY")
    )
    finish(found, "WW")
    settle_due()
    settled(dollars), settled(yen)
    assert dollars.payout is not None
    assert yen.payout == int(dollars.payout + Decimal("0.5"))
    assert dollars.payout % 1 != 0
