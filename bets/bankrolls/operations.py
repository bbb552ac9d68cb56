"""What owners do with money outside bets: each an operation with its ledger lines, done once whatever is sent twice."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction

from accounts.models import User
from bets import ledger
from bets.clock import EARLIEST, database_now
from bets.exceptions import BadOperation, IdempotencyConflict, NotPossible
from bets.ledger import Movement, Tail
from bets.models import Bankroll, LedgerKind, Operation, OperationKind
from bets.money import LARGEST_BALANCE, BadAmount, checked_amount, format_money
from bets.placement.asked import UNSTORABLE

MAX_KEY, MAX_NOTE = 64, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An operation as asked for. Amounts are signed: what each bankroll gets."""

    kind: OperationKind
    bankroll: Bankroll
    amount: Decimal
    by: User
    key: str
    note: str = ""
    to_bankroll: Bankroll | None = None
    to_amount: Decimal | None = None
    undoes: Operation | None = None
    happened_at: dt.datetime | None = None

    @property
    def sides(self) -> list[tuple[Bankroll, Decimal]]:
        sides = [(self.bankroll, self.amount)]
        if self.to_bankroll is not None and self.to_amount is not None:
            sides.append((self.to_bankroll, self.to_amount))
        return sides

    @property
    def line_kind(self) -> LedgerKind:
        return LedgerKind.CORRECTION if self.kind == OperationKind.UNDO else LedgerKind(str(self.kind))

    def is_the_same_as(self, done: Operation) -> bool:
        """Whether a done operation is what is asked for; the time is not compared when it is left open."""
        mine = (self.kind, self.bankroll.pk, self.amount, self.to_amount, self.note)
        other = None if self.to_bankroll is None else self.to_bankroll.pk
        same_time = self.happened_at is None or self.happened_at == done.happened_at
        theirs = (done.kind, done.bankroll_id, done.amount, done.to_amount, done.note)
        return mine == theirs and other == done.to_bankroll_id and same_time


def deposit(
    *,
    bankroll: Bankroll,
    amount: Decimal,
    by: User,
    note: str = "",
    happened_at: dt.datetime | None = None,
    key: str | None = None,
    now: dt.datetime | None = None,
) -> Operation:
    """Put money into a bankroll. ``happened_at`` (UTC) is when its owner did, now if left out.

    A repeated call with the same ``key`` returns the first operation. Raises Refused in one of its forms: BadAmount,
    BadOperation, NotAllowed, NotPossible (archived), IdempotencyConflict.
    """
    whole = checked_amount(amount, bankroll.currency, what="deposit")
    return once(OperationKind.DEPOSIT, bankroll, whole, by, note, happened_at, key, now)


def withdraw(
    *,
    bankroll: Bankroll,
    amount: Decimal,
    by: User,
    note: str = "",
    happened_at: dt.datetime | None = None,
    key: str | None = None,
    now: dt.datetime | None = None,
) -> Operation:
    """Take money out of a bankroll. As ``deposit``; raises InsufficientFunds besides."""
    whole = checked_amount(amount, bankroll.currency, what="withdrawal")
    return once(OperationKind.WITHDRAWAL, bankroll, -whole, by, note, happened_at, key, now)


def credit_bonus(
    *,
    bankroll: Bankroll,
    amount: Decimal,
    by: User,
    note: str = "",
    happened_at: dt.datetime | None = None,
    key: str | None = None,
    now: dt.datetime | None = None,
) -> Operation:
    """Add what a bookmaker gave. It is neither a deposit nor profit. As ``deposit``."""
    whole = checked_amount(amount, bankroll.currency, what="bonus")
    return once(OperationKind.BONUS, bankroll, whole, by, note, happened_at, key, now)


def adjust(
    *,
    bankroll: Bankroll,
    amount: Decimal,
    by: User,
    reason: str,
    happened_at: dt.datetime | None = None,
    key: str | None = None,
    now: dt.datetime | None = None,
) -> Operation:
    """Correct the balance by a signed ``amount`` for a ``reason``, which must be given. As ``withdraw``."""
    if not reason.strip():
        raise BadOperation("Say why the balance is adjusted.", field="note")
    whole = checked_amount(abs(amount), bankroll.currency, what="adjustment")
    signed = whole if amount > 0 else -whole
    return once(OperationKind.ADJUSTMENT, bankroll, signed, by, reason, happened_at, key, now)


def transfer(
    *,
    source: Bankroll,
    target: Bankroll,
    amount: Decimal,
    by: User,
    arrives: Decimal | None = None,
    note: str = "",
    happened_at: dt.datetime | None = None,
    key: str | None = None,
    now: dt.datetime | None = None,
) -> Operation:
    """Move money between two bankrolls of one person: two lines in one transaction, or none.

    ``amount`` leaves the source in its currency; ``arrives`` is what the target gets in its own, needed exactly when
    that is another. As ``withdraw``.
    """
    if source.pk == target.pk:
        raise BadOperation("Choose another bankroll to transfer to.", field="to_bankroll")
    if source.user_id != target.user_id:
        raise BadOperation("Money can be transferred between your own bankrolls only.", field="to_bankroll")
    if source.kind != target.kind:
        raise BadOperation("Real and paper money cannot be exchanged.", field="to_bankroll")
    whole = checked_amount(amount, source.currency, what="transfer")
    if source.currency != target.currency and arrives is None:
        raise BadOperation(f"Enter what arrives in {target.currency}.", field="arrives")
    got = (
        whole
        if arrives is None
        else checked_amount(arrives, target.currency, what="amount that arrives", field="arrives")
    )
    if source.currency == target.currency and got != whole:
        raise BadOperation(
            f"Within {source.currency} the same amount arrives. Record a fee as an adjustment.",
            field="arrives",
        )
    return done_once(
        Asked(
            kind=OperationKind.TRANSFER,
            bankroll=source,
            amount=-whole,
            to_bankroll=target,
            to_amount=got,
            by=by,
            key=new_key(key),
            note=checked_note(note),
            happened_at=happened_at,
        ),
        now,
    )


def undo(*, operation: Operation, by: User, now: dt.datetime | None = None) -> Operation:
    """Take an operation back by counter-entries in every bankroll it touched. Done twice, it is done once.

    Raises NotAllowed, NotPossible (an undoing, or an archived bankroll) and InsufficientFunds.
    """
    if operation.kind == OperationKind.UNDO:
        raise NotPossible("An undoing cannot be undone. Record the operation again.")
    return done_once(
        Asked(
            kind=OperationKind.UNDO,
            bankroll=operation.bankroll,
            amount=-operation.amount,
            to_bankroll=operation.to_bankroll,
            to_amount=None if operation.to_amount is None else -operation.to_amount,
            by=by,
            key=f"undo-{operation.pk}",
            undoes=operation,
        ),
        now,
    )


def once(
    kind: OperationKind,
    bankroll: Bankroll,
    amount: Decimal,
    by: User,
    note: str,
    happened_at: dt.datetime | None,
    key: str | None,
    now: dt.datetime | None,
) -> Operation:
    return done_once(
        Asked(
            kind=kind,
            bankroll=bankroll,
            amount=amount,
            by=by,
            key=new_key(key),
            note=checked_note(note),
            happened_at=happened_at,
        ),
        now,
    )


def done_once(asked: Asked, now: dt.datetime | None) -> Operation:
    """Do it in a transaction of its own; return the first where another request with the key was quicker."""
    for bankroll, _ in asked.sides:
        ledger.require_owner(bankroll, asked.by)
    try:
        with transaction.atomic():
            return do(asked, now)
    except IntegrityError as error:
        if not any(name in str(error) for name in ("operation_is_done_once", "operations_undoes_id")):
            raise
        first = done_before(asked)
        if first is None:
            raise
        return first


def check_time(happened_at: dt.datetime, now: dt.datetime) -> None:
    """Raise BadOperation for a time that has not come yet, or that nobody can mean."""
    if happened_at > now:
        raise BadOperation("The time cannot be in the future.", field="happened_at")
    if happened_at < EARLIEST:
        raise BadOperation(f"The time cannot be before {EARLIEST.year}.", field="happened_at")


def do(asked: Asked, now: dt.datetime | None) -> Operation:
    """Lock the bankrolls, look again, write the operation and its lines."""
    tails = ledger.lock_bankrolls(bankroll.pk for bankroll, _ in asked.sides)
    first = done_before(asked)
    if first is not None:
        return first
    at = now or database_now()
    check_time(asked.happened_at or at, at)
    for bankroll, amount in asked.sides:
        check_side(tails[bankroll.pk], amount, what=asked.line_kind.label.lower())
    operation = Operation.objects.create(
        user_id=asked.bankroll.user_id,
        key=asked.key,
        kind=asked.kind,
        bankroll=asked.bankroll,
        amount=asked.amount,
        to_bankroll=asked.to_bankroll,
        to_amount=asked.to_amount,
        undoes=asked.undoes,
        note=asked.note,
        by=asked.by,
        happened_at=asked.happened_at or at,
        recorded_at=at,
    )
    ledger.append(ledger.plan(tails, movements(asked, operation.pk)), at=at)
    return operation


def check_side(tail: Tail, amount: Decimal, *, what: str) -> None:
    """Raise Refused unless the bankroll is in use and can give or take the amount."""
    ledger.require_in_use(tail)
    if tail.balance + amount > LARGEST_BALANCE:
        raise BadAmount("The bankroll would hold more than can be recorded.")
    if tail.balance + amount < -LARGEST_BALANCE:
        raise BadAmount("The bankroll would owe more than can be recorded.")
    if amount < 0:
        ledger.require_funds(tail, -amount, what=what)


def movements(asked: Asked, operation_id: uuid.UUID) -> Sequence[Movement]:
    """The lines of an operation; staff who move another's money are named in them."""
    note = asked.note
    if asked.by.pk != asked.bankroll.user_id:
        note = f"{note} (by {asked.by.username})".strip()[:MAX_NOTE]
    return [
        Movement(bankroll.pk, asked.line_kind, amount, note=note, operation_id=operation_id)
        for bankroll, amount in asked.sides
    ]


def done_before(asked: Asked) -> Operation | None:
    """Return the operation already done under this key. Raises IdempotencyConflict if it was another."""
    done = Operation.objects.filter(user=asked.bankroll.user_id, key=asked.key).first()
    if done is not None and not asked.is_the_same_as(done):
        what = (
            f"{done.get_kind_display().lower()} of {format_money(abs(done.amount), asked.bankroll.currency)}"
        )
        raise IdempotencyConflict(f"A {what} has been recorded with this form already. Open it anew.")
    return done


def new_key(key: str | None) -> str:
    """Return the key, or a new one. Raises BadOperation for one that cannot be stored."""
    if key is None:
        return uuid.uuid4().hex
    if not 0 < len(key) <= MAX_KEY or UNSTORABLE.search(key):
        raise BadOperation(f"The idempotency key must have 1 to {MAX_KEY} characters.")
    return key


def checked_note(note: str) -> str:
    """Return the note without blanks around it. Raises BadOperation for one that cannot be stored."""
    bare = note.strip()
    if len(bare) > MAX_NOTE or UNSTORABLE.search(bare):
        raise BadOperation(f"The note may have {MAX_NOTE} characters of text at most.", field="note")
    return bare
