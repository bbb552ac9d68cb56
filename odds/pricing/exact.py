"""Exact numbers: what pricing takes in, and the precision it keeps where a root has to be found. No floats."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Final

Number = Decimal | Fraction | int

PRECISION: Final = 40
"""Significant digits carried while a root is found."""
PLACES: Final = 30
"""Decimal places a found root is kept to."""


def exact(value: Number, name: str) -> Fraction:
    """The value as a fraction. Raises TypeError for a float, ValueError for NaN or infinity, naming ``name``."""
    if isinstance(value, bool) or not isinstance(value, Decimal | Fraction | int):
        kind = type(value).__name__
        raise TypeError(f"{name} must be an int, a Decimal or a Fraction, not {kind}")
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError(f"{name} must be a number, not {value}")
    return Fraction(value)


def exact_odds(value: Number, name: str = "odds") -> Fraction:
    """Decimal odds as a fraction. Raises ValueError unless they are above 1."""
    odds = exact(value, name)
    if odds <= 1:
        raise ValueError(f"{name} must be decimal odds above 1, not {value}")
    return odds


def exact_probability(value: Number, name: str) -> Fraction:
    """A probability as a fraction. Raises ValueError unless it lies from 0 to 1."""
    probability = exact(value, name)
    if not 0 <= probability <= 1:
        raise ValueError(f"{name} must be a probability from 0 to 1, not {value}")
    return probability


def exact_amount(value: Number, name: str) -> Fraction:
    """A stake, limit or other sum as a fraction. Raises ValueError unless it is above 0."""
    amount = exact(value, name)
    if amount <= 0:
        raise ValueError(f"{name} must be above 0, not {value}")
    return amount


def exact_share(value: Number, name: str) -> Fraction:
    """A share such as a commission as a fraction. Raises ValueError unless it is at least 0 and below 1."""
    share = exact(value, name)
    if not 0 <= share < 1:
        raise ValueError(f"{name} must be a share from 0 to below 1, not {value}")
    return share


def root_context() -> Context:
    """The decimal context in which roots are found: ``PRECISION`` digits, half to even."""
    return Context(prec=PRECISION, rounding=ROUND_HALF_EVEN)


def as_decimal(value: Fraction) -> Decimal:
    """The fraction in the current context's precision."""
    return Decimal(value.numerator) / Decimal(value.denominator)
