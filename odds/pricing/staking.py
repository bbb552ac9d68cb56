"""How much to stake: the shares of a bankroll that let it grow fastest (Kelly 1956), of one bet and of several.

A stake is a share of the bankroll. Full Kelly assumes that the probabilities are right; they are estimates, so
by default a quarter of it is staked.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import localcontext
from fractions import Fraction
from math import prod
from typing import Final

from odds.pricing.exact import Number, exact, exact_amount, exact_probability, root_context
from odds.pricing.growth import largest_growth
from odds.pricing.value import Proposition

FULL: Final = Fraction(1)
QUARTER: Final = Fraction(1, 4)
MOST_SCENARIOS: Final = 1024
"""Joint results of simultaneous bets that are looked at: ten bets without pushes, six with."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way things can turn out: its probability, and the profit of each bet per unit staked on it.

    A profit is −1 for a lost stake, 0 for a push, o − 1 for a win, −1/2 for half a loss.
    """

    probability: Number
    profits: tuple[Number, ...]


def kelly(bet: Proposition, *, fraction: Number = QUARTER, cap: Number | None = None) -> Fraction:
    """Share of the bankroll to stake on one bet: ``fraction`` of (p_win·b − p_lose)/(b(p_win + p_lose)), b = o − 1.

    Never more than ``cap``, and 0 without an edge. Odds of 1.9091 at 0.52, 0.44 and 0.04 for a push → 0.0375 in
    full. Raises ValueError unless ``fraction`` is above 0 and at most 1 and ``cap`` a share from 0 to 1.
    """
    share = bet.ev / (bet.profit * (1 - exact(bet.push, "push"))) if bet.ev > 0 else Fraction(0)
    return _scaled([share], fraction, cap)[0]


def kelly_exclusive(
    bets: Sequence[Proposition], *, fraction: Number = QUARTER, cap: Number | None = None
) -> tuple[Fraction, ...]:
    """Shares to stake on outcomes of which at most one can win, such as the runners of one race. Exact.

    Outcomes are taken in the order of p·o while that exceeds the reserve R = (1 − Σp)/(1 − Σ1/o) of those taken;
    each is staked p − R/o (Smoczynski and Tomkins 2010). An outcome without an edge of its own can be worth
    taking beside others, and a surebet stakes everything. ``cap`` holds for each. Raises ValueError for bets
    that can push, or whose probabilities add up to more than 1; and as ``kelly``.
    """
    wins = [exact(bet.win, "probability of a win") for bet in bets]
    if any(bet.push for bet in bets):
        raise ValueError("exclusive outcomes are bets that win or lose: for pushes list the scenarios")
    if sum(wins) > 1:
        raise ValueError(f"the probabilities of exclusive outcomes add up to {sum(wins)}, more than 1")
    breakevens = [1 / (1 + bet.profit) for bet in bets]
    unlikely, untaken, reserve = Fraction(1), Fraction(1), Fraction(1)
    for place in sorted(range(len(bets)), key=lambda place: -wins[place] / breakevens[place]):
        if wins[place] <= reserve * breakevens[place]:
            break
        unlikely -= wins[place]
        untaken -= breakevens[place]
        reserve = unlikely / untaken
    shares = [max(win - reserve * even, Fraction(0)) for win, even in zip(wins, breakevens, strict=True)]
    return _scaled(shares, fraction, cap)


def kelly_independent(
    bets: Sequence[Proposition], *, fraction: Number = QUARTER, cap: Number | None = None
) -> tuple[Fraction, ...]:
    """Shares to stake on bets that run at once and do not depend on each other: less than each on its own.

    They maximise the expected logarithm of the bankroll, to 12 digits; bets without an edge get 0, a single one
    its exact share. Raises ValueError where the bets have more than 1,024 joint results; and as ``kelly``.
    """
    chosen = [place for place, bet in enumerate(bets) if bet.ev > 0]
    if len(chosen) < 2:
        return tuple(kelly(bet, fraction=fraction, cap=cap) for bet in bets)
    count = prod(len(_results(bets[place])) for place in chosen)
    if count > MOST_SCENARIOS:
        raise ValueError(
            f"{len(chosen)} bets have {count} joint results, more than {MOST_SCENARIOS}: stake fewer"
        )
    joint = [
        Scenario(prod(chance for chance, _ in results), tuple(profit for _, profit in results))
        for results in itertools.product(*(_results(bets[place]) for place in chosen))
    ]
    found = dict(zip(chosen, kelly_joint(joint, fraction=FULL), strict=True))
    return _scaled([found.get(place, Fraction(0)) for place in range(len(bets))], fraction, cap)


def kelly_joint(
    scenarios: Sequence[Scenario], *, fraction: Number = QUARTER, cap: Number | None = None
) -> tuple[Fraction, ...]:
    """Shares to stake on bets whose joint results are listed, dependent as they may be, to 12 digits.

    Maximises Σ p·log(1 + Σ fᵢ·xᵢ) over f ≥ 0, Σf ≤ 1, in decimal arithmetic of 40 digits. Raises ValueError
    unless the probabilities add up to 1 and every scenario has a profit of at least −1 for each bet; and as
    ``kelly``.
    """
    chances = [exact_probability(scenario.probability, "probability of a scenario") for scenario in scenarios]
    profits = [[exact(profit, "profit") for profit in scenario.profits] for scenario in scenarios]
    if sum(chances) != 1:
        raise ValueError(f"the scenarios' probabilities add up to {sum(chances)}, not to 1")
    if len({len(row) for row in profits}) > 1 or not profits[0]:
        raise ValueError("every scenario names the profit of each bet")
    if len(scenarios) > MOST_SCENARIOS:
        raise ValueError(f"{len(scenarios)} scenarios are more than {MOST_SCENARIOS}")
    if min(min(row) for row in profits) < -1:
        raise ValueError("a bet cannot lose more than its stake: give a lay bet per unit of liability")
    with localcontext(root_context()):
        found = largest_growth(chances, profits)
    return _scaled([Fraction(share) for share in found], fraction, cap)


def _results(bet: Proposition) -> list[tuple[Fraction, Fraction]]:
    win, push = exact(bet.win, "win"), exact(bet.push, "push")
    every = [(win, bet.profit), (push, Fraction(0)), (bet.lose, Fraction(-1))]
    return [(chance, profit) for chance, profit in every if chance]


def _scaled(shares: Sequence[Fraction], fraction: Number, cap: Number | None) -> tuple[Fraction, ...]:
    part = exact_amount(fraction, "fraction")
    if part > 1:
        raise ValueError(f"fraction must be at most 1, not {fraction}: more than full Kelly only adds risk")
    most = Fraction(1) if cap is None else exact_probability(cap, "cap")
    return tuple(min(share * part, most) for share in shares)
