"""Sums of whatever bets are chosen, open ones beside settled ones, in one statement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Final

from django.db import connection
from django.db.models import QuerySet

from accounts.models import User
from bets.models import OPEN_STATUSES, Bet
from bets.stats.facts import refresh
from bets.stats.reading import MONEY, sums_of
from bets.stats.scope import ids_of
from bets.stats.sums import Sums

TOTALS: Final = f"""
SELECT r.currency, r.kind, b.status, b.is_bonus, {MONEY},
    coalesce(100 * sum(b.stake - b.cashed_stake) FILTER (WHERE b.payout IS NULL AND NOT b.is_bonus), 0)
FROM bets b JOIN bankrolls r ON r.id = b.bankroll_id LEFT JOIN settled_bets s ON s.bet_id = b.id
WHERE b.id IN ({{chosen}}) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2 DESC
"""  # noqa: S608 - put together from constants


@dataclass(slots=True)
class PotTotals:
    """Bets in one currency with one kind of money. ``exposure`` is the cash at stake on open bets, in hundredths."""

    currency: str
    kind: str
    sums: Sums = field(default_factory=Sums)
    open: int = 0
    exposure: int = 0

    @property
    def bets(self) -> int:
        return self.open + self.sums.bets


@dataclass(slots=True)
class Totals:
    """Sums by pot, which are never added up, and how many bets there are of each status, chosen or not."""

    pots: list[PotTotals]
    by_status: Counter[str]

    @property
    def bets(self) -> int:
        return sum(pot.bets for pot in self.pots)


def totals_of(user: User, bets: QuerySet[Bet], statuses: Container[str] | None = None) -> Totals:
    """Add up the user's bets of a queryset; with ``statuses`` only those, while ``by_status`` counts them all.

    Figures are brought up to date first: two statements where there is nothing to derive.
    """
    refresh(user.pk)
    chosen, given = ids_of(bets)
    pots: dict[tuple[str, str], PotTotals] = {}
    by_status: Counter[str] = Counter()
    with connection.cursor() as cursor:
        cursor.execute(TOTALS.format(chosen=chosen), given)
        rows = cursor.fetchall()
    for currency, kind, status, is_bonus, *money, exposure in rows:
        by_status[status] += money[0]
        if statuses is not None and status not in statuses:
            continue
        pot = pots.setdefault((currency, kind), PotTotals(currency, kind))
        if status in OPEN_STATUSES:
            pot.open += money[0]
            pot.exposure += int(exposure)
        else:
            pot.sums.add(sums_of(status, is_bonus, tuple(money)))
    return Totals(list(pots.values()), by_status)
