"""The numbers behind simultaneous Kelly stakes: a concave maximum found by an interior-point method, in decimals.

With W = 1 + Σ fᵢ·xᵢ in each scenario, g the gradient of Σ p·log W and multipliers λ of f ≥ 0 and ν of Σf ≤ 1, the
maximum satisfies g + λ − ν = 0, λᵢ·fᵢ = 0 and ν·(1 − Σf) = 0 (Karush, Kuhn and Tucker). Newton's method follows these
with the two products held at a shrinking μ (Nocedal and Wright, Numerical Optimization, ch. 19).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction
from typing import Final

from odds.pricing.exact import as_decimal

SHRINK: Final = Decimal("0.02")
TO_BOUNDARY: Final = Decimal("0.99")
SMALLEST_GAP: Final = Decimal("1e-32")
LARGEST_RESIDUE: Final = Decimal("1e-28")
MOST_STEPS: Final = 300
SHOWN: Final = Decimal("1e-15")
NUDGE: Final = Decimal("1e-20")
"""Added before rounding down: a half found as 0.4999… stays a half, and the sum stays at most 1."""

Vector = list[Decimal]


def largest_growth(chances: Sequence[Fraction], profits: Sequence[Sequence[Fraction]]) -> Vector:
    """Shares of the bankroll, to 15 places, that maximise its expected logarithm; to be run in ``root_context``.

    ``profits`` has one row per scenario and one column per bet, each at least −1. Raises ArithmeticError should
    the search not end.
    """
    weights = [as_decimal(chance) for chance in chances]
    rows = [[as_decimal(profit) for profit in row] for row in profits]
    count = len(rows[0])
    shares = [Decimal(1) / (count + 1)] * count
    lower, upper = [Decimal(1)] * count, Decimal(1)
    for _ in range(MOST_STEPS):
        gradient, curvature = _growth(weights, rows, shares)
        slack = 1 - sum(shares, Decimal(0))
        gap = (sum(a * b for a, b in zip(lower, shares, strict=True)) + upper * slack) / (count + 1)
        residue = max(abs(g + low - upper) for g, low in zip(gradient, lower, strict=True))
        if gap < SMALLEST_GAP and residue < LARGEST_RESIDUE:
            return [(share + NUDGE).quantize(SHOWN, ROUND_DOWN) for share in shares]
        shares, lower, upper = _step(gradient, curvature, shares, slack, lower, upper, gap * SHRINK)
    raise ArithmeticError(f"no stakes of largest growth found in {MOST_STEPS} steps")


def _growth(weights: Vector, rows: list[Vector], shares: Vector) -> tuple[Vector, list[Vector]]:
    """Gradient and negative second derivatives of the expected logarithm."""
    count = len(shares)
    gradient = [Decimal(0)] * count
    curvature = [[Decimal(0)] * count for _ in range(count)]
    for weight, row in zip(weights, rows, strict=True):
        wealth = 1 + sum(share * profit for share, profit in zip(shares, row, strict=True))
        scaled = [profit / wealth for profit in row]
        for i, first in enumerate(scaled):
            weighted = weight * first
            gradient[i] += weighted
            for j in range(i, count):
                curvature[i][j] += weighted * scaled[j]
    for i in range(count):
        for j in range(i):
            curvature[i][j] = curvature[j][i]
    return gradient, curvature


def _step(
    gradient: Vector,
    curvature: list[Vector],
    shares: Vector,
    slack: Decimal,
    lower: Vector,
    upper: Decimal,
    target: Decimal,
) -> tuple[Vector, Vector, Decimal]:
    """One Newton step towards products of ``target``, cut short of the bounds."""
    push = upper / slack
    system = [[entry + push for entry in row] for row in curvature]
    wanted = [g + target / share - target / slack for g, share in zip(gradient, shares, strict=True)]
    for i, (low, share) in enumerate(zip(lower, shares, strict=True)):
        system[i][i] += low / share
    move = _solve(system, wanted)
    total = sum(move, Decimal(0))
    lower_move = [
        target / share - low - low / share * by for low, share, by in zip(lower, shares, move, strict=True)
    ]
    upper_move = target / slack - upper + push * total
    reach = _reach([*shares, slack], [*move, -total])
    dual_reach = _reach([*lower, upper], [*lower_move, upper_move])
    return (
        [share + reach * by for share, by in zip(shares, move, strict=True)],
        [low + dual_reach * by for low, by in zip(lower, lower_move, strict=True)],
        upper + dual_reach * upper_move,
    )


def _reach(values: Vector, moves: Vector) -> Decimal:
    """How much of a move leaves every value above 0."""
    limits = [-TO_BOUNDARY * value / move for value, move in zip(values, moves, strict=True) if move < 0]
    return min([Decimal(1), *limits])


def _solve(system: list[Vector], wanted: Vector) -> Vector:
    """Solve a symmetric positive definite system by elimination."""
    count = len(wanted)
    rows = [[*row, right] for row, right in zip(system, wanted, strict=True)]
    for pivot in range(count):
        for below in range(pivot + 1, count):
            factor = rows[below][pivot] / rows[pivot][pivot]
            rows[below] = [a - factor * b for a, b in zip(rows[below], rows[pivot], strict=True)]
    solution = [Decimal(0)] * count
    for i in reversed(range(count)):
        known = sum((rows[i][j] * solution[j] for j in range(i + 1, count)), Decimal(0))
        solution[i] = (rows[i][count] - known) / rows[i][i]
    return solution
