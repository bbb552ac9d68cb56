"""Tickets of several games placed at once on one bankroll, in pairs: without the guard and with it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from bets import ledger
from bets.ledger import balance
from bets.models import Bet
from bets.placement import LegAsked, place_ticket, standing
from bets.tests.factories import FAR, funded_bankroll, offered
from bets.tests.test_races import in_threads, together
from bets.verification import verify
from games.models import Game
from games.tests.factories import GameFactory
from odds.models import Bookmaker

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["together"]


def parlays(count: int) -> Callable[[int], Bet]:
    """Place parlays of 100 on games of their own; the legs of each are given in another order than the next one's."""
    legs = [
        [
            LegAsked(selection=one.selection, price=one.price)
            for one in (offered(GameFactory(commence_time=FAR), "h2h") for _ in range(3))
        ][:: (-1) ** number]
        for number in range(count)
    ]
    bankroll = funded_bankroll("100")

    def act(n: int) -> Bet:
        return place_ticket(
            user=bankroll.user,
            bankroll=bankroll,
            bookmaker=Bookmaker.objects.get(key="draftkings"),
            kind="parlay",
            legs=legs[n],
            stake=Decimal(100),
            idempotency_key=f"k{n}",
        )

    return act


def test_without_the_bankrolls_lock_every_parlay_finds_the_funds_and_only_the_chain_refuses_them(
    monkeypatch: pytest.MonkeyPatch, together: Callable[[int], None]
) -> None:
    act = parlays(4)
    monkeypatch.setattr(standing, "LOCK_OWNER", standing.LOCK_OWNER.replace("FOR NO KEY UPDATE", ""))
    monkeypatch.setattr(ledger, "LOCK", "SELECT id FROM bankrolls WHERE id = ANY(%s::uuid[])")
    together(4)
    assert in_threads(4, act) == {"done": 1, "IntegrityError": 3}
    assert verify()[1] == []


def test_of_twenty_parlays_on_a_bankroll_with_funds_for_one_exactly_one_is_placed() -> None:
    act = parlays(20)
    assert in_threads(20, act) == {"done": 1, "InsufficientFunds": 19}
    bet = Bet.objects.get()
    assert balance(bet.bankroll) == 0
    assert (bet.legs.count(), sum(Game.objects.values_list("bet_count", flat=True))) == (3, 3)
    assert verify()[1] == []


def test_twenty_parlays_on_the_same_games_in_any_order_of_legs_do_not_lock_each_other_up() -> None:
    lines = [offered(GameFactory(commence_time=FAR), "h2h") for _ in range(3)]
    bankroll = funded_bankroll("500")
    legs = [LegAsked(selection=one.selection, price=one.price) for one in lines]

    def act(n: int) -> Bet:
        return place_ticket(
            user=bankroll.user,
            bankroll=bankroll,
            bookmaker=lines[0].bookmaker,
            kind="parlay",
            legs=[*legs[n % 3 :], *legs[: n % 3]],
            stake=Decimal(100),
            idempotency_key=f"k{n}",
        )

    assert in_threads(20, act) == {"done": 5, "InsufficientFunds": 15}
    assert set(Game.objects.values_list("bet_count", flat=True)) == {5}
    assert balance(bankroll) == 0
    assert verify()[1] == []
