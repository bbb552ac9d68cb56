"""What a price means: American odds to and from the other formats, exact and as people read them.

A price is American odds as ``Decimal``: +150 wins 150 for 100 staked, −150 stakes 150 to win 100. Values in
between are exact ``Fraction``; only what is stored or shown is rounded.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final

from odds.pricing.exact import Number, exact

AMERICAN: Final = "american"
DECIMAL: Final = "decimal"
FRACTIONAL: Final = "fractional"
HONG_KONG: Final = "hong_kong"
INDONESIAN: Final = "indonesian"
MALAY: Final = "malay"
IMPLIED: Final = "implied"
FORMATS: Final = (AMERICAN, DECIMAL, FRACTIONAL, HONG_KONG, INDONESIAN, MALAY, IMPLIED)

MINUS: Final = "\N{MINUS SIGN}"
NO_PRICE: Final = "\N{EM DASH}"
STEP: Final = Decimal("0.000001")
HUNDRED: Final = 100
SHORT_PRICE: Final = Fraction(105, 100)
LARGEST_DENOMINATOR: Final = 100
SHOWN_UNITS: Final = 5
MOST_PLACES: Final = 6


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


@lru_cache(maxsize=16_384)
def implied(american: Decimal) -> Fraction:
    """Probability at which the price breaks even, the book's margin included: −110 → 11/21. Raises ValueError."""
    return 1 / decimal_odds(american)


def fractional_odds(american: Decimal) -> Fraction:
    """Profit per unit as the nearest fraction a book would quote (denominator up to 100): 1.91 → 91/100."""
    exact = profit_per_unit(american)
    if exact < 1:
        return 1 / (1 / exact).limit_denominator(LARGEST_DENOMINATOR)
    return exact.limit_denominator(LARGEST_DENOMINATOR)


def quote(american: Decimal, fmt: str) -> Fraction:
    """The price as an exact number in a format: −150 is 5/3 decimal, 2/3 fractional and Hong Kong, 3/5 implied.

    Indonesian odds are American ones divided by 100. Malay odds are the profit up to evens and beyond that
    minus what must be staked to win 1: −150 → 2/3, +150 → −2/3. Raises ValueError for an unknown format or
    what cannot be American odds.
    """
    profit = profit_per_unit(american)
    if fmt == AMERICAN:
        return Fraction(american)
    if fmt == DECIMAL:
        return 1 + profit
    if fmt in (FRACTIONAL, HONG_KONG):
        return profit
    if fmt == INDONESIAN:
        return profit if profit >= 1 else -1 / profit
    if fmt == MALAY:
        return profit if profit <= 1 else -1 / profit
    if fmt == IMPLIED:
        return 1 / (1 + profit)
    raise _unknown(fmt)


def price_from_quote(value: Number, fmt: str) -> Decimal:
    """American odds, to six places, of a number in a format: 2/3 in Hong Kong odds → −150; inverse of ``quote``.

    Raises ValueError, saying the range, for what the format cannot hold: decimal odds are above 1, fractional
    and Hong Kong odds above 0, American odds at least 100, Indonesian at least 1 and Malay at most 1 away from
    0, implied probabilities strictly between 0 and 1.
    """
    number = exact(value, f"{fmt} odds")
    held, limits = _LIMITS.get(fmt, (None, ""))
    if held is None:
        raise _unknown(fmt)
    if not held(number):
        raise ValueError(f"{value} cannot be {limits}")
    if fmt == DECIMAL:
        return american_from_decimal(number)
    if fmt == IMPLIED:
        return american_from_decimal(1 / number)
    if fmt == AMERICAN:
        number /= HUNDRED
    return american_from_decimal(1 + (number if number > 0 else -1 / number))


@lru_cache(maxsize=16_384)
def format_odds(price: Decimal | None, fmt: str = AMERICAN) -> str:
    """The price as a person reads it in one of ``FORMATS``: +105, 2.05, 21/20, 1.05, −0.95 or 48.8%.

    American odds are shown whole, decimal with two places and a third below 1.05; Hong Kong, Indonesian and
    Malay with two and more where small; an implied probability with one and a second near its ends.
    None shows as a dash. Raises ValueError for an unknown format or what cannot be odds.
    """
    if price is None:
        return NO_PRICE
    exact_quote = quote(price, fmt)
    if fmt == AMERICAN:
        whole = int(price.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
        return f"+{whole}" if whole > 0 else f"{MINUS}{-whole}"
    if fmt == DECIMAL:
        return _rounded(exact_quote, 3 if exact_quote < SHORT_PRICE else 2)
    if fmt == FRACTIONAL:
        nearest = fractional_odds(price)
        return f"{nearest.numerator}/{nearest.denominator}"
    if fmt == IMPLIED:
        percent = exact_quote * HUNDRED
        return f"{_rounded(percent, 1 if 1 <= percent <= HUNDRED - 1 else 2)}%"
    size = abs(exact_quote)
    places = 2
    while size * 10**places < SHOWN_UNITS and places < MOST_PLACES:
        places += 1
    return f"{MINUS if exact_quote < 0 else ''}{_rounded(size, places)}"


@lru_cache(maxsize=4096)
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


def _unknown(fmt: str) -> ValueError:
    return ValueError(f"unknown odds format {fmt!r}: choose one of {', '.join(FORMATS)}")


_LIMITS: Final[dict[str, tuple[Callable[[Fraction], bool], str]]] = {
    AMERICAN: (
        lambda number: abs(number) >= HUNDRED,
        "American odds: they are at most -100 or at least +100",
    ),
    DECIMAL: (lambda number: number > 1, "decimal odds: they are above 1"),
    FRACTIONAL: (lambda number: number > 0, "fractional odds: they are above 0"),
    HONG_KONG: (lambda number: number > 0, "Hong Kong odds: they are above 0"),
    INDONESIAN: (lambda number: abs(number) >= 1, "Indonesian odds: they are at most -1 or at least +1"),
    MALAY: (lambda number: 0 < abs(number) <= 1, "Malay odds: they are from -1 to +1 and not 0"),
    IMPLIED: (lambda number: 0 < number < 1, "an implied probability: it is between 0 and 1"),
}
