"""Money outside bets: deposits and the like of a bankroll that an import of BetTrack's own file has to make anew."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from accounts.models import User
from bets.bankrolls import operations
from bets.imports.planning import Plan
from bets.imports.rows import ReadMovement
from bets.models import Bankroll, ImportBatch, Operation, OperationKind

KINDS = {
    "deposit": OperationKind.DEPOSIT,
    "withdrawal": OperationKind.WITHDRAWAL,
    "bonus": OperationKind.BONUS,
}


def restore(plan: Plan, batch: ImportBatch, user: User, at: dt.datetime) -> None:
    """Record the movements of new bankrolls, oldest first, before any bet is: peaks and falls begin with them."""
    for number, (bankroll, movements) in enumerate(plan.restored):
        if bankroll._state.adding:
            continue
        for position, movement in enumerate(movements):
            record(movement, bankroll, user, f"{prefix(batch)}{number}-{position}", at)


def record(movement: ReadMovement, bankroll: Bankroll, user: User, key: str, at: dt.datetime) -> None:
    """Transfers become adjustments: the other bankroll may be here already, with its side of them."""
    kind = KINDS.get(movement.kind, OperationKind.ADJUSTMENT)
    note = movement.note or ("" if kind in KINDS.values() else f"{movement.kind.capitalize()}, from the file")
    when = min(movement.at, at)
    operations.once(kind, bankroll, Decimal(movement.amount), user, note, when, key, at)


def take_back(batch: ImportBatch, *, by: User, at: dt.datetime) -> None:
    """Undo what an import recorded, newest first."""
    done = Operation.objects.filter(user=batch.user_id, key__startswith=prefix(batch), undone_by=None)
    for operation in done.exclude(kind=OperationKind.UNDO).order_by("-recorded_at", "-id"):
        operations.undo(operation=operation, by=by, now=at)


def prefix(batch: ImportBatch) -> str:
    return f"import-{batch.pk.hex}-"
