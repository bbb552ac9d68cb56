"""Every movement of money: lines appended to a bankroll's chain, never edited.

Whoever moves money locks the bankrolls first (in the order of their keys, so that no two wait for each
other), reads where each chain ends, plans the lines in memory and appends them in one statement.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from bets.arrays import columns
from bets.clock import database_now
from bets.exceptions import InsufficientFunds, NotAllowed
from bets.models import Bankroll, BankrollKind, Currency, LedgerEntry, LedgerKind
from bets.money import LARGEST_BALANCE, BadAmount, checked_amount, format_money
from odds.models import Bookmaker


@dataclass(frozen=True, slots=True)
class Tail:
    """Where a locked bankroll's chain ends; ``seq`` 0 and balance 0 before the first line."""

    bankroll_id: uuid.UUID
    currency: str
    may_go_negative: bool
    seq: int
    balance: Decimal


@dataclass(frozen=True, slots=True)
class Movement:
    """Money to move: ``amount`` is signed, a stake negative."""

    bankroll_id: uuid.UUID
    kind: LedgerKind
    amount: Decimal
    bet_id: uuid.UUID | None = None
    revision: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A planned ledger line, numbered and with its balances."""

    movement: Movement
    seq: int
    balance_before: Decimal

    @property
    def balance_after(self) -> Decimal:
        return self.balance_before + self.movement.amount


LOCK = """
SELECT id FROM bankrolls WHERE id = ANY(%s::uuid[]) ORDER BY id FOR NO KEY UPDATE
"""
TAILS = """
SELECT b.id, b.currency, b.may_go_negative, coalesce(last.seq, 0), coalesce(last.balance_after, 0)
FROM bankrolls b
LEFT JOIN LATERAL (
    SELECT seq, balance_after FROM ledger_entries WHERE bankroll_id = b.id ORDER BY seq DESC LIMIT 1
) last ON true
WHERE b.id = ANY(%s::uuid[])
"""
APPEND = """
INSERT INTO ledger_entries
    (bankroll_id, seq, previous_seq, kind, amount, balance_before, balance_after, bet_id, revision, note, at)
SELECT bankroll_id, seq, nullif(seq - 1, 0), kind, amount, before, before + amount, bet_id, revision, note, %s
FROM unnest(%s::uuid[], %s::int[], %s::text[], %s::numeric[], %s::numeric[], %s::uuid[], %s::int[], %s::text[])
    AS line (bankroll_id, seq, kind, amount, before, bet_id, revision, note)
"""


def lock_bankrolls(bankroll_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Tail]:
    """Lock the bankrolls until the end of the transaction and return where their chains end.

    Two statements: the second sees what was committed while the first waited.
    """
    wanted = sorted(set(bankroll_ids))
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [wanted])
        cursor.execute(TAILS, [wanted])
        return {row[0]: Tail(*row) for row in cursor.fetchall()}


def plan(tails: dict[uuid.UUID, Tail], movements: Iterable[Movement]) -> list[Line]:
    """Number the movements after the tails of their bankrolls, which are moved on. Pure but for ``tails``."""
    lines = []
    for movement in movements:
        tail = tails[movement.bankroll_id]
        line = Line(movement, tail.seq + 1, tail.balance)
        tails[tail.bankroll_id] = replace(tail, seq=line.seq, balance=line.balance_after)
        lines.append(line)
    return lines


def append(lines: Sequence[Line], *, at: dt.datetime) -> None:
    """Write planned lines in one statement. The chain's key refuses lines planned without the lock."""
    if not lines:
        return
    rows = [
        (m.bankroll_id, line.seq, str(m.kind), m.amount, line.balance_before, m.bet_id, m.revision, m.note)
        for line in lines
        for m in [line.movement]
    ]
    with connection.cursor() as cursor:
        cursor.execute(APPEND, [at, *columns(rows)])


def require_funds(tail: Tail, amount: Decimal, *, what: str) -> None:
    """Raise InsufficientFunds unless the bankroll holds ``amount`` or may go below zero."""
    if tail.may_go_negative or tail.balance >= amount:
        return
    raise InsufficientFunds(
        f"The {what} of {format_money(amount, tail.currency)} is more than the bankroll holds: "
        f"{format_money(tail.balance, tail.currency)} is available.",
        available=tail.balance,
        currency=tail.currency,
    )


def require_owner(bankroll: Bankroll, by: User) -> None:
    """Raise NotAllowed unless ``by`` owns the bankroll or is staff."""
    if bankroll.user_id != by.pk and not by.is_staff:
        raise NotAllowed("This bankroll belongs to somebody else.")


@transaction.atomic
def open_bankroll(
    *,
    user: User,
    name: str,
    currency: str = Currency.USD,
    kind: str = BankrollKind.PAPER,
    bookmaker: Bookmaker | None = None,
    opening_deposit: Decimal | None = None,
    may_go_negative: bool = False,
    now: dt.datetime | None = None,
) -> Bankroll:
    """Open a bankroll, with a first deposit if one is given.

    Raises ValidationError naming the field (a name in use, an unknown currency) and BadAmount.
    """
    bankroll = Bankroll(
        user=user,
        name=name.strip(),
        currency=currency,
        kind=kind,
        bookmaker=bookmaker,
        may_go_negative=may_go_negative,
    )
    bankroll.full_clean()
    try:
        with transaction.atomic():
            bankroll.save(force_insert=True)
    except IntegrityError as error:
        if "bankroll_name_is_unique_per_user" not in str(error):
            raise
        raise ValidationError({"name": "You already have a bankroll of that name."}) from error
    if opening_deposit is not None:
        deposit(bankroll=bankroll, amount=opening_deposit, by=user, note="Opening deposit", now=now)
    return bankroll


@transaction.atomic
def deposit(
    *, bankroll: Bankroll, amount: Decimal, by: User, note: str = "", now: dt.datetime | None = None
) -> LedgerEntry:
    """Put money into a bankroll. Raises BadAmount, NotAllowed."""
    require_owner(bankroll, by)
    whole = checked_amount(amount, bankroll.currency, what="deposit")
    return move(bankroll, LedgerKind.DEPOSIT, whole, note=note, by=by, now=now)


@transaction.atomic
def withdraw(
    *, bankroll: Bankroll, amount: Decimal, by: User, note: str = "", now: dt.datetime | None = None
) -> LedgerEntry:
    """Take money out of a bankroll. Raises BadAmount, InsufficientFunds, NotAllowed."""
    require_owner(bankroll, by)
    whole = checked_amount(amount, bankroll.currency, what="withdrawal")
    return move(bankroll, LedgerKind.WITHDRAWAL, -whole, note=note, by=by, now=now)


def move(
    bankroll: Bankroll, kind: LedgerKind, amount: Decimal, *, note: str, by: User, now: dt.datetime | None
) -> LedgerEntry:
    """Append one line that belongs to no bet; staff who move another's money are named in it."""
    tails = lock_bankrolls([bankroll.pk])
    if tails[bankroll.pk].balance + amount > LARGEST_BALANCE:
        raise BadAmount("The bankroll would hold more than can be recorded.")
    if amount < 0:
        require_funds(tails[bankroll.pk], -amount, what=kind.label.lower())
    if by.pk != bankroll.user_id:
        note = f"{note} (by {by.username})".strip()
    lines = plan(tails, [Movement(bankroll.pk, kind, amount, note=note[:200])])
    append(lines, at=now or database_now())
    return LedgerEntry.objects.get(bankroll=bankroll, seq=lines[0].seq)


def balance(bankroll: Bankroll) -> Decimal:
    """Return the balance: what the last line left, 0 without lines."""
    last = (
        LedgerEntry.objects.filter(bankroll=bankroll).order_by("-seq").values_list("balance_after", flat=True)
    )
    return last.first() or Decimal(0)
