"""Each rule on operations and overdrafts is broken past every guard, and the first wrong line is named."""

from __future__ import annotations

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from bets.bankrolls import deposit, edit_bankroll, proof, transfer, undo, withdraw
from bets.models import Bankroll
from bets.tests.factories import funded_bankroll
from bets.verification import verify

pytestmark = pytest.mark.django_db

MOVED, BETWEEN, UNDONE, COVERED = proof.RULES


@pytest.fixture
def rolls() -> tuple[Bankroll, Bankroll]:
    """Two bankrolls of 100 with a transfer of 40 from the first to the second, and a deposit of 7 undone."""
    one = funded_bankroll("100")
    other = funded_bankroll("100", user=one.user)
    transfer(source=one, target=other, amount=Decimal(40), by=one.user)
    undo(operation=deposit(bankroll=one, amount=Decimal(7), by=one.user), by=one.user)
    connection.check_constraints()
    return one, other


TAMPERING = [
    (MOVED, "UPDATE operations SET amount = 101 WHERE kind = 'deposit' AND bankroll_id = %(one)s AND amount = 100",
     "should get 101.00, its line says deposit 100.00"),
    (MOVED, "UPDATE ledger_entries SET operation_id = NULL WHERE kind = 'deposit' AND bankroll_id = %(other)s",
     "should get 100.00, its line says nothing"),
    (MOVED, "UPDATE ledger_entries SET kind = 'bonus' WHERE kind = 'deposit' AND bankroll_id = %(other)s",
     "its line says bonus 100.00"),
    (MOVED, "DELETE FROM operations WHERE kind = 'deposit' AND bankroll_id = %(other)s",
     "line 1 of bankroll"),
    (MOVED, "UPDATE operations SET to_bankroll_id = gen_random_uuid() WHERE kind = 'transfer'", "which does not touch it"),
    (BETWEEN, "UPDATE bankrolls SET kind = 'real' WHERE id = %(other)s", "moves 40.00 USD of paper to 40.00 USD of real"),
    (BETWEEN, "UPDATE operations SET to_amount = 41 WHERE kind = 'transfer'", "to 41.00 USD"),
    (BETWEEN, "UPDATE bankrolls SET user_id = gen_random_uuid() WHERE id = %(other)s", "moves 40.00 USD"),
    (UNDONE, "UPDATE operations SET amount = -6 WHERE kind = 'undo'", "undoes deposit of 7.00 by -6.00"),
    (UNDONE, "UPDATE operations SET undoes_id = gen_random_uuid() WHERE kind = 'undo'", "undoes nothing"),
    (COVERED, ("UPDATE ledger_entries SET amount = -140, balance_after = balance_before - 140"
     " WHERE kind = 'transfer' AND bankroll_id = %(one)s"), "takes 140.00 and leaves -40.00"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "statement", "first"), TAMPERING)
def test_what_is_forged_is_named(
    rolls: tuple[Bankroll, Bankroll], rule: str, statement: str, first: str
) -> None:
    assert verify()[1] == []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, {"one": rolls[0].pk, "other": rolls[1].pk})
        assert cursor.rowcount == 1
        cursor.execute("SET LOCAL session_replication_role = origin")
    faults = {fault.rule: fault for fault in verify()[1]}
    assert first in faults[rule].first
    with pytest.raises(CommandError, match="The ledger is wrong"):
        call_command("verify_ledger", stderr=StringIO())


def test_every_rule_is_broken_once() -> None:
    assert {rule for rule, _, _ in TAMPERING} == set(proof.RULES)


def test_an_overdraft_is_no_fault_while_it_was_allowed() -> None:
    roll = funded_bankroll("10", may_go_negative=True)
    withdraw(bankroll=roll, amount=Decimal(30), by=roll.user)
    edit_bankroll(
        bankroll=roll,
        by=roll.user,
        name=roll.name,
        currency=roll.currency,
        kind=roll.kind,
        bookmaker=None,
        may_go_negative=False,
    )
    assert verify()[1] == []
    Bankroll.objects.update(covered_from=1)
    assert [fault.rule for fault in verify()[1]] == [COVERED]
