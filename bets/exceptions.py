"""Why a bet or a movement of money is refused. Each message is meant for the person who asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from odds.pricing import format_odds


class Refused(Exception):
    """What was asked cannot be done; ``str()`` of it says why in a sentence to show.

    ``field`` is what of the thing asked for is at fault, '' for all of it: ``stake``, ``legs.1.point`` (legs from 0).
    """

    def __init__(self, message: str = "", *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class InsufficientFunds(Refused):
    """The bankroll does not hold what is needed. ``available`` is its balance."""

    def __init__(self, message: str, *, available: Decimal, currency: str) -> None:
        super().__init__(message)
        self.available = available
        self.currency = currency


class GameClosed(Refused):
    """The game has started, has ended or will not be played."""


class PriceGone(Refused):
    """The book does not offer this line (any more)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A leg (from 0) whose price is not the one asked for: American odds and points, asked for and now.

    ``template`` is the sentence with ``{now}`` and, where only the price is another, ``{asked}``.
    """

    leg: int
    template: str
    asked: Decimal
    asked_point: Decimal | None
    price: Decimal
    point: Decimal | None

    def sentence(self, odds_format: str = "american") -> str:
        """Say it with the prices in an odds format."""
        asked, now = (format_odds(price, odds_format) for price in (self.asked, self.price))
        return self.template.replace("{asked}", asked).replace("{now}", now)


class PriceMoved(Refused):
    """The book's price is not the one asked for, of one leg or several; ``price`` and ``point`` are the first one's."""

    def __init__(self, moves: Sequence[Move]) -> None:
        self.moves = tuple(moves)
        self.price, self.point = moves[0].price, moves[0].point
        super().__init__(self.sentence("american"), field=f"legs.{moves[0].leg}.price")

    def sentence(self, odds_format: str) -> str:
        """Say it with the prices in an odds format."""
        return " ".join(move.sentence(odds_format) for move in self.moves)


class BadBet(Refused):
    """Something in the bet itself is wrong: price, point, bookmaker or bankroll."""


class IdempotencyConflict(Refused):
    """The idempotency key has been used for other terms."""


class NotAllowed(Refused):
    """The person may not do this to that bet or bankroll."""


class NotPossible(Refused):
    """The bet is in a state that does not allow this."""


class TooManyJobs(Refused):
    """As many jobs of the person wait as may."""


class BetDecided(NotPossible):
    """The bet is settled, void or cashed out already."""


class BetChanged(NotPossible):
    """The bet is not what the person saw any more; ``revision`` is that of now."""

    def __init__(self, message: str, *, revision: int) -> None:
        super().__init__(message)
        self.revision = revision


class BadOperation(Refused):
    """Something in a deposit, withdrawal, bonus, adjustment or transfer itself is wrong."""


class LimitReached(Refused):
    """The bet is beyond a limit of its owner's. ``left`` may still be staked; ``until`` is when the limit resets."""

    def __init__(
        self, message: str, *, kind: str, left: Decimal = Decimal(0), until: dt.datetime | None = None
    ) -> None:
        super().__init__(message)
        self.kind = str(kind)
        self.left = left
        self.until = until
