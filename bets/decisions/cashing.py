"""Cashing out: the whole of what rides, or a part of it while the rest rides on."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from django.db import transaction

from accounts.models import User
from bets.clock import database_now
from bets.decisions.record import Decision, LegDecision, by_hand, lock, require_open, standing_of, write
from bets.exceptions import NotPossible
from bets.models import Bet, BetEventKind, BetStatus
from bets.money import checked_amount, format_money
from bets.voiding import checked_reason

ONLY_WHOLE = (
    "A bonus, boosted or insured bet or a lay can be cashed out only as a whole: its extras have no parts."
)


@transaction.atomic
def cash_out(
    *,
    bet: Bet,
    offer: Decimal,
    by: User,
    reason: str,
    revision: int | None = None,
    now: dt.datetime | None = None,
) -> Bet:
    """Record that the book paid ``offer`` for all that was riding; no result changes the bet after that.

    Owner or staff, while the bet is open. Raises NotAllowed, NotPossible, BadAmount.
    """
    why = checked_reason(reason)
    locked, rest = lock_riding(bet, by, revision)
    currency = locked.bankroll.currency
    paid = checked_amount(offer, currency, what="offer")
    after = replace(
        standing_of(locked), status=BetStatus.CASHED_OUT, payout=locked.cashed_out + paid, review_reason=""
    )
    legs = list(locked.legs.order_by("position"))
    factor = Fraction(paid) / Fraction(rest)
    words = f"Cashed out: {format_money(paid, currency)} for a stake of {format_money(rest, currency)}"
    evidence = by_hand(
        words, f"By {by.get_username()}: {why}", factor=str(factor), offer=str(paid), reason=why
    )
    decided = [LegDecision(leg, BetStatus.CASHED_OUT, factor, evidence) for leg in legs if len(legs) == 1]
    data = {"offer": str(paid), "stake": str(rest), "is_part": False}
    write(locked, after, decided, Decision(BetEventKind.CASHED_OUT, by, why, now or database_now(), data))
    return locked


@transaction.atomic
def cash_out_part(
    *,
    bet: Bet,
    stake: Decimal,
    offer: Decimal,
    by: User,
    reason: str,
    revision: int | None = None,
    now: dt.datetime | None = None,
) -> Bet:
    """Record that the book paid ``offer`` for ``stake``, a part of what rides; the rest rides on and is graded.

    Owner or staff, while the bet is open. Raises NotAllowed, NotPossible, BadAmount.
    """
    why = checked_reason(reason)
    locked, rest = lock_riding(bet, by, revision)
    currency = locked.bankroll.currency
    if not can_be_split(locked):
        raise NotPossible(ONLY_WHOLE)
    part = checked_amount(stake, currency, what="part of the stake")
    if part >= rest:
        raise NotPossible(
            f"{format_money(rest, currency)} is riding: cash out less than that, or the whole bet."
        )
    paid = checked_amount(offer, currency, what="offer")
    before = standing_of(locked)
    after = replace(before, cashed_stake=before.cashed_stake + part, cashed_out=before.cashed_out + paid)
    data = {"offer": str(paid), "stake": str(part), "is_part": True}
    write(locked, after, [], Decision(BetEventKind.CASHED_OUT, by, why, now or database_now(), data))
    return locked


def lock_riding(bet: Bet, by: User, revision: int | None) -> tuple[Bet, Decimal]:
    """Lock an open bet and return it with the stake that rides. Raises NotAllowed, NotPossible."""
    locked = lock(bet, by, revision)
    require_open(locked)
    return locked, locked.stake - locked.cashed_stake


def can_be_split(bet: Bet) -> bool:
    """Tell whether a part of the bet returns its share of the whole."""
    extras = (bet.is_bonus, bet.is_lay, bet.boost_pct, bet.insured_up_to)
    return not any(extras)
