"""The fair price of a line at one book, by what the other books say of it at the same point."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from odds import pricing
from odds.edges.finding import CONSENSUS, LEAST_BOOKS, Fairness, book_fairs
from odds.edges.offers import Line, read_lines_of

OLDEST: Final = dt.timedelta(hours=1)
"""Prices not seen for longer say nothing of the present one."""
METHOD: Final = pricing.Method.MULTIPLICATIVE


class Wanted(NamedTuple):
    """A line at a book whose fair price is asked for; the book itself has no say in it."""

    game_id: uuid.UUID
    selection_id: int
    point: Decimal | None
    book: str


@dataclass(frozen=True, slots=True)
class FairPrice:
    """The fair chance of a line by the books named (keys), the oldest of whose prices was seen at ``oldest``.

    At a whole point it is the chance among bets that are not returned.
    """

    chance: Fraction
    books: tuple[str, ...]
    oldest: dt.datetime
    may_push: bool

    @property
    def price(self) -> Decimal:
        """The fair price as American odds."""
        return pricing.price_from_quote(self.chance, pricing.IMPLIED)


@dataclass(frozen=True, slots=True)
class NoFair:
    """Why a line has no fair price."""

    reason: str


def fair_prices(wanted: Iterable[Wanted], *, now: dt.datetime) -> dict[Wanted, FairPrice | NoFair]:
    """Return the fair price of each line, or why it has none; one statement whatever their number.

    A weighted mean of the other books' chances, their margins taken out in proportion (multiplicative).
    """
    asked = list(dict.fromkeys(wanted))
    lines = read_lines_of({one.game_id for one in asked}, now=now) if asked else []
    return {one: fair_of(one, lines, now) for one in asked}


def fair_of(wanted: Wanted, lines: Sequence[Line], now: dt.datetime) -> FairPrice | NoFair:
    """Hold a line against the others' prices of it."""
    found: list[FairPrice] = []
    is_known, is_old = False, False
    for line in lines:
        side = side_of(line, wanted)
        if side is None:
            continue
        is_known = True
        fairs = [one for one in book_fairs(line, FAIRNESS) if one.book != wanted.book and one.weight]
        fresh = [one for one in fairs if one.seen_at >= now - OLDEST]
        is_old = is_old or len(fresh) < len(fairs)
        if len(fresh) < LEAST_BOOKS:
            continue
        total = sum((Fraction(one.weight) for one in fresh), Fraction(0))
        place = line.sides.index(side)
        chance = sum((one.fair.probabilities[place] * Fraction(one.weight) for one in fresh), Fraction(0))
        oldest = min(one.seen_at for one in fresh)
        found.append(FairPrice(chance / total, tuple(one.book for one in fresh), oldest, line.may_push))
    if found:
        return max(found, key=lambda fair: len(fair.books))
    if not is_known:
        return NoFair("no book prices all outcomes of this line")
    if is_old:
        return NoFair("the other books’ prices are more than an hour old")
    return NoFair("fewer than two other books price all outcomes at this point")


def side_of(line: Line, wanted: Wanted) -> str | None:
    """Return the side of the line that the selection backs at its point, None if it is another line."""
    if line.game_id != wanted.game_id:
        return None
    for side, offers in line.offers.items():
        if any(
            one.selection_id == wanted.selection_id and one.point == wanted.point and not one.is_lay
            for one in offers
        ):
            return side
    return None


FAIRNESS: Final = Fairness(CONSENSUS, METHOD)
