"""Why a bet or a movement of money is refused. Each message is meant for the person who asked."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from odds.pricing import format_odds


class Refused(Exception):
    """What was asked cannot be done; ``str()`` of it says why in a sentence to show."""


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


class PriceMoved(Refused):
    """The book's price is not the one asked for. ``price`` is what it offers now, in American odds.

    ``template`` is the sentence with ``{now}`` and, where only the price is another, ``{asked}``.
    """

    def __init__(self, template: str, *, asked: Decimal, price: Decimal, point: Decimal | None) -> None:
        self.template = template
        self.asked = asked
        self.price = price
        self.point = point
        super().__init__(self.sentence("american"))

    def sentence(self, odds_format: str) -> str:
        """Say it with the prices in an odds format."""
        asked, now = (format_odds(price, odds_format) for price in (self.asked, self.price))
        return self.template.replace("{asked}", asked).replace("{now}", now)


class BadBet(Refused):
    """Something in the bet itself is wrong: price, point, bookmaker or bankroll."""


class IdempotencyConflict(Refused):
    """The idempotency key has been used for other terms."""


class NotAllowed(Refused):
    """The person may not do this to that bet or bankroll."""


class NotPossible(Refused):
    """The bet is in a state that does not allow this."""


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
