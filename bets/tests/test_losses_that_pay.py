"""Bets that lose and still pay something: what the ledger's proof has to allow, and no more."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from bets.exceptions import BadBet
from bets.grading import EachWay
from bets.settlement import settle_due
from bets.tests.factories import ended
from bets.tests.test_placing_tickets import asked, finish, games, line, placed, settled

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("kind", "fields", "paid"),
    [
        ("round_robin", {"sizes": (2,)}, ("lost", "19.00")),
        ("patent", {}, ("lost", "48.00")),
    ],
)
def test_a_system_that_loses_in_all_pays_for_its_winners_and_the_ledger_is_right(
    kind: str, fields: dict[str, Any], paid: tuple[str, str]
) -> None:
    found = games(3)
    bet = placed(kind, asked(*(line(game) for game in found)), **fields)
    finish(found, "WPL")
    settle_due()
    assert settled(bet) == paid


def test_half_a_cent_lost_rounds_to_the_stake_and_the_ledger_is_right() -> None:
    game = games(1, "soccer_epl")[0]
    bet = placed("straight", asked(line(game, "spreads", point="-0.25")), stake=Decimal("0.01"))
    ended(game, 1, 1)
    settle_due()
    assert settled(bet) == ("half_lost", "0.01")


def test_an_each_way_fraction_is_one_that_a_book_could_write() -> None:
    outright = line(games(1)[0], "outrights", "win", odds="17.0")
    way = EachWay(Fraction(10**30 + 1, 10**31), 5)
    with pytest.raises(BadBet, match="such as 1/4"):
        placed("straight", asked(outright), each_way=way)
