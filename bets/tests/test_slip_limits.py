"""The slip holds to the limits of its bankroll's money, paper or real."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from bets.bankrolls import open_bankroll
from bets.limits import set_limit
from bets.models import BankrollKind, Bet, LimitKind
from bets.tests.scenes import scene
from bets.tests.slips import add, place, words

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", [LimitKind.STAKE, LimitKind.DAILY_LOSS])
@pytest.mark.parametrize("money", BankrollKind.values)
def test_a_bet_beyond_a_limit_is_refused_from_the_slip(client: Client, kind: str, money: str) -> None:
    at = scene()
    client.force_login(at.user)
    roll = open_bankroll(user=at.user, name="Limited", kind=money, opening_deposit=Decimal(100))
    set_limit(user=at.user, kind=kind, currency="USD", money=money, amount=Decimal(5))
    key = add(client, at)
    response = place(client, key, stake="6", bankroll=str(roll.pk))
    assert response.status_code == 422
    assert "limit is $5.00" in words(response)
    assert not Bet.objects.exists()
    place(client, key, stake="5", bankroll=str(roll.pk))
    assert Bet.objects.get().bankroll == roll
