"""What a bet is worth: expected value, boosts and the price of a parlay. Odds are decimal, per unit staked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from odds.pricing.exact import Number, exact, exact_amount, exact_odds, exact_probability


@dataclass(frozen=True, slots=True)
class Proposition:
    """A bet on offer: decimal odds, and the probabilities that it wins and that its stake is returned.

    Raises ValueError for odds not above 1 and for probabilities that add up to more than 1.
    """

    odds: Number
    win: Number
    push: Number = 0

    def __post_init__(self) -> None:
        exact_odds(self.odds)
        win = exact_probability(self.win, "probability of a win")
        if win + exact_probability(self.push, "probability of a push") > 1:
            raise ValueError(f"a win ({self.win}) and a push ({self.push}) add up to more than certainty")

    @property
    def profit(self) -> Fraction:
        """What one unit staked wins, without the stake."""
        return exact_odds(self.odds) - 1

    @property
    def lose(self) -> Fraction:
        """The probability that the stake is lost."""
        return 1 - exact(self.win, "probability of a win") - exact(self.push, "probability of a push")

    @property
    def ev(self) -> Fraction:
        """Expected profit per unit staked, p_win·(o − 1) − p_lose; without pushes p·o − 1. 0.05 is +5 %."""
        return exact(self.win, "probability of a win") * self.profit - self.lose


def expected_value(odds: Number, win: Number, push: Number = 0) -> Fraction:
    """Expected profit per unit staked at decimal odds: +114 at a fair 0.509804 → 0.090980.

    With the fair closing probability as ``win`` this is the no-vig closing line value. Raises ValueError as
    ``Proposition``.
    """
    return Proposition(odds, win, push).ev


def boosted_odds(odds: Number, boost: Number, *, stake: Number = 1, cap: Number | None = None) -> Fraction:
    """Decimal odds with the profit raised by ``boost`` (0.25 for 25 %): 1 + (o − 1)(1 + boost).

    ``cap`` is the most the boost may add to the winnings of ``stake``, in the stake's currency. Raises ValueError
    for a boost or cap below 0 and a stake not above 0.
    """
    quoted, raised, staked = exact_odds(odds), exact(boost, "boost"), exact_amount(stake, "stake")
    if raised < 0:
        raise ValueError(f"boost must be at least 0, not {boost}")
    extra = (quoted - 1) * raised
    if cap is not None:
        most = exact(cap, "cap")
        if most < 0:
            raise ValueError(f"cap must be at least 0, not {cap}")
        extra = min(extra, most / staked)
    return quoted + extra


def parlay_odds(legs: Iterable[Number]) -> Fraction:
    """Decimal odds of a parlay, the product of its legs': 1.91 × 2.10 × 1.80 → 7.2198.

    It is the price of legs that do not depend on each other, not of a same-game parlay, and the probability of
    such legs together likewise is their product. Raises ValueError without legs and for odds not above 1.
    """
    product, count = Fraction(1), 0
    for count, leg in enumerate(legs, start=1):
        product *= exact_odds(leg, f"odds of leg {count}")
    if not count:
        raise ValueError("a parlay has at least one leg")
    return product
