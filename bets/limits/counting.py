"""What a person has lost and has at risk, as loss limits count it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.db import connection

from bets.limits.periods import Period
from bets.models import OPEN_STATUSES
from bets.stats.facts import refresh

LOST: Final = """
SELECT coalesce(-sum(s.net), 0) FROM settled_bets s JOIN bankrolls r ON r.id = s.bankroll_id
WHERE r.user_id = %(user)s AND r.currency = %(currency)s AND r.kind = %(money)s
    AND s.settled_at >= %(start)s AND s.settled_at < %(end)s
"""
OPEN: Final = """
SELECT coalesce(sum(b.stake - b.cashed_stake), 0), coalesce(sum(b.cashed_stake - b.cashed_out), 0)
FROM bets b JOIN bankrolls r ON r.id = b.bankroll_id
WHERE b.user_id = %(user)s AND r.currency = %(currency)s AND r.kind = %(money)s
    AND b.placed_at >= %(start)s AND b.placed_at < %(end)s AND b.status = ANY(%(open)s)
    AND NOT b.is_bonus AND b.withdrawn_at IS NULL
"""
RAISED: Final = """
SELECT coalesce(sum(greatest(0, -raised.amount)), 0) FROM (
    SELECT l.bet_id, sum(l.amount) AS amount FROM ledger_entries l JOIN bankrolls r ON r.id = l.bankroll_id
    WHERE r.user_id = %(user)s AND r.currency = %(currency)s AND r.kind = %(money)s
        AND l.kind = 'restake' AND l.at >= %(start)s AND l.at < %(end)s
    GROUP BY l.bet_id
) raised
JOIN bets b ON b.id = raised.bet_id
WHERE b.status = ANY(%(open)s) AND b.placed_at < %(start)s
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """``lost``: what bets settled in the period lost less what they won, never below zero. ``at_risk``: the open
    stakes of bets placed in it, and what stakes of earlier bets were raised in it.
    """

    lost: Decimal
    at_risk: Decimal

    @property
    def used(self) -> Decimal:
        """What counts against a limit: the worst that the period can still come to."""
        return self.lost + self.at_risk


def count(user_id: uuid.UUID, currency: str, money: str, period: Period) -> Counted:
    """Bring the person's figures up to date and count. Four or five statements."""
    refresh(user_id)
    return counted(user_id, currency, money, period)


def counted(user_id: uuid.UUID, currency: str, money: str, period: Period) -> Counted:
    """Count a person's bets in one currency of real or paper money, in all bankrolls, by the figures there are.

    Winnings set off losses, but never make room for more than the limit: the loss is not below zero. Bonus stakes
    risk no money. A stake placed earlier counts on the day it is lost.
    """
    given: dict[str, Any] = {
        "user": user_id,
        "currency": currency,
        "money": money,
        "start": period.start,
        "end": period.end,
        "open": [str(status) for status in OPEN_STATUSES],
    }
    with connection.cursor() as cursor:
        cursor.execute(LOST, given)
        hundredths = cursor.fetchone()[0]
        cursor.execute(OPEN, given)
        at_risk, lost_early = cursor.fetchone()
        cursor.execute(RAISED, given)
        at_risk += cursor.fetchone()[0]
    return Counted(max(Decimal(0), Decimal(hundredths) / 100 + lost_early), at_risk)
