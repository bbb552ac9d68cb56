"""Two people, or a person and the worker, decide about one bet at once: the second is told, the bet is paid once."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.tests.factories import UserFactory
from bets.decisions import record
from bets.decisions.cashing import cash_out
from bets.decisions.settling import settle_by_hand
from bets.decisions.undoing import undo_decision
from bets.exceptions import NotPossible
from bets.models import Bet, LedgerEntry, LedgerKind
from bets.settlement import settle_batch
from bets.tests.factories import FAR, ended, offered, place
from bets.tests.test_decisions import begun
from bets.tests.test_races import in_threads
from bets.verification import verify
from games.tests.factories import GameFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bet() -> Bet:
    return begun(place(offered(GameFactory(commence_time=FAR), "h2h")))


def payouts(bet: Bet) -> int:
    return LedgerEntry.objects.filter(bet=bet, kind=LedgerKind.PAYOUT).count()


def both(bet: Bet) -> Counter[str]:
    """The owner cashes out while staff settle; each has seen revision 0."""
    staff = UserFactory(is_staff=True)

    def act(n: int) -> object:
        common: dict[str, Any] = {"bet": bet, "reason": "at once", "revision": 0}
        if n:
            return settle_by_hand(by=staff, outcomes={1: "won"}, **common)
        return cash_out(by=bet.user, offer=Decimal(60), **common)

    return in_threads(2, act)


def test_without_the_lock_two_decisions_collide_in_the_database(
    bet: Bet, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = Bet.objects.select_related("bankroll").get(pk=bet.pk)
    settle_by_hand(bet=bet, by=bet.user, reason="first", outcomes={1: "won"})
    monkeypatch.setattr(record, "lock_bets", lambda bets: [stale])
    with pytest.raises(IntegrityError), transaction.atomic():
        cash_out(bet=bet, by=bet.user, offer=Decimal(60), reason="second", revision=0)
    assert payouts(bet) == 1


def test_of_two_decisions_at_once_one_is_made_and_the_other_refused(bet: Bet) -> None:
    for _ in range(3):
        fresh = begun(place(offered(GameFactory(commence_time=FAR), "h2h")))
        assert both(fresh) == {"done": 1, "BetChanged": 1}
        assert payouts(fresh) == 1
    assert verify()[1] == []


def test_a_person_and_the_worker_at_once_pay_the_bet_once() -> None:
    for _ in range(4):
        bet = place(offered(GameFactory(commence_time=FAR), "h2h"))
        ended(bet.legs.get().game, 1, 0)

        def act(n: int, bet: Bet = bet) -> object:
            if n:
                return settle_batch()
            return cash_out(bet=bet, by=bet.user, offer=Decimal(60), reason="taken", revision=0)

        outcomes = in_threads(2, act)
        assert outcomes["done"] + outcomes["nothing"] + outcomes["BetChanged"] == 2
        assert outcomes["done"] >= 1
        bet.refresh_from_db()
        assert (bet.status, payouts(bet)) in [("cashed_out", 1), ("won", 1)]
    assert verify()[1] == []


def test_a_decision_is_undone_once(bet: Bet) -> None:
    settle_by_hand(bet=bet, by=bet.user, reason="paid", outcomes={1: "won"})
    outcomes = in_threads(2, lambda _: undo_decision(bet=bet, by=bet.user, reason="wrong", revision=1))
    assert outcomes == {"done": 1, "BetChanged": 1}
    with pytest.raises(NotPossible):
        undo_decision(bet=bet, by=bet.user, reason="again")
    assert verify()[1] == []
