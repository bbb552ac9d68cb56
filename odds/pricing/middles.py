"""Middles: over a lower point, under a higher one, so that a result between the two wins both bets.

For spreads take the home side's winning margin as the result: the home team at h wins above −h, the visitors at
a below a. So home −2.5 and visitors +4.5 are over 2.5 and under 4.5.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from odds.pricing.exact import Number, exact, exact_amount, exact_odds, exact_probability
from odds.pricing.hedging import split_stakes


@dataclass(frozen=True, slots=True)
class Middle:
    """Two stakes with a gap between their points. Decimal odds; stakes in one currency.

    Raises ValueError unless the over's point is the lower one, odds are above 1 and stakes above 0.
    """

    over_point: Number
    over_odds: Number
    over_stake: Number
    under_point: Number
    under_odds: Number
    under_stake: Number

    def __post_init__(self) -> None:
        if exact(self.over_point, "over point") >= exact(self.under_point, "under point"):
            raise ValueError(
                f"a middle is over the lower point: {self.over_point} is not below {self.under_point}"
            )
        exact_odds(self.over_odds, "over odds")
        exact_odds(self.under_odds, "under odds")
        exact_amount(self.over_stake, "over stake")
        exact_amount(self.under_stake, "under stake")

    @property
    def hit(self) -> Fraction:
        """Profit when the result falls strictly between the points: both bets win."""
        between = (exact(self.over_point, "over point") + exact(self.under_point, "under point")) / 2
        return self.profit(between)

    @property
    def miss(self) -> Fraction:
        """The smaller profit when only one of the bets wins; below 0 what the attempt costs."""
        below, above = exact(self.over_point, "over point") - 1, exact(self.under_point, "under point") + 1
        return min(self.profit(below), self.profit(above))

    @property
    def break_even(self) -> Fraction:
        """Probability of a hit from which the middle pays in the long run, the worse miss assumed; 0 for a surebet.

        100 on each side at 1.91 win 182 or lose 9: 9/191 = 4.71 %.
        """
        cost = max(-self.miss, Fraction(0))
        return cost / (self.hit + cost)

    def profit(self, result: Number) -> Fraction:
        """Profit of both bets at a result, a stake on the point itself returned."""
        at = exact(result, "result")
        over = _profit(at - exact(self.over_point, "over point"), self.over_odds, self.over_stake)
        under = _profit(exact(self.under_point, "under point") - at, self.under_odds, self.under_stake)
        return over + under

    def expected_profit(self, distribution: Iterable[tuple[Number, Number]]) -> Fraction:
        """Expected profit over (result, its probability). Raises ValueError unless they add up to 1."""
        cases = [(self.profit(result), chance) for result, chance in distribution]
        chances = [exact_probability(chance, "probability of a result") for _, chance in cases]
        if sum(chances) != 1:
            raise ValueError(f"the probabilities of the results add up to {sum(chances)}, not to 1")
        return sum((profit * exact(chance, "probability") for profit, chance in cases), Fraction(0))


def middle(
    over: tuple[Number, Number], under: tuple[Number, Number], outlay: Number, *, step: Number | None = None
) -> Middle:
    """Split an outlay over (point, decimal odds) of an over and an under so that both misses cost the same.

    Raises as ``Middle`` and ``split_stakes``.
    """
    split = split_stakes([over[1], under[1]], outlay, step=step)
    return Middle(over[0], over[1], split.stakes[0], under[0], under[1], split.stakes[1])


def _profit(margin: Fraction, odds: Number, stake: Number) -> Fraction:
    staked = exact_amount(stake, "stake")
    if not margin:
        return Fraction(0)
    return staked * (exact_odds(odds) - 1) if margin > 0 else -staked
