"""Odds as people type them, read into American odds. Pure: no Django."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

from odds.pricing import (
    DECIMAL,
    HONG_KONG,
    IMPLIED,
    INDONESIAN,
    MALAY,
    american_from_decimal,
    price_from_quote,
)

LARGEST = Decimal(100_000)
"""The longest price taken, American: 1,000 to 1."""

_NUMBER = re.compile(r"(?P<sign>[+-]?)(?P<digits>[0-9]{1,7}(\.[0-9]{1,6})?)")
_FRACTION = re.compile(r"(?P<top>[0-9]{1,6})/(?P<bottom>[0-9]{1,6})")
_EVEN = frozenset({"even", "evens", "evs"})
_UNSIGNED = frozenset({HONG_KONG, IMPLIED})
_SIGNED = frozenset({INDONESIAN, MALAY})


class BadOdds(ValueError):
    """Odds that cannot be read; the message is meant for the person who typed them."""


def parse_odds(text: str, fmt: str) -> Decimal:
    """Read American (−110, +130), decimal (1.91), fractional (10/11) odds or a probability (52.4%), whatever
    the user's format.

    A signed number is American, one with a slash fractional, one with a percent sign implied; an unsigned one
    from 100 on is American unless ``fmt`` is decimal. Below 100 a number is in the user's format where that is
    Hong Kong, Indonesian, Malay or implied, else decimal. The result is American, six places at most. Raises
    BadOdds.
    """
    bare = text.strip().lower().replace("\N{MINUS SIGN}", "-").replace(" ", "")
    if not bare:
        raise BadOdds("Enter the price.")
    if bare in _EVEN:
        return Decimal(100)
    if fraction := _FRACTION.fullmatch(bare):
        top, bottom = int(fraction["top"]), int(fraction["bottom"])
        if not top or not bottom:
            raise BadOdds("Fractional odds have two numbers above zero, such as 10/11.")
        return _checked(american_from_decimal(1 + Fraction(top, bottom)))
    number = _NUMBER.fullmatch(bare.removesuffix("%"))
    if not number:
        raise BadOdds(f"“{text.strip()[:20]}” is no price. Write −110, 1.91, 10/11 or 52.4%.")
    value = Decimal(number["digits"])
    if bare.endswith("%"):
        return _quoted(value / 100, IMPLIED)
    if value < 100 and (fmt in _SIGNED or (fmt in _UNSIGNED and not number["sign"])):
        return _quoted(value / 100 if fmt == IMPLIED else value * _sign(number["sign"]), fmt)
    if number["sign"] or (value >= 100 and fmt != DECIMAL):
        if value < 100:
            raise BadOdds("American odds are at most −100 or at least +100.")
        return _checked(value * _sign(number["sign"]))
    if value <= 1:
        raise BadOdds("Decimal odds are above 1.")
    return _checked(american_from_decimal(value))


def _sign(text: str) -> int:
    return -1 if text == "-" else 1


def _quoted(value: Decimal, fmt: str) -> Decimal:
    """The price of a number in one of the formats that few people type."""
    try:
        american = price_from_quote(value, fmt)
    except ValueError as error:
        raise BadOdds(_RANGES[fmt]) from error
    return _checked(american)


_RANGES = {
    IMPLIED: "An implied probability is above 0% and below 100%.",
    HONG_KONG: "Hong Kong odds are above 0.",
    INDONESIAN: "Indonesian odds are at most −1 or at least 1.",
    MALAY: "Malay odds are from −1 to 1 and not 0.",
}


def _checked(american: Decimal) -> Decimal:
    if abs(american) > LARGEST:
        raise BadOdds("Prices up to 1,000 to 1, and down to 1 to 1,000, can be recorded.")
    return american
