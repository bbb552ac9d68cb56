"""What a person may decide about a bet now; the page offers this and the services check it again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import User
from bets.decisions.settling import can_reprice
from bets.decisions.undoing import last_decision
from bets.deductions import deductible
from bets.models import OPEN_STATUSES, Bet, BetEvent, BetEventKind, BetLeg, BetStatus
from games.models import GameStatus


@dataclass(frozen=True, slots=True)
class Option:
    """A decision that is open: ``key`` is its part of the address."""

    key: str
    label: str
    hint: str


SETTLE = Option("settle", "Settle by hand", "Record what the book really paid.")
CASH_OUT = Option("cash-out", "Cash out", "Record an offer the book paid, for all of the stake or a part.")
REPRICE = Option("reprice", "Enter the new price", "The price the book set after a leg was void.")
VOID = Option("void", "Void", "The bet does not count; the stake comes back.")
SEND_BACK = Option(
    "send-back", "Send back to grading", "Grade it again, after its result has been set right."
)
UNDO = Option("undo", "Undo the decision", "Take back what it paid and let BetTrack grade the bet again.")
DEDUCT = Option(
    "deduct",
    "Enter a deduction",
    "What the book takes off the winnings for a runner withdrawn late (Rule 4).",
)
OPTIONS = {option.key: option for option in (SETTLE, CASH_OUT, REPRICE, VOID, DEDUCT, SEND_BACK, UNDO)}


def options_for(
    bet: Bet, legs: Sequence[BetLeg], decision: BetEvent | None, by: User, at: dt.datetime
) -> list[Option]:
    """Return what the person may decide about the bet, ``decision`` being the one in force; reads nothing.

    ``legs`` come with their games.
    """
    if bet.user_id != by.pk and not by.is_staff:
        return []
    is_open, staff = bet.status in OPEN_STATUSES, by.is_staff
    is_imported = bet.batch_id is not None
    begun = is_imported or any(has_begun(leg, at) for leg in legs)
    review = bet.status == BetStatus.NEEDS_REVIEW
    is_void = bet.status == BetStatus.VOID
    undone_late = decision is not None and decision.kind == BetEventKind.VOIDED and begun
    offered = {
        REPRICE: can_reprice(bet, legs),
        SETTLE: (bool(legs) or is_imported) and (staff or (is_open and (review or begun))),
        CASH_OUT: is_open,
        VOID: bool(legs) and not is_void and (staff or (is_open and not begun)),
        DEDUCT: deductible(bet, legs, decision),
        SEND_BACK: staff and review,
        UNDO: bool(legs)
        and decision is not None
        and (staff or (decision.by_id == by.pk and not undone_late)),
    }
    return [option for option, is_offered in offered.items() if is_offered]


def staff_options(bet: Bet) -> list[Option]:
    """Return what staff may decide about a bet at any time, read from the database."""
    legs = list(bet.legs.select_related("game").order_by("position"))
    decision = last_decision(bet)
    wanted = {
        REPRICE: can_reprice(bet, legs),
        SETTLE: bool(legs) or bet.batch_id is not None,
        CASH_OUT: bet.status in OPEN_STATUSES,
        VOID: bool(legs) and bet.status != BetStatus.VOID,
        DEDUCT: deductible(bet, legs, decision),
        SEND_BACK: bet.status == BetStatus.NEEDS_REVIEW,
        UNDO: bool(legs) and decision is not None,
    }
    return [option for option, is_open in wanted.items() if is_open]


def has_begun(leg: BetLeg, at: dt.datetime) -> bool:
    """Tell whether the leg's game is under way or over (see ``bets.voiding.has_begun``)."""
    waits = leg.game.status in (GameStatus.SCHEDULED, GameStatus.POSTPONED)
    return not waits or leg.game.commence_time <= at
