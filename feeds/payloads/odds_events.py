"""What The Odds API tells, as frozen structs: American odds, UTC, text already checked."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from .prices import OddsFormat
from .rejection import Parsed
from .text import Stamp


class SportInfo(msgspec.Struct, frozen=True):
    """One entry of `/sports`."""

    key: str
    title: str
    group: str = ""
    description: str = ""
    active: bool = True
    has_outrights: bool = False


class Outcome(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One price: American odds (six places); `description` is the player, or the team of a team total."""

    name: str
    price: Decimal
    point: Decimal | None = None
    description: str = ""
    link: str = ""
    sid: str = ""
    bet_limit: Decimal | None = None
    multiplier: Decimal | None = None


class Market(msgspec.Struct, frozen=True):
    """One market of one book; `last_update` is the market's own, else its book's, else None."""

    key: str
    last_update: datetime | None
    outcomes: tuple[Outcome, ...]
    link: str = ""
    sid: str = ""


class UnreadMarket(msgspec.Struct, frozen=True):
    """A market as sent: its outcomes are JSON that nobody has looked into."""

    key: str
    outcomes: msgspec.Raw = msgspec.Raw(b"[]")
    last_update: Stamp = None
    link: str | None = None
    sid: str | None = None


class Unread(msgspec.Struct, frozen=True):
    """The markets of a book whose outcomes are not read yet, and what reading them takes."""

    markets: tuple[UnreadMarket, ...]
    path: str
    odds_format: OddsFormat


class Book(msgspec.Struct, frozen=True):
    """One bookmaker's markets on an event: ``markets``, or ``unread`` when they were only listed."""

    key: str
    title: str
    last_update: datetime | None
    markets: tuple[Market, ...]
    link: str = ""
    sid: str = ""
    unread: Unread | None = None


class OddsEvent(msgspec.Struct, frozen=True):
    """A match (both teams) or an outright (neither) with what the books offer, which may be nothing."""

    id: str
    sport_key: str
    sport_title: str
    commence_time: datetime
    home_team: str | None
    away_team: str | None
    bookmakers: tuple[Book, ...] = ()
    home_rotation: int | None = None
    away_rotation: int | None = None

    @property
    def is_outright(self) -> bool:
        """True for a winner market: nobody plays at home."""
        return self.home_team is None

    @property
    def last_update(self) -> datetime | None:
        """The newest update of any market that was read."""
        stamps = [m.last_update for b in self.bookmakers for m in b.markets if m.last_update is not None]
        return max(stamps, default=None)


class ScoreEvent(msgspec.Struct, frozen=True):
    """One entry of `/scores`; scores are None before the start."""

    id: str
    sport_key: str
    sport_title: str
    commence_time: datetime
    completed: bool
    home_team: str
    away_team: str
    home_score: int | None
    away_score: int | None
    last_update: datetime | None


class Historical(msgspec.Struct, frozen=True):
    """The historical envelope around a list of events or one event."""

    timestamp: datetime
    previous_timestamp: datetime | None
    next_timestamp: datetime | None
    data: Parsed[OddsEvent]
