"""Prices and points, exactly: decimal text in, American odds as numeric(12,6) out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cache, lru_cache, partial

from .rejection import Refusal

_STEP = 10**6
_LIMIT = 10**6
_MAX_POINT = 100_000
_POINT_PLACES = 3


class OddsFormat(StrEnum):
    """How a payload writes prices; the values are the provider's `oddsFormat`."""

    AMERICAN = "american"
    DECIMAL = "decimal"


def american_price(price: Decimal, odds_format: OddsFormat) -> Decimal:
    """American odds, rounded once, half to even, to six places (1.91 -> -109.890110).

    A decimal quote d pays d per unit staked, so its profit per unit is d - 1: American odds are
    100 * (d - 1) from evens upwards and -100 / (d - 1) below. Raises Refusal for what cannot be odds.
    """
    if not price.is_finite() or price.adjusted() > 12:
        raise Refusal(f"price {price} cannot be odds")
    if odds_format is OddsFormat.DECIMAL:
        profit = Fraction(price) - 1
        if profit <= 0:
            raise Refusal(f"price {price} cannot be decimal odds (must be above 1)")
        value = profit * 100 if profit >= 1 else -100 / profit
    else:
        value = Fraction(price)
        if abs(value) < 100:
            raise Refusal(f"price {price} cannot be American odds (between -100 and 100)")
    rounded = round(value * _STEP)
    if abs(rounded) >= _LIMIT * _STEP:
        raise Refusal(f"price {price} cannot be odds (beyond {_LIMIT:,})")
    return Decimal(rounded).scaleb(-6)


@cache
def price_reader(odds_format: OddsFormat) -> Callable[[Decimal], Decimal]:
    """`american_price` for one format, remembering what it has read: a payload repeats its prices."""
    return lru_cache(maxsize=65536)(partial(american_price, odds_format=odds_format))


def detect_format(prices: Iterable[Decimal]) -> OddsFormat:
    """The format most prices of one payload speak for.

    Only American odds are negative; only decimal odds lie between 1 and 100 or have a fraction.
    With no evidence but whole numbers of 100 and more, or none at all, the answer is American.
    """
    american = decimal = 0
    for price in prices:
        if -_LIMIT < price <= -100:
            american += 1
        elif 1 <= price < 100 or (price >= 1 and price != price.to_integral_value()):
            decimal += 1
    return OddsFormat.DECIMAL if decimal > american else OddsFormat.AMERICAN


@lru_cache(maxsize=4096)
def line_point(point: Decimal) -> Decimal:
    """A handicap or total as sent; raises Refusal when it is beyond sense or finer than a thousandth."""
    if not point.is_finite() or point.adjusted() > 6 or abs(point) >= _MAX_POINT:
        raise Refusal(f"point {point} is out of range")
    if point != point.quantize(Decimal(1).scaleb(-_POINT_PLACES), rounding=ROUND_HALF_EVEN):
        raise Refusal(f"point {point} has more than {_POINT_PLACES} decimals")
    return point
