"""Fair probabilities: what a market's prices say once the book's margin is taken out of them.

Every method takes the prices of all outcomes of one market, at one book, at the same point and from the same
snapshot; mixing books or points gives a number that means nothing. Sources of the formulas: Clarke, Kovalchik
and Ingram 2017 (multiplicative, power, Shin), Buchdahl's "Wisdom of the Crowd" (additive, the same thing as his
margin proportional to the odds), Cheung 2015 (odds ratio), Shin 1993 with Jullien and Salanié 1994, Goto
(standard errors).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from enum import StrEnum
from fractions import Fraction
from typing import Final

from odds.pricing.exact import PLACES, Number, as_decimal, exact, root_context
from odds.pricing.formats import IMPLIED, implied, price_from_quote

TOLERANCE: Final = Decimal("1e-34")
"""Newton's method stops once a step is smaller than this share of the root."""
MOST_STEPS: Final = 500
SHOWN_PARAMETER: Final = Decimal("1e-20")


class Method(StrEnum):
    """A way to take the margin out."""

    MULTIPLICATIVE = "multiplicative"
    ADDITIVE = "additive"
    POWER = "power"
    ODDS_RATIO = "odds_ratio"
    SHIN = "shin"
    GOTO = "goto"


class Fallback(StrEnum):
    """Why the multiplicative method stood in for the one asked for; the value is a sentence for people."""

    NO_MARGIN = "The prices add up to no more than certainty, so there is no margin to take out."
    NOT_POSITIVE = "The method leaves an outcome without any probability."


class NoFairPrice(ValueError):
    """No fair price follows from these prices; the message says why and may be shown to people."""


@dataclass(frozen=True, slots=True)
class Fair:
    """The fair probabilities of a market's outcomes, in the order of its prices; they sum exactly to ``total``.

    ``method`` is the one used: the multiplicative one where ``fallback`` says that another could not be.
    ``parameter`` is what was solved for, where something was: the power's exponent k, the odds ratio c,
    Shin's share of insiders z.
    """

    probabilities: tuple[Fraction, ...]
    method: Method
    parameter: Decimal | None = None
    fallback: Fallback | None = None

    @property
    def prices(self) -> tuple[Decimal, ...]:
        """The fair prices as American odds to six places."""
        return tuple(price_from_quote(probability, IMPLIED) for probability in self.probabilities)


def booksum(prices: Iterable[Decimal]) -> Fraction:
    """Sum of the implied probabilities of all outcomes of one market; 1 is a fair book. Raises ValueError."""
    return sum((implied(price) for price in prices), Fraction(0))


def hold(prices: Iterable[Decimal], *, total: int = 1) -> Fraction:
    """Share of the turnover a balanced book keeps, 1 − total/booksum: −110 twice → 1/22; below 0 is an arbitrage.

    ``prices`` are those of every outcome of one market, of which ``total`` win. Raises ValueError without prices.
    """
    whole = booksum(prices)
    if not whole:
        raise ValueError("a hold needs the prices of every outcome")
    return 1 - Fraction(total) / whole


def devig(prices: Iterable[Decimal], method: Method, *, total: int = 1) -> Fair:
    """Fair probabilities of a market from the American odds of all its outcomes.

    ``total`` is how many of them win: 1, or the places of a top-five market. Rational methods are exact; the
    others are right to 24 places. Where the prices hold no margin, or a method leaves an outcome with nothing (the
    additive and Goto's can), the multiplicative method stands in and ``fallback`` says so. Raises NoFairPrice for
    a market of one side, for one with no more outcomes than winners, and where a fair probability would reach
    1; ValueError for what cannot be odds.
    """
    return devig_implied([implied(price) for price in prices], method, total=total)


def devig_implied(probabilities: Sequence[Number], method: Method, *, total: int = 1) -> Fair:
    """The same from implied probabilities, each strictly between 0 and 1: for prices net of commission."""
    raw = tuple(exact(probability, "implied probability") for probability in probabilities)
    _check(raw, total)
    ordered = sorted(raw)
    margin = sum(raw) - total
    if method is Method.MULTIPLICATIVE:
        fair = _multiplicative(ordered, total)
    elif margin <= 0:
        fair = _multiplicative(ordered, total, Fallback.NO_MARGIN)
    else:
        fair = _METHODS[method](ordered, total)
    found = dict(zip(ordered, fair.probabilities, strict=True))
    return replace(fair, probabilities=tuple(found[probability] for probability in raw))


def worst_case(prices: Iterable[Decimal], *, total: int = 1) -> tuple[Fraction, ...]:
    """The smallest probability any method gives each outcome, for a cautious expected value.

    They sum to less than ``total``: each is a bound for a bet on its outcome, together they are no market.
    Raises as ``devig``.
    """
    quotes = tuple(prices)
    fairs = [devig(quotes, method, total=total).probabilities for method in Method]
    return tuple(min(of_outcome) for of_outcome in zip(*fairs, strict=True))


def _check(raw: Sequence[Fraction], winners: int) -> None:
    if winners < 1:
        raise ValueError(f"total must be at least 1, not {winners}: it is how many outcomes win")
    for number, probability in enumerate(raw, start=1):
        if not 0 < probability < 1:
            raise ValueError(f"implied probability {number} must be between 0 and 1, not {probability}")
    if len(raw) < 2:
        raise NoFairPrice("A fair price needs the prices of every outcome; one side alone has none.")
    if len(raw) <= winners:
        raise NoFairPrice(f"{len(raw)} outcomes of which {winners} win have no fair price.")


def _multiplicative(raw: Sequence[Fraction], winners: int, fallback: Fallback | None = None) -> Fair:
    scale = winners / sum(raw, Fraction(0))
    fair = tuple(probability * scale for probability in raw)
    if max(fair) >= 1:
        raise NoFairPrice("The prices add up to so little that an outcome would be more than certain.")
    return Fair(fair, Method.MULTIPLICATIVE, fallback=fallback)


def _additive(raw: Sequence[Fraction], winners: int) -> Fair:
    """p = r − (B − total)/n."""
    share = (sum(raw, Fraction(0)) - winners) / len(raw)
    fair = tuple(probability - share for probability in raw)
    if min(fair) <= 0:
        return _multiplicative(raw, winners, Fallback.NOT_POSITIVE)
    return Fair(fair, Method.ADDITIVE)


def _power(raw: Sequence[Fraction], winners: int) -> Fair:
    """p = r^k; the sum falls and is convex in k, so Newton's method from k = 1 cannot overshoot."""
    with localcontext(root_context()):
        logs = [as_decimal(probability).ln() for probability in raw]
        target = Decimal(winners)

        def excess(k: Decimal) -> tuple[Decimal, Decimal]:
            powers = [(k * log).exp() for log in logs]
            slope = sum((power * log for power, log in zip(powers, logs, strict=True)), Decimal(0))
            return sum(powers) - target, slope

        k = _root(excess, Decimal(1))
        return _solved(raw, [(k * log).exp() for log in logs], winners, Method.POWER, k)


def _odds_ratio(raw: Sequence[Fraction], winners: int) -> Fair:
    """p = r/(c + r − c·r); the sum falls and is convex in c, so Newton's method from c = 1 cannot overshoot."""
    with localcontext(root_context()):
        chances = [as_decimal(probability) for probability in raw]
        target = Decimal(winners)

        def excess(c: Decimal) -> tuple[Decimal, Decimal]:
            below = [c + chance - c * chance for chance in chances]
            pairs = list(zip(chances, below, strict=True))
            slope = sum((-chance * (1 - chance) / (part * part) for chance, part in pairs), Decimal(0))
            return sum(chance / part for chance, part in pairs) - target, slope

        c = _root(excess, Decimal(1))
        return _solved(raw, [r / (c + r - c * r) for r in chances], winners, Method.ODDS_RATIO, c)


def _shin(raw: Sequence[Fraction], winners: int) -> Fair:
    """p = (√(z² + 4(1−z)r²/B) − z)/(2(1−z)).

    With Σp = 1 the roots' sum less n·z and 2(1 − z) is convex in z, positive at 0 and zero at 1, so Newton's method
    from z = 0 climbs to the root sought. Two outcomes have the additive solution exactly. A market of several
    winners is taken as that many markets of one winner with the same prices (our reading: Shin's has one).
    """
    single = [probability / winners for probability in raw]
    whole = sum(single)
    if len(single) == 2:
        return _shin_of_two(raw, winners)
    with localcontext(root_context()):
        squares = [as_decimal(4 * probability * probability / whole) for probability in single]
        count = len(squares)

        def excess(z: Decimal) -> tuple[Decimal, Decimal]:
            roots = [(z * z + (1 - z) * square).sqrt() for square in squares]
            pairs = zip(roots, squares, strict=True)
            slope = sum(((2 * z - square) / (2 * root) for root, square in pairs), Decimal(0))
            return sum(roots) - count * z - 2 * (1 - z), slope - count + 2

        z = _root(excess, Decimal(0))
        found = [((z * z + (1 - z) * square).sqrt() - z) / (2 * (1 - z)) for square in squares]
        return _solved(raw, found, winners, Method.SHIN, z)


def _shin_of_two(raw: Sequence[Fraction], winners: int) -> Fair:
    first, second = (probability / winners for probability in raw)
    whole, gap = first + second, (first - second) ** 2
    with localcontext(root_context()):
        z = as_decimal((whole - 1) * (gap - whole) / (whole * (gap - 1)))
    fair = _additive(raw, winners)
    return Fair(fair.probabilities, Method.SHIN, z.quantize(SHOWN_PARAMETER))


def _goto(raw: Sequence[Fraction], winners: int) -> Fair:
    """p = r − s·(B − total)/Σs, the standard error s = √((r − r²)/r) = √(1 − r)."""
    with localcontext(root_context()):
        errors = [as_decimal(1 - probability).sqrt() for probability in raw]
        step = as_decimal(sum(raw, Fraction(0)) - winners) / sum(errors)
        fair = [as_decimal(r) - error * step for r, error in zip(raw, errors, strict=True)]
        if min(fair) <= 0:
            return _multiplicative(raw, winners, Fallback.NOT_POSITIVE)
        return _solved(raw, fair, winners, Method.GOTO, None)


_METHODS: Final[dict[Method, Callable[[Sequence[Fraction], int], Fair]]] = {
    Method.ADDITIVE: _additive,
    Method.POWER: _power,
    Method.ODDS_RATIO: _odds_ratio,
    Method.SHIN: _shin,
    Method.GOTO: _goto,
}


def _root(function: Callable[[Decimal], tuple[Decimal, Decimal]], start: Decimal) -> Decimal:
    """Root of a convex function, given as value and slope, from a start on its own side of the root."""
    at = start
    for _ in range(MOST_STEPS):
        value, slope = function(at)
        step = value / slope
        at -= step
        if abs(step) <= TOLERANCE * max(abs(at), Decimal(1)):
            return at
    raise NoFairPrice("The margin of these prices could not be solved for.")


def _solved(
    raw: Sequence[Fraction], found: Sequence[Decimal], winners: int, method: Method, parameter: Decimal | None
) -> Fair:
    """Round what was found to ``PLACES`` and scale it, by that rounding only, to sum exactly to the winners."""
    units = [int(probability.scaleb(PLACES).to_integral_value()) for probability in found]
    if not min(units):
        return _multiplicative(raw, winners, Fallback.NOT_POSITIVE)
    whole = sum(units)
    fair = tuple(Fraction(unit, whole) * winners for unit in units)
    shown = None if parameter is None else parameter.quantize(SHOWN_PARAMETER)
    return Fair(fair, method, shown)
