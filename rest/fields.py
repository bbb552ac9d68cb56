"""How values are written: times in UTC, exact numbers as strings without idle zeros."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from rest_framework import serializers


def plain(number: Decimal | None) -> str | None:
    """The number without exponent and idle zeros: −110.000000 → "-110"."""
    if number is None:
        return None
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class UtcField(serializers.DateTimeField):
    """A time in UTC with its Z, whatever zone the request's pages would show."""

    def __init__(self, **options: Any) -> None:
        super().__init__(default_timezone=dt.UTC, **options)


class NumberField(serializers.DecimalField):
    """An exact number as a string. Amounts of money keep their cents, others drop idle zeros."""

    def __init__(self, *, max_digits: int = 12, decimal_places: int = 6, money: bool = False, **options: Any):
        self.money = money
        super().__init__(max_digits=max_digits, decimal_places=decimal_places, **options)

    def to_representation(self, value: Any) -> Any:
        if value is None or self.money:
            return None if value is None else f"{value:.2f}"
        return plain(Decimal(value))


class AmountField(NumberField):
    """An amount of money with two decimal places, as a string."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=14, decimal_places=2, money=True, **options)


class OddsField(NumberField):
    """American odds: at most −100 or at least 100."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=12, decimal_places=6, **options)


class PointField(NumberField):
    """A handicap or a total."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=8, decimal_places=2, **options)
