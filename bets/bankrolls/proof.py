"""What must hold of operations and overdrafts, as queries that name each line that is wrong, the first one first."""

from __future__ import annotations

from typing import Final

MOVED: Final = """
SELECT format('operation %s, %s: bankroll %s should get %s, its line says %s', o.id, o.kind, side.bankroll_id,
              side.amount, CASE WHEN l.id IS NULL THEN 'nothing' ELSE format('%s %s', l.kind, l.amount) END)
FROM operations o
CROSS JOIN LATERAL (VALUES (o.bankroll_id, o.amount), (o.to_bankroll_id, o.to_amount)) side (bankroll_id, amount)
LEFT JOIN ledger_entries l ON l.operation_id = o.id AND l.bankroll_id = side.bankroll_id
WHERE side.bankroll_id IS NOT NULL AND (l.amount IS DISTINCT FROM side.amount
    OR l.kind <> CASE o.kind WHEN 'undo' THEN 'correction' ELSE o.kind END)
UNION ALL
SELECT format('line %s of bankroll %s is of operation %s, which does not touch it', l.seq, l.bankroll_id, l.operation_id)
FROM ledger_entries l LEFT JOIN operations o ON o.id = l.operation_id
WHERE l.operation_id IS NOT NULL AND (o.id IS NULL
    OR l.bankroll_id <> o.bankroll_id AND l.bankroll_id IS DISTINCT FROM o.to_bankroll_id)
ORDER BY 1
"""
BETWEEN: Final = """
SELECT format('operation %s moves %s %s of %s to %s %s of %s', o.id, -o.amount, a.currency, a.kind, o.to_amount, b.currency, b.kind)
FROM operations o JOIN bankrolls a ON a.id = o.bankroll_id JOIN bankrolls b ON b.id = o.to_bankroll_id
WHERE a.user_id <> b.user_id OR a.user_id <> o.user_id OR a.kind <> b.kind
    OR a.currency = b.currency AND o.to_amount <> -o.amount
ORDER BY o.recorded_at, o.id
"""
UNDONE: Final = """
SELECT format('operation %s undoes %s of %s by %s', o.id, coalesce(u.kind, 'nothing'), coalesce(u.amount, 0), o.amount)
FROM operations o LEFT JOIN operations u ON u.id = o.undoes_id
WHERE o.kind = 'undo' AND (u.id IS NULL OR u.kind = 'undo' OR u.bankroll_id <> o.bankroll_id OR u.amount <> -o.amount
    OR u.to_bankroll_id IS DISTINCT FROM o.to_bankroll_id OR u.to_amount IS DISTINCT FROM -o.to_amount
    OR u.recorded_at > o.recorded_at)
ORDER BY o.recorded_at, o.id
"""
COVERED: Final = """
SELECT format('line %s of bankroll %s takes %s and leaves %s', l.seq, l.bankroll_id, -l.amount, l.balance_after)
FROM ledger_entries l JOIN bankrolls r ON r.id = l.bankroll_id
WHERE l.balance_after < 0 AND l.amount < 0 AND l.kind <> 'reversal'
    AND NOT r.may_go_negative AND l.seq >= r.covered_from
ORDER BY l.bankroll_id, l.seq
"""
"""A payout that was wrong is taken back though it has been spent; until an overdraft was forbidden it was allowed."""

RULES: Final = {
    "Every operation has moved what it says, by one line in each of its bankrolls": MOVED,
    "A transfer is between bankrolls of one owner and one kind of money, and makes none": BETWEEN,
    "An undoing takes back exactly what was done": UNDONE,
    "Nothing is taken that is not there, unless the owner allows it": COVERED,
}
