"""Writing grades: what became of legs, bets and money, set-based, a constant number of statements.

Everything that grades by itself ends here: hand ``write_grades`` the graded bets and the rows follow. The
caller's transaction holds the bets' locks and those of their bankrolls (``ledger.lock_bankrolls``), in that order.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import msgspec
from django.db import connection

from bets import grades, ledger
from bets.arrays import columns
from bets.due import DueBet
from bets.evidence import Step
from bets.grading import TicketGrade
from bets.lines import Lines
from bets.models import BetEventKind
from bets.ticket_terms import credit_change
from bets.ticket_words import is_plain, money_note, ticket_step
from odds.prices import Price

UPDATE_LEGS = """
UPDATE bet_legs l
SET status = v.status, return_factor = v.factor, grade_id = v.grade, graded_on = v.graded_on,
    closing_odds = v.closing_odds, closing_point = v.closing_point, closing_seen_at = v.closing_seen_at
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::uuid[], %s::timestamptz[],
            %s::numeric[], %s::numeric[], %s::timestamptz[])
    AS v (id, status, factor, grade, graded_on, closing_odds, closing_point, closing_seen_at)
WHERE l.id = v.id
"""
UPDATE_BETS = """
UPDATE bets b
SET status = v.status, payout = v.payout,
    settled_at = CASE WHEN v.payout IS NOT NULL THEN coalesce(b.settled_at, %s) END,
    revision = v.revision, review_reason = v.reason
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::numeric[], %s::int[], %s::text[])
    AS v (id, was, status, payout, revision, reason)
WHERE b.id = v.id AND b.status = v.was AND b.revision = v.revision - 1
"""
INSERT_EVENTS = """
INSERT INTO bet_events (bet_id, revision, kind, reason, data, at)
SELECT v.bet_id, v.revision, v.kind, v.reason, v.data, %s
FROM unnest(%s::uuid[], %s::int[], %s::text[], %s::text[], %s::jsonb[])
    AS v (bet_id, revision, kind, reason, data)
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


def write_grades(
    graded: Sequence[Graded],
    lines: Lines,
    closing: dict[int, Price],
    at: dt.datetime,
    data: Mapping[uuid.UUID, Mapping[str, Any]] = MappingProxyType({}),
    *,
    noted: Sequence[Graded] = (),
) -> None:
    """Write what grading came to: evidence, legs, bets, events and ledger lines, one statement each.

    Of ``graded`` everything is written, under each bet's next revision; of ``noted`` only the legs that are fresh.
    ``lines`` explain the legs, ``closing`` has their closing prices by leg id, ``at`` (UTC) dates what happens, and
    ``data`` adds to the event of a bet. Raises RuntimeError, which undoes all of it, if a row is not as it was read.
    """
    write_legs([*graded, *noted], lines, closing)
    write_bets(graded, at)
    write_events(graded, at, data)
    ledger.append([line for one in graded for line in one.lines], at=at)


def as_text(factor: Fraction | None) -> str | None:
    """Write a factor as the column holds it: ``21/11``."""
    return None if factor is None else f"{factor.numerator}/{factor.denominator}"


def write_legs(graded: Sequence[Graded], lines: Lines, closing: dict[int, Price]) -> None:
    rows = []
    for one in graded:
        for leg, grade, is_fresh in zip(one.bet.legs, one.ticket.legs, one.fresh, strict=True):
            if not is_fresh:
                continue
            last = closing.get(leg.id)
            odds, point, seen_at = (
                (None, None, None) if last is None else (last.odds, last.point, last.seen_at)
            )
            key = lines.evidence_key(one.bet, leg, grade)
            rows.append(
                (leg.id, grade.status, as_text(grade.factor), key, leg.game.version, odds, point, seen_at)
            )
    grades.store(lines.contents)
    write(UPDATE_LEGS, rows)


def write_bets(graded: Sequence[Graded], at: dt.datetime) -> None:
    rows = [
        (
            one.bet.id,
            one.bet.status,
            one.ticket.status,
            one.ticket.payout,
            one.revision,
            one.ticket.reason[:200] if one.is_review else "",
        )
        for one in graded
    ]
    write(UPDATE_BETS, rows, at)


def write_events(
    graded: Sequence[Graded], at: dt.datetime, data: Mapping[uuid.UUID, Mapping[str, Any]]
) -> None:
    rows = [
        event_row(
            one,
            one.event,
            one.ticket.reason,
            {
                "status": one.ticket.status,
                "payout": None if one.ticket.payout is None else str(one.ticket.payout),
                "factor": as_text(one.ticket.factor),
                **ticket_steps(one),
                **data.get(one.bet.id, {}),
            },
        )
        for one in graded
    ]
    rows += [row for one in graded if one.bet.insured_up_to is not None for row in credit_of(one)]
    write(INSERT_EVENTS, rows, at)


def ticket_steps(graded: Graded) -> dict[str, list[Step]]:
    """Return the arithmetic of a ticket that is more than a plain bet, for its event; a page derives a plain one's."""
    if is_plain(graded.bet, graded.ticket):
        return {}
    found = ticket_step(
        graded.bet,
        graded.ticket,
        money_note([line.seq for line in graded.lines], graded.ticket.payout, graded.revision),
    )
    return {} if found is None else {"steps": [found]}


def event_row(graded: Graded, kind: str, reason: str, data: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return an event of the bet under its new revision, as INSERT_EVENTS takes it."""
    return graded.bet.id, graded.revision, str(kind), reason[:300], msgspec.json.encode(data).decode()


def credit_of(graded: Graded) -> list[tuple[Any, ...]]:
    """Return the event of an insured bet's bonus credit, or of its end when the bet has not lost after all."""
    bet = graded.bet
    change = credit_change(bet.status, graded.ticket.status, bet.stake, bet.insured_up_to, bet.currency)
    if change is None:
        return []
    return [event_row(graded, BetEventKind.CREDITED, change.reason, change.data)]


def write(statement: str, rows: Sequence[tuple[Any, ...]], *before: Any) -> None:
    """Run one statement over all rows. Raises RuntimeError, which undoes the batch, if it misses any.

    The statement takes ``before``, then one array a column.
    """
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(statement, [*before, *columns(rows)])
        if cursor.rowcount != len(rows):
            raise RuntimeError(f"{cursor.rowcount} of {len(rows)} rows written; the batch is undone")
