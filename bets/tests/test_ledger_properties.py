"""Whatever is done to bankrolls, in whatever order: the lines add up, nothing is taken that is not there, and what is sent
twice is done once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bets.bankrolls import adjust, credit_bonus, deposit, edit_bankroll, transfer, undo, withdraw
from bets.decisions.cashing import cash_out
from bets.exceptions import Refused
from bets.history.editing import edit_terms, terms_of
from bets.imports.committing import undo_import
from bets.ledger import balance
from bets.models import (
    OPEN_STATUSES,
    Bankroll,
    Bet,
    ImportBatch,
    ImportState,
    LedgerEntry,
    LedgerKind,
    Operation,
)
from bets.money import BadAmount
from bets.placement import LegAsked, place_ticket
from bets.regrading import regrade_due
from bets.settlement import settle_due
from bets.tests.factories import FAR, ended, funded_bankroll, offered, place
from bets.tests.test_imports import PIKKIT, imported
from bets.verification import verify
from bets.voiding import void_bet
from games.models import Game
from games.tests.factories import GameFactory

pytestmark = pytest.mark.django_db

amounts = st.integers(1, 15_000).map(lambda cents: Decimal(cents) / 100)
steps = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *[
                    "deposit",
                    "withdraw",
                    "bonus",
                    "adjust",
                    "transfer",
                    "exchange",
                    "undo",
                    "place",
                    "bonus_bet",
                ],
                *[
                    "place",
                    "place",
                    "place",
                    "place",
                    "settle",
                    "settle",
                    "correct",
                    "correct",
                    "void",
                    "cash_out",
                    "import",
                    "undo_import",
                    "allow",
                    "forbid",
                ],
            ]
        ),
        st.integers(0, 2),
        amounts,
    ),
    min_size=8,
    max_size=24,
)


class Person:
    """Two bankrolls in dollars and one in euros, and everything their owner can do."""

    def __init__(self) -> None:
        first = funded_bankroll("100")
        self.user = first.user
        self.rolls = [
            first,
            funded_bankroll("20", user=first.user),
            funded_bankroll("50", user=first.user, currency="EUR"),
        ]
        self.repeats: list[Callable[[], object]] = []
        self.done = 0

    def act(self, what: str, which: int, amount: Decimal) -> None:
        """Do a step; what is refused must leave no trace."""
        before = self.lines()
        try:
            with transaction.atomic():
                getattr(self, what)(self.rolls[which], amount)
        except (Refused, BadAmount):
            assert self.lines() == before

    def lines(self) -> int:
        return LedgerEntry.objects.count() + Operation.objects.count() + Bet.objects.count()

    def keyed(self, service: Callable[..., object], **terms: Any) -> None:
        """Call a service with a key, and remember the call to repeat it."""
        self.done += 1
        call = {"by": self.user, "key": f"k{self.done}", **terms}
        service(**call)
        self.repeats.append(lambda: service(**call))

    def deposit(self, roll: Bankroll, amount: Decimal) -> None:
        self.keyed(deposit, bankroll=roll, amount=amount)

    def withdraw(self, roll: Bankroll, amount: Decimal) -> None:
        self.keyed(withdraw, bankroll=roll, amount=amount)

    def bonus(self, roll: Bankroll, amount: Decimal) -> None:
        self.keyed(credit_bonus, bankroll=roll, amount=amount)

    def adjust(self, roll: Bankroll, amount: Decimal) -> None:
        self.keyed(adjust, bankroll=roll, amount=amount if amount > 50 else -amount, reason="a fee")

    def transfer(self, roll: Bankroll, amount: Decimal) -> None:
        others = [other for other in self.rolls if other != roll and other.currency == roll.currency]
        if others:
            self.keyed(transfer, source=roll, target=others[0], amount=amount)

    def exchange(self, roll: Bankroll, amount: Decimal) -> None:
        other = next(other for other in self.rolls if other.currency != roll.currency)
        self.keyed(transfer, source=roll, target=other, amount=amount, arrives=amount + 1)

    def undo(self, roll: Bankroll, amount: Decimal) -> None:
        done = list(Operation.objects.filter(bankroll=roll).order_by("recorded_at", "id"))
        if done:
            operation = done[int(amount) % len(done)]
            undo(operation=operation, by=self.user)
            self.repeats.append(lambda: undo(operation=operation, by=self.user))

    def place(self, roll: Bankroll, amount: Decimal) -> None:
        self.done += 1
        line = offered(GameFactory(commence_time=FAR), "h2h", price="130")
        place(line, roll, stake=round(amount / 3, 2) + 1, idempotency_key=f"b{self.done}")

    def bonus_bet(self, roll: Bankroll, amount: Decimal) -> None:
        self.done += 1
        line = offered(GameFactory(commence_time=FAR), "h2h", price="130")
        place_ticket(
            user=self.user,
            bankroll=roll,
            bookmaker=line.bookmaker,
            kind="straight",
            legs=[LegAsked(selection=line.selection, price=line.price)],
            stake=amount,
            idempotency_key=f"b{self.done}",
            is_bonus=True,
        )

    def settle(self, roll: Bankroll, amount: Decimal) -> None:
        for bet in Bet.objects.filter(bankroll=roll, status="pending", legs__isnull=False):
            ended(bet.legs.get().game, *((1, 0) if amount > 60 else (0, 1)))
        settle_due()

    def correct(self, roll: Bankroll, _: Decimal) -> None:
        for game in Game.objects.filter(status="final", bet_legs__bet__bankroll=roll):
            game.home_score, game.away_score = game.away_score, game.home_score
            game.save()
        regrade_due()

    def void(self, roll: Bankroll, _: Decimal) -> None:
        bet = Bet.objects.filter(bankroll=roll, status__in=OPEN_STATUSES, legs__isnull=False).first()
        if bet is not None:
            void_bet(bet=bet, by=self.user, reason="called off")

    def cash_out(self, roll: Bankroll, amount: Decimal) -> None:
        bet = Bet.objects.filter(bankroll=roll, status__in=OPEN_STATUSES, legs__isnull=False).first()
        if bet is not None:
            cash_out(bet=bet, offer=amount, by=self.user, reason="enough")

    def restake(self, roll: Bankroll, amount: Decimal) -> None:
        bet = Bet.objects.filter(bankroll=roll, status="pending", legs__isnull=False).first()
        if bet is not None:
            terms = terms_of(bet, list(bet.legs.order_by("position")))
            edit_terms(bet=bet, by=self.user, terms=replace(terms, stake=amount))

    def import_(self, roll: Bankroll, _: Decimal) -> None:
        imported(self.user, PIKKIT, bankroll=roll)

    def undo_import(self, _: Bankroll, __: Decimal) -> None:
        batch = ImportBatch.objects.filter(user=self.user, state=ImportState.COMMITTED).first()
        if batch is not None:
            undo_import(batch=batch, by=self.user)

    def allow(self, roll: Bankroll, _: Decimal, *, may: bool = True) -> None:
        edit_bankroll(
            bankroll=roll,
            by=self.user,
            name=roll.name,
            currency=roll.currency,
            kind=roll.kind,
            bookmaker=None,
            may_go_negative=may,
        )

    def forbid(self, roll: Bankroll, amount: Decimal) -> None:
        self.allow(roll, amount, may=False)


setattr(Person, "import", Person.import_)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=steps)
def test_lines_add_up_whatever_is_done_and_repeats_change_nothing(
    steps: list[tuple[str, int, Decimal]],
) -> None:
    with transaction.atomic():
        person = Person()
        for step in steps:
            person.act(*step)
        connection.check_constraints()
        for roll in person.rolls:
            lines = LedgerEntry.objects.filter(bankroll=roll).order_by("seq")
            assert balance(roll) == sum(line.amount for line in lines)
            allowed = any(name == "allow" for name, *_ in steps)
            taken_back = any(line.kind == LedgerKind.REVERSAL for line in lines)
            assert allowed or taken_back or all(line.balance_after >= 0 for line in lines)
        assert verify()[1] == []
        before = person.lines()
        for again in person.repeats:
            again()
        if ImportBatch.objects.filter(state=ImportState.COMMITTED).exists():
            assert imported(person.user, PIKKIT).plan.counts["add"] == 0
        settle_due()
        regrade_due()
        assert person.lines() == before
        transaction.set_rollback(True)
