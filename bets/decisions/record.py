"""How a decision is written: the bet locked and read again, ledger lines, the event, the bet."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from accounts.models import User
from bets import grades, ledger
from bets.evidence import VERSION, step, text
from bets.exceptions import BetDecided, NotAllowed, NotPossible
from bets.models import OPEN_STATUSES, Bet, BetEvent, BetEventKind, BetLeg, BetStatus, LedgerKind
from bets.money import LARGEST_BALANCE, BadAmount, format_money
from bets.ticket_terms import credit_change
from bets.voiding import legs_of, lock_bets, require_revision

MOST_REVISIONS = 10_000
"""Grades and decisions after which people decide no more, so that grading itself always has a revision left."""
BY_HAND = (
    BetEventKind.SETTLED,
    BetEventKind.REGRADED,
    BetEventKind.VOIDED,
    BetEventKind.CASHED_OUT,
    BetEventKind.REVIEW,
)
"""Events that decide a bet; one with a ``by`` is a person's and is left alone by automatic grading."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a bet stands: ``payout`` is all it has paid (None while open), what was cashed out early included."""

    status: BetStatus
    payout: Decimal | None
    cashed_stake: Decimal
    cashed_out: Decimal
    review_reason: str = ""

    @property
    def paid(self) -> Decimal:
        return self.cashed_out if self.payout is None else self.payout

    def as_data(self) -> dict[str, Any]:
        return {
            "status": str(self.status),
            "payout": None if self.payout is None else str(self.payout),
            "cashed_stake": str(self.cashed_stake),
            "cashed_out": str(self.cashed_out),
            "review_reason": self.review_reason,
        }


@dataclass(frozen=True, slots=True)
class LegDecision:
    """What a decision says of one leg; ``factor`` None opens it again."""

    leg: BetLeg
    status: BetStatus
    factor: Fraction | None
    evidence: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, by whom, why and when (UTC); ``data`` adds to its event."""

    kind: BetEventKind
    by: User
    reason: str
    at: dt.datetime
    data: dict[str, Any]


def standing_of(bet: Bet) -> Standing:
    """Return where the bet stands as its row says."""
    return Standing(BetStatus(bet.status), bet.payout, bet.cashed_stake, bet.cashed_out, bet.review_reason)


def lock(bet: Bet, by: User, revision: int | None) -> Bet:
    """Lock the bet and return it as it now is.

    Raises NotAllowed unless it is the person's own or they are staff, BetChanged when it is not at
    ``revision`` any more: somebody else, or BetTrack, has decided it in between.
    """
    found = lock_bets([bet])
    if not found or (found[0].user_id != by.pk and not by.is_staff):
        raise NotAllowed("This bet belongs to somebody else.")
    locked = found[0]
    require_revision(locked, revision)
    return locked


def require_open(bet: Bet) -> None:
    """Raise BetDecided unless the bet is open."""
    if bet.status not in OPEN_STATUSES:
        raise BetDecided(f"This bet is settled: {bet.get_status_display().lower()}.")


def by_hand(words: str, note: str, **data: Any) -> dict[str, Any]:
    """Return the evidence of a leg that a person decided (see ``bets.evidence``)."""
    steps = [step([text(words)], note)]
    return {"version": VERSION, "summary": words, "steps": steps, "data": {"by_hand": True} | data}


def write(bet: Bet, after: Standing, legs: list[LegDecision], decision: Decision) -> None:
    """Bring a locked bet where the decision says; its event keeps what was before, evidence and all.

    Raises NotPossible for a bet that has been decided more often than anybody needs.
    """
    if bet.revision >= MOST_REVISIONS:
        raise NotPossible(f"This bet has been decided {MOST_REVISIONS:,} times; it stays as it is.")
    before, revision = standing_of(bet), bet.revision + 1
    note_event(bet, before, after, decision, revision)
    pay(bet, before, after, revision, decision.at)
    write_legs(legs)
    bet.status, bet.payout, bet.review_reason = after.status, after.payout, after.review_reason
    bet.cashed_stake, bet.cashed_out, bet.revision = after.cashed_stake, after.cashed_out, revision
    bet.settled_at = None if after.payout is None else bet.settled_at or decision.at
    bet.save(update_fields=STANDING)


STANDING = ("status", "payout", "review_reason", "cashed_stake", "cashed_out", "revision", "settled_at")
CLOSING = ("closing_odds", "closing_point", "closing_seen_at")


def note_event(bet: Bet, before: Standing, after: Standing, decision: Decision, revision: int) -> None:
    """Write the decision's event, and that of the bonus credit of an insured bet where it begins or ends."""
    kept = {"before": before.as_data(), "after": after.as_data(), "legs": legs_of([bet])[bet.pk]}
    events: list[tuple[BetEventKind, str, dict[str, Any]]] = [
        (decision.kind, decision.reason, kept | decision.data)
    ]
    credit = credit_change(before.status, after.status, bet.stake, bet.insured_up_to, bet.bankroll.currency)
    if credit is not None:
        events.append((BetEventKind.CREDITED, credit.reason, dict(credit.data)))
    BetEvent.objects.bulk_create(
        BetEvent(
            bet=bet, revision=revision, kind=kind, by=decision.by, reason=reason, data=data, at=decision.at
        )
        for kind, reason, data in events
    )


def write_legs(legs: list[LegDecision]) -> None:
    """Write what the decision says of the legs, with its evidence."""
    contents = [grades.content_of(one.evidence) for one in legs if one.evidence]
    grades.store(dict(contents))
    for one in legs:
        one.leg.status, one.leg.return_factor, one.leg.graded_on = one.status, one.factor, None
        one.leg.grade_id = grades.content_of(one.evidence)[0] if one.evidence else None
    BetLeg.objects.bulk_update(
        [one.leg for one in legs], ["status", "return_factor", "grade", "graded_on", *CLOSING]
    )


def pay(bet: Bet, before: Standing, after: Standing, revision: int, at: dt.datetime) -> None:
    """Append the lines that bring the bet's money from one standing to the other.

    More paid on an open bet is one payout; anything else takes back what was paid and pays anew. Taking back
    may leave the bankroll below zero, as a corrected result may. Raises BadAmount if it cannot hold the money.
    """
    tails = ledger.lock_bankrolls([bet.bankroll_id])
    tail = tails[bet.bankroll_id]
    if before.paid == after.paid:
        return
    if tail.balance - before.paid + after.paid > LARGEST_BALANCE:
        raise BadAmount(
            f"The payout of {format_money(after.paid, tail.currency)} is more than the bankroll can hold."
        )
    if before.payout is None and after.paid > before.paid:
        owed = [(LedgerKind.PAYOUT, after.paid - before.paid)]
    else:
        owed = [(LedgerKind.REVERSAL, -before.paid), (LedgerKind.PAYOUT, after.paid)]
    movements = [
        ledger.Movement(bet.bankroll_id, kind, amount, bet.pk, revision) for kind, amount in owed if amount
    ]
    ledger.append(ledger.plan(tails, movements), at=at)
