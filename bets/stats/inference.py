"""What luck allows: intervals, z and p. Floating-point arithmetic on estimates; money never passes through here.

Intervals are of 95 %. Sources: Wilson 1927 for shares; the linearised ratio (Cochran, "Sampling Techniques", ch. 6)
for the yield of unequal stakes; Buchdahl, "Squares and Sharps", for the test of a record.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

Z95: Final = 1.959963984540054
SMALLEST_SAMPLE: Final = 30
"""Below so many bets no verdict is given: no z, no p, no interval of a yield."""


@dataclass(frozen=True, slots=True)
class Interval:
    """From ``low`` to ``high``, both shares: 0.05 is 5 %."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """A statistic and how often luck alone brings one at least as far from nothing, on either side."""

    z: float
    p: float


def upper_tail(z: float) -> float:
    """Chance that a standard normal number is above ``z``."""
    return math.erfc(z / math.sqrt(2)) / 2


def two_sided(z: float) -> Verdict:
    return Verdict(z, 2 * upper_tail(abs(z)))


def wilson(hits: float, trials: float) -> Interval | None:
    """Interval of a share; half-won bets count a half. None without trials."""
    if trials <= 0:
        return None
    share, square = hits / trials, Z95 * Z95
    centre = (share + square / (2 * trials)) / (1 + square / trials)
    half = Z95 / (1 + square / trials) * math.sqrt(share * (1 - share) / trials + square / (4 * trials**2))
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


def ratio_error(
    staked: float, net: float, staked_2: float, net_2: float, product: float, n: int
) -> float | None:
    """Standard error of a yield Σnet ÷ Σstaked from sums of squares and products: √(n/(n−1)·Σ(net − yield·stake)²) ÷ Σstaked.

    None with fewer than two bets or nothing staked.
    """
    if n < 2 or staked <= 0:
        return None
    ratio = net / staked
    rest = net_2 - 2 * ratio * product + ratio * ratio * staked_2
    return math.sqrt(max(rest, 0.0) * n / (n - 1)) / staked


def around(estimate: float, error: float | None) -> Interval | None:
    """95 % interval of an estimate with a normal error."""
    return None if error is None else Interval(estimate - Z95 * error, estimate + Z95 * error)


def expected_wins(chances: float, squares: float, wins: float) -> tuple[float, Verdict | None]:
    """Standard deviation of the number of wins, √Σp(1−p), and the verdict on ``wins``, from Σp and Σp²."""
    variance = chances - squares
    if variance <= 0:
        return 0.0, None
    deviation = math.sqrt(variance)
    return deviation, two_sided((wins - chances) / deviation)


def record_deviation(odds: float, returned: float) -> float:
    """Buchdahl's σ of one level-stakes return, √(r(ō − r)): ``returned`` is 1 + yield, ``odds`` the mean decimal ones."""
    return math.sqrt(max(returned * (odds - returned), 0.0))


def record_test(n: int, odds: float, returned: float) -> tuple[float, float] | None:
    """Buchdahl's t = √n·(r − 1)/σ of a level-stakes record, and p of as good a one by luck (Student, one-sided)."""
    deviation = record_deviation(odds, returned)
    if n < 2 or deviation == 0:
        return None
    t = math.sqrt(n) * (returned - 1) / deviation
    return t, student_tail(t, n - 1)


def yield_deviation(n: int, odds: float, returned: float) -> float:
    """Standard deviation of the yield of ``n`` level stakes: √(r(ō − r)/n)."""
    return record_deviation(odds, returned) / math.sqrt(n)


def student_tail(t: float, degrees: int) -> float:
    """Chance that Student's t is above ``t``: half the regularised incomplete beta function."""
    x = degrees / (degrees + t * t)
    half = incomplete_beta(degrees / 2, 0.5, x) / 2
    return half if t >= 0 else 1 - half


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta function I_x(a, b) by Lentz's continued fraction (DLMF 8.17.22)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(b, a, 1 - x)
    front = (
        math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
        / a
    )
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    total = d
    for m in range(1, 300):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d, c = 1 / (1 + term * d), 1 + term / c
            total *= d * c
        if abs(d * c - 1) < 1e-14:
            break
    return front * total
