"""Bets and decisions about limits at once, in pairs: each guard is first shown to be needed, then to hold."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

from bets import limits
from bets.limits import changing, set_limit
from bets.models import Bankroll, Bet, LimitChange
from bets.placement import service as placement
from bets.placement import standing
from bets.tests.factories import FAR, funded_bankroll, offered, place
from bets.tests.test_races import in_threads
from bets.verification import verify
from games.tests.factories import GameFactory
from odds.models import CurrentOdds

pytestmark = pytest.mark.django_db(transaction=True)


def purses(count: int) -> tuple[list[Bankroll], list[CurrentOdds]]:
    """Bankrolls of one person who may lose 100 a day, and a line on a game of its own for each."""
    first = funded_bankroll("1000")
    rolls = [first, *(funded_bankroll("1000", user=first.user) for _ in range(count - 1))]
    set_limit(user=first.user, kind="daily_loss", currency="USD", money="paper", amount=Decimal(100))
    return rolls, [offered(GameFactory(commence_time=FAR), "h2h") for _ in range(count)]


def test_without_the_owners_lock_bets_in_several_bankrolls_pass_the_limit_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rolls, lines = purses(3)
    barrier = threading.Barrier(3)
    real = placement.write_bet

    def late(*args: Any, **kwargs: Any) -> None:
        barrier.wait(timeout=20)
        real(*args, **kwargs)

    monkeypatch.setattr(placement, "write_bet", late)
    monkeypatch.setattr(standing, "LOCK_OWNER", standing.LOCK_OWNER.replace("FOR NO KEY UPDATE", ""))
    assert in_threads(3, lambda n: place(lines[n], rolls[n], stake=Decimal(60))) == {"done": 3}


def test_twenty_bets_at_once_in_several_bankrolls_stay_within_the_days_limit() -> None:
    rolls, lines = purses(4)
    outcomes = in_threads(20, lambda n: place(lines[n % 4], rolls[n % 4], stake=Decimal(30)))
    assert outcomes == {"done": 3, "LimitReached": 17}
    assert sum(bet.stake for bet in Bet.objects.all()) == 90
    assert verify()[1] == []


def test_a_bet_that_waits_while_a_limit_is_set_is_held_to_it() -> None:
    """The clock is read after the lock: a bet that began before the limit cannot commit beyond it."""
    roll = funded_bankroll("1000")
    line = offered(GameFactory(commence_time=FAR), "h2h")
    is_locked, outcomes = threading.Event(), []

    def bet() -> None:
        is_locked.wait(timeout=20)
        try:
            place(line, roll, stake=Decimal(500))
            outcomes.append("placed")
        except limits.enforcing.LimitReached:
            outcomes.append("refused")
        finally:
            connection.close()

    thread = threading.Thread(target=bet)
    thread.start()
    with transaction.atomic():
        changing.locked_now(roll.user, None)
        is_locked.set()
        thread.join(timeout=1)
        assert thread.is_alive(), "the bet waits for the owner's row"
        set_limit(user=roll.user, kind="stake", currency="USD", money="paper", amount=Decimal(10))
    thread.join(timeout=20)
    assert outcomes == ["refused"]


def test_a_limit_decided_twice_at_once_is_one_change() -> None:
    roll = funded_bankroll("10")

    def decide(_: int) -> LimitChange | None:
        return set_limit(user=roll.user, kind="stake", currency="USD", money="paper", amount=Decimal(10))

    assert in_threads(8, decide) == {"done": 1, "nothing": 7}
