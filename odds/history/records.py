"""What a line of a results file says, whatever its format. Pure: no Django."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final, NamedTuple

from odds.pricing import american_from_decimal

CENT: Final = Decimal("0.01")
MOST_GOALS: Final = 999


class Fault(NamedTuple):
    """Why a row, or one column of it, was left out; ``column`` is empty where the whole row is meant."""

    file: str
    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {f'{self.column}: ' if self.column else ''}{self.reason}"


class BadRow(ValueError):
    """A row that names no game. ``column`` is where the fault lies."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column


class Book(NamedTuple):
    """A bookmaker as the archive shall know it. An unnamed one is listed, but neither active nor in a consensus."""

    key: str
    title: str
    is_exchange: bool = False
    is_named: bool = True


class PastPrice(NamedTuple):
    """American odds of one side. A closing price was the last before the start; any other was seen at ``seen_at``."""

    book: Book
    market: str
    side: str
    point: Decimal | None
    price: Decimal
    seen_at: dt.datetime
    is_closing: bool


@dataclass
class PastGame:
    """A game of a file. ``start`` is UTC; where the file gives the day alone, it is noon there and a guess."""

    line: int
    external_id: str
    sport_key: str
    home: str
    away: str
    start: dt.datetime
    is_start_known: bool
    home_score: int | None
    away_score: int | None
    prices: list[PastPrice] = field(default_factory=list)
    without_price: int = 0

    @property
    def is_played(self) -> bool:
        return self.home_score is not None


class Row:
    """A line by the names of its columns. Faults of single columns are gathered, not raised."""

    def __init__(self, file: str, line: int, cells: Mapping[str, str]) -> None:
        self.file, self.line, self.cells = file, line, cells
        self.faults: list[Fault] = []

    def text(self, column: str) -> str:
        return " ".join(self.cells.get(column, "").split())

    def required(self, column: str, *, longest: int = 120) -> str:
        """Raises BadRow when the column is empty or too long."""
        text = self.text(column)
        if not text:
            raise BadRow(column, "is empty")
        if len(text) > longest:
            raise BadRow(column, f"is longer than {longest} characters")
        return text

    def fault(self, column: str, reason: str) -> None:
        self.faults.append(Fault(self.file, self.line, column, reason))

    def number(self, column: str) -> Decimal | None:
        """The number of a column; None where it is empty, or no number, which is a fault."""
        text = self.text(column)
        if not text:
            return None
        try:
            number = Decimal(text)
        except InvalidOperation:
            self.fault(column, f"{text[:40]!r} is not a number")
            return None
        if not number.is_finite() or abs(number) >= 1_000_000:
            self.fault(column, f"{text[:40]!r} is out of range")
            return None
        return number

    def score(self, column: str) -> int | None:
        """A score; None where it is empty. Raises BadRow when it is no whole number of points."""
        text = self.text(column)
        if not text:
            return None
        try:
            number = Decimal(text)
            points = int(number)
        except (InvalidOperation, OverflowError, ValueError):
            raise BadRow(column, f"{text[:40]!r} is not a score") from None
        if points != number or not 0 <= points <= MOST_GOALS:
            raise BadRow(column, f"{text[:40]!r} is not a score")
        return points

    def point(self, column: str) -> Decimal | None:
        """A handicap or total, of two places at most; None where it is empty or a fault."""
        number = self.number(column)
        if number is not None and (number != number.quantize(CENT) or abs(number) > 99_999):
            self.fault(column, f"{number} is not a point of two decimals")
            return None
        return number

    def decimal_price(self, column: str) -> Decimal | None:
        """American odds of a decimal quote; None where it is empty or a fault."""
        number = self.number(column)
        if number is None:
            return None
        if number <= 1:
            self.fault(column, f"{number} is not decimal odds, which are above 1")
            return None
        try:
            return american_from_decimal(number)
        except ValueError:
            self.fault(column, f"{number} is out of the range of odds")
            return None

    def american_price(self, column: str) -> Decimal | None:
        """American odds as quoted; None where it is empty or a fault."""
        number = self.number(column)
        if number is not None and abs(number) < 100:
            self.fault(column, f"{number} is not American odds, which are at most -100 or at least +100")
            return None
        return number
