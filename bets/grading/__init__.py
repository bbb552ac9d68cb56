"""Grading: what a leg and a ticket return, exactly. Pure: no Django, no clock, no database.

A leg's return factor is the money returned per unit staked on it, o being its decimal odds: a win
returns o, a loss 0, a push or void 1, half a win (1 + o) / 2, half a loss 1/2, a dead heat of n for k places
o × k / n. A ticket returns stake × factor, rounded once. ``bets.evidence`` puts a grade into words.
"""

from __future__ import annotations

from bets.grading.exchange import net_of_commission
from bets.grading.legs import grade_leg
from bets.grading.teasers import BadTeaser, tease
from bets.grading.terms import (
    Comparison,
    EachWay,
    LegGrade,
    LegTerms,
    Result,
    Status,
    TicketGrade,
    Undecidable,
    win_factor,
)
from bets.grading.tickets import SYSTEMS, grade_ticket
from bets.grading.windows import Schedule, Word, grade_late, judge

__all__ = [
    "SYSTEMS",
    "BadTeaser",
    "Comparison",
    "EachWay",
    "LegGrade",
    "LegTerms",
    "Result",
    "Schedule",
    "Status",
    "TicketGrade",
    "Undecidable",
    "Word",
    "grade_late",
    "grade_leg",
    "grade_ticket",
    "judge",
    "net_of_commission",
    "tease",
    "win_factor",
]
