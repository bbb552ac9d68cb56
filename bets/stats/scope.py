"""Which bets a statistic is of. Currencies are never added up, nor is paper money to real money."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from accounts.models import User
from bets.models import Bet
from bets.stats.facts import refresh

BANKROLLS: Final = """
SELECT r.id, r.name, r.currency, r.kind, last.settled_at, coalesce(first.balance_before, 0)
FROM bankrolls r
LEFT JOIN LATERAL (
    SELECT settled_at FROM settled_bets WHERE bankroll_id = r.id ORDER BY settled_at DESC LIMIT 1
) last ON true
LEFT JOIN LATERAL (
    SELECT balance_before FROM ledger_entries WHERE bankroll_id = r.id AND kind = 'stake' ORDER BY seq LIMIT 1
) first ON true
WHERE r.user_id = %s
ORDER BY r.created_at, r.id
"""


@dataclass(frozen=True, slots=True)
class Roll:
    """A bankroll: when a bet of it was last settled, and its balance in hundredths before its first stake."""

    id: uuid.UUID
    name: str
    currency: str
    kind: str
    last_settled_at: dt.datetime | None
    bank: int

    @property
    def pot(self) -> tuple[str, str]:
        """Currency and kind of money: what may be added up."""
        return self.currency, self.kind


@dataclass(frozen=True, slots=True)
class Scope:
    """Bets of some bankrolls of one currency and kind of money; ``chosen`` narrows them down to those it finds.

    ``zone`` is the reader's.
    """

    rolls: tuple[Roll, ...]
    currency: str
    kind: str
    zone: str
    chosen: QuerySet[Bet] | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether bets of the bankrolls are left out."""
        return self.chosen is not None

    @property
    def bank(self) -> int:
        """What the bankrolls held before their first stakes, in hundredths; 0 where bets are left out."""
        return 0 if self.is_narrowed else sum(roll.bank for roll in self.rolls)

    def where(self, bet: str = "bet_id") -> tuple[str, dict[str, Any]]:
        """The condition on ``settled_bets``, or on a table whose bets are named by ``bet``, and its parameters.

        Those of a narrowed scope are in ``chosen_bets``, which ``reading.reader`` fills.
        """
        condition = "bankroll_id = ANY(%(rolls)s::uuid[])"
        if self.chosen is not None:
            condition += f" AND {bet} IN (SELECT id FROM pg_temp.chosen_bets)"  # noqa: S608 - a constant
        return condition, {"rolls": [roll.id for roll in self.rolls], "zone": self.zone}


def ids_of(bets: QuerySet[Bet]) -> tuple[str, tuple[Any, ...]]:
    """Return the SQL that selects the ids of the bets, and its parameters."""
    try:
        return bets.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return "SELECT NULL::uuid WHERE false", ()


def rolls_of(user: User) -> list[Roll]:
    """Return the person's bankrolls, oldest first, with figures brought up to date. Two statements."""
    refresh(user.pk)
    with connection.cursor() as cursor:
        cursor.execute(BANKROLLS, [user.pk])
        return [
            Roll(pk, name, currency, kind, settled_at, int(100 * balance))
            for pk, name, currency, kind, settled_at, balance in cursor.fetchall()
        ]


def default_pot(rolls: Sequence[Roll]) -> tuple[str, str] | None:
    """Currency and kind of the bankroll used last, real money before paper; None without bankrolls."""
    if not rolls:
        return None
    epoch = dt.datetime.min.replace(tzinfo=dt.UTC)
    used = max(
        rolls, key=lambda r: (r.last_settled_at is not None, r.kind == "real", r.last_settled_at or epoch)
    )
    return used.pot


def whole(rolls: Sequence[Roll], pot: tuple[str, str], zone: str) -> Scope:
    """All bets in one currency with one kind of money."""
    currency, kind = pot
    return Scope(tuple(roll for roll in rolls if roll.pot == pot), currency, kind, zone)
