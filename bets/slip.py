"""The slip: what a person means to bet, kept in the session until it is placed.

The session outlives signing in, so a slip filled by a visitor is still there for the account.
"""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Self

from django.contrib.sessions.backends.base import SessionBase

SESSION_KEY = "slip"


@dataclass(frozen=True, slots=True)
class Leg:
    """A line as it was clicked: ids of selection and book, American odds, point.

    ``own`` marks a price of the user's own, which the board need not show.
    """

    selection: int
    bookmaker: str
    price: Decimal
    point: Decimal | None = None
    own: bool = False

    @classmethod
    def from_session(cls, data: dict[str, Any]) -> Self:
        point = data.get("point")
        return cls(
            selection=int(data["selection"]),
            bookmaker=str(data["bookmaker"]),
            price=Decimal(data["price"]),
            point=None if point is None else Decimal(point),
            own=bool(data.get("own")),
        )

    @property
    def line(self) -> str:
        """``selection:bookmaker``, by which a page knows the price that is in the slip."""
        return f"{self.selection}:{self.bookmaker}"


@dataclass(frozen=True, slots=True)
class Slip:
    """Legs, the stake as typed, and the bankroll chosen. ``key`` lets the slip be placed only once."""

    key: str = ""
    legs: tuple[Leg, ...] = ()
    stake: str = ""
    bankroll: str = ""

    def with_only(self, leg: Leg) -> Slip:
        """A straight bet: the new leg takes the place of the old; the stake stays."""
        return replace(self, key=new_key(), legs=(leg,))

    def with_leg(self, leg: Leg) -> Slip:
        """The same slip with other terms for a leg it holds."""
        return replace(self, legs=tuple(leg if leg.line == old.line else old for old in self.legs))

    def without(self, line: str) -> Slip:
        return replace(self, key=new_key(), legs=tuple(leg for leg in self.legs if leg.line != line))

    def leg(self, line: str) -> Leg | None:
        return next((leg for leg in self.legs if leg.line == line), None)


def new_key() -> str:
    """Return an idempotency key no other slip has."""
    return uuid.uuid4().hex


def load(session: SessionBase) -> Slip:
    """Return the session's slip; one that cannot be read any more is an empty one."""
    data: Any = session.get(SESSION_KEY)
    try:
        return Slip(
            key=str(data["key"]),
            legs=tuple(Leg.from_session(leg) for leg in data["legs"]),
            stake=str(data["stake"]),
            bankroll=str(data["bankroll"]),
        )
    except (KeyError, TypeError, ValueError, InvalidOperation):
        return Slip()


def save(session: SessionBase, slip: Slip) -> None:
    """Keep the slip in the session."""
    data = asdict(slip)
    for leg in data["legs"]:
        leg["price"] = str(leg["price"])
        leg["point"] = None if leg["point"] is None else str(leg["point"])
    session[SESSION_KEY] = data


def clear(session: SessionBase) -> None:
    """Empty the slip but keep the stake and bankroll for the next one."""
    old = load(session)
    save(session, Slip(key=new_key(), bankroll=old.bankroll))
