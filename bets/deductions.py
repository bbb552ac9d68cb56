"""Rule 4: what a book takes off the winnings when a runner was withdrawn after the bet, entered at settlement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction

from accounts.models import User
from bets.clock import database_now
from bets.decisions.record import lock
from bets.decisions.undoing import last_decision
from bets.exceptions import NotAllowed, NotPossible
from bets.models import Bet, BetEvent, BetEventKind, BetLeg, BetType, ResultCheck
from bets.regrading import regrade_locked
from bets.voiding import checked_reason, lock_bets


@transaction.atomic
def set_deduction(
    *, leg: BetLeg, pct: Decimal, by: User, reason: str, now: dt.datetime | None = None
) -> BetLeg:
    """Set what is deducted from a leg's winnings, in per cent; a graded bet is graded again by the next run.

    Owner or staff; what somebody else has entered, an owner may not change. Raises NotAllowed, or NotPossible for what
    is no outright or no percentage from 0 to 90.
    """
    why = checked_reason(reason)
    if leg.bet_type != BetType.OUTRIGHT:
        raise NotPossible("A deduction for withdrawn runners is for outrights only.")
    if not 0 <= pct <= 90 or pct != round(pct, 2):
        raise NotPossible("A deduction is from 0% to 90%, with two decimals.")
    bet = lock_bets([leg.bet])[0]
    require_entrant(bet, by)
    locked = BetLeg.objects.select_for_update().get(pk=leg.pk)
    data = {"position": locked.position, "deduction_pct": str(pct), "before": str(locked.deduction_pct)}
    locked.deduction_pct, locked.graded_on = pct, None
    locked.save(update_fields=["deduction_pct", "graded_on"])
    ResultCheck.objects.filter(game=locked.game_id).delete()
    BetEvent.objects.create(
        bet=bet,
        revision=bet.revision,
        kind=BetEventKind.EDITED,
        by=by,
        reason=why,
        data=data,
        at=now or database_now(),
    )
    return locked


def require_entrant(bet: Bet, by: User) -> None:
    """Raise NotAllowed unless the person may enter a deduction for the locked bet."""
    if by.is_staff:
        return
    if bet.user_id != by.pk:
        raise NotAllowed("This bet belongs to somebody else.")
    entered = (
        bet.events.filter(kind=BetEventKind.EDITED, data__has_key="deduction_pct").order_by("-id").first()
    )
    if entered is not None and entered.by_id != by.pk:
        raise NotAllowed("Staff entered the deduction; only staff may change it.")


def deductible(bet: Bet, legs: Sequence[BetLeg], decision: BetEvent | None) -> bool:
    """Tell whether a deduction can bear on the bet: it has an outright, and no person has decided it."""
    return decision is None and any(leg.bet_type == BetType.OUTRIGHT for leg in legs)


@transaction.atomic
def deduct(
    *,
    bet: Bet,
    position: int,
    pct: Decimal,
    by: User,
    reason: str,
    revision: int | None = None,
    now: dt.datetime | None = None,
) -> Bet:
    """Set the deduction of the leg at ``position`` and grade the bet again at once, if it has been graded.

    Owner or staff. Raises NotAllowed, NotPossible, also where a person's decision is in force.
    """
    locked = lock(bet, by, revision)
    legs = {leg.position: leg for leg in locked.legs.select_related("bet")}
    if position not in legs:
        raise NotPossible(f"This bet has no leg {position}.")
    if last_decision(locked) is not None:
        raise NotPossible(
            "A person has decided this bet: undo that, or settle it by hand for what the book paid."
        )
    set_deduction(leg=legs[position], pct=pct, by=by, reason=reason, now=now)
    regrade_locked([locked.pk], now)
    locked.refresh_from_db()
    return locked
