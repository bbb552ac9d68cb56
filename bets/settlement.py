"""Settling: bets whose games have ended are graded in memory and written set-based, batch by batch.

Each batch is one transaction of a constant number of statements: claim bets (and their games) without
waiting, load them, read what sources said and the closing prices, lock the bankrolls in the order of their
keys, then write legs, bets, events and ledger lines. Any number of workers may run; a worker killed
at any point leaves its batch as it was. What cannot be graded goes to review with a reason.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from django.db import transaction

from bets import due, ledger
from bets.cash_outs import with_cash_out
from bets.closing import closing_of
from bets.due import DueBet
from bets.grading import LegGrade, TicketGrade
from bets.lines import Lines, lines_of
from bets.models import LedgerKind
from bets.money import LARGEST_BALANCE
from bets.rulebook import rulebook_at
from bets.ticket_terms import grade_stored
from bets.writing import Graded, write_grades
from feeds.payloads.collector import collector_paused

logger = logging.getLogger(__name__)

BATCH = 500


def settle_due(
    *,
    now: dt.datetime | None = None,
    game_ids: Sequence[uuid.UUID] | None = None,
    batch_size: int = BATCH,
) -> Counter[str]:
    """Settle every bet that is due, or those on the given games; return how many got each status.

    Safe to run any number of times at once. ``now`` (UTC) dates what is written; the database's clock
    does by default. Bets locked by somebody else are left for the next run.
    """
    counts: Counter[str] = Counter()
    while True:
        settled = settle_batch(now=now, game_ids=game_ids, size=batch_size)
        if settled is None:
            return counts
        counts.update(settled)


@collector_paused()
@transaction.atomic
def settle_batch(
    *, now: dt.datetime | None = None, game_ids: Sequence[uuid.UUID] | None = None, size: int = BATCH
) -> Counter[str] | None:
    """Settle up to ``size`` due bets in one transaction; return how many got each status, None if none was due."""
    bet_ids, at, last_rule = due.claim(size, game_ids)
    if at is None:
        return None
    bets = due.load(bet_ids)
    lines = lines_of(bets, now or at, rulebook_at(last_rule))
    return settle_graded([grade(bet, lines) for bet in bets], lines, now or at)


def settle_graded(graded: Sequence[Graded], lines: Lines, at: dt.datetime) -> Counter[str]:
    """Write what the grades of due bets come to; return how many were settled or sent to review, by status.

    Where only legs got their grade, only legs are written.
    """
    closing = closing_of([one.bet for one in graded])
    noted = [one for one in graded if one.is_for_the_record]
    settled = [one for one in graded if not one.is_for_the_record]
    tails = ledger.lock_bankrolls(one.bet.bankroll_id for one in settled)
    settled = [pay(one, tails) for one in settled]
    write_grades(settled, lines, closing, at, noted=noted)
    return Counter(one.ticket.status for one in settled)


def grade(bet: DueBet, lines: Lines, again: frozenset[int] = frozenset()) -> Graded:
    """Grade a claimed bet: its pending legs and those whose ids are in ``again``; others keep their grades.

    A fault of ours sends that one bet to review and the rest of the batch goes on.
    """
    wanted = [leg.status == "pending" or leg.id in again for leg in bet.legs]
    try:
        legs = [
            lines.grade(bet, leg) if is_wanted else leg.stored
            for leg, is_wanted in zip(bet.legs, wanted, strict=True)
        ]
        ticket = grade_stored(
            bet, legs, currency=bet.currency, sport=bet.legs[0].terms.sport, rule=lines.ticket_rule(bet)
        )
    except Exception:
        logger.exception("bet %s could not be graded", bet.id)
        reason = "Grading failed; the server's log has the details."
        legs = [
            LegGrade("needs_review", reason=reason) if is_wanted else leg.stored
            for leg, is_wanted in zip(bet.legs, wanted, strict=True)
        ]
        ticket = TicketGrade("needs_review", tuple(legs), reason=reason)
    if ticket.payout is None and all(leg.game.status in due.DECIDED for leg in bet.legs):
        ticket = replace(ticket, status="needs_review")
    if ticket.status == "needs_review" and not ticket.reason:
        ticket = replace(ticket, reason=bet.review_reason or "A leg of the ticket is under review.")
    fresh = tuple(
        leg.id in again or (leg.status == "pending" and new.status != "pending")
        for leg, new in zip(bet.legs, ticket.legs, strict=True)
    )
    return Graded(bet, with_cash_out(bet, ticket), fresh)


def pay(graded: Graded, tails: dict[uuid.UUID, ledger.Tail]) -> Graded:
    """Plan the ledger lines of a graded bet: what it paid before is taken back if it pays another sum now.

    Taking back may leave the bankroll below zero, when the money has been spent: the balance says so, and
    nothing can be staked or withdrawn until it is covered.
    """
    before, payout = graded.bet.payout, graded.ticket.payout
    if before is None:
        before, early = Decimal(0), graded.bet.cashed_out
        payout = Decimal(0) if payout is None else payout - early
    elif payout is None:
        payout = graded.bet.cashed_out
    if before == payout:
        return graded
    if tails[graded.bet.bankroll_id].balance - before + payout > LARGEST_BALANCE:
        reason = "The payout is more than the bankroll can hold."
        return pay(
            replace(graded, ticket=TicketGrade("needs_review", graded.ticket.legs, reason=reason)), tails
        )
    bet, revision = graded.bet, graded.revision
    movements = [
        ledger.Movement(bet.bankroll_id, kind, amount, bet.id, revision)
        for kind, amount in ((LedgerKind.REVERSAL, -before), (LedgerKind.PAYOUT, payout))
        if amount
    ]
    return replace(graded, lines=tuple(ledger.plan(tails, movements)))
