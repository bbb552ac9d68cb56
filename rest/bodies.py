"""What a write is told. Nothing is guessed: unknown names are refused, and so are numbers where text is meant."""

from __future__ import annotations

import datetime as dt
import re
import threading
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

ABOVE_ZERO: Final = r"([1-9][0-9]{0,9}(\.[0-9]{1,2})?|0\.(0[1-9]|[1-9][0-9]?))"
AMOUNT: Final = f"^{ABOVE_ZERO}$"
AMOUNT_OR_NOTHING: Final = r"^[0-9]{1,10}(\.[0-9]{1,2})?$"
SIGNED: Final = f"^-?{ABOVE_ZERO}$"
ODDS: Final = r"^[+-]?[1-9][0-9]{2,5}(\.[0-9]{1,6})?$"
POINT: Final = r"^[+-]?[0-9]{1,6}(\.[0-9]{1,2})?$"
PERCENT: Final = r"^[0-9]{1,4}(\.[0-9]{1,2})?$"
NO_NUL: Final = r"^[^\x00]*$"
SOME_TEXT: Final = r"^[^\x00]*[^\s\x00][^\x00]*$"
A_WORD: Final = r"^[^\x00,]*[^\s\x00,][^\x00,]*$"
"""One of several that are separated by commas."""
UUID: Final = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"


class Body(serializers.Serializer):
    """The body of a write; ``Meta.example`` is one for the documentation. A name that it does not know is refused."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = sorted(set(data) - self.fields.keys())
            if unknown:
                text = f"There is no such field here; known are: {', '.join(self.fields)}."
                raise ValidationError({unknown[0][:60]: [ErrorDetail(text, "unknown_field")]})
        return super().to_internal_value(data)


_readers = threading.local()


def reader_of(body: type[serializers.Serializer], data: Any, request: Any) -> serializers.Serializer:
    """A serializer that is about to read ``data``, one for each thread: copying its fields anew costs more than reading."""
    known: dict[type[serializers.Serializer], serializers.Serializer] = _readers.__dict__.setdefault(
        "known", {}
    )
    if body not in known:
        known[body] = body()
    read = known[body]
    for result in ("_validated_data", "_errors", "_data"):
        read.__dict__.pop(result, None)
    body.__init__(read, data=data, context={"request": request})
    return read


class TextIn(serializers.CharField):
    """Text, and nothing that only looks like it."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class WholeIn(serializers.IntegerField):
    """A whole number, not one written as text."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool | str) or (isinstance(data, float) and not data.is_integer()):
            self.fail("invalid")
        return int(super().to_internal_value(data))


class FlagIn(serializers.BooleanField):
    """true or false."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=str(data)[:60])
        return data


class IdIn(serializers.UUIDField):
    """A UUID with its dashes."""

    def to_internal_value(self, data: Any) -> uuid.UUID:
        if not isinstance(data, str) or not re.fullmatch(UUID, data):
            self.fail("invalid", value=str(data)[:60])
        return uuid.UUID(data)


class ExactIn(serializers.Field):
    """An exact number as text, for a number of JSON may lose digits on its way."""

    pattern = AMOUNT
    words = "Write it as text, such as"
    example = "25.00"
    default_error_messages = {"invalid": "{words} “{example}”."}

    def to_internal_value(self, data: Any) -> Decimal:
        if not isinstance(data, str) or not re.fullmatch(self.pattern, data):
            self.fail("invalid", words=self.words, example=self.example)
        return Decimal(data)

    def to_representation(self, value: Any) -> str:
        return str(value)


@extend_schema_field({"type": "string", "pattern": AMOUNT, "example": "25.00"})
class AmountIn(ExactIn):
    """An amount of money above zero."""

    words = "Write an amount above zero as text, such as"


@extend_schema_field({"type": "string", "pattern": AMOUNT_OR_NOTHING, "example": "25.00"})
class PaidIn(ExactIn):
    """An amount of money, or nothing: 0."""

    pattern = AMOUNT_OR_NOTHING
    words = "Write an amount without sign as text, such as"


@extend_schema_field({"type": "string", "pattern": SIGNED, "example": "-12.50"})
class SignedIn(ExactIn):
    """An amount of money with its sign, where it has one; not zero."""

    pattern, example = SIGNED, "-12.50"
    words = "Write an amount other than zero as text, such as"


@extend_schema_field({"type": "string", "format": "date-time", "example": "2026-11-20T18:22:00Z"})
class InstantIn(serializers.Field):
    """An instant in ISO 8601 with its zone."""

    default_error_messages = {"invalid": "Write a time with its zone, such as “2026-11-20T18:22:00Z”."}

    def to_internal_value(self, data: Any) -> dt.datetime:
        try:
            found = msgspec.convert(data, dt.datetime) if isinstance(data, str) else None
            if found is not None and found.tzinfo is not None:
                return found.astimezone(dt.UTC)
        except (msgspec.ValidationError, OverflowError):
            pass
        self.fail("invalid")

    def to_representation(self, value: Any) -> str:
        return str(value)


@extend_schema_field({"type": "string", "pattern": ODDS, "example": "-110"})
class OddsIn(ExactIn):
    """American odds."""

    pattern, example = ODDS, "-110"
    words = "Write American odds as text, such as"


@extend_schema_field({"type": "string", "pattern": POINT, "example": "-3.5"})
class PointIn(ExactIn):
    """A handicap or a total."""

    pattern, example = POINT, "-3.5"
    words = "Write the point as text, such as"


@extend_schema_field({"type": "string", "pattern": PERCENT, "example": "2.50"})
class PercentIn(ExactIn):
    """A percentage, not negative."""

    pattern, example = PERCENT, "2.50"
    words = "Write a percentage as text, such as"
