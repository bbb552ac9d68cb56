"""Settling what no result will: bets on games that did not begin or end in time, and those nobody reports on.

The grades come from the rule of the bet's book (``bets.grading.windows``) and are written as every other's are. A bet
voided so is graded again when its game's row changes: staff's final score stands above the window, and a game that
turns out to have been played in time is graded on its score.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Sequence

from django.db import transaction

from bets import due, windows
from bets.clock import database_now
from bets.lines import lines_of
from bets.rulebook import rulebook
from bets.settlement import BATCH, grade, settle_graded


def settle_late(
    *,
    now: dt.datetime | None = None,
    game_ids: Sequence[uuid.UUID] | None = None,
    batch_size: int = BATCH,
) -> Counter[str]:
    """Settle every bet for which a window of its rule has passed, or those on the given games; count statuses.

    A bet whose game is overdue goes to review. Safe to run any number of times at once, like ``settle_due``;
    ``now`` (UTC) is the instant up to which windows are judged, by default the database's.
    """
    at = now or database_now()
    groups = windows.late_groups(rulebook(), at, game_ids)
    counts: Counter[str] = Counter()
    while groups:
        settled = late_batch(groups, now=at, size=batch_size)
        if settled is None:
            break
        counts.update(settled)
    return counts


@transaction.atomic
def late_batch(
    groups: Sequence[windows.Group], *, now: dt.datetime, size: int = BATCH
) -> Counter[str] | None:
    """Settle up to ``size`` bets of the groups in one transaction; return how many got each status, None if none was late.

    A bet that turns out not to be late after all, because its game has changed since, is left as it is.
    """
    bet_ids, late_legs = windows.claim(groups, size)
    if not bet_ids:
        return None
    bets = due.load(bet_ids)
    lines = lines_of(bets, now)
    graded = [
        one
        for one in (grade(bet, lines) for bet in bets)
        if any(
            leg.id in late_legs and is_fresh for leg, is_fresh in zip(one.bet.legs, one.fresh, strict=True)
        )
    ]
    if not graded:
        return None
    return settle_graded(graded, lines, now)
