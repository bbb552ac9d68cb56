from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import UserFactory
from bets import ledger
from bets.bankrolls import deposit, open_bankroll, withdraw
from bets.exceptions import InsufficientFunds, NotAllowed
from bets.ledger import balance
from bets.models import Bankroll, LedgerEntry, LedgerKind
from bets.money import BadAmount
from bets.tests.factories import PLACED, BankrollFactory, funded_bankroll
from odds.tests.factories import BookmakerFactory

pytestmark = pytest.mark.django_db


def test_a_bankroll_opens_with_its_first_deposit() -> None:
    user = UserFactory()
    bankroll = open_bankroll(
        user=user, name=" Main ", currency="EUR", opening_deposit=Decimal("250.5"), now=PLACED
    )
    line = bankroll.ledger.get()
    assert (bankroll.name, bankroll.currency) == ("Main", "EUR")
    assert (line.kind, line.seq, line.balance_before, str(line.balance_after), line.at) == (
        LedgerKind.DEPOSIT,
        1,
        0,
        "250.50",
        PLACED,
    )


def test_a_bankroll_without_deposit_has_no_lines_and_nothing_in_it() -> None:
    bankroll = open_bankroll(user=UserFactory(), name="Empty", bookmaker=BookmakerFactory())
    assert balance(bankroll) == 0
    assert Bankroll.objects.with_balance().get().balance == 0


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"currency": "XXX"}, "currency"),
        ({"kind": "gold"}, "kind"),
        ({"name": "x" * 61}, "name"),
    ],
)
def test_a_malformed_bankroll_is_refused_by_field(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        open_bankroll(user=UserFactory(), **({"name": "Main"} | fields))
    assert field in refusal.value.message_dict


def test_a_name_is_used_once_a_user_in_any_case() -> None:
    user = UserFactory()
    open_bankroll(user=user, name="Main")
    with pytest.raises(ValidationError, match="already have a bankroll of that name"):
        open_bankroll(user=user, name="MAIN")
    open_bankroll(user=UserFactory(), name="Main")


def test_a_bad_opening_deposit_opens_nothing() -> None:
    with pytest.raises(BadAmount, match="deposit"):
        open_bankroll(user=UserFactory(), name="Main", opening_deposit=Decimal(-1))
    assert not Bankroll.objects.exists()


def test_deposits_and_withdrawals_chain() -> None:
    bankroll = funded_bankroll("100")
    deposit(bankroll=bankroll, amount=Decimal("50.25"), by=bankroll.user)
    last = withdraw(bankroll=bankroll, amount=Decimal(150), by=bankroll.user, note="rent").lines.get()
    assert (last.seq, last.previous_seq, last.amount, last.note) == (3, 2, -150, "rent")
    assert balance(bankroll) == Decimal("0.25")
    assert sum(line.amount for line in LedgerEntry.objects.all()) == Decimal("0.25")
    assert Bankroll.objects.with_balance().get().balance == Decimal("0.25")


def test_no_more_can_be_withdrawn_than_there_is() -> None:
    bankroll = funded_bankroll("100")
    with pytest.raises(InsufficientFunds, match=r"\$100\.01 is more .* \$100\.00 is available"):
        withdraw(bankroll=bankroll, amount=Decimal("100.01"), by=bankroll.user)
    assert balance(bankroll) == 100


def test_a_stranger_moves_no_money_and_staff_are_named() -> None:
    bankroll = funded_bankroll("100")
    for act in (deposit, withdraw):
        with pytest.raises(NotAllowed):
            act(bankroll=bankroll, amount=Decimal(1), by=UserFactory())
    staff = UserFactory(is_staff=True, username="keeper")
    line = deposit(bankroll=bankroll, amount=Decimal(1), by=staff, note="correction").lines.get()
    assert line.note == "correction (by keeper)"


def test_a_balance_has_a_largest_value() -> None:
    bankroll = funded_bankroll("9999999999.99")
    for _ in range(99):
        deposit(bankroll=bankroll, amount=Decimal("9999999999.99"), by=bankroll.user)
    with pytest.raises(BadAmount, match="more than can be recorded"):
        deposit(bankroll=bankroll, amount=Decimal("9999999999.99"), by=bankroll.user)


def test_a_movement_takes_few_statements() -> None:
    bankroll = funded_bankroll("100")
    with CaptureQueriesContext(connection) as queries:
        deposit(bankroll=bankroll, amount=Decimal(1), by=bankroll.user)
    assert len(queries) == 8  # savepoint twice, lock, tail, done before, clock, operation, line


def test_lines_of_several_bankrolls_are_planned_apart() -> None:
    one, two = BankrollFactory(), BankrollFactory()
    tails = ledger.lock_bankrolls([two.pk, one.pk, one.pk])
    moves = [ledger.Movement(b.pk, LedgerKind.DEPOSIT, Decimal(n)) for n, b in enumerate([one, two, one], 1)]
    lines = ledger.plan(tails, moves)
    assert [(line.seq, line.balance_before, line.balance_after) for line in lines] == [
        (1, 0, 1),
        (1, 0, 2),
        (2, 1, 4),
    ]
    ledger.append(lines, at=PLACED)
    assert (balance(one), balance(two)) == (4, 2)
