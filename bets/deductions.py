"""Rule 4: what a book takes off the winnings when a runner was withdrawn after the bet, entered at settlement."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction

from accounts.models import User
from bets.clock import database_now
from bets.exceptions import NotAllowed, NotPossible
from bets.models import BetEvent, BetEventKind, BetLeg, BetType, ResultCheck
from bets.voiding import checked_reason, lock_bets


@transaction.atomic
def set_deduction(
    *, leg: BetLeg, pct: Decimal, by: User, reason: str, now: dt.datetime | None = None
) -> BetLeg:
    """Set what is deducted from a leg's winnings, in per cent; a graded bet is graded again by the next run.

    Raises NotAllowed unless by staff, NotPossible for what is no outright or no percentage from 0 to 90.
    """
    if not by.is_staff:
        raise NotAllowed("Only staff may enter a deduction.")
    why = checked_reason(reason)
    if leg.bet_type != BetType.OUTRIGHT:
        raise NotPossible("A deduction for withdrawn runners is for outrights only.")
    if not 0 <= pct <= 90 or pct != round(pct, 2):
        raise NotPossible("A deduction is from 0% to 90%, with two decimals.")
    bet = lock_bets([leg.bet])[0]
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
