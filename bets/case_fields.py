"""Reading the fields of a calculator's case: every refusal names the field and what it can be. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from bets.money import SYMBOLS, BadAmount, checked_amount
from odds.pricing import american_from_decimal

LONGEST_TEXT = 200
NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")
LARGEST_ODDS = 10_000_000
FORMATS = ("american", "decimal", "fractional")


class BadCase(ValueError):
    """A case that cannot be read; the text names the field and is meant for the person who wrote it."""


def shown(value: object) -> str:
    """Write a refused value short enough for a message."""
    text = str(value) if isinstance(value, Decimal | int) else repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


class Fields:
    """The fields of one JSON object; ``where`` is its place, for messages. None counts as absent."""

    def __init__(self, data: object, where: str, known: Iterable[str]) -> None:
        if not isinstance(data, dict):
            raise BadCase(f"{where}: must be an object.")
        unknown = sorted(set(data) - set(known))
        if unknown:
            raise BadCase(f"{where}: there is no field {shown(unknown[0])}; there are {', '.join(known)}.")
        self.data: dict[str, Any] = data
        self.where = where

    def at(self, name: str) -> str:
        return name if self.where == "the ticket" else f"{self.where}.{name}"

    def has(self, name: str) -> bool:
        return self.data.get(name) is not None

    def value(self, name: str) -> Any:
        if not self.has(name):
            raise BadCase(f"{self.at(name)}: is missing.")
        return self.data[name]

    def text(self, name: str) -> str:
        value = self.data.get(name)
        if value is None:
            return ""
        if not isinstance(value, str) or len(value) > LONGEST_TEXT:
            raise BadCase(f"{self.at(name)}: must be a text of at most {LONGEST_TEXT} characters.")
        if NO_TEXT.search(value):
            raise BadCase(f"{self.at(name)}: {shown(value)} holds characters that are no text, such as NUL.")
        return value.strip()

    def required_text(self, name: str) -> str:
        self.value(name)
        text = self.text(name)
        if not text:
            raise BadCase(f"{self.at(name)}: is empty.")
        return text

    def choice(self, name: str, allowed: Iterable[str]) -> str:
        value = self.value(name)
        if value not in allowed:
            raise BadCase(f"{self.at(name)}: {shown(value)} is none of {', '.join(allowed)}.")
        return str(value)

    def flag(self, name: str) -> bool:
        value = self.data.get(name)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise BadCase(f"{self.at(name)}: must be true or false, not {shown(value)}.")
        return value

    def number(self, name: str, low: int, high: int, *, places: int = 6) -> Decimal | None:
        if not self.has(name):
            return None
        return to_number(self.data[name], self.at(name), low, high, places)

    def whole(self, name: str, low: int, high: int) -> int | None:
        number = self.number(name, low, high, places=0)
        return None if number is None else int(number)

    def required_whole(self, name: str, low: int, high: int) -> int:
        self.value(name)
        return self.whole(name, low, high) or 0

    def items(self, name: str, most: int) -> list[Any]:
        value = self.data.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise BadCase(f"{self.at(name)}: must be a list.")
        if len(value) > most:
            raise BadCase(f"{self.at(name)}: has {len(value)} entries; at most {most} are allowed.")
        return value

    def whole_numbers(self, name: str, most: int, *, lowest: int = 0, highest: int = 9999) -> list[int]:
        where = self.at(name)
        entries = enumerate(self.items(name, most))
        return [int(to_number(value, f"{where}[{n}]", lowest, highest, 0)) for n, value in entries]

    def mapping(self, name: str, known: Iterable[str], where: str) -> Mapping[str, object]:
        return Fields(self.value(name), where, known).data

    def numbers(self, name: str, most: int) -> dict[str, Decimal]:
        """Read named numbers; yes and no count as 1 and 0, null as not recorded."""
        value = self.value(name)
        if not isinstance(value, dict) or len(value) > most:
            raise BadCase(f"{self.at(name)}: must be an object of at most {most} numbers.")
        found = {}
        for key, one in value.items():
            if one is None:
                continue
            number = int(one) if isinstance(one, bool) else one
            found[key] = to_number(number, f"{self.at(name)}.{shown(key)}", -100_000, 100_000, 6)
        return found

    def money(self, name: str, currency: str) -> Decimal:
        if currency not in SYMBOLS and not (len(currency) == 3 and currency.isalpha() and currency.isupper()):
            raise BadCase(f"currency: {shown(currency)} is no currency code such as USD.")
        self.value(name)
        amount = to_number(self.data[name], self.at(name), 0, 10**10, 6)
        try:
            return checked_amount(amount, currency, what=self.at(name))
        except BadAmount as why:
            raise BadCase(f"{self.at(name)}: {why}") from None

    def fraction(self, name: str) -> Fraction:
        """Read a fraction above 0 and at most 1: ``1/4`` or ``0.25``."""
        value = self.value(name)
        fraction = to_fraction(value, self.at(name))
        if not 0 < fraction <= 1:
            raise BadCase(f"{self.at(name)}: must be above 0 and at most 1.")
        return fraction

    def odds(self, name: str) -> Decimal:
        """Read odds in the format the object names, American if it names none, as American odds."""
        style = self.choice("odds_format", FORMATS) if self.has("odds_format") else "american"
        value, where = self.value(name), self.at(name)
        if style == "fractional":
            decimal = 1 + to_fraction(value, where)
        else:
            number = to_number(value, where, -LARGEST_ODDS, LARGEST_ODDS, 6)
            if style == "american":
                if abs(number) < 100:
                    raise BadCase(
                        f"{where}: {shown(value)} is between -100 and +100, which no American odds are."
                    )
                return number
            decimal = Fraction(number)
        if not 1 < decimal <= LARGEST_ODDS / 100:
            raise BadCase(f"{where}: {shown(value)} cannot be {style} odds.")
        return american_from_decimal(decimal)


def once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the fields of a JSON object as decoded. Raises BadCase for one given twice: which is meant?"""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for n, name in enumerate(names) if name in names[:n])
        raise BadCase(f"{shown(twice)}: is given twice in one object.")
    return found


def to_number(value: object, where: str, low: int, high: int, places: int) -> Decimal:
    """Read a number given as such or as text. Raises BadCase unless it is within limits."""
    kind = "a whole number" if places == 0 else "a number"
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise BadCase(f"{where}: must be {kind}, not {shown(value)}.")
    if isinstance(value, str) and (len(value) > 40 or "_" in value):
        raise BadCase(f"{where}: {shown(value)} is not {kind}.")
    try:
        number = Decimal(value.strip().replace("\N{MINUS SIGN}", "-") if isinstance(value, str) else value)
    except InvalidOperation:
        raise BadCase(f"{where}: {shown(value)} is not {kind}.") from None
    if not number.is_finite() or not low <= number <= high:
        raise BadCase(f"{where}: {shown(value)} is not from {low} to {high}.")
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -30:
        raise BadCase(f"{where}: {shown(value)} has too many decimals.")
    if number != round(number, places):
        raise BadCase(
            f"{where}: {shown(value)} is not {kind}" + (f" of {places} decimals." if places else ".")
        )
    return number


def to_fraction(value: object, where: str) -> Fraction:
    """Read ``10/11``, ``10-11`` or a plain number above zero. Raises BadCase."""
    if isinstance(value, str) and len(value) <= 20:
        upper, slash, lower = value.replace("-", "/").partition("/")
        if slash and upper.strip().isdecimal() and lower.strip().isdecimal() and int(lower):
            return Fraction(int(upper), int(lower))
        if slash:
            raise BadCase(f"{where}: {shown(value)} is no fraction such as 10/11.")
    return Fraction(to_number(value, where, 0, LARGEST_ODDS, 6))
