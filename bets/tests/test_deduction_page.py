"""Entering what a book takes off the winnings, by owner and staff, and what it does to a paid bet."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets.ledger import balance
from bets.models import Bet, BetEventKind
from bets.regrading import regrade_due
from bets.settlement import settle_due
from bets.tests.factories import FAR, offered, place
from bets.tests.test_settling_futures import back, finished, runner
from bets.tests.test_slip_page import words
from bets.verification import verify
from bets.voiding import void_bet
from games.models import Game
from games.tests.factories import GameFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> User:
    return UserFactory(is_staff=True, is_superuser=True)


@pytest.fixture
def masters() -> Game:
    return GameFactory(outright=True, title="The Masters", commence_time=FAR)


@pytest.fixture
def bet(masters: Game, staff: User) -> Bet:
    """100 on a winner, which has paid 500."""
    bet = back(runner(masters, "Scheffler"))
    finished(masters, staff, ("Scheffler", 1))
    settle_due()
    bet.refresh_from_db()
    assert bet.payout == 500
    return bet


def url(bet: Bet) -> str:
    return reverse("bets:decide", args=[bet.pk, "deduct"])


def send(client: Client, bet: Bet, pct: str, **data: Any) -> Any:
    bet.refresh_from_db()
    fields = {"revision": bet.revision, "position": 1, "pct": pct, "reason": "Rule 4, one withdrawn"}
    return client.post(url(bet), fields | data)


def test_an_owner_sees_what_a_deduction_does_and_confirms_it(client: Client, bet: Bet) -> None:
    client.force_login(bet.user)
    assert url(bet) in client.get(reverse("bets:bet", args=[bet.pk])).content.decode()
    text = words(send(client, bet, "25"))
    assert "The bet is then Won, $400.00 returned" in text
    assert balance(bet.bankroll) == 1400
    send(client, bet, "25", confirm="1")
    assert (balance(bet.bankroll), verify()[1]) == (1300, [])
    edited = bet.events.get(kind=BetEventKind.EDITED)
    assert (edited.by, edited.reason) == (bet.user, "Rule 4, one withdrawn")
    assert edited.data == {"position": 1, "deduction_pct": "25", "before": "0.00"}
    assert "25 % deducted from the winnings" in bet.legs.get().evidence["summary"]
    assert regrade_due() == {}
    send(client, bet, "0", confirm="1")
    assert (balance(bet.bankroll), verify()[1]) == (1400, [])


def test_an_owner_does_not_take_staffs_deduction_back(client: Client, bet: Bet, staff: User) -> None:
    client.force_login(staff)
    assert url(bet) in client.get(reverse("admin:bets_bet_change", args=[bet.pk])).content.decode()
    send(client, bet, "10", confirm="1")
    assert balance(bet.bankroll) == 1360
    client.force_login(bet.user)
    page = send(client, bet, "0", confirm="1")
    assert page.status_code == 422
    assert "Staff entered the deduction; only staff may change it." in words(page)
    assert balance(bet.bankroll) == 1360


@pytest.mark.parametrize("pct", ["", "-1", "91", "1.234", "some"])
def test_a_wrong_percentage_is_refused(client: Client, bet: Bet, pct: str) -> None:
    client.force_login(bet.user)
    assert send(client, bet, pct, confirm="1").status_code == 422
    assert balance(bet.bankroll) == 1400


def test_a_deduction_before_the_result_counts_when_it_comes(
    client: Client, masters: Game, staff: User
) -> None:
    bet = back(runner(masters, "Scheffler"))
    client.force_login(bet.user)
    send(client, bet, "25", confirm="1")
    bet.refresh_from_db()
    assert bet.status == "pending"
    finished(masters, staff, ("Scheffler", 1))
    assert settle_due() == {"won": 1}
    assert balance(bet.bankroll) == 1300


def test_other_bets_and_bets_a_person_decided_take_no_deduction(
    client: Client, bet: Bet, staff: User
) -> None:
    plain = place(offered(GameFactory(commence_time=FAR), "h2h"))
    void_bet(bet=bet, by=staff, reason="as the book has it")
    for one in (plain, bet):
        client.force_login(one.user)
        assert url(one) not in client.get(reverse("bets:bet", args=[one.pk])).content.decode()
    assert send(client, bet, "10", confirm="1").status_code == 422
    assert bet.legs.get().deduction_pct == Decimal(0)


def test_a_stranger_enters_no_deduction(client: Client, bet: Bet) -> None:
    client.force_login(UserFactory())
    assert send(client, bet, "10", confirm="1").status_code == 404
    assert bet.legs.get().deduction_pct == 0
