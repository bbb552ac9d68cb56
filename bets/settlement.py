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
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import msgspec
from django.db import connection, transaction

from bets import due, ledger, windows
from bets.cash_outs import riding, with_cash_out
from bets.closing import closing_of
from bets.due import DueBet, DueLeg
from bets.evidence import Reading, add_cash_out, add_ticket, explain_leg, name_rule
from bets.grading import LegGrade, Result, TicketGrade, grade_leg, grade_ticket
from bets.grading.windows import Schedule, grade_late
from bets.models import BetEventKind, BetStatus, LedgerKind
from bets.money import LARGEST_BALANCE
from bets.rulebook import Rulebook, rulebook, rulebook_at
from bets.rules import FULL_GAME, Rule, family_of
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
    """A claimed bet with its grade and the ledger lines that bring its money where the grade says."""

    bet: DueBet
    ticket: TicketGrade
    lines: tuple[ledger.Line, ...] = ()

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


@dataclass(frozen=True, slots=True)
class Lines:
    """The results of a batch. Bets on the same line of a game share its grade and the words for it.

    Shared are the terms' objects (see ``due.load``), so that they serve as keys by identity.
    """

    results: Mapping[uuid.UUID, Result]
    readings: Mapping[uuid.UUID, Sequence[Reading]]
    rules: Rulebook
    now: dt.datetime
    schedules: Mapping[int, Schedule]
    boxes: Mapping[uuid.UUID, Mapping[str, Sequence[Mapping[str, Decimal]]]] = field(default_factory=dict)
    grades: dict[tuple[object, ...], LegGrade] = field(default_factory=dict)
    words: dict[tuple[object, ...], dict[str, Any]] = field(default_factory=dict)

    def rule(self, bet: DueBet, leg: DueLeg) -> Rule:
        """Return the house rule for a leg of the bet; equal rules are the same object."""
        terms = leg.terms
        return self.rules.rule(
            bookmaker_id=bet.bookmaker_id,
            sport=terms.sport,
            market=terms.market,
            draw_offered=terms.draw_offered,
        )

    def result(self, leg: DueLeg) -> Result:
        """Return how the leg's game ended, with the numbers of the player it is on."""
        result, box = self.results[leg.game.id], self.boxes.get(leg.game.id)
        if box is None or family_of(leg.terms.market) != "player_prop":
            return result
        named = box.get(leg.terms.participant.lower(), ())
        if len(named) > 1:
            words = f"The box score has {len(named)} players named {leg.terms.participant}."
            return replace(result, conflict=result.conflict or words)
        return replace(result, stats=named[0] if named else {})

    def ticket_rule(self, bet: DueBet) -> Rule:
        """Return the house rule by which the legs of the bet combine."""
        if len(bet.legs) == 1:
            return FULL_GAME
        sports = {leg.terms.sport for leg in bet.legs}
        sport = sports.pop() if len(sports) == 1 else ""
        return self.rules.ticket_rule(bookmaker_id=bet.bookmaker_id, sport=sport)

    def grade(self, bet: DueBet, leg: DueLeg) -> LegGrade:
        rule = self.rule(bet, leg)
        key = self.key(leg, rule)
        found = self.grades.get(key)
        if found is None:
            found = self.grades[key] = self.grade_afresh(leg, rule)
        return found

    def key(self, leg: DueLeg, rule: Rule) -> tuple[object, ...]:
        """Legs on the same line, by the same rule, with the same announced start share a grade."""
        schedule = self.schedules.get(leg.id)
        return id(leg.terms), id(rule), schedule and schedule.announced

    def grade_afresh(self, leg: DueLeg, rule: Rule) -> LegGrade:
        result, schedule = self.result(leg), self.schedules.get(leg.id)
        late = schedule and grade_late(leg.terms, result, rule, schedule, self.now)
        return late or grade_leg(leg.terms, result, rule)

    def explain(self, bet: DueBet, leg: DueLeg, grade: LegGrade) -> dict[str, Any]:
        """Return the evidence of the leg's grade; its lists and dicts are shared, add to copies of them."""
        rule = self.rule(bet, leg)
        key = self.key(leg, rule)
        found = self.words.get(key) if self.grades.get(key) is grade else None
        if found is None:
            result, read = self.result(leg), self.readings.get(leg.game.id, ())
            found = explain_leg(leg.terms, result, grade, read)
            if rule.source:
                name_rule(found, rule)
            if self.grades.get(key) is grade:
                self.words[key] = found
        return found


def lines_of(bets: Sequence[DueBet], now: dt.datetime, rules: Rulebook | None = None) -> Lines:
    """Read what the sources say of the bets' games, their box scores, and the house rules unless given.

    The windows of the rules are judged as of ``now``.
    """
    games = {leg.game.id: leg.game for bet in bets for leg in bet.legs}
    readings = due.latest_readings(games)
    results = {game.id: due.result_of(game, readings.get(game.id, [])) for game in games.values()}
    with_players = {
        leg.game.id for bet in bets for leg in bet.legs if family_of(leg.terms.market) == "player_prop"
    }
    schedules = windows.schedules_of([bet.id for bet in bets], games)
    return Lines(results, readings, rules or rulebook(), now, schedules, due.box_scores(with_players))


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
        if not settled:
            return counts
        counts.update(settled)


@transaction.atomic
def settle_batch(
    *, now: dt.datetime | None = None, game_ids: Sequence[uuid.UUID] | None = None, size: int = BATCH
) -> Counter[str]:
    """Settle up to ``size`` due bets in one transaction; return how many got each status."""
    bet_ids, at, last_rule = due.claim(size, game_ids)
    if at is None:
        return Counter()
    bets = due.load(bet_ids)
    lines = lines_of(bets, now or at, rulebook_at(last_rule))
    closing = closing_of(bets)
    tails = ledger.lock_bankrolls(bet.bankroll_id for bet in bets)
    graded = [pay(grade(bet, lines), tails) for bet in bets]
    write_grades(graded, lines, closing, now or at)
    return Counter(one.ticket.status for one in graded)


def write_grades(
    graded: Sequence[Graded],
    lines: Lines,
    closing: dict[int, Price],
    at: dt.datetime,
    data: Mapping[uuid.UUID, Mapping[str, Any]] = MappingProxyType({}),
) -> None:
    """Write legs, bets, events and ledger lines, one statement each; ``data`` adds to the event of a bet."""
    write_legs(graded, lines, closing, at)
    write_bets(graded, at)
    write_events(graded, at, data)
    ledger.append([line for one in graded for line in one.lines], at=at)


def grade(bet: DueBet, lines: Lines) -> Graded:
    """Grade a claimed bet. A fault of ours sends that one bet to review and the rest of the batch goes on."""
    try:
        legs = [lines.grade(bet, leg) for leg in bet.legs]
        ticket = grade_ticket(
            kind=bet.kind,
            stake=bet.stake,
            currency=bet.currency,
            legs=legs,
            is_bonus=bet.is_bonus,
            boost_pct=bet.boost_pct,
            boost_cap=bet.boost_cap,
            rule=lines.ticket_rule(bet),
        )
    except Exception:
        logger.exception("bet %s could not be graded", bet.id)
        reason = "Grading failed; the server's log has the details."
        legs = [LegGrade("needs_review", reason=reason) for _ in bet.legs]
        ticket = TicketGrade("needs_review", tuple(legs), reason=reason)
    if ticket.payout is None and all(leg.game.status in due.DECIDED for leg in bet.legs):
        ticket = replace(ticket, status="needs_review")
    return Graded(bet, with_cash_out(bet, ticket))


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


def leg_status(grade: LegGrade, *, is_review: bool) -> str:
    """A leg that was graded keeps its grade; one without a factor waits for the review with its bet."""
    return BetStatus.NEEDS_REVIEW if is_review and grade.factor is None else grade.status


def evidence_of(graded: Graded, leg: DueLeg, grade: LegGrade, lines: Lines) -> dict[str, Any]:
    """Return a leg's evidence; a straight bet's tells the money too."""
    evidence = lines.explain(graded.bet, leg, grade)
    if len(graded.bet.legs) == 1:
        evidence = {**evidence, "steps": [*evidence["steps"]], "data": {**evidence["data"]}}
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
        for leg, grade in zip(one.bet.legs, one.ticket.legs, strict=True):
            row = {
                "id": leg.id,
                "status": leg_status(grade, is_review=one.is_review),
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
    rows = [
        {
            "bet_id": str(one.bet.id),
            "revision": one.revision,
            "kind": one.event,
            "reason": one.ticket.reason[:300],
            "data": {
                "status": one.ticket.status,
                "payout": None if one.ticket.payout is None else str(one.ticket.payout),
                "factor": as_text(one.ticket.factor),
                **data.get(one.bet.id, {}),
            },
        }
        for one in graded
    ]
    write(INSERT_EVENTS, rows, at)


def write(statement: str, rows: Sequence[dict[str, Any]], at: dt.datetime) -> None:
    """Run one statement over all rows. Raises RuntimeError, which undoes the batch, if it misses any."""
    with connection.cursor() as cursor:
        cursor.execute(statement, {"rows": msgspec.json.encode(rows).decode(), "at": at})
        if cursor.rowcount != len(rows):
            raise RuntimeError(f"{cursor.rowcount} of {len(rows)} rows written; the batch is undone")
