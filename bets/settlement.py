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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import msgspec
from django.db import connection, transaction

from bets import due, ledger
from bets.cash_outs import riding, with_cash_out
from bets.closing import closing_of
from bets.due import DueBet, DueLeg
from bets.evidence import Step, add_cash_out, add_ticket
from bets.grading import LegGrade, TicketGrade
from bets.lines import Lines, lines_of
from bets.models import BetEventKind, LedgerKind
from bets.money import LARGEST_BALANCE
from bets.rulebook import rulebook_at
from bets.ticket_terms import bonus_credit, grade_stored
from bets.ticket_words import is_plain, ticket_step
from odds.prices import Price

logger = logging.getLogger(__name__)

BATCH = 1000

UPDATE_LEGS = """
UPDATE bet_legs l
SET status = v.status, return_factor = v.factor, evidence = v.evidence,
    closing_odds = v.closing_odds, closing_point = v.closing_point, closing_seen_at = v.closing_seen_at,
    graded_on = v.graded_on
FROM jsonb_to_recordset(%(rows)s::jsonb)
    AS v (id bigint, status text, factor text, evidence jsonb,
          closing_odds numeric, closing_point numeric, closing_seen_at timestamptz, graded_on timestamptz)
WHERE l.id = v.id
"""
UPDATE_BETS = """
UPDATE bets b
SET status = v.status, payout = v.payout,
    settled_at = CASE WHEN v.payout IS NOT NULL THEN coalesce(b.settled_at, %(at)s) END,
    revision = v.revision, review_reason = v.reason
FROM jsonb_to_recordset(%(rows)s::jsonb)
    AS v (id uuid, was text, status text, payout numeric, revision int, reason text)
WHERE b.id = v.id AND b.status = v.was AND b.revision = v.revision - 1
"""
INSERT_EVENTS = """
INSERT INTO bet_events (bet_id, revision, kind, reason, data, at)
SELECT v.bet_id, v.revision, v.kind, v.reason, v.data, %(at)s
FROM jsonb_to_recordset(%(rows)s::jsonb)
    AS v (bet_id uuid, revision int, kind text, reason text, data jsonb)
"""


@dataclass(frozen=True, slots=True)
class Graded:
    """A claimed bet with its grade and the ledger lines that bring its money where the grade says.

    ``fresh`` tells of each leg whether it was graded now; the others keep the grade they have.
    """

    bet: DueBet
    ticket: TicketGrade
    fresh: tuple[bool, ...]
    lines: tuple[ledger.Line, ...] = ()

    @property
    def is_for_the_record(self) -> bool:
        """Whether only legs got their grade: the ticket still waits, or has been settled before."""
        return self.bet.payout is not None or self.ticket.status == self.bet.status

    @property
    def revision(self) -> int:
        return self.bet.revision + 1

    @property
    def is_review(self) -> bool:
        return self.ticket.status == "needs_review"

    @property
    def event(self) -> BetEventKind:
        """What happened to the bet: a paid one is graded again, an open one settled or sent to review."""
        if self.bet.payout is not None or self.ticket.status == "pending":
            return BetEventKind.REGRADED
        return BetEventKind.REVIEW if self.is_review else BetEventKind.SETTLED


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
    write_legs([*settled, *noted], lines, closing, at)
    write_tickets(settled, at)
    return Counter(one.ticket.status for one in settled)


def write_grades(
    graded: Sequence[Graded],
    lines: Lines,
    closing: dict[int, Price],
    at: dt.datetime,
    data: Mapping[uuid.UUID, Mapping[str, Any]] = MappingProxyType({}),
) -> None:
    """Write legs, bets, events and ledger lines, one statement each; ``data`` adds to the event of a bet."""
    write_legs(graded, lines, closing, at)
    write_tickets(graded, at, data)


def write_tickets(
    graded: Sequence[Graded],
    at: dt.datetime,
    data: Mapping[uuid.UUID, Mapping[str, Any]] = MappingProxyType({}),
) -> None:
    """Write bets, events and ledger lines, one statement each."""
    if not graded:
        return
    write_bets(graded, at)
    write_events(graded, at, data)
    ledger.append([line for one in graded for line in one.lines], at=at)


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


def as_text(factor: Fraction | None) -> str | None:
    """Write a factor as the column holds it: ``21/11``."""
    return None if factor is None else f"{factor.numerator}/{factor.denominator}"


def evidence_of(graded: Graded, leg: DueLeg, grade: LegGrade, lines: Lines) -> dict[str, Any]:
    """Return a leg's evidence; a straight bet's tells the money too."""
    evidence = lines.explain(graded.bet, leg, grade)
    if len(graded.bet.legs) == 1:
        evidence = {**evidence, "steps": [*evidence["steps"]], "data": {**evidence["data"]}}
    if len(graded.bet.legs) == 1 and not is_plain(graded.bet, graded.ticket):
        evidence["steps"] += ticket_steps(graded)
    elif len(graded.bet.legs) == 1:
        add_ticket(
            evidence,
            leg.terms,
            riding(graded.bet, graded.ticket),
            stake=graded.bet.stake - graded.bet.cashed_stake,
            currency=graded.bet.currency,
            note=money_note(graded),
        )
        add_cash_out(evidence, graded.bet.cashed_stake, graded.bet.cashed_out, graded.bet.currency)
    return evidence


def ticket_steps(graded: Graded) -> list[Step]:
    """Return the arithmetic of the whole ticket, where it is more than stake times one factor."""
    found = ticket_step(graded.bet, graded.ticket, money_note(graded))
    return [] if found is None else [found]


def money_note(graded: Graded) -> str:
    """Name the ledger lines of a grade."""
    if not graded.lines:
        return "Paid by an earlier grade." if graded.ticket.payout else "No money comes back."
    seqs = [str(line.seq) for line in graded.lines]
    lines = f"lines {' and '.join(seqs)}" if len(seqs) > 1 else f"line {seqs[0]}"
    return f"Ledger {lines}, revision {graded.revision}."


def write_legs(
    graded: Sequence[Graded],
    lines: Lines,
    closing: dict[int, Price],
    at: dt.datetime,
) -> None:
    rows: list[dict[str, Any]] = []
    for one in graded:
        for leg, grade, is_fresh in zip(one.bet.legs, one.ticket.legs, one.fresh, strict=True):
            if not is_fresh:
                continue
            row = {
                "id": leg.id,
                "status": grade.status,
                "factor": as_text(grade.factor),
                "evidence": evidence_of(one, leg, grade, lines),
                "graded_on": leg.game.version.isoformat(),
            }
            last = closing.get(leg.id)
            if last is not None:
                row |= {
                    "closing_odds": str(last.odds),
                    "closing_point": None if last.point is None else str(last.point),
                    "closing_seen_at": last.seen_at.isoformat(),
                }
            rows.append(row)
    write(UPDATE_LEGS, rows, at)


def write_bets(graded: Sequence[Graded], at: dt.datetime) -> None:
    rows = [
        {
            "id": str(one.bet.id),
            "was": one.bet.status,
            "status": one.ticket.status,
            "payout": None if one.ticket.payout is None else str(one.ticket.payout),
            "revision": one.revision,
            "reason": one.ticket.reason[:200] if one.is_review else "",
        }
        for one in graded
    ]
    write(UPDATE_BETS, rows, at)


def write_events(
    graded: Sequence[Graded], at: dt.datetime, data: Mapping[uuid.UUID, Mapping[str, Any]]
) -> None:
    rows: list[dict[str, Any]] = [
        {
            "bet_id": str(one.bet.id),
            "revision": one.revision,
            "kind": one.event,
            "reason": one.ticket.reason[:300],
            "data": {
                "status": one.ticket.status,
                "payout": None if one.ticket.payout is None else str(one.ticket.payout),
                "factor": as_text(one.ticket.factor),
                **({"steps": ticket_steps(one)} if len(one.bet.legs) > 1 else {}),
                **data.get(one.bet.id, {}),
            },
        }
        for one in graded
    ]
    rows += [row for one in graded if one.bet.insured_up_to is not None for row in credit_of(one)]
    write(INSERT_EVENTS, rows, at)


def credit_of(graded: Graded) -> list[dict[str, Any]]:
    """Return the event of an insured bet's bonus credit, or of its end when the bet has not lost after all."""
    bet = graded.bet
    before, now = (
        bonus_credit(status, bet.stake, bet.insured_up_to, bet.currency)
        for status in (bet.status, graded.ticket.status)
    )
    if before == now:
        return []
    reason = "The bet is insured: its loss is credited as a bonus, not as cash."
    return [
        {
            "bet_id": str(bet.id),
            "revision": graded.revision,
            "kind": BetEventKind.CREDITED,
            "reason": reason if now > before else "The bet has not lost after all: the bonus credit ends.",
            "data": {"amount": str(now - before), "currency": bet.currency},
        }
    ]


def write(statement: str, rows: Sequence[dict[str, Any]], at: dt.datetime) -> None:
    """Run one statement over all rows. Raises RuntimeError, which undoes the batch, if it misses any."""
    with connection.cursor() as cursor:
        cursor.execute(statement, {"rows": msgspec.json.encode(rows).decode(), "at": at})
        if cursor.rowcount != len(rows):
            raise RuntimeError(f"{cursor.rowcount} of {len(rows)} rows written; the batch is undone")
