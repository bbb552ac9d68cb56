"""What a file says of bets, before anything is compared with what is known or written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bets.exceptions import Refused
from bets.models import BetKind, BetType

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 20_000


class BadFile(Refused):
    """The file as a whole cannot be read; the message says what is wrong with it."""


class Unclear(BadFile):
    """The file can be read in more than one way. ``option`` is what must be chosen, among ``choices``."""

    def __init__(self, message: str, *, option: str, choices: Mapping[str, str]) -> None:
        super().__init__(message)
        self.option, self.choices = option, choices


class BadRow(Refused):
    """One bet cannot be read; the message names the column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a person wants a file read; '' leaves it to the file. ``columns`` maps fields to header names."""

    dates: str = ""
    odds: str = ""
    time_zone: str = "UTC"
    columns: Mapping[str, str] = field(default_factory=dict)
    book: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLeg:
    """A selection in the file's words; prices are American odds."""

    description: str
    event: str = ""
    sport: str = ""
    league: str = ""
    market: str = ""
    bet_type: str = BetType.OTHER
    odds: Decimal | None = None
    point: Decimal | None = None
    status: str = ""
    closing_odds: Decimal | None = None
    closing_point: Decimal | None = None
    starts_at: dt.datetime | None = None
    is_live: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBet:
    """A bet as a file has it: ``odds`` American, money in the bankroll's currency, times with their zone.

    ``terms`` are further columns of the bet that only BetTrack's own files have. ``source_id`` is the file's own key,
    ``money`` the kind of a bankroll that has to be made: real unless the file says paper.
    """

    line: int
    placed_at: dt.datetime
    stake: Decimal
    odds: Decimal
    status: str
    payout: Decimal | None
    legs: tuple[ReadLeg, ...]
    settled_at: dt.datetime | None = None
    book: str = ""
    kind: str = BetKind.STRAIGHT
    is_bonus: bool = False
    source_id: str = ""
    currency: str = ""
    bankroll: str = ""
    money: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()
    terms: Mapping[str, Any] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadMovement:
    """Money that went in or out of a bankroll otherwise than by a bet."""

    kind: str
    amount: Decimal
    at: dt.datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReadBankroll:
    """A bankroll of BetTrack's own file; an import that has to make it gives it its kind and its movements."""

    name: str
    currency: str
    kind: str
    movements: tuple[ReadMovement, ...] = ()


@dataclass(frozen=True, slots=True)
class RowError:
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything a file says: its format, the bets, and the rows that are none with the reason."""

    format: str
    bets: list[ReadBet]
    errors: list[RowError]
    bankrolls: list[ReadBankroll] = field(default_factory=list)
    by_hand: bool = False
    """Typed by the person, bet by bet: without a number, other words are another bet."""
