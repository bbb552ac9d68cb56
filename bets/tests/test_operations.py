"""Deposits, bonuses, adjustments, transfers and their undoing; keeping bankrolls."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.tests.factories import UserFactory
from bets.bankrolls import (
    adjust,
    archive_bankroll,
    credit_bonus,
    deposit,
    edit_bankroll,
    make_default,
    restore_bankroll,
    transfer,
    undo,
    withdraw,
)
from bets.bankrolls.page import bankrolls_of, origin_of, with_sums
from bets.bankrolls.statement import Span, lines_of, statement_of
from bets.exceptions import (
    BadOperation,
    IdempotencyConflict,
    InsufficientFunds,
    NotAllowed,
    NotPossible,
)
from bets.history.editing import edit_terms, terms_of
from bets.ledger import balance
from bets.models import Bankroll, LedgerEntry, LedgerKind, Operation
from bets.money import BadAmount
from bets.placement import LegAsked, place_ticket
from bets.settlement import settle_due
from bets.tests.factories import FAR, PLACED, ended, funded_bankroll, offered, place
from bets.tests.stats_bets import record_of
from bets.tests.test_imports import PIKKIT, imported
from bets.verification import verify
from games.tests.factories import GameFactory
from odds.tests.factories import BookmakerFactory

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


@pytest.fixture
def roll() -> Bankroll:
    return funded_bankroll("100")


@pytest.fixture
def other(roll: Bankroll) -> Bankroll:
    return funded_bankroll("20", user=roll.user)


def test_a_transfer_is_a_line_in_each_bankroll(roll: Bankroll, other: Bankroll) -> None:
    done = transfer(source=roll, target=other, amount=Decimal(30), by=roll.user, note="for the cup")
    assert (balance(roll), balance(other)) == (70, 50)
    lines = LedgerEntry.objects.filter(operation=done).order_by("amount")
    assert [(line.kind, line.amount, line.note) for line in lines] == [
        (LedgerKind.TRANSFER, -30, "for the cup"),
        (LedgerKind.TRANSFER, 30, "for the cup"),
    ]
    assert verify()[1] == []


def test_a_transfer_between_currencies_names_both_amounts(roll: Bankroll) -> None:
    yen = funded_bankroll("500", user=roll.user, currency="JPY")
    transfer(source=roll, target=yen, amount=Decimal("10.50"), arrives=Decimal(1580), by=roll.user)
    assert (balance(roll), balance(yen)) == (Decimal("89.50"), 2080)
    assert verify()[1] == []


@pytest.mark.parametrize(
    ("target", "terms", "refusal", "says"),
    [
        ({}, {"amount": "100.01"}, InsufficientFunds, r"The transfer of \$100\.01 is more"),
        ({}, {"amount": "0"}, BadAmount, "above zero"),
        ({}, {"amount": "5", "arrives": "4"}, BadOperation, "the same amount arrives"),
        ({"currency": "EUR"}, {"amount": "5"}, BadOperation, "what arrives in EUR"),
        ({"currency": "JPY"}, {"amount": "5", "arrives": "4.5"}, BadAmount, "smallest unit of JPY"),
        ({"kind": "real"}, {"amount": "5"}, BadOperation, "Real and paper money"),
        ({"user": None}, {"amount": "5"}, BadOperation, "between your own bankrolls"),
    ],
)
def test_what_is_no_transfer_moves_nothing(
    roll: Bankroll, target: dict[str, Any], terms: dict[str, str], refusal: type[Exception], says: str
) -> None:
    goal = funded_bankroll("20", **({"user": roll.user} | target))
    numbers: dict[str, Any] = {name: Decimal(text) for name, text in terms.items()}
    with pytest.raises(refusal, match=says):
        transfer(source=roll, target=goal, by=roll.user, **numbers)
    assert (balance(roll), balance(goal)) == (100, 20)


def test_a_bankroll_is_not_transferred_to_itself(roll: Bankroll) -> None:
    with pytest.raises(BadOperation, match="another bankroll"):
        transfer(source=roll, target=roll, amount=Decimal(5), by=roll.user)


def test_an_adjustment_goes_either_way_and_has_a_reason(roll: Bankroll) -> None:
    adjust(bankroll=roll, amount=Decimal("-0.75"), by=roll.user, reason="withdrawal fee")
    adjust(bankroll=roll, amount=Decimal(2), by=roll.user, reason="interest")
    assert balance(roll) == Decimal("101.25")
    with pytest.raises(BadOperation, match="why"):
        adjust(bankroll=roll, amount=Decimal(2), by=roll.user, reason="  ")
    with pytest.raises(InsufficientFunds, match="adjustment"):
        adjust(bankroll=roll, amount=Decimal(-200), by=roll.user, reason="error")


def test_what_is_sent_twice_is_done_once(roll: Bankroll, other: Bankroll) -> None:
    act = partial(transfer, source=roll, target=other, amount=Decimal(5), by=roll.user, key="k")
    assert act().pk == act().pk
    assert balance(roll) == 95
    with pytest.raises(IdempotencyConflict, match=r"A transfer of \$5\.00 has been recorded"):
        deposit(bankroll=roll, amount=Decimal(5), by=roll.user, key="k")
    deposit(bankroll=funded_bankroll("1"), amount=Decimal(5), by=UserFactory(is_staff=True), key="k")


@pytest.mark.parametrize("key", ["", "x" * 65, "a\x00b"])
def test_a_key_that_cannot_be_kept_is_refused(roll: Bankroll, key: str) -> None:
    with pytest.raises(BadOperation, match="key"):
        deposit(bankroll=roll, amount=Decimal(5), by=roll.user, key=key)


@pytest.mark.parametrize("note", ["x" * 201, "a\x00b"])
def test_a_note_that_cannot_be_kept_is_refused(roll: Bankroll, note: str) -> None:
    with pytest.raises(BadOperation, match="note"):
        deposit(bankroll=roll, amount=Decimal(5), by=roll.user, note=note)


def test_an_operation_keeps_when_it_happened_and_when_it_was_recorded(roll: Bankroll) -> None:
    done = deposit(bankroll=roll, amount=Decimal(5), by=roll.user, happened_at=PLACED - DAY, now=PLACED)
    assert (done.happened_at, done.recorded_at, done.lines.get().at) == (PLACED - DAY, PLACED, PLACED)
    with pytest.raises(BadOperation, match="future"):
        deposit(bankroll=roll, amount=Decimal(5), by=roll.user, happened_at=PLACED + DAY, now=PLACED)
    with pytest.raises(BadOperation, match="before 1990"):
        deposit(bankroll=roll, amount=Decimal(5), by=roll.user, happened_at=PLACED.replace(year=1))


def test_an_undoing_is_lines_of_its_own_and_done_once(roll: Bankroll, other: Bankroll) -> None:
    done = transfer(source=roll, target=other, amount=Decimal(30), by=roll.user)
    back = undo(operation=done, by=roll.user)
    assert undo(operation=done, by=roll.user).pk == back.pk
    assert (balance(roll), balance(other)) == (100, 20)
    assert [line.kind for line in back.lines.all()] == [LedgerKind.CORRECTION] * 2
    assert LedgerEntry.objects.filter(operation=done).count() == 2
    with pytest.raises(NotPossible, match="cannot be undone"):
        undo(operation=back, by=roll.user)
    assert verify()[1] == []


def test_what_has_been_spent_since_cannot_be_undone(roll: Bankroll, other: Bankroll) -> None:
    done = transfer(source=roll, target=other, amount=Decimal(30), by=roll.user)
    withdraw(bankroll=other, amount=Decimal(40), by=roll.user)
    with pytest.raises(InsufficientFunds, match=r"correction of \$30\.00 .* \$10\.00 is available"):
        undo(operation=done, by=roll.user)
    assert (balance(roll), balance(other)) == (70, 10)


def test_a_stranger_does_nothing_with_the_money_of_another(roll: Bankroll, other: Bankroll) -> None:
    eve, mine = UserFactory(), Decimal(1)
    done = deposit(bankroll=roll, amount=mine, by=roll.user)
    acts: list[Callable[..., object]] = [
        partial(deposit, bankroll=roll, amount=mine),
        partial(withdraw, bankroll=roll, amount=mine),
        partial(credit_bonus, bankroll=roll, amount=mine),
        partial(adjust, bankroll=roll, amount=mine, reason="x"),
        partial(transfer, source=roll, target=other, amount=mine),
        partial(undo, operation=done),
        partial(archive_bankroll, bankroll=roll),
        partial(restore_bankroll, bankroll=roll),
        partial(make_default, bankroll=roll),
        partial(edit_bankroll, bankroll=roll, name="x", currency="USD", kind="paper", bookmaker=None, may_go_negative=True),
    ]  # fmt: skip
    for act in acts:
        with pytest.raises(NotAllowed):
            act(by=eve)
    assert Operation.objects.count() == 3


def test_below_zero_only_where_the_owner_allows_it(roll: Bankroll) -> None:
    terms: dict[str, Any] = {
        "name": roll.name, "currency": "USD", "kind": "paper", "bookmaker": None, "by": roll.user
    }  # fmt: skip
    edit_bankroll(bankroll=roll, may_go_negative=True, **terms)
    withdraw(bankroll=roll, amount=Decimal(130), by=roll.user)
    edited = edit_bankroll(bankroll=roll, may_go_negative=False, **terms)
    assert (balance(roll), edited.covered_from) == (-30, 3)
    with pytest.raises(InsufficientFunds):
        withdraw(bankroll=roll, amount=Decimal(1), by=roll.user)
    deposit(bankroll=roll, amount=Decimal(10), by=roll.user)
    assert verify()[1] == []


@pytest.mark.parametrize(("field", "value"), [("currency", "EUR"), ("kind", "real")])
def test_a_used_bankroll_keeps_its_money(roll: Bankroll, field: str, value: str) -> None:
    terms: dict[str, Any] = {
        "name": "New", "currency": "USD", "kind": "paper", "bookmaker": None, "may_go_negative": False
    }  # fmt: skip
    with pytest.raises(ValidationError, match="has been used"):
        edit_bankroll(bankroll=roll, by=roll.user, **(terms | {field: value}))
    book = BookmakerFactory()
    edited = edit_bankroll(bankroll=roll, by=roll.user, **(terms | {"bookmaker": book}))
    assert (edited.name, edited.bookmaker) == ("New", book)


def test_an_edited_name_is_not_one_in_use(roll: Bankroll, other: Bankroll) -> None:
    with pytest.raises(ValidationError, match="already have a bankroll of that name"):
        edit_bankroll(bankroll=roll, by=roll.user, name=other.name.upper(), currency="USD", kind="paper",
                      bookmaker=None, may_go_negative=False)  # fmt: skip


def test_an_archived_bankroll_rests_until_it_is_restored(roll: Bankroll, other: Bankroll) -> None:
    line = offered(GameFactory(commence_time=FAR), "h2h")
    make_default(bankroll=roll, by=roll.user)
    archive_bankroll(bankroll=roll, by=roll.user)
    assert [row.pk for row in bankrolls_of(roll.user)] == [other.pk]
    acts: list[Callable[..., object]] = [
        partial(deposit, bankroll=roll, amount=Decimal(1), by=roll.user),
        partial(transfer, source=other, target=roll, amount=Decimal(1), by=roll.user),
        partial(place, line, roll, stake=Decimal(1)),
        partial(make_default, bankroll=roll, by=roll.user),
    ]
    for act in acts:
        with pytest.raises(NotPossible, match="archived"):
            act()
    restore_bankroll(bankroll=roll, by=roll.user)
    place(line, roll, stake=Decimal(1))


def test_a_bankroll_with_open_bets_is_not_archived_and_a_later_correction_still_arrives(
    roll: Bankroll,
) -> None:
    game = GameFactory(commence_time=FAR)
    place(offered(game, "h2h"), roll)
    with pytest.raises(NotPossible, match="1 bet in it is open"):
        archive_bankroll(bankroll=roll, by=roll.user)
    ended(game, 1, 0)
    settle_due()
    archive_bankroll(bankroll=roll, by=roll.user)
    assert balance(roll) > 100


def test_one_bankroll_is_the_default_and_comes_first(roll: Bankroll, other: Bankroll) -> None:
    assert [row.pk for row in bankrolls_of(roll.user)] == [roll.pk, other.pk]
    for chosen in (other, roll, other):
        make_default(bankroll=chosen, by=roll.user)
    assert [row.pk for row in bankrolls_of(roll.user)] == [other.pk, roll.pk]


def test_exposure_is_the_cash_that_open_bets_could_lose(roll: Bankroll) -> None:
    game, book = GameFactory(commence_time=FAR), BookmakerFactory(is_exchange=True)
    lay = offered(game, "h2h_lay", price="200", bookmaker=book)
    common: dict[str, Any] = {"user": roll.user, "bankroll": roll, "kind": "straight"}
    leg = LegAsked(selection=lay.selection, price=lay.price)
    place_ticket(bookmaker=book, legs=[leg], stake=Decimal(10), idempotency_key="lay", **common)
    free = offered(game, "h2h")
    free_leg = LegAsked(selection=free.selection, price=free.price)
    place_ticket(bookmaker=free.bookmaker, legs=[free_leg], stake=Decimal(50), idempotency_key="free",
                 is_bonus=True, **common)  # fmt: skip
    row = with_sums(Bankroll.objects.filter(pk=roll.pk))[0]
    assert (row.balance, row.exposure) == (80, 20)


def test_own_money_bonuses_and_the_result_of_bets_are_told_apart(roll: Bankroll, other: Bankroll) -> None:
    credit_bonus(bankroll=roll, amount=Decimal(25), by=roll.user)
    undo(operation=credit_bonus(bankroll=roll, amount=Decimal(7), by=roll.user), by=roll.user)
    undo(operation=deposit(bankroll=roll, amount=Decimal(9), by=roll.user), by=roll.user)
    transfer(source=roll, target=other, amount=Decimal(15), by=roll.user)
    adjust(bankroll=roll, amount=Decimal(-5), by=roll.user, reason="fee")
    game = GameFactory(commence_time=FAR)
    place(offered(game, "h2h", price="150"), roll, stake=Decimal(40))
    ended(game, 1, 0)
    settle_due()
    open_ = place(offered(GameFactory(commence_time=FAR), "h2h"), roll, stake=Decimal(20))
    terms = replace(terms_of(open_, list(open_.legs.all())), stake=Decimal(30))
    edit_terms(bet=open_, by=roll.user, terms=terms)
    row = with_sums(Bankroll.objects.filter(pk=roll.pk))[0]
    origin = origin_of(row, statement_of(roll, Span()))
    assert (origin.paid_in, origin.bonuses, origin.result) == ("$80.00", "$25.00", "+$60.00")
    assert row.total == "$165.00"


def test_money_that_is_no_bets_never_counts_as_profit(roll: Bankroll, other: Bankroll) -> None:
    def figures() -> tuple[Any, ...]:
        record = record_of(roll)
        return record.sums, record.drawdown, record.expectation

    game = GameFactory(commence_time=FAR)
    place(offered(game, "h2h", price="150"), roll, stake=Decimal(40))
    ended(game, 1, 0)
    settle_due()
    before = figures()
    credit_bonus(bankroll=roll, amount=Decimal(25), by=roll.user)
    deposit(bankroll=roll, amount=Decimal(25), by=roll.user)
    adjust(bankroll=roll, amount=Decimal(25), by=roll.user, reason="x")
    undo(operation=transfer(source=roll, target=other, amount=Decimal(5), by=roll.user), by=roll.user)
    assert figures() == before
    assert before[0].net == 6000


def test_a_statement_adds_up_over_any_period(roll: Bankroll) -> None:
    for n in range(1, 8):
        deposit(bankroll=roll, amount=Decimal(n), by=roll.user, now=PLACED + n * DAY)
    first = PLACED.date()
    whole_ = statement_of(roll, Span())
    assert (whole_.opening, whole_.closing, whole_.lines) == (0, 128, 8)
    for since in range(-2, 10):
        for until in range(since, 10):
            span = Span(first + since * DAY, first + until * DAY)
            read = statement_of(roll, span)
            lines = list(lines_of(roll, read))
            assert read.opening + sum(line.amount for line in lines) == read.closing
            assert all(span.start <= line.at < span.end for line in lines)  # type: ignore[operator] # both set
            assert len(lines) == read.lines == len([d for d in range(8) if since <= d <= until])


def test_an_import_leaves_an_archived_bankroll_alone(roll: Bankroll) -> None:
    archive_bankroll(bankroll=roll, by=roll.user)
    plan = imported(roll.user, PIKKIT, bankroll=Bankroll.objects.get(pk=roll.pk)).plan
    assert plan.counts["add"] == 0
    assert any("is archived. Restore it first." in step.reason for step in plan.steps)
    assert balance(roll) == 100
