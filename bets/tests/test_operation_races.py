"""Operations at once on one balance, in pairs: without the guard and with it."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import pytest

from bets import ledger
from bets.bankrolls import deposit, make_default, operations, transfer, undo
from bets.ledger import balance
from bets.models import Bankroll, LedgerEntry, Operation
from bets.tests.factories import funded_bankroll
from bets.tests.test_races import in_threads
from bets.verification import verify

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rolls() -> tuple[Bankroll, Bankroll]:
    one = funded_bankroll("100")
    return one, funded_bankroll("100", user=one.user)


def together(monkeypatch: pytest.MonkeyPatch, parties: int) -> None:
    """Make every operation wait for the others after it has looked at the funds."""
    barrier = threading.Barrier(parties)
    real = operations.movements

    def late(*args: Any) -> Any:
        barrier.wait(timeout=20)
        return real(*args)

    monkeypatch.setattr(operations, "movements", late)


def test_without_the_lock_every_transfer_finds_the_funds_and_only_the_chain_refuses_them(
    rolls: tuple[Bankroll, Bankroll], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = rolls
    monkeypatch.setattr(ledger, "LOCK", "SELECT id FROM bankrolls WHERE id = ANY(%s::uuid[])")
    together(monkeypatch, 3)
    outcomes = in_threads(
        3, lambda n: transfer(source=one, target=other, amount=Decimal(60), by=one.user, key=f"k{n}")
    )
    assert outcomes == {"done": 1, "IntegrityError": 2}
    assert verify()[1] == []


def test_twenty_transfers_at_once_both_ways_take_no_more_than_there_is(
    rolls: tuple[Bankroll, Bankroll],
) -> None:
    def act(n: int) -> object:
        source, target = rolls if n % 2 else rolls[::-1]
        return transfer(source=source, target=target, amount=Decimal(45), by=source.user, key=f"k{n}")

    outcomes = in_threads(20, act)
    assert set(outcomes) <= {"done", "InsufficientFunds"}
    assert sum(outcomes.values()) == 20
    assert balance(rolls[0]) + balance(rolls[1]) == 200
    assert all(line.balance_after >= 0 for line in LedgerEntry.objects.all())
    assert verify()[1] == []


def test_a_double_click_is_one_operation_even_where_no_lock_is_shared(
    rolls: tuple[Bankroll, Bankroll], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "LOCK", "SELECT id FROM bankrolls WHERE id = ANY(%s::uuid[])")
    outcomes = in_threads(
        8, lambda _: deposit(bankroll=rolls[0], amount=Decimal(5), by=rolls[0].user, key="click")
    )
    assert outcomes == {"done": 8}
    assert balance(rolls[0]) == 105


def test_what_is_undone_by_many_at_once_is_undone_once(rolls: tuple[Bankroll, Bankroll]) -> None:
    one, other = rolls
    done = transfer(source=one, target=other, amount=Decimal(60), by=one.user)
    assert in_threads(8, lambda _: undo(operation=done, by=one.user)) == {"done": 8}
    assert Operation.objects.filter(undoes=done).count() == 1
    assert balance(one) == balance(other) == 100


def test_one_of_two_defaults_chosen_at_once_is_the_default(rolls: tuple[Bankroll, Bankroll]) -> None:
    assert in_threads(6, lambda n: make_default(bankroll=rolls[n % 2], by=rolls[0].user)) == {"done": 6}
    assert Bankroll.objects.filter(is_default=True).count() == 1
