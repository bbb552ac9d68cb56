"""What a decision will do, told before it is made: the same service is run and its transaction undone."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import F

from bets.models import Bet, BetStatus, LedgerEntry, LedgerKind
from bets.money import format_money


@dataclass(frozen=True, slots=True)
class Line:
    """A ledger line that would be written; amounts are text in the bankroll's currency."""

    kind: str
    amount: str
    balance: str


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What would come of a decision about one bet."""

    status: str
    returned: str
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Total:
    """What would move in one currency."""

    bets: int
    moved: str


class Rehearsed(Exception):
    """Ends a rehearsal, so that nothing of it stays."""


def rehearse(act: Callable[[], Bet]) -> Rehearsal:
    """Run a decision, read what it wrote, and undo it all. Raises what the decision raises."""
    found: list[Rehearsal] = []
    try:
        with transaction.atomic():
            bet = act()
            currency = bet.bankroll.currency
            lines = LedgerEntry.objects.filter(bet=bet, revision=bet.revision).exclude(kind=LedgerKind.STAKE)
            shown = [
                Line(
                    line.get_kind_display(),
                    format_money(line.amount, currency, signed=True),
                    format_money(line.balance_after, currency),
                )
                for line in lines.order_by("seq")
            ]
            paid = "" if bet.payout is None else format_money(bet.payout, currency)
            found.append(Rehearsal(BetStatus(bet.status).label, paid, shown))
            raise Rehearsed
    except Rehearsed:
        return found[0]


def rehearse_many(act: Callable[[], Collection[Bet]]) -> list[Total]:
    """Run a decision about many bets, sum what it moved by currency, and undo it all."""
    found: list[Total] = []
    try:
        with transaction.atomic():
            bets = act()
            moved: dict[str, tuple[int, Decimal]] = {}
            lines: dict[uuid.UUID, Decimal] = {}
            entries = LedgerEntry.objects.filter(bet__in=bets, revision=F("bet__revision"))
            for entry in entries.exclude(kind=LedgerKind.STAKE):
                if entry.bet_id is not None:
                    lines[entry.bet_id] = lines.get(entry.bet_id, Decimal(0)) + entry.amount
            for bet in bets:
                count, total = moved.get(bet.bankroll.currency, (0, Decimal(0)))
                moved[bet.bankroll.currency] = count + 1, total + lines.get(bet.pk, Decimal(0))
            for currency, (count, total) in sorted(moved.items()):
                found.append(Total(count, format_money(total, currency, signed=True)))
            raise Rehearsed
    except Rehearsed:
        return found
