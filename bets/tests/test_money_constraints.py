"""The guards of bankrolls, operations and limits that are more than a condition on a row."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import connection

from bets.bankrolls import deposit, withdraw
from bets.models import Bankroll, LedgerEntry, LedgerKind, LimitChange
from bets.tests.factories import (
    PLACED,
    BankrollFactory,
    BetFactory,
    LedgerEntryFactory,
    LimitChangeFactory,
    OperationFactory,
    funded_bankroll,
)
from bets.tests.test_constraints import change, raised_by

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
LATER = PLACED + dt.timedelta(hours=1)


@pytest.mark.parametrize(
    ("factory", "others", "name"),
    [
        (
            OperationFactory,
            ["operation_amount_has_the_sign_of_its_kind", "transfer_has_two_sides"],
            "operation_kind_is_known",
        ),
        (LimitChangeFactory, [], "limit_kind_is_known"),
    ],
)
def test_only_known_kinds_are_stored(factory: Any, others: list[str], name: str) -> None:
    with connection.cursor() as cursor:
        for other in others:
            cursor.execute(f"ALTER TABLE operations DROP CONSTRAINT {other}")
    assert raised_by(lambda: factory(kind="gift")) == name


@pytest.mark.parametrize("fields", [{"currency": "EUR"}, {"kind": "real"}])
def test_the_money_of_a_bankroll_stays_what_it_is_once_there_are_lines_or_bets(
    fields: dict[str, str],
) -> None:
    for used in (funded_bankroll("10"), BetFactory(is_bonus=True).bankroll):
        assert "has been used" in raised_by(partial(change, used, **fields))
    fresh = BankrollFactory()
    change(fresh, **fields)
    assert Bankroll.objects.filter(pk=fresh.pk, **fields).exists()


def below_zero(bankroll: Bankroll, kind: str, **fields: Any) -> LedgerEntry:
    last = bankroll.ledger.latest("seq")
    values = {"seq": last.seq + 1, "balance_before": last.balance_after, "amount": Decimal(-60)}
    made: LedgerEntry = LedgerEntryFactory(bankroll=bankroll, kind=kind, **(values | fields))
    return made


@pytest.mark.parametrize("kind", ["stake", "withdrawal", "adjustment"])
def test_what_is_not_there_is_not_taken_even_past_the_services(kind: str) -> None:
    bankroll = funded_bankroll("50")
    bet = BetFactory(bankroll=bankroll) if kind == "stake" else None
    assert "does not hold" in raised_by(lambda: below_zero(bankroll, kind, bet=bet))
    Bankroll.objects.update(may_go_negative=True)
    assert below_zero(bankroll, kind, bet=bet).balance_after == -10


def test_a_wrong_payout_is_taken_back_though_it_has_been_spent() -> None:
    bankroll = funded_bankroll("50")
    bet = BetFactory(bankroll=bankroll)
    assert below_zero(bankroll, "reversal", bet=bet).balance_after == -10


@pytest.mark.parametrize("fields", [{"amount": 99}, {"kind": "bonus"}])
def test_a_line_is_what_its_operation_moves(fields: dict[str, Any]) -> None:
    def forged() -> None:
        operation = OperationFactory()
        LedgerEntryFactory(**({"bankroll": operation.bankroll, "operation": operation} | fields))

    assert "is not what its operation" in raised_by(forged)


def test_a_line_is_in_a_bankroll_of_its_operation() -> None:
    assert "is not what its operation" in raised_by(lambda: LedgerEntryFactory(operation=OperationFactory()))


def test_an_operation_without_its_lines_is_not_committed() -> None:
    assert "has not all its ledger lines" in raised_by(OperationFactory)
    one = funded_bankroll("10")
    half = {"kind": "transfer", "amount": -5, "to_amount": 5, "to_bankroll": BankrollFactory(user=one.user)}

    def half_a_transfer() -> None:
        operation = OperationFactory(bankroll=one, **half)
        below_zero(one, LedgerKind.TRANSFER, amount=Decimal(-5), operation=operation)

    assert "has not all its ledger lines" in raised_by(half_a_transfer)


@pytest.mark.parametrize(
    ("target", "arrives"), [({"kind": "real"}, 5), ({}, 6), ({"kind": "real", "currency": "EUR"}, 5)]
)
def test_a_transfer_makes_no_money(target: dict[str, str], arrives: int) -> None:
    one = BankrollFactory()
    other = BankrollFactory(user=one.user, **target)
    values = {"bankroll": one, "to_bankroll": other, "kind": "transfer", "amount": -5, "to_amount": arrives}
    assert "a transfer moves" in raised_by(lambda: OperationFactory(**values))


def test_an_undoing_takes_back_what_was_done_and_nothing_else() -> None:
    bankroll = funded_bankroll("50")
    done = deposit(bankroll=bankroll, amount=Decimal(5), by=bankroll.user)
    other = funded_bankroll("50", user=bankroll.user)
    for fields in ({"amount": -6}, {"amount": -5, "bankroll": other}):
        values = {"bankroll": bankroll, "kind": "undo", "undoes": done} | fields
        assert "takes back exactly" in raised_by(partial(OperationFactory, **values))


def test_operations_are_append_only() -> None:
    bankroll = funded_bankroll("50")
    done = withdraw(bankroll=bankroll, amount=Decimal(5), by=bankroll.user)
    assert "append-only" in raised_by(lambda: change(done, note="other"))
    with connection.cursor() as cursor:
        assert "append-only" in raised_by(partial(cursor.execute, "DELETE FROM operations"))


def time_out(**fields: Any) -> LimitChange:
    values = {"kind": "time_out", "currency": "", "money": "", "amount": None}
    made: LimitChange = LimitChangeFactory(**(values | fields))
    return made


@pytest.mark.parametrize("fields", [{"amount": 51}, {"amount": 50, "time_zone": "Asia/Tokyo"}])
def test_a_limit_is_not_loosened_at_once_whatever_the_row_says(fields: dict[str, Any]) -> None:
    user = LimitChangeFactory().user
    assert "only after a day" in raised_by(lambda: LimitChangeFactory(user=user, decided_at=LATER, **fields))
    LimitChangeFactory(user=user, decided_at=LATER, amount=49)
    LimitChangeFactory(user=user, decided_at=LATER, currency="EUR", amount=500)


def test_a_time_out_is_not_shortened_at_once() -> None:
    user = time_out(until=PLACED + 7 * DAY).user
    assert "only after a day" in raised_by(lambda: time_out(user=user, decided_at=LATER, until=PLACED + DAY))
    time_out(user=user, decided_at=LATER, until=PLACED + 8 * DAY)


def test_a_change_of_a_limit_is_not_edited_only_cancelled_once() -> None:
    change_ = LimitChangeFactory(loosens=True, effective_at=PLACED + DAY, amount=None)
    assert "only cancelled" in raised_by(lambda: change(change_, effective_at=PLACED + 2 * DAY))
    assert "only cancelled" in raised_by(lambda: change(change_, amount=5, cancelled_at=LATER))
    change(change_, cancelled_at=LATER)
    for again in (None, LATER + dt.timedelta(minutes=1)):
        assert "only cancelled" in raised_by(partial(change, change_, cancelled_at=again))
