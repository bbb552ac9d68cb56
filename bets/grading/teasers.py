"""Teasers: points moved in the bettor's favour, paid by a table of sport, points and legs.

The tables are the common American ones; a book's own price for the ticket, where it is known, comes first.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from bets.grading.terms import LegTerms, win_factor
from bets.rules import SPREAD, TOTAL

FOOTBALL, BASKETBALL = "americanfootball_", "basketball_"
PAYOUTS: dict[tuple[str, Decimal], dict[int, int]] = {
    (FOOTBALL, Decimal(6)): {2: -120, 3: 160, 4: 260, 5: 400, 6: 600},
    (FOOTBALL, Decimal("6.5")): {2: -130, 3: 140, 4: 240, 5: 350, 6: 500},
    (FOOTBALL, Decimal(7)): {2: -140, 3: 120, 4: 200, 5: 300, 6: 450},
    (BASKETBALL, Decimal(4)): {2: -120, 3: 160, 4: 260, 5: 400, 6: 600},
    (BASKETBALL, Decimal("4.5")): {2: -130, 3: 140, 4: 240, 5: 350, 6: 500},
    (BASKETBALL, Decimal(5)): {2: -140, 3: 120, 4: 200, 5: 300, 6: 450},
}
"""American odds of a teaser that wins, by sport and points moved, then by the legs that count."""


class BadTeaser(ValueError):
    """A ticket that cannot be a teaser; the text says why."""


def tease(terms: LegTerms, points: Decimal) -> LegTerms:
    """Return the leg with its point moved in the bettor's favour: spreads and unders up, overs down.

    Raises BadTeaser for anything but a spread or total with a point, and unless ``points`` is above zero.
    """
    if points <= 0:
        raise BadTeaser("A teaser moves the points by more than zero.")
    if terms.market not in SPREAD | TOTAL or terms.point is None:
        raise BadTeaser(f"A teaser takes spreads and totals; {terms.market} cannot be teased.")
    down = terms.side == "over"
    return replace(terms, point=terms.point - points if down else terms.point + points)


def payout_factor(sport: str, points: Decimal, legs: int) -> Fraction:
    """Return the decimal odds of a teaser of so many winning legs. Raises BadTeaser if no table has it."""
    for (prefix, moved), table in PAYOUTS.items():
        if sport.startswith(prefix) and moved == points:
            if legs in table:
                return win_factor(Decimal(table[legs]))
            raise BadTeaser(f"A teaser of {legs} legs has no payout: the table has 2 to {max(table)}.")
    raise BadTeaser(
        f"There is no payout table for a teaser of {points} points in {sport or 'an unnamed sport'}."
    )


def is_table_price(odds: Fraction, sport: str, points: Decimal, legs: int) -> bool:
    """Tell whether decimal odds are what the table pays a teaser of so many legs."""
    try:
        return payout_factor(sport, points, legs) == odds
    except BadTeaser:
        return False
