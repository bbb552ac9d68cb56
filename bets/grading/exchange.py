"""The commission of an exchange, which is due on what a market pays net."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction


def net_of_commission(profits: Iterable[Decimal | Fraction], commission_pct: Decimal) -> Fraction:
    """Return what a market pays after commission, which is due on its net profit only, not per bet."""
    net = sum((Fraction(profit) for profit in profits), Fraction(0))
    return net * (1 - Fraction(commission_pct) / 100) if net > 0 else net
