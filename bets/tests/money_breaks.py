"""Bankrolls, operations, their lines and limits that break each of their constraints."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from bets.clock import EARLIEST
from bets.models import LedgerKind
from bets.tests.factories import (
    PLACED,
    BankrollFactory,
    BetFactory,
    LedgerEntryFactory,
    LimitChangeFactory,
    OperationFactory,
)

DAY = dt.timedelta(days=1)


def transfer(**fields: Any) -> None:
    one = BankrollFactory()
    values = {
        "bankroll": one,
        "kind": "transfer",
        "amount": -5,
        "to_bankroll": BankrollFactory(user=one.user),
        "to_amount": 5,
    }
    OperationFactory(**(values | fields))


def to_itself() -> None:
    one = BankrollFactory()
    transfer(bankroll=one, to_bankroll=one)


def looser(**fields: Any) -> None:
    LimitChangeFactory(**({"loosens": True, "effective_at": PLACED + DAY} | fields))


def twice_done() -> None:
    first = OperationFactory()
    OperationFactory(bankroll=first.bankroll, key=first.key)


def twice_moved() -> None:
    first = LedgerEntryFactory()
    deposit = OperationFactory(bankroll=first.bankroll)
    LedgerEntryFactory(bankroll=first.bankroll, operation=deposit, seq=2, balance_before=100)
    LedgerEntryFactory(bankroll=first.bankroll, operation=deposit, seq=3, balance_before=200)


def two_defaults() -> None:
    first = BankrollFactory(is_default=True)
    BankrollFactory(user=first.user, is_default=True)


MONEY: dict[str, list[Callable[[], object]]] = {
    "bankroll_name_is_unique_per_user": [
        lambda: BankrollFactory(user=BankrollFactory(name="Main").user, name="MAIN"),
    ],
    "bankroll_kind_is_known": [lambda: BankrollFactory(kind="gold")],
    "bankroll_currency_is_known": [lambda: BankrollFactory(currency="XXX")],
    "one_default_bankroll_per_user": [two_defaults],
    "default_bankroll_is_in_use": [lambda: BankrollFactory(is_default=True, archived_at=PLACED)],
    "operation_is_of_its_bankrolls_owner": [
        lambda: OperationFactory(user=BankrollFactory().user, bankroll=BankrollFactory()),
    ],
    "transfer_stays_with_its_owner": [lambda: transfer(to_bankroll=BankrollFactory())],
    "operation_is_done_once": [twice_done],
    "operation_kind_is_known": [],
    "operation_has_a_key": [lambda: OperationFactory(key="")],
    "operation_amount_has_the_sign_of_its_kind": [
        lambda: OperationFactory(amount=-1),
        lambda: OperationFactory(kind="bonus", amount=0),
        lambda: OperationFactory(kind="withdrawal"),
        lambda: OperationFactory(kind="adjustment", note="x", amount=0),
        lambda: transfer(amount=5),
    ],
    "transfer_has_two_sides": [
        lambda: transfer(to_bankroll=None, to_amount=None),
        lambda: transfer(to_amount=None),
        lambda: transfer(to_amount=-5),
        lambda: transfer(kind="withdrawal"),
    ],
    "transfer_is_between_two_bankrolls": [
        to_itself,
    ],
    "undoing_names_what_it_undoes": [
        lambda: OperationFactory(kind="undo", amount=-100),
        lambda: OperationFactory(undoes=OperationFactory()),
    ],
    "adjustment_has_a_reason": [lambda: OperationFactory(kind="adjustment")],
    "operation_is_not_in_the_future": [
        lambda: OperationFactory(happened_at=PLACED + dt.timedelta(seconds=1))
    ],
    "operation_is_not_before_1990": [
        lambda: OperationFactory(happened_at=EARLIEST - dt.timedelta(seconds=1)),
        lambda: OperationFactory(happened_at=dt.datetime(1, 1, 1, tzinfo=dt.UTC)),
    ],
    "transfers_and_corrections_name_their_operation": [
        lambda: LedgerEntryFactory(kind=LedgerKind.TRANSFER),
        lambda: LedgerEntryFactory(kind=LedgerKind.CORRECTION),
        lambda: LedgerEntryFactory(operation=OperationFactory(), bet=BetFactory()),
    ],
    "operation_moves_a_bankroll_once": [twice_moved],
    "limit_kind_is_known": [],
    "limit_is_of_money_or_of_time": [
        lambda: LimitChangeFactory(currency=""),
        lambda: LimitChangeFactory(money=""),
        lambda: LimitChangeFactory(money="gold"),
        lambda: LimitChangeFactory(until=PLACED + DAY),
        lambda: LimitChangeFactory(kind="time_out", until=PLACED + DAY),
        lambda: LimitChangeFactory(kind="time_out", currency="", money="", until=PLACED + DAY),
    ],
    "limit_is_above_zero": [lambda: LimitChangeFactory(amount=0), lambda: LimitChangeFactory(amount=-1)],
    "limit_is_loosened_after_a_day": [
        lambda: looser(effective_at=PLACED + DAY - dt.timedelta(microseconds=1)),
        lambda: LimitChangeFactory(effective_at=PLACED + DAY),
        lambda: LimitChangeFactory(effective_at=PLACED - DAY),
    ],
    "ending_a_limit_loosens_it": [
        lambda: LimitChangeFactory(amount=None),
        lambda: LimitChangeFactory(kind="time_out", currency="", money="", amount=None),
        lambda: LimitChangeFactory(kind="time_out", currency="", money="", amount=None, until=PLACED),
    ],
    "only_waiting_changes_are_cancelled": [
        lambda: LimitChangeFactory(cancelled_at=PLACED),
        lambda: looser(cancelled_at=PLACED + DAY),
        lambda: looser(cancelled_at=PLACED - DAY),
    ],
}
