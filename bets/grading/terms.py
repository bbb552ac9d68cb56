"""What grading takes and gives: terms of a leg, result of a game, grades."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal

from bets.rules import Rule
from odds.pricing import american_from_decimal, decimal_odds

Status = Literal[
    "pending", "won", "half_won", "push", "half_lost", "lost", "void", "cashed_out", "needs_review"
]

ONE, ZERO, HALF = Fraction(1), Fraction(0), Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class EachWay:
    """Half of the stake on the win, half on a place at ``fraction`` of the odds for the first ``places``."""

    fraction: Fraction
    places: int


@dataclass(frozen=True, slots=True)
class LegTerms:
    """What was agreed: feed keys of sport, market and side; American odds; the point of that side."""

    market: str
    side: str
    odds: Decimal
    point: Decimal | None = None
    participant: str = ""
    draw_offered: bool = False
    sport: str = ""
    each_way: EachWay | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """How a game stands, and what the leg's own player or runner did in it.

    ``conflict`` is the sentence to show when sources disagree. ``stats`` is the player's box score (None: no box
    score is known; empty: he is not in it). ``winner`` tells whether the runner won or placed, ``dead_heat`` is
    (places open, runners tied), ``position`` and ``tied_with`` are the finish of an each-way runner. ``minutes``
    were played when a game broke off; ``retired`` tells that it ended by a retirement. ``deduction_pct`` is taken off
    the winnings because a runner was withdrawn late (Rule 4).
    """

    status: str
    home: int | None = None
    away: int | None = None
    home_periods: tuple[int, ...] = ()
    away_periods: tuple[int, ...] = ()
    home_name: str = "Home"
    away_name: str = "Away"
    detail: str = ""
    conflict: str = ""
    is_match: bool = True
    stats: Mapping[str, Decimal] | None = None
    winner: bool | None = None
    dead_heat: tuple[int, int] | None = None
    position: int | None = None
    tied_with: int = 0
    ran: bool = True
    minutes: Decimal | None = None
    retired: bool = False
    deduction_pct: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was compared with what: by ``margin`` the backed side beats its line, under the rule.

    ``score`` is the (home, away) score that counts, None for a prop or future; ``value`` is the player's number;
    ``words`` say what has neither.
    """

    rule: Rule
    score: tuple[int, int] | None
    margin: Decimal | None
    value: Decimal | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class LegGrade:
    """A leg's grade. ``factor`` is None while pending or under review.

    ``reason`` says why nothing was compared: pending, void or under review. ``window`` holds the times compared where
    the game did not begin or end in time (see ``bets.grading.windows``).
    """

    status: Status
    factor: Fraction | None = None
    reason: str = ""
    compared: Comparison | None = None
    window: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class TicketGrade:
    """A ticket's grade: payout includes the stake; both amounts are None while open.

    ``staked`` is all that was put at risk: of a round robin every combination's stake, of a lay bet the liability.
    ``is_malformed`` tells that no result could grade it: the ticket is not what its kind says.
    """

    status: Status
    legs: tuple[LegGrade, ...]
    factor: Fraction | None = None
    payout: Decimal | None = None
    profit: Decimal | None = None
    reason: str = ""
    staked: Decimal | None = None
    working: tuple[str, ...] = ()
    is_malformed: bool = False


class Undecidable(Exception):
    """The leg cannot be graded from what is known; the text says why."""


@lru_cache(maxsize=4096)
def win_factor(odds: Decimal) -> Fraction:
    """Return the exact decimal odds of American odds: −110 → 21/11.

    A decimal quote of up to six places comes back as quoted: −109.890110 → 191/100.
    """
    exact = decimal_odds(odds)
    if odds == odds.to_integral_value():
        return exact
    for scale in (1000, 1_000_000):
        quote = Fraction(round(exact * scale), scale)
        if quote > 1 and american_from_decimal(quote) == odds:
            return quote
    return exact


def status_of(factor: Fraction) -> Status:
    """Return what a factor means for the money: above one is won, below is lost."""
    return "won" if factor > 1 else "lost" if factor < 1 else "push"
