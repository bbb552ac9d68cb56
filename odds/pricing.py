"""What a price means: American odds to and from decimal, implied probability and hold. No Django, no floats.

A price is American odds as ``Decimal``: +150 wins 150 for 100 staked, −150 stakes 150 to win 100. Values in
between are exact ``Fraction``; only what is stored or shown is rounded.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Final

AMERICAN: Final = "american"
DECIMAL: Final = "decimal"
FRACTIONAL: Final = "fractional"
FORMATS: Final = (AMERICAN, DECIMAL, FRACTIONAL)

MINUS: Final = "\N{MINUS SIGN}"
NO_PRICE: Final = "\N{EM DASH}"
STEP: Final = Decimal("0.000001")
HUNDRED: Final = 100
SHORT_PRICE: Final = Fraction(105, 100)
LARGEST_DENOMINATOR: Final = 100


def profit_per_unit(american: Decimal) -> Fraction:
    """What one unit staked wins, without the stake: +150 → 3/2, −150 → 2/3.

    Raises ValueError for what cannot be American odds (between −100 and +100, or not a number).
    """
    if not american.is_finite() or abs(american) < HUNDRED:
        raise ValueError(f"{american} cannot be American odds: they are at most -100 or at least +100")
    exact = Fraction(american)
    return exact / HUNDRED if exact > 0 else -HUNDRED / exact


def decimal_odds(american: Decimal) -> Fraction:
    """What one unit staked returns, stake included: +150 → 5/2, −110 → 21/11. Raises ValueError."""
    return 1 + profit_per_unit(american)


def american_from_decimal(decimal: Decimal | Fraction) -> Decimal:
    """American odds of a decimal quote, rounded half to even to six places: 1.91 → −109.890110, 2 → +100.

    Raises ValueError unless the quote is above 1.
    """
    if isinstance(decimal, Decimal) and not decimal.is_finite():
        raise ValueError(f"{decimal} cannot be decimal odds")
    profit = Fraction(decimal) - 1
    if profit <= 0:
        raise ValueError(f"{decimal} cannot be decimal odds: they are above 1")
    exact = profit * HUNDRED if profit >= 1 else -HUNDRED / profit
    return Decimal(round(exact * 10**6)).scaleb(-6)


def implied(american: Decimal) -> Fraction:
    """Probability at which the price breaks even, the book's margin included: −110 → 11/21. Raises ValueError."""
    return 1 / decimal_odds(american)


def fractional_odds(american: Decimal) -> Fraction:
    """Profit per unit as the nearest fraction a book would quote (denominator up to 100): 1.91 → 91/100."""
    exact = profit_per_unit(american)
    if exact < 1:
        return 1 / (1 / exact).limit_denominator(LARGEST_DENOMINATOR)
    return exact.limit_denominator(LARGEST_DENOMINATOR)


def booksum(prices: Iterable[Decimal]) -> Fraction:
    """Sum of the implied probabilities of all outcomes of one market; 1 is a fair book. Raises ValueError."""
    return sum((implied(price) for price in prices), Fraction(0))


def hold(prices: Iterable[Decimal]) -> Fraction:
    """Share of the turnover a balanced book keeps, 1 − 1/booksum: −110 twice → 1/22; below 0 is an arbitrage.

    ``prices`` are those of every outcome of one market. Raises ValueError without prices.
    """
    total = booksum(prices)
    if not total:
        raise ValueError("a hold needs the prices of every outcome")
    return 1 - 1 / total


def format_odds(price: Decimal | None, fmt: str = AMERICAN) -> str:
    """The price as a person reads it, in American (+105, −110), decimal (1.91) or fractional (10/11) odds.

    American odds are shown whole, decimal with two places and a third below 1.05. None shows as a dash.
    Raises ValueError for an unknown format or what cannot be odds.
    """
    if price is None:
        return NO_PRICE
    if fmt == AMERICAN:
        profit_per_unit(price)
        whole = int(price.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
        return f"+{whole}" if whole > 0 else f"{MINUS}{-whole}"
    if fmt == DECIMAL:
        exact = decimal_odds(price)
        return _rounded(exact, 3 if exact < SHORT_PRICE else 2)
    if fmt == FRACTIONAL:
        quote = fractional_odds(price)
        return f"{quote.numerator}/{quote.denominator}"
    raise ValueError(f"unknown odds format {fmt!r}: choose one of {', '.join(FORMATS)}")


def format_point(point: Decimal | None, *, signed: bool) -> str:
    """A handicap with its sign (+3.5, −7, 0 as PK) or a total without (220.5); None is empty."""
    if point is None:
        return ""
    if signed and not point:
        return "PK"
    digits = f"{abs(point).normalize():f}"
    sign = MINUS if point < 0 else "+" if signed else ""
    return f"{sign}{digits}"


def _rounded(exact: Fraction, places: int) -> str:
    return f"{Decimal(round(exact * 10**places)).scaleb(-places):.{places}f}"
