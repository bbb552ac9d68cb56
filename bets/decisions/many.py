"""One decision for many bets: those of a game under review for the same reason, voided or sent back together."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from fractions import Fraction

from django.db import transaction

from accounts.models import User
from bets import grades
from bets.clock import database_now
from bets.decisions.record import standing_of
from bets.exceptions import NotAllowed, NotPossible
from bets.models import Bet, BetEvent, BetEventKind, BetLeg, BetStatus
from bets.voiding import checked_reason, legs_of, lock_bets, void_locked, voided_evidence

MOST = 1000


@transaction.atomic
def void_many(
    *, bet_ids: Collection[uuid.UUID], by: User, reason: str, now: dt.datetime | None = None
) -> list[Bet]:
    """Void those of the bets that are under review still, and give the stakes that ride back; return them.

    Staff only; a constant number of statements. Raises NotAllowed, NotPossible.
    """
    why = checked_reason(reason)
    bets = under_review(bet_ids, by)
    void_locked(bets, by=by, reason=why, at=now or database_now())
    voided = grades.store_one(voided_evidence(why))
    BetLeg.objects.filter(bet__in=bets).update(
        status=BetStatus.VOID, return_factor=Fraction(1), grade_id=voided
    )
    return bets


@transaction.atomic
def grade_many_again(
    *, bet_ids: Collection[uuid.UUID], by: User, reason: str, now: dt.datetime | None = None
) -> list[Bet]:
    """Send those of the bets that are under review still back to grading; return them.

    Staff only; a constant number of statements. Raises NotAllowed, NotPossible.
    """
    why = checked_reason(reason)
    bets = under_review(bet_ids, by)
    at, legs = now or database_now(), legs_of(bets)
    BetEvent.objects.bulk_create(
        BetEvent(
            bet=bet,
            revision=bet.revision,
            kind=BetEventKind.EDITED,
            by=by,
            reason=why,
            data={"before": standing_of(bet).as_data(), "legs": legs[bet.pk]},
            at=at,
        )
        for bet in bets
    )
    BetLeg.objects.filter(bet__in=bets).update(status=BetStatus.PENDING, return_factor=None, grade=None)
    Bet.objects.filter(pk__in=[bet.pk for bet in bets]).update(status=BetStatus.PENDING, review_reason="")
    return bets


def under_review(bet_ids: Collection[uuid.UUID], by: User) -> list[Bet]:
    """Lock those of the bets that are under review. Raises NotAllowed unless by staff, NotPossible without any."""
    if not by.is_staff:
        raise NotAllowed("Only staff may decide about many bets at once.")
    if len(bet_ids) > MOST:
        raise NotPossible(f"Decide about {MOST} bets at most at once.")
    locked = lock_bets(Bet.objects.filter(pk__in=bet_ids).only("pk"))
    bets = [bet for bet in locked if bet.status == BetStatus.NEEDS_REVIEW]
    if not bets:
        raise NotPossible("None of these bets is under review any more.")
    return bets
