"""Odds as people type them, read into American odds. Pure: no Django."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

from odds.pricing import DECIMAL, american_from_decimal

LARGEST = Decimal(100_000)
"""The longest price taken, American: 1,000 to 1."""

_NUMBER = re.compile(r"(?P<sign>[+-]?)(?P<digits>[0-9]{1,7}(\.[0-9]{1,6})?)")
_FRACTION = re.compile(r"(?P<top>[0-9]{1,6})/(?P<bottom>[0-9]{1,6})")
_EVEN = frozenset({"even", "evens", "evs"})


class BadOdds(ValueError):
    """Odds that cannot be read; the message is meant for the person who typed them."""


def parse_odds(text: str, fmt: str) -> Decimal:
    """Read American (−110, +130), decimal (1.91) or fractional (10/11) odds, whatever the user's format.

    A signed number is American, one with a slash fractional; an unsigned one from 100 on is American
    unless ``fmt`` is decimal, below 100 it is decimal. The result is American, six places at most.
    Raises BadOdds.
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
    number = _NUMBER.fullmatch(bare)
    if not number:
        raise BadOdds(f"“{text.strip()[:20]}” is no price. Write −110, 1.91 or 10/11.")
    value = Decimal(number["digits"])
    if number["sign"] or (value >= 100 and fmt != DECIMAL):
        if value < 100:
            raise BadOdds("American odds are at most −100 or at least +100.")
        return _checked(-value if number["sign"] == "-" else value)
    if value <= 1:
        raise BadOdds("Decimal odds are above 1.")
    return _checked(american_from_decimal(value))


def _checked(american: Decimal) -> Decimal:
    if abs(american) > LARGEST:
        raise BadOdds("Prices up to 1,000 to 1, and down to 1 to 1,000, can be recorded.")
    return american
