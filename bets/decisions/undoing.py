"""Undoing a person's last decision: the money goes back and BetTrack grades the bet by itself again."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from django.db import transaction

from accounts.models import User
from bets.clock import database_now
from bets.decisions.record import BY_HAND, Decision, LegDecision, lock, standing_of, write
from bets.exceptions import NotAllowed, NotPossible
from bets.models import OPEN_STATUSES, Bet, BetEvent, BetEventKind, BetStatus
from bets.voiding import checked_reason, has_begun


@transaction.atomic
def undo_decision(
    *, bet: Bet, by: User, reason: str, revision: int | None = None, now: dt.datetime | None = None
) -> Bet:
    """Take back the last decision a person made about the bet: what it paid is reversed, under the next revision.

    The bet is pending again and the next run grades it by itself; a part cashed out rides again and nothing else
    changes. Staff may undo anybody's decision, owners their own, and a void only until a game begins. The bankroll may
    go below zero. Raises NotAllowed, NotPossible.
    """
    why = checked_reason(reason)
    locked = lock(bet, by, revision)
    at = now or database_now()
    event = last_decision(locked)
    if event is None:
        raise NotPossible("Nobody's decision is in force on this bet; there is nothing to undo.")
    require_undoer(locked, event, by, at)
    legs = list(locked.legs.order_by("position"))
    if len(legs) < len(event.data.get("legs", [])) or not legs:
        raise NotPossible("A game of this bet has been deleted since; the decision stands.")
    before = standing_of(locked)
    kept = event.data.get("before", {})
    after = replace(
        before,
        cashed_stake=Decimal(kept.get("cashed_stake", before.cashed_stake)),
        cashed_out=Decimal(kept.get("cashed_out", before.cashed_out)),
    )
    reopened: list[LegDecision] = []
    if before.status not in OPEN_STATUSES:
        after = replace(after, status=BetStatus.PENDING, payout=None, review_reason="")
        reopened = [LegDecision(leg, BetStatus.PENDING, None, {}) for leg in legs]
    data = {"undone": event.kind, "undone_revision": event.revision}
    write(locked, after, reopened, Decision(BetEventKind.UNDONE, by, why, at, data))
    return locked


def last_decision(bet: Bet) -> BetEvent | None:
    """Return the person's decision that is in force on the bet, None if BetTrack graded it or it waits."""
    decided = bet.events.filter(revision=bet.revision, kind__in=BY_HAND, by__isnull=False)
    return decided.order_by("-id").first()


def require_undoer(bet: Bet, event: BetEvent, by: User, at: dt.datetime) -> None:
    """Raise NotAllowed unless the person may undo the decision now."""
    if by.is_staff:
        return
    if event.by_id != by.pk:
        raise NotAllowed("Staff decided this; only staff may undo it.")
    if event.kind == BetEventKind.VOIDED and has_begun(bet, at):
        raise NotAllowed("Only staff may undo a void once a game has begun.")
