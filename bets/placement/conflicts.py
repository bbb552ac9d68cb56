"""Legs that cannot stand on one ticket: the same twice, or two that cannot both win. Pure: no database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Any

from odds.markets import bet_type, is_signed, split_period

OPPOSITES = ({"over", "under"}, {"yes", "no"})


@dataclass(frozen=True, slots=True)
class Line:
    """What a leg backs: its game, the feed's market, participant and side, and the point of that side."""

    game: Any
    market: str
    participant: str
    side: str
    point: Decimal | None

    @property
    def about(self) -> tuple[Any, str, str, str]:
        """The game, the part of it and what of it the leg is on; alternates are on the same as the main line."""
        base, period = split_period(self.market)
        subject = base.removeprefix("alternate_").removesuffix("_alternate")
        if bet_type(self.market) in ("moneyline", "spread"):
            subject = "margin"
        return self.game, period, subject, "" if self.side == "win" else self.participant


def contradiction(legs: Sequence[Line]) -> tuple[int, int, str] | None:
    """Return the first two legs (by index) that do not go together, and why; None if all do."""
    for (first, one), (second, other) in combinations(enumerate(legs), 2):
        why = between(one, other)
        if why:
            return first, second, why
    return None


def between(one: Line, other: Line) -> str:
    """Say why two legs cannot stand on one ticket; '' if they can."""
    if one == other:
        return "are the same"
    if one.about != other.about:
        return ""
    if not can_both_win(one, other):
        return "cannot both win"
    return "" if one.side != other.side or one.side == "win" else "are on the same side of one market"


def can_both_win(one: Line, other: Line) -> bool:
    sides = {one.side, other.side}
    if one.side == other.side:
        return one.side != "win" or one.participant == other.participant
    if one.point is not None and other.point is not None and sides == {"over", "under"}:
        over, under = (one, other) if one.side == "over" else (other, one)
        return (over.point or 0) < (under.point or 0)
    if sides in OPPOSITES or "draw" in sides:
        return False
    if sides == {"home", "away"} and all(is_margin(leg) for leg in (one, other)):
        return (one.point or 0) + (other.point or 0) > 0
    return True


def is_margin(leg: Line) -> bool:
    return is_signed(leg.market) or bet_type(leg.market) == "moneyline"
