"""A bankroll's ledger over a period: what it held before, the lines, totals by kind, what it held after.

The period is a stretch of the chain: from the first line on or after its beginning to the last one before its end. So
opening balance and lines always add up to the closing balance, and every running balance is the chain's own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from django.db import connection
from django.db.models import Prefetch, QuerySet

from bets.limits.periods import midnight
from bets.models import Bankroll, BetLeg, LedgerEntry, LedgerKind
from bets.models.ledger import OF_BETS
from bets.wording import selection_name

BOUNDS: Final = """
WITH bounds AS (
    SELECT min(seq) FILTER (WHERE %(since)s::timestamptz IS NULL OR at >= %(since)s) AS first,
        max(seq) FILTER (WHERE %(until)s::timestamptz IS NULL OR at < %(until)s) AS last, max(seq) AS top
    FROM ledger_entries WHERE bankroll_id = %(bankroll)s
)
SELECT first, last, coalesce(
        (SELECT balance_before FROM ledger_entries WHERE bankroll_id = %(bankroll)s AND seq = first),
        (SELECT balance_after FROM ledger_entries WHERE bankroll_id = %(bankroll)s AND seq = top), 0),
    coalesce((SELECT balance_after FROM ledger_entries WHERE bankroll_id = %(bankroll)s AND seq = last), 0)
FROM bounds
"""
TOTALS: Final = """
SELECT l.kind, coalesce(undone.kind, ''), count(*), sum(l.amount)
FROM ledger_entries l
LEFT JOIN operations o ON o.id = l.operation_id AND l.kind = 'correction'
LEFT JOIN operations undone ON undone.id = o.undoes_id
WHERE l.bankroll_id = %(bankroll)s AND l.seq BETWEEN %(first)s AND %(last)s
GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Span:
    """Days of the reader's zone, both included; None: from the first, to the last."""

    since: dt.date | None = None
    until: dt.date | None = None
    zone: str = "UTC"

    @property
    def start(self) -> dt.datetime | None:
        return None if self.since is None else midnight(self.since, self.zone)

    @property
    def end(self) -> dt.datetime | None:
        return None if self.until is None else midnight(self.until + dt.timedelta(days=1), self.zone)

    @property
    def is_whole(self) -> bool:
        return self.since is None and self.until is None


@dataclass(frozen=True, slots=True)
class Total:
    """What the lines of a kind come to; ``undone`` is what corrections take back."""

    kind: LedgerKind
    undone: str
    lines: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Statement:
    """Balances before and after a stretch of lines, and its totals. ``first`` is 0 where there are no lines."""

    opening: Decimal
    closing: Decimal
    first: int = 0
    last: int = 0
    totals: list[Total] = field(default_factory=list)

    @property
    def lines(self) -> int:
        return sum(total.lines for total in self.totals)

    def by_kind(self) -> dict[LedgerKind, tuple[int, Decimal]]:
        """Lines and sum of each kind that there is, in the order of ``LedgerKind``."""
        found: dict[LedgerKind, tuple[int, Decimal]] = {}
        for kind in LedgerKind:
            same = [total for total in self.totals if total.kind == kind]
            if same:
                found[kind] = (sum(t.lines for t in same), sum((t.amount for t in same), Decimal(0)))
        return found

    @property
    def of_bets(self) -> Decimal:
        """What bets have taken and paid; stakes of open bets are taken already."""
        return self.sum_of(*OF_BETS)

    @property
    def bonuses(self) -> Decimal:
        """What bookmakers gave, without what was undone."""
        return self.sum_of("bonus")

    @property
    def paid_in(self) -> Decimal:
        """Deposits, transfers and adjustments less what was taken out: neither bonuses nor the result of bets."""
        return self.sum_of("deposit", "withdrawal", "transfer", "adjustment")

    def sum_of(self, *kinds: str) -> Decimal:
        """The sum of kinds, what was undone taken off the kind it belonged to."""
        return sum((t.amount for t in self.totals if (t.undone or t.kind) in kinds), Decimal(0))


def statement_of(bankroll: Bankroll, span: Span) -> Statement:
    """Read the statement of a period in two statements of SQL."""
    given = {"bankroll": bankroll.pk, "since": span.start, "until": span.end}
    with connection.cursor() as cursor:
        cursor.execute(BOUNDS, given)
        first, last, opening, closing = cursor.fetchone()
        if first is None or last is None or first > last:
            return Statement(opening, opening)
        cursor.execute(TOTALS, {"bankroll": bankroll.pk, "first": first, "last": last})
        totals = [
            Total(LedgerKind(kind), undone, count, amount)
            for kind, undone, count, amount in cursor.fetchall()
        ]
    return Statement(opening, closing, first, last, totals)


def lines_of(bankroll: Bankroll, statement: Statement, *, kind: str = "") -> QuerySet[LedgerEntry]:
    """Return the lines of a statement in their order, of one kind if asked, with operations and bets."""
    lines = LedgerEntry.objects.filter(
        bankroll=bankroll, seq__gte=statement.first, seq__lte=statement.last
    ).order_by("seq")
    if kind:
        lines = lines.filter(kind=kind)
    legs = BetLeg.objects.select_related("selection", "game__home_team", "game__away_team").order_by(
        "position"
    )
    return lines.select_related(
        "operation__bankroll", "operation__to_bankroll", "operation__undone_by", "operation__undoes", "bet"
    ).prefetch_related(Prefetch("bet__legs", legs), "bet__imported_legs")


def described(entry: LedgerEntry) -> str:
    """Say what a line is about: the bet's selection, the other bankroll of a transfer, what was undone."""
    if entry.bet is not None:
        return bet_in_words(entry)
    operation = entry.operation
    if operation is None:
        return ""
    words = "" if operation.undoes is None else f"undoes the {operation.undoes.get_kind_display().lower()}"
    if operation.to_bankroll is not None:
        here_is_source = operation.bankroll_id == entry.bankroll_id
        other = operation.to_bankroll if here_is_source else operation.bankroll
        way = "to" if entry.amount < 0 else "from"
        words = f"{words} {way} {other.name}".strip()
    return words


def bet_in_words(entry: LedgerEntry) -> str:
    """Name a bet by its one leg, or by its kind and how many legs it has."""
    bet = entry.bet
    if bet is None:
        return ""
    names = []
    for leg in bet.legs.all():
        leg.selection.game = leg.game
        names.append(selection_name(leg.selection, leg.point))
    names = names or [str(leg) for leg in bet.imported_legs.all()]
    if len(names) == 1:
        return names[0]
    return f"{bet.get_kind_display()}, {len(names)} legs" if names else bet.get_kind_display()


def in_chunks(lines: QuerySet[LedgerEntry], size: int = 1000) -> Iterator[LedgerEntry]:
    """Yield lines in their order, some thousand at a time, whatever their number."""
    after = 0
    while True:
        chunk = list(lines.filter(seq__gt=after)[:size])
        yield from chunk
        if len(chunk) < size:
            return
        after = chunk[-1].seq
