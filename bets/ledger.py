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
from typing import Any

from django.db import connection

from accounts.models import User
from bets.arrays import columns
from bets.exceptions import InsufficientFunds, NotAllowed, NotPossible
from bets.models import Bankroll, LedgerEntry, LedgerKind
from bets.money import format_money


@dataclass(frozen=True, slots=True)
class Tail:
    """Where a locked bankroll's chain ends; ``seq`` 0 and balance 0 before the first line."""

    bankroll_id: uuid.UUID
    currency: str
    may_go_negative: bool
    seq: int
    balance: Decimal
    is_archived: bool
    kind: str


@dataclass(frozen=True, slots=True)
class Movement:
    """Money to move: ``amount`` is signed, a stake negative."""

    bankroll_id: uuid.UUID
    kind: LedgerKind
    amount: Decimal
    bet_id: uuid.UUID | None = None
    revision: int = 0
    note: str = ""
    operation_id: uuid.UUID | None = None


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
TAIL = """
b.id, b.currency, b.may_go_negative, coalesce(last.seq, 0), coalesce(last.balance_after, 0),
    b.archived_at IS NOT NULL, b.kind
"""
"""The columns of a ``Tail`` of ``WITH_TAIL``."""
WITH_TAIL = """
bankrolls b LEFT JOIN LATERAL (
    SELECT seq, balance_after FROM ledger_entries WHERE bankroll_id = b.id ORDER BY seq DESC LIMIT 1
) last ON true
"""
TAILS = f"SELECT {TAIL} FROM {WITH_TAIL} WHERE b.id = ANY(%s::uuid[])"  # noqa: S608 - the parts are constants
APPEND = """
INSERT INTO ledger_entries
    (bankroll_id, seq, previous_seq, kind, amount, balance_before, balance_after, bet_id, revision, note,
     operation_id, at)
SELECT bankroll_id, seq, nullif(seq - 1, 0), kind, amount, before, before + amount, bet_id, revision, note, operation_id, %s
FROM unnest(%s::uuid[], %s::int[], %s::text[], %s::numeric[], %s::numeric[], %s::uuid[], %s::int[], %s::text[], %s::uuid[])
    AS line (bankroll_id, seq, kind, amount, before, bet_id, revision, note, operation_id)
"""


def lock_bankrolls(bankroll_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Tail]:
    """Lock the bankrolls until the end of the transaction and return where their chains end.

    Two statements: the second sees what was committed while the first waited.
    """
    wanted = sorted(set(bankroll_ids))
    hold(wanted)
    with connection.cursor() as cursor:
        cursor.execute(TAILS, [wanted])
        return {row[0]: Tail(*row) for row in cursor.fetchall()}


def hold(bankroll_ids: list[uuid.UUID]) -> None:
    """Lock the bankrolls until the end of the transaction; where their chains end is read by a later statement."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [bankroll_ids])


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
    with connection.cursor() as cursor:
        cursor.execute(*appending(lines, at=at))


def appending(lines: Sequence[Line], *, at: dt.datetime) -> tuple[str, list[Any]]:
    """The statement that writes planned lines."""
    rows = [
        (
            m.bankroll_id,
            line.seq,
            str(m.kind),
            m.amount,
            line.balance_before,
            m.bet_id,
            m.revision,
            m.note,
            m.operation_id,
        )
        for line in lines
        for m in [line.movement]
    ]
    return APPEND, [at, *columns(rows)]


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


def require_in_use(tail: Tail) -> None:
    """Raise NotPossible if the bankroll is archived."""
    if tail.is_archived:
        raise NotPossible("This bankroll is archived. Restore it first.")


def require_owner(bankroll: Bankroll, by: User) -> None:
    """Raise NotAllowed unless ``by`` owns the bankroll or is staff."""
    if bankroll.user_id != by.pk and not by.is_staff:
        raise NotAllowed("This bankroll belongs to somebody else.")


def balance(bankroll: Bankroll) -> Decimal:
    """Return the balance: what the last line left, 0 without lines."""
    last = (
        LedgerEntry.objects.filter(bankroll=bankroll).order_by("-seq").values_list("balance_after", flat=True)
    )
    return last.first() or Decimal(0)
