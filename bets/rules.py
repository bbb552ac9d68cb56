"""What part of a game counts for a market. Pure data: no Django, no database.

The defaults are those most books share: overtime counts, except in soccer and wherever the draw has a
price of its own; there regulation time decides (BetMGM and Pinnacle house rules).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

MONEYLINE = frozenset({"h2h", "h2h_3_way"})
SPREAD = frozenset({"spreads", "alternate_spreads"})
TOTAL = frozenset({"totals", "alternate_totals"})
GRADED = MONEYLINE | SPREAD | TOTAL
"""The feed's market keys which ``bets.grading`` can grade."""

REGULATION_PERIODS = (
    ("soccer_", 2),
    ("icehockey_", 3),
    ("basketball_ncaab", 2),
    ("basketball_", 4),
    ("americanfootball_", 4),
    ("baseball_", 9),
    ("rugbyleague_", 2),
    ("rugbyunion_", 2),
    ("handball_", 2),
    ("aussierules_", 4),
    ("lacrosse_", 4),
)
"""Periods of regulation time by sport key prefix; sports not named have no overtime to leave out."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Which score counts. ``periods`` None: the whole game; else that many periods of regulation."""

    name: str
    text: str
    periods: int | None = None
    extra_time_is_rare: bool = False
    sudden_death: bool = False


FULL_GAME = Rule("full_game", "full game, overtime included")


@cache
def default_rule(sport: str, market: str, *, draw_offered: bool) -> Rule:
    """Return the rule for a market of a sport (feed keys) when no book has one of its own."""
    soccer = sport.startswith("soccer_")
    three_way = market in MONEYLINE and (draw_offered or market == "h2h_3_way")
    if not soccer and not three_way:
        return FULL_GAME
    periods = next((count for prefix, count in REGULATION_PERIODS if sport.startswith(prefix)), None)
    if periods is None:
        return FULL_GAME
    if soccer:
        text = "90 minutes and injury time; extra time and penalties do not count"
        return Rule("ninety_minutes", text, periods, extra_time_is_rare=True)
    text = f"regulation time of {periods} periods; with a price for the draw, overtime does not count"
    return Rule("regulation", text, periods, sudden_death=sport.startswith("icehockey_"))
