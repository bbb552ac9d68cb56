"""Model fields for exact numbers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models


class FractionField(models.CharField[Fraction | str | None, Fraction | None]):
    """An exact ratio, stored as text ``numerator/denominator`` in lowest terms (``21/11``)."""

    PATTERN = r"^-?[0-9]+/[1-9][0-9]*$"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 80)
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: str | None, *_: object) -> Fraction | None:
        return None if value is None else Fraction(value)

    def to_python(self, value: object) -> Any:
        if value is None or isinstance(value, Fraction):
            return value
        try:
            return Fraction(str(value))
        except (ValueError, ZeroDivisionError) as error:
            raise ValidationError(f"“{value}” is not a fraction such as 21/11.") from error

    def get_prep_value(self, value: object) -> str | None:
        fraction = self.to_python(value)
        return None if fraction is None else f"{fraction.numerator}/{fraction.denominator}"

    def value_to_string(self, obj: models.Model) -> str:
        return self.get_prep_value(self.value_from_object(obj)) or ""
