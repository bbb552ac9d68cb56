"""Whether bets are settled in time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.db import connection

from feeds.monitoring.pulses import WORK, since
from feeds.monitoring.registry import Reading
from feeds.monitoring.transitions import Verdict

LATE: Final = dt.timedelta(minutes=15)
POSITION: Final = 230

DUE: Final = """
SELECT count(DISTINCT l.bet_id), min(g.updated_at)
FROM bet_legs l JOIN games g ON g.id = l.game_id
WHERE l.status = 'pending' AND g.status IN ('final', 'cancelled', 'abandoned')
"""


@dataclass(frozen=True, slots=True)
class Due:
    """How many bets could be graded now, and since when the first of them could."""

    bets: int
    since: dt.datetime | None


def read_due() -> Due:
    """The bets with a pending leg on a decided game. One statement, over the pending legs alone."""
    with connection.cursor() as cursor:
        cursor.execute(DUE)
        bets, oldest = cursor.fetchone()
    return Due(bets, oldest)


def read_settlement(now: dt.datetime) -> Iterator[Reading]:
    """The monitor of bets that wait although their games have ended."""
    due = read_due()
    late = due.since is not None and now - due.since > LATE
    reason = f"finished bets wait for {since(due.since, now)}" if late and due.since else ""
    verdict = Verdict.FAILING if late else Verdict.OK
    yield Reading("bets:settled", WORK, "Bets settled in time", verdict, reason, POSITION)
