"""Settling by hand: what the book really paid, or how each leg ended, as a person says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from django.db import transaction

from accounts.models import User
from bets import due
from bets.cash_outs import riding, with_cash_out
from bets.clock import database_now
from bets.closing import closing_of
from bets.decisions.record import (
    Decision,
    LegDecision,
    Standing,
    by_hand,
    lock,
    require_open,
    standing_of,
    write,
)
from bets.exceptions import NotAllowed, NotPossible
from bets.grading import LegGrade, TicketGrade, grade_ticket, win_factor
from bets.models import Bet, BetEventKind, BetLeg, BetStatus
from bets.money import checked_amount, format_money
from bets.ticket_terms import grade_stored
from bets.voiding import checked_reason, has_begun

OUTCOMES = (
    BetStatus.WON,
    BetStatus.HALF_WON,
    BetStatus.PUSH,
    BetStatus.HALF_LOST,
    BetStatus.LOST,
    BetStatus.VOID,
)
HALF = Fraction(1, 2)


@transaction.atomic
def settle_by_hand(
    *,
    bet: Bet,
    by: User,
    reason: str,
    outcomes: Mapping[int, str] | None = None,
    payout: Decimal | None = None,
    revision: int | None = None,
    now: dt.datetime | None = None,
) -> Bet:
    """Record how a bet was really settled, as a person says; corrections of results leave it alone after that.

    ``outcomes`` are statuses by the position of the leg; a leg left out keeps its grade. ``payout`` is what the book
    paid for the stake that was riding, in the bankroll's currency, and counts more than the sum that follows from the
    outcomes. Staff may settle any bet, again too; owners their own, while it is open and a game of it has begun or
    it is under review. Raises NotAllowed, NotPossible, BadAmount.
    """
    why = checked_reason(reason)
    locked = lock(bet, by, revision)
    at = now or database_now()
    require_settler(locked, by, at)
    legs = list(locked.legs.select_related("selection").order_by("position"))
    if locked.batch_id is not None and payout is None:
        raise NotPossible("Enter what the book paid: the legs of an imported bet are words to BetTrack.")
    decided = {} if locked.batch_id is not None else checked_outcomes(legs, outcomes or {})
    ticket = hand_grade(locked, legs, decided, payout)
    kind = BetEventKind.SETTLED if locked.payout is None else BetEventKind.REGRADED
    total = locked.cashed_out + (ticket.payout or Decimal(0))
    after = replace(standing_of(locked), status=BetStatus(ticket.status), payout=total, review_reason="")
    take_closing_lines(locked, legs)
    data = {"by_hand": True, "factor": None if ticket.factor is None else str(ticket.factor)}
    said = leg_decisions(locked, legs, decided, ticket, by, why)
    write(locked, after, said, Decision(kind, by, why, at, data))
    return locked


def require_settler(bet: Bet, by: User, at: dt.datetime) -> None:
    """Raise NotAllowed or NotPossible unless the person may settle the locked bet by hand now."""
    if by.is_staff:
        return
    require_open(bet)
    if bet.status == BetStatus.PENDING and not has_begun(bet, at):
        raise NotAllowed("You can settle this bet by hand once a game of it has begun.")


def checked_outcomes(legs: Sequence[BetLeg], outcomes: Mapping[int, str]) -> dict[int, BetStatus]:
    """Return the outcomes by position. Raises NotPossible naming a leg or an outcome that does not exist."""
    if not legs:
        raise NotPossible("The game of this bet has been deleted; nothing is left to settle.")
    known = {leg.position for leg in legs}
    for position, status in outcomes.items():
        if position not in known:
            raise NotPossible(f"This bet has no leg {position}.")
        if status not in OUTCOMES:
            raise NotPossible(f"Leg {position}: choose how it ended.")
    return {position: BetStatus(status) for position, status in outcomes.items()}


def hand_grade(
    bet: Bet, legs: Sequence[BetLeg], decided: Mapping[int, BetStatus], payout: Decimal | None
) -> TicketGrade:
    """Return the grade of the stake that rides: by the payout if one is given, else from the legs."""
    stake, currency = bet.stake - bet.cashed_stake, bet.bankroll.currency
    grades = tuple(leg_grade(leg, decided.get(leg.position)) for leg in legs)
    if payout is None:
        return from_legs(bet, legs, grades)
    paid = checked_amount(payout, currency, what="payout") if payout else Decimal(0)
    status = status_by_payout(paid, stake, is_bonus=bet.is_bonus)
    if len(legs) == 1 and decided:
        status = suitable(decided[legs[0].position], paid, stake, currency, is_bonus=bet.is_bonus)
    return TicketGrade(status.value, grades, Fraction(paid) / Fraction(stake), paid)  # type: ignore[arg-type]


def from_legs(bet: Bet, legs: Sequence[BetLeg], grades: Sequence[LegGrade]) -> TicketGrade:
    """Combine the legs as grading does. Raises NotPossible when they do not settle the ticket."""
    if bet.is_lay or bet.each_way_places is not None:
        raise NotPossible(
            "Enter what the book paid: this kind of bet does not follow from won or lost alone."
        )
    loaded = due.load([bet.pk])[0]
    sport = loaded.legs[0].terms.sport
    whole = grade_stored(loaded, grades, currency=bet.bankroll.currency, sport=sport)
    ticket = riding(loaded, with_cash_out(loaded, whole))
    if ticket.payout is None:
        left = [str(leg.position) for leg, grade in zip(legs, grades, strict=True) if grade.factor is None]
        if left:
            raise NotPossible(f"Say how leg {' and '.join(left)} ended, or enter what the book paid.")
        raise NotPossible(
            f"{ticket.reason or 'The legs do not settle the ticket.'} Enter what the book paid."
        )
    return ticket


def leg_grade(leg: BetLeg, decided: BetStatus | None) -> LegGrade:
    """Return a leg's grade by what was decided, else the one it has."""
    if decided is None:
        return LegGrade(leg.status, leg.return_factor)  # type: ignore[arg-type] # a checked column
    win = win_factor(leg.odds)
    factors = {
        BetStatus.WON: win,
        BetStatus.HALF_WON: HALF + HALF * win,
        BetStatus.HALF_LOST: HALF,
        BetStatus.LOST: Fraction(0),
    }
    return LegGrade(decided.value, factors.get(decided, Fraction(1)))  # type: ignore[arg-type]


def status_by_payout(paid: Decimal, stake: Decimal, *, is_bonus: bool) -> BetStatus:
    """Return what a payout means for the stake that rode."""
    if paid == 0:
        return BetStatus.LOST
    if is_bonus or paid > stake:
        return BetStatus.WON
    return BetStatus.PUSH if paid == stake else BetStatus.HALF_LOST


def suitable(
    outcome: BetStatus, paid: Decimal, stake: Decimal, currency: str, *, is_bonus: bool
) -> BetStatus:
    """Return the outcome if the payout can be its. Raises NotPossible saying what would suit."""
    fits = {
        BetStatus.WON: paid >= stake,
        BetStatus.HALF_WON: paid >= stake,
        BetStatus.PUSH: paid == stake,
        BetStatus.VOID: paid == stake,
        BetStatus.HALF_LOST: 0 < paid < stake,
        BetStatus.LOST: paid == 0,
    }
    if is_bonus or fits[outcome]:
        return outcome
    right = status_by_payout(paid, stake, is_bonus=is_bonus)
    raise NotPossible(
        f"{format_money(paid, currency)} back for {format_money(stake, currency)} is not "
        f"“{outcome.label.lower()}”: choose “{right.label.lower()}” or enter another payout."
    )


def take_closing_lines(bet: Bet, legs: Sequence[BetLeg]) -> None:
    """Put the closing lines that the archive has into legs without one."""
    if not legs:
        return
    closing = closing_of(due.load([bet.pk]))
    for leg in legs:
        price = closing.get(leg.pk)
        if price is not None and leg.closing_odds is None:
            leg.closing_odds, leg.closing_point, leg.closing_seen_at = price.odds, price.point, price.seen_at


def leg_decisions(
    bet: Bet,
    legs: Sequence[BetLeg],
    decided: Mapping[int, BetStatus],
    ticket: TicketGrade,
    by: User,
    reason: str,
) -> list[LegDecision]:
    """Return what the decision says of the legs: a straight bet's factor is that of the money."""
    money = format_money(ticket.payout or Decimal(0), bet.bankroll.currency)
    note = f"By {by.get_username()}. {money} paid; results do not change it."
    found = []
    for leg, grade in zip(legs, ticket.legs, strict=True):
        status, factor = BetStatus(grade.status), grade.factor
        if len(legs) == 1:
            status = BetStatus(ticket.status)
            is_plain = not bet.is_bonus and not bet.boost_pct and ticket.factor is not None
            factor = ticket.factor if is_plain else leg_grade(leg, status).factor
        elif leg.position not in decided:
            continue
        words = f"Settled by hand as {status.label.lower()}: {reason}"
        evidence = by_hand(
            words, note, status=str(status), factor=str(factor), reason=reason, by=by.get_username()
        )
        found.append(LegDecision(leg, status, factor, evidence))
    return found


@transaction.atomic
def reprice(
    *,
    bet: Bet,
    price: Decimal,
    by: User,
    reason: str,
    revision: int | None = None,
    now: dt.datetime | None = None,
) -> Bet:
    """Settle a ticket at the price its book set anew after a leg of it was void or pushed.

    ``price`` is American. The bet must be under review with every leg graded, none lost: then it has won at the new
    price. Owner or staff. Raises NotAllowed, NotPossible, BadAmount.
    """
    why = checked_reason(reason)
    locked = lock(bet, by, revision)
    legs = list(locked.legs.order_by("position"))
    if not can_reprice(locked, legs):
        raise NotPossible(
            "Only a ticket under review whose legs are all graded, with one void or pushed, takes a new price."
        )
    total = locked.cashed_out + (won_at(locked, price).payout or Decimal(0))
    after = Standing(BetStatus.WON, total, locked.cashed_stake, locked.cashed_out)
    data = {"by_hand": True, "new_price": str(price), "old_price": str(locked.odds)}
    write(locked, after, [], Decision(BetEventKind.SETTLED, by, why, now or database_now(), data))
    return locked


def won_at(bet: Bet, price: Decimal) -> TicketGrade:
    """Return the grade of the stake that rides if it wins at American odds."""
    return grade_ticket(
        kind="straight",
        stake=bet.stake - bet.cashed_stake,
        currency=bet.bankroll.currency,
        legs=[LegGrade("won", win_factor(price))],
        is_bonus=bet.is_bonus,
        boost_pct=bet.boost_pct,
        boost_cap=bet.boost_cap,
        commission_pct=bet.commission_pct,
    )


def can_reprice(bet: Bet, legs: Sequence[BetLeg]) -> bool:
    """Tell whether the ticket waits for a new price of its book."""
    statuses = {leg.status for leg in legs}
    refunded = {BetStatus.VOID, BetStatus.PUSH}
    return (
        bet.status == BetStatus.NEEDS_REVIEW
        and len(legs) > 1
        and statuses <= refunded | {BetStatus.WON}
        and BetStatus.WON in statuses
        and bool(statuses & refunded)
    )
