"""Bankrolls as pages show them: balance, money in open bets, lines of the ledger."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import DecimalField, F, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from accounts.models import User
from bets.models import OPEN_STATUSES, Bankroll, Bet, LedgerEntry
from bets.money import format_money

ZERO = Value(Decimal(0), output_field=DecimalField(max_digits=14, decimal_places=2))


@dataclass(frozen=True, slots=True)
class BankrollRow:
    """A bankroll with its balance (what may be staked or withdrawn) and the stakes of its open bets."""

    pk: uuid.UUID
    name: str
    currency: str
    kind: str
    balance: Decimal
    exposure: Decimal
    may_go_negative: bool
    bookmaker_id: int | None = None

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
    """Return bankrolls, oldest first, with balance and exposure in one query."""
    last = LedgerEntry.objects.filter(bankroll=OuterRef("pk")).order_by("-seq").values("balance_after")[:1]
    open_stakes = (
        Bet.objects.filter(bankroll=OuterRef("pk"), status__in=OPEN_STATUSES)
        .order_by()
        .values("bankroll")
        .annotate(total=Sum(F("stake") - F("cashed_stake")))
        .values("total")
    )
    rows = bankrolls.annotate(
        balance=Coalesce(Subquery(last), ZERO), exposure=Coalesce(Subquery(open_stakes), ZERO)
    ).order_by("created_at", "pk")
    return [
        BankrollRow(
            pk=row.pk,
            name=row.name,
            currency=row.currency,
            kind=row.get_kind_display(),
            balance=row.balance,
            exposure=row.exposure,
            may_go_negative=row.may_go_negative,
            bookmaker_id=row.bookmaker_id,
        )
        for row in rows
    ]


def bankrolls_of(user: User) -> list[BankrollRow]:
    """Return the user's bankrolls, oldest first."""
    return with_sums(Bankroll.objects.filter(user=user))


def ledger_of(bankroll: Bankroll) -> QuerySet[LedgerEntry]:
    """Return the bankroll's ledger, newest line first, with the bets the lines are about."""
    return LedgerEntry.objects.filter(bankroll=bankroll).select_related("bet").order_by("-seq")


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A line of the ledger as shown."""

    entry: LedgerEntry
    amount: str
    balance: str
    sign: str


def ledger_row(entry: LedgerEntry, currency: str) -> LedgerRow:
    return LedgerRow(
        entry=entry,
        amount=format_money(entry.amount, currency, signed=True),
        balance=format_money(entry.balance_after, currency),
        sign="gain" if entry.amount > 0 else "",
    )
