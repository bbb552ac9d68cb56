"""Grading again: a result set right changes what was paid, by new lines under the next revision.

A leg remembers the state of its game's row (``updated_at``) that it was graded on. When the row has changed
since, the bet is graded afresh and held against its last grade. The same grade: nothing but the mark is
written. Another one: a ``regraded`` event keeps the old grade with its evidence, a reversal takes the old
payout back and the new one is paid, even where that leaves the bankroll below zero, since the money was
never the user's to spend. A feed's correction counts within the rule's window after the start,
staff's at any time. What a person decided (void, cash-out, a grade by hand) is left alone.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from bets import due, ledger
from bets.clock import database_now
from bets.closing import closing_of
from bets.lines import Lines, lines_of
from bets.settlement import BATCH, grade, pay
from bets.writing import Graded, as_text, write_grades
from games.models import ResultSource

STALE = """
l.status <> 'pending' AND l.graded_on IS DISTINCT FROM g.updated_at AND b.status <> 'cashed_out'
AND NOT EXISTS (
    SELECT 1 FROM bet_events e
    WHERE e.bet_id = b.id AND e.revision = b.revision AND e.by_id IS NOT NULL
      AND e.kind IN ('settled', 'regraded', 'voided', 'cashed_out', 'review')
      AND NOT coalesce((e.data->>'is_part')::boolean, false))
"""
"""A leg graded by BetTrack itself on a state of its game that is not the present one."""

CLAIM = f"""
SELECT b.id
FROM games g
LEFT JOIN result_checks k ON k.game_id = g.id
JOIN bet_legs l ON l.game_id = g.id
JOIN bets b ON b.id = l.bet_id
WHERE k.version IS DISTINCT FROM g.updated_at AND {STALE}
LIMIT %(size)s
FOR UPDATE OF b SKIP LOCKED
FOR SHARE OF g SKIP LOCKED
"""  # noqa: S608
CHECKED = f"""
INSERT INTO result_checks (game_id, version)
SELECT g.id, g.updated_at
FROM games g LEFT JOIN result_checks k ON k.game_id = g.id
WHERE k.version IS DISTINCT FROM g.updated_at AND (k.game_id IS NOT NULL OR g.status = ANY(%s))
  AND NOT EXISTS (SELECT 1 FROM bet_legs l JOIN bets b ON b.id = l.bet_id WHERE l.game_id = g.id AND {STALE})
ON CONFLICT (game_id) DO UPDATE SET version = excluded.version
"""  # noqa: S608
PREVIOUS = """
SELECT l.bet_id, l.id, l.position, l.status, l.return_factor, coalesce(g.evidence, '{}')::text
FROM bet_legs l LEFT JOIN grades g ON g.id = l.grade_id
WHERE l.bet_id = ANY(%s::uuid[])
ORDER BY l.bet_id, l.position
"""
MARK = """
UPDATE bet_legs l SET graded_on = g.updated_at
FROM games g WHERE g.id = l.game_id AND l.bet_id = ANY(%s::uuid[]) AND l.status <> 'pending'
"""


@dataclass(frozen=True, slots=True)
class Previous:
    """A leg's last grade as stored."""

    id: int
    position: int
    status: str
    factor: str | None
    evidence: dict[str, Any]


def regrade_due(*, now: dt.datetime | None = None, batch_size: int = BATCH) -> Counter[str]:
    """Grade again every bet whose game's result has changed; return how many got each status by it.

    Safe to run any number of times at once, like ``settle_due``; ``now`` (UTC) dates what is written.
    """
    counts: Counter[str] = Counter()
    while True:
        seen, changed = regrade_batch(now=now, size=batch_size)
        counts.update(changed)
        if not seen:
            break
    with connection.cursor() as cursor:
        cursor.execute(CHECKED, [list(due.DECIDED)])
    return counts


@transaction.atomic
def regrade_batch(*, now: dt.datetime | None = None, size: int = BATCH) -> tuple[int, Counter[str]]:
    """Look at up to ``size`` bets in one transaction; return how many, and the statuses of those changed."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"size": size})
        bet_ids = list(dict.fromkeys(row[0] for row in cursor.fetchall()))
    if not bet_ids:
        return 0, Counter()
    return len(bet_ids), regrade_locked(bet_ids, now)


def regrade_locked(bet_ids: Sequence[uuid.UUID], now: dt.datetime | None) -> Counter[str]:
    """Grade bets that the caller has locked afresh where their games have changed; return the statuses of those changed."""
    bets = due.load(bet_ids)
    previous = previous_grades(bet_ids)
    at = now or database_now()
    lines = lines_of(bets, at)
    graded = [grade(bet, lines, corrected(bet, lines)) for bet in bets]
    changed = [one for one in graded if any(one.fresh) and differs(one, previous[one.bet.id], lines)]
    tails = ledger.lock_bankrolls(one.bet.bankroll_id for one in changed)
    changed = [pay(one, tails) for one in changed]
    kept = {one.bet.id: {"before": before(one, previous[one.bet.id])} for one in changed}
    closing = closing_of([one.bet for one in changed])
    if changed:
        write_grades(changed, lines, closing, at, kept)
    mark([one.bet.id for one in graded if one.bet.id not in kept])
    return Counter(one.ticket.status for one in changed)


def previous_grades(bet_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Previous]]:
    """Return the stored grades of the legs of each bet, by position."""
    found: dict[uuid.UUID, list[Previous]] = {}
    with connection.cursor() as cursor:
        cursor.execute(PREVIOUS, [list(bet_ids)])
        for bet_id, key, position, status, factor, evidence in cursor:
            stored = json.loads(evidence)
            found.setdefault(bet_id, []).append(Previous(key, position, status, factor, stored))
    return found


def corrected(bet: due.DueBet, lines: Lines) -> frozenset[int]:
    """Return the ids of the legs to grade afresh: their game has changed, and in time."""
    return frozenset(
        leg.id
        for leg in bet.legs
        if leg.status != "pending" and leg.graded_on != leg.game.version and in_time(bet, leg, lines)
    )


def in_time(bet: due.DueBet, leg: due.DueLeg, lines: Lines) -> bool:
    """Tell whether a correction counts: staff's at any time, and any that comes before bet or leg is settled."""
    if leg.status == "needs_review":
        return True
    if bet.payout is None or any(r.source == ResultSource.STAFF for r in lines.readings.get(leg.game.id, ())):
        return True
    window = dt.timedelta(hours=lines.rule(bet, leg).correction_hours)
    return leg.game.version <= leg.game.start + window


def differs(graded: Graded, previous: Sequence[Previous], lines: Lines) -> bool:
    """Tell whether the new grade says anything else than the stored one: status, money or the figures used."""
    if (graded.ticket.status, graded.ticket.payout) != (graded.bet.status, graded.bet.payout):
        return True
    legs = zip(graded.bet.legs, graded.ticket.legs, previous, graded.fresh, strict=True)
    for leg, new, old, is_fresh in legs:
        if not is_fresh:
            continue
        if (new.status, as_text(new.factor)) != (old.status, old.factor):
            return True
        stored = essence(old.evidence.get("data", {}))
        fresh = essence(lines.explain(graded.bet, leg, new)["data"])
        if any(fresh[key] != stored[key] for key in fresh.keys() & stored.keys()):
            return True
    return False


def essence(data: dict[str, Any]) -> dict[str, Any]:
    """Return what a grade rests on: who reported it, and periods that do not count, are left out."""
    game = {k: v for k, v in data.get("game", {}).items() if k not in ("home_periods", "away_periods")}
    return {"game": game} | {k: v for k, v in data.items() if k not in ("game", "readings")}


def before(graded: Graded, previous: Sequence[Previous]) -> dict[str, Any]:
    """Return the grade that is being replaced, evidence and all, for the event that keeps it."""
    return {
        "status": graded.bet.status,
        "payout": None if graded.bet.payout is None else str(graded.bet.payout),
        "legs": [
            {"position": p.position, "status": p.status, "factor": p.factor, "evidence": p.evidence}
            for p in previous
        ],
    }


def mark(bet_ids: Sequence[uuid.UUID]) -> None:
    """Note that the bets' grades hold on the present state of their games."""
    if bet_ids:
        with connection.cursor() as cursor:
            cursor.execute(MARK, [list(bet_ids)])
