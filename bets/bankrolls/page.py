"""Bankrolls as pages show them: what they hold, what is at risk, where it came from, lines of the ledger."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby

from django.db.models import DecimalField, F, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from bets.bankrolls.statement import Statement, described
from bets.models import OPEN_STATUSES, Bankroll, Bet, LedgerEntry, LedgerKind, Operation, OperationKind
from bets.money import format_money

ZERO = Value(Decimal(0), output_field=DecimalField(max_digits=14, decimal_places=2))


@dataclass(frozen=True, slots=True)
class BankrollRow:
    """A bankroll with its balance (what may be staked or withdrawn) and what its open bets have at risk."""

    pk: uuid.UUID
    name: str
    currency: str
    kind: str
    money: str
    balance: Decimal
    exposure: Decimal
    may_go_negative: bool
    bookmaker_id: int | None = None
    is_default: bool = False
    is_archived: bool = False
    book: str = ""

    @property
    def available(self) -> str:
        return format_money(self.balance, self.currency)

    @property
    def in_open_bets(self) -> str:
        return format_money(self.exposure, self.currency)

    @property
    def total(self) -> str:
        return format_money(self.balance + self.exposure, self.currency)


def with_sums(bankrolls: QuerySet[Bankroll]) -> list[BankrollRow]:
    """Return bankrolls, the default one first, then oldest first, with balance and exposure in one query.

    Exposure is the cash that open bets could still lose: stakes, of lays their liability, without what was cashed out
    and without bonus stakes, which are no cash.
    """
    last = LedgerEntry.objects.filter(bankroll=OuterRef("pk")).order_by("-seq").values("balance_after")[:1]
    open_stakes = (
        Bet.objects.filter(bankroll=OuterRef("pk"), status__in=OPEN_STATUSES, is_bonus=False)
        .order_by()
        .values("bankroll")
        .annotate(total=Sum(F("stake") - F("cashed_stake")))
        .values("total")
    )
    rows = (
        bankrolls.annotate(
            balance=Coalesce(Subquery(last), ZERO), exposure=Coalesce(Subquery(open_stakes), ZERO)
        )
        .select_related("bookmaker")
        .default_first()  # type: ignore[attr-defined] # annotating keeps the queryset's class
    )
    return [
        BankrollRow(
            pk=row.pk,
            name=row.name,
            currency=row.currency,
            kind=row.kind,
            money=row.get_kind_display(),
            balance=row.balance,
            exposure=row.exposure,
            may_go_negative=row.may_go_negative,
            bookmaker_id=row.bookmaker_id,
            is_default=row.is_default,
            is_archived=row.archived_at is not None,
            book="" if row.bookmaker is None else row.bookmaker.title,
        )
        for row in rows
    ]


def bankrolls_of(user: User) -> list[BankrollRow]:
    """Return the user's bankrolls in use, the default one first, then oldest first."""
    return with_sums(Bankroll.objects.filter(user=user).active())


@dataclass(frozen=True, slots=True)
class Origin:
    """Where what a bankroll holds came from; the three add up to all of it, open stakes included."""

    paid_in: str
    bonuses: str
    result: str
    sign: str


def origin_of(row: BankrollRow, whole: Statement) -> Origin:
    """Tell own money, bonuses and the result of bets apart; ``whole`` is the statement of all lines."""
    result = whole.of_bets + row.exposure
    return Origin(
        paid_in=format_money(whole.paid_in, row.currency),
        bonuses=format_money(whole.bonuses, row.currency),
        result=format_money(result, row.currency, signed=True),
        sign="gain" if result > 0 else "loss" if result < 0 else "",
    )


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A line of the ledger as shown. ``operation`` is set where its owner may undo it."""

    entry: LedgerEntry
    words: str
    amount: str
    balance: str
    sign: str
    undoable: Operation | None = None
    is_undone: bool = False
    happened_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """The lines of one day of the reader's."""

    date: dt.date
    lines: list[LedgerRow] = field(default_factory=list)


def ledger_row(entry: LedgerEntry, currency: str) -> LedgerRow:
    operation = entry.operation
    is_undone = operation is not None and hasattr(operation, "undone_by")
    earlier = operation is not None and operation.recorded_at - operation.happened_at >= dt.timedelta(
        minutes=1
    )
    can_undo = operation is not None and operation.kind != OperationKind.UNDO and not is_undone
    return LedgerRow(
        entry=entry,
        words=described(entry),
        amount=format_money(entry.amount, currency, signed=True),
        balance=format_money(entry.balance_after, currency),
        sign="gain" if entry.amount > 0 else "",
        undoable=operation if can_undo else None,
        is_undone=is_undone,
        happened_at=operation.happened_at if operation is not None and earlier else None,
    )


def days_of(entries: Iterable[LedgerEntry], currency: str) -> list[Day]:
    """Group lines by the day of the reader's zone, in the order they come."""
    rows = [ledger_row(entry, currency) for entry in entries]
    return [
        Day(date, list(lines)) for date, lines in groupby(rows, lambda row: timezone.localdate(row.entry.at))
    ]


@dataclass(frozen=True, slots=True)
class TotalRow:
    label: str
    lines: int
    amount: str


def totals_of(statement: Statement, currency: str) -> list[TotalRow]:
    """Return the totals of each kind as text."""
    return [
        TotalRow(LedgerKind(kind).label, lines, format_money(amount, currency, signed=True))
        for kind, (lines, amount) in statement.by_kind().items()
    ]
