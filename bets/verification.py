"""Proof that the ledger is right: everything recomputed from the bets and the lines."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from bets import due
from bets.bankrolls import proof
from bets.cash_outs import with_cash_out
from bets.models import RuleFamily, SettlementRule
from bets.rules import FULL_GAME, Rule, with_parameters
from bets.ticket_terms import grade_stored

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that does not hold: how often, and its first wrong line in words."""

    rule: str
    count: int
    first: str


CHAIN = """
SELECT format('line %s of bankroll %s: %s', seq, bankroll_id, fault) FROM (
    SELECT l.bankroll_id, l.seq, CASE
        WHEN l.seq <> row_number() OVER w THEN 'it should be line ' || row_number() OVER w
        WHEN l.balance_before <> coalesce(lag(l.balance_after) OVER w, 0)
            THEN 'it starts from ' || l.balance_before || ', the line before ended with '
                 || coalesce(lag(l.balance_after) OVER w, 0)
        WHEN l.balance_after <> sum(l.amount) OVER w
            THEN 'it ends with ' || l.balance_after || ', the amounts add up to ' || sum(l.amount) OVER w
        END AS fault
    FROM ledger_entries l
    WINDOW w AS (PARTITION BY l.bankroll_id ORDER BY l.seq)
) checked
WHERE fault IS NOT NULL
ORDER BY bankroll_id, seq
"""
OWN_BANKROLL = """
SELECT format('line %s of bankroll %s is of bet %s, whose bankroll is %s', l.seq, l.bankroll_id, b.id, b.bankroll_id)
FROM ledger_entries l JOIN bets b ON b.id = l.bet_id
WHERE l.bankroll_id <> b.bankroll_id
ORDER BY l.bankroll_id, l.seq
"""
STAKES = """
SELECT format('bet %s: stake %s, %s stake lines of %s in all', b.id, b.stake, coalesce(l.lines, 0), coalesce(l.total, 0))
FROM bets b
LEFT JOIN (
    SELECT bet_id, count(*) FILTER (WHERE kind = 'stake') AS lines, sum(amount) AS total,
        max(revision) FILTER (WHERE kind = 'stake') AS revision
    FROM ledger_entries WHERE kind IN ('stake', 'restake') GROUP BY bet_id
) l ON l.bet_id = b.id
WHERE NOT b.is_bonus AND (coalesce(l.lines, 0) <> 1 OR l.total <> -b.stake OR l.revision <> 0)
   OR b.is_bonus AND l.lines IS NOT NULL
ORDER BY b.id
"""
PAYOUTS = """
SELECT format('bet %s (%s): payout %s, its ledger lines come to %s',
              b.id, b.status, coalesce(b.payout, b.cashed_out), coalesce(l.total, 0))
FROM bets b
LEFT JOIN (
    SELECT bet_id, sum(amount) AS total FROM ledger_entries
    WHERE bet_id IS NOT NULL AND kind NOT IN ('stake', 'restake') GROUP BY bet_id
) l ON l.bet_id = b.id
WHERE coalesce(b.payout, b.cashed_out) <> coalesce(l.total, 0)
ORDER BY b.id
"""
FACTORS = """
SELECT format('bet %s: stake %s × %s is not %s', b.id, b.stake - b.cashed_stake, l.return_factor, b.payout - b.cashed_out)
FROM bets b
JOIN bankrolls r ON r.id = b.bankroll_id
JOIN bet_legs l ON l.bet_id = b.id
WHERE b.kind = 'straight' AND b.payout IS NOT NULL AND b.status <> 'cashed_out'
  AND NOT b.is_bonus AND b.boost_pct = 0 AND b.commission_pct = 0 AND NOT b.is_lay AND l.return_factor IS NOT NULL
  AND b.payout - b.cashed_out <> round(
      (b.stake - b.cashed_stake) * split_part(l.return_factor, '/', 1)::numeric / split_part(l.return_factor, '/', 2)::numeric,
      CASE r.currency WHEN 'JPY' THEN 0 ELSE 2 END)
ORDER BY b.id
"""
STATUSES = """
SELECT format('bet %s is %s with a stake of %s and a payout of %s', id, status, stake, payout)
FROM (
    SELECT id, status, stake - cashed_stake AS stake, payout - cashed_out AS payout,
           kind = 'straight' AND each_way_places IS NULL AND batch_id IS NULL AND NOT EXISTS (
               SELECT 1 FROM bet_legs l WHERE l.bet_id = bets.id AND l.bet_type = 'outright') AS is_single
    FROM bets WHERE payout IS NOT NULL AND NOT is_bonus
) riding
WHERE CASE status
    WHEN 'won' THEN payout < stake
    WHEN 'half_won' THEN payout < stake
    WHEN 'push' THEN payout <> stake
    WHEN 'void' THEN payout <> stake
    WHEN 'half_lost' THEN payout > stake
    WHEN 'lost' THEN CASE WHEN is_single THEN payout > 0 ELSE payout > stake END
    ELSE false END
ORDER BY id
"""
EVENTS = """
SELECT format('bet %s (%s, revision %s) has no event that says so', b.id, b.status, b.revision)
FROM bets b
WHERE NOT EXISTS (SELECT 1 FROM bet_events e WHERE e.bet_id = b.id AND e.kind = 'placed')
   OR b.payout IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM bet_events e WHERE e.bet_id = b.id AND e.revision = b.revision
        AND e.kind IN ('settled', 'regraded', 'voided', 'cashed_out'))
ORDER BY b.id
"""

TICKETS = """
SELECT b.id FROM bets b
WHERE b.payout IS NOT NULL AND b.status <> 'cashed_out'
  AND (b.kind <> 'straight' OR b.is_bonus OR b.boost_pct > 0 OR b.commission_pct > 0 OR b.is_lay)
  AND NOT EXISTS (SELECT 1 FROM bet_events e WHERE e.bet_id = b.id AND e.revision = b.revision AND e.by_id IS NOT NULL)
ORDER BY b.id
"""
"""Bets that BetTrack settled and whose payout is more than stake times one factor."""
TICKET_RULE = "The payout of a ticket is what its terms and its legs' factors come to"

REVERSALS = """
SELECT format('bet %s, revision %s: the reversal is %s, paid before it were %s', r.bet_id, r.revision, r.amount, p.paid)
FROM ledger_entries r
CROSS JOIN LATERAL (
    SELECT coalesce(sum(e.amount), 0) AS paid FROM ledger_entries e
    WHERE e.bet_id = r.bet_id AND e.kind NOT IN ('stake', 'restake') AND e.revision < r.revision
) p
WHERE r.kind = 'reversal' AND r.amount <> -p.paid
ORDER BY r.bet_id, r.revision
"""
REVISIONS = """
SELECT format('bet %s (revision %s): line %s of revision %s has no event of its own', b.id, b.revision, l.seq, l.revision)
FROM ledger_entries l JOIN bets b ON b.id = l.bet_id
WHERE l.kind <> 'stake' AND (l.revision > b.revision OR NOT EXISTS (
    SELECT 1 FROM bet_events e WHERE e.bet_id = b.id AND e.revision = l.revision
      AND CASE l.kind WHEN 'restake' THEN e.kind = 'edited'
          ELSE e.kind IN ('settled', 'regraded', 'voided', 'cashed_out', 'undone') END))
ORDER BY b.id, l.seq
"""

GRADED = """
SELECT format('bet %s (%s) has %s graded legs', b.id, b.status, count(l.id))
FROM bets b LEFT JOIN bet_legs l ON l.bet_id = b.id AND l.return_factor IS NOT NULL
WHERE b.status IN ('won', 'half_won', 'push', 'half_lost', 'lost') AND b.batch_id IS NULL
GROUP BY b.id
HAVING count(l.id) = 0 OR b.kind = 'straight' AND count(l.id) <> 1
ORDER BY b.id
"""
LAST_EVENT = """
SELECT format('bet %s is %s with a payout of %s, its last event says %s and %s',
              b.id, b.status, coalesce(b.payout, 0), e.data ->> 'status', coalesce(e.data ->> 'payout', '0'))
FROM bets b JOIN bet_events e ON e.bet_id = b.id AND e.revision = b.revision
WHERE e.kind IN ('settled', 'regraded') AND e.by_id IS NULL AND e.data ? 'status' AND b.payout IS NOT NULL
  AND (e.data ->> 'status' <> b.status OR (e.data ->> 'payout')::numeric IS DISTINCT FROM b.payout)
ORDER BY b.id
"""
EVIDENCE = """
SELECT format('leg %s of bet %s is %s with a factor of %s, its evidence says %s', l.position, l.bet_id, l.status, l.return_factor,
              coalesce((d ->> 'status') || ' and ' || coalesce(d ->> 'factor', 'none'), 'nothing'))
FROM bet_legs l
JOIN bets b ON b.id = l.bet_id
JOIN selections s ON s.id = l.selection_id
LEFT JOIN grades g ON g.id = l.grade_id
CROSS JOIN LATERAL (SELECT g.evidence -> 'data') e (d)
CROSS JOIN LATERAL (SELECT (d ->> 'margin')::numeric) m (margin)
WHERE l.return_factor IS NOT NULL AND d ->> 'by_hand' IS NULL AND (
    d ->> 'status' IS DISTINCT FROM l.status OR d ->> 'factor' IS DISTINCT FROM l.return_factor
    OR d ? 'market' AND (d ->> 'market' <> s.market OR d ->> 'side' <> s.side)
    OR d ? 'point' AND b.kind <> 'teaser' AND (d ->> 'point')::numeric IS DISTINCT FROM l.point
    OR NOT b.is_lay AND s.market NOT LIKE '%\\_lay%' AND s.side <> 'draw' AND CASE l.status
        WHEN 'won' THEN margin <= 0
        WHEN 'half_won' THEN margin <= 0
        WHEN 'push' THEN margin <> 0
        WHEN 'half_lost' THEN margin >= 0
        WHEN 'lost' THEN margin > 0
        ELSE false END)
ORDER BY l.bet_id, l.position
"""
"""A margin is by how much the backed side beat its line; the draw is backed at none."""

RULES = {
    "Every line follows the one before it and the balance is the sum of the amounts": CHAIN,
    "A bet's money moves in its own bankroll": OWN_BANKROLL,
    "Every bet has taken its stake exactly once": STAKES,
    "A bet has paid what it says: its payout if settled, nothing while open": PAYOUTS,
    "A reversal takes back exactly what was paid before it": REVERSALS,
    "Every payout and reversal belongs to a grade on record": REVISIONS,
    "The payout of a straight bet is its stake times its leg's factor, rounded once": FACTORS,
    "A bet's status agrees with its stake and payout": STATUSES,
    "Every bet has the events of its placing and its settlement": EVENTS,
    "Every graded bet has its graded legs": GRADED,
    "A bet is what its last event says": LAST_EVENT,
    "A leg is graded as its evidence says, and the evidence agrees with itself": EVIDENCE,
    **proof.RULES,
}


@dataclass(frozen=True, slots=True)
class Extent:
    """How much has been looked at."""

    bankrolls: int
    lines: int
    bets: int


@transaction.atomic
def verify() -> tuple[Extent, list[Fault]]:
    """Recompute the whole ledger on one snapshot of the database; return its extent and what is wrong."""
    with connection.cursor() as cursor:
        if not connection.savepoint_ids:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute(
            "SELECT (SELECT count(*) FROM bankrolls), (SELECT count(*) FROM ledger_entries),"
            " (SELECT count(*) FROM bets)"
        )
        extent = Extent(*cursor.fetchone())
    return extent, list(faults())


def faults() -> Iterator[Fault]:
    """Yield each rule that does not hold, with its first wrong line."""
    with connection.cursor() as cursor:
        for rule, wrong in RULES.items():
            cursor.execute(f"SELECT count(*), (array_agg(line))[1] FROM ({wrong}) AS wrong (line)")  # noqa: S608
            count, first = cursor.fetchone()
            if count:
                yield Fault(rule, count, first)
        cursor.execute(TICKETS)
        tickets = [row[0] for row in cursor.fetchall()]
    wrong_tickets = list(misgraded(tickets))
    if wrong_tickets:
        yield Fault(TICKET_RULE, len(wrong_tickets), wrong_tickets[0])


def misgraded(bet_ids: Sequence[uuid.UUID]) -> Iterator[str]:
    """Name each bet whose payout is not what its stored terms and factors come to, by no rule its book ever had."""
    rules = ticket_rules()
    for batch in batched(bet_ids, BATCH):
        for bet in due.load(batch):
            allowed = [FULL_GAME, *rules.get(None, []), *rules.get(bet.bookmaker_id, [])]
            legs = [leg.stored for leg in bet.legs]
            grades = (
                with_cash_out(
                    bet,
                    grade_stored(bet, legs, currency=bet.currency, sport=bet.legs[0].terms.sport, rule=rule),
                )
                for rule in allowed
            )
            payouts = [grade.payout for grade in grades]
            if bet.payout not in payouts:
                yield f"bet {bet.id}: its payout is {bet.payout}, its legs come to {payouts[0]}"


def ticket_rules() -> dict[int | None, list[Rule]]:
    """Return every rule by which legs have ever combined, by the bookmaker's id (None: every book)."""
    found: dict[int | None, list[Rule]] = {}
    for row in SettlementRule.objects.filter(family=RuleFamily.TICKET).order_by("id"):
        rule = with_parameters(FULL_GAME, row.parameters, name="")
        found.setdefault(row.bookmaker_id, []).append(rule)
    return found


def batched(bet_ids: Sequence[uuid.UUID], size: int) -> Iterator[Sequence[uuid.UUID]]:
    for start in range(0, len(bet_ids), size):
        yield bet_ids[start : start + size]
