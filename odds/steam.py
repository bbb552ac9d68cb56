"""Moves of a market and steam: several books moving the same way within minutes.

The rule is shown with its evidence, and nothing is said of who bet what: a feed of prices does not know. A
move is a step of the no-vig probability at an unchanged point. Steps between two polls appear as one, so steam
quicker than the polls is seen as simultaneous, and what came back in between is not seen at all.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from odds.movement import Change, Movement, percentage_points

FEWEST_BOOKS: Final = 3
SMALLEST: Final = Fraction(1, 100)
WINDOW: Final = dt.timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Move:
    """One step of one book: chances before and after, at the book's own time."""

    book: str
    before: Change
    after: Change

    @property
    def at(self) -> dt.datetime:
        return self.after.at

    @property
    def step(self) -> Fraction:
        return (self.after.fair or Fraction(0)) - (self.before.fair or Fraction(0))

    @property
    def points(self) -> Decimal:
        return percentage_points(self.step)


@dataclass(frozen=True, slots=True)
class Steam:
    """Moves of at least three books the same way within the window, the earliest first."""

    moves: list[Move]

    @property
    def up(self) -> bool:
        return self.moves[0].step > 0

    @property
    def books(self) -> int:
        return len({move.book for move in self.moves})

    @property
    def lasted(self) -> dt.timedelta:
        return self.moves[-1].at - self.moves[0].at

    @property
    def mean(self) -> Decimal:
        """Mean of the books' moves in percentage points."""
        return percentage_points(sum((move.step for move in self.moves), Fraction(0)) / self.books)


def moves_of(movement: Movement, *, until: dt.datetime, smallest: Fraction = SMALLEST) -> list[Move]:
    """The steps of at least ``smallest`` up to ``until`` (the start: prices in play move with the score), by time."""
    found = [
        Move(series.book_title, before, after)
        for series in movement.series
        for before, after in itertools.pairwise(series.ticks)
        if after.at <= until
        and before.fair is not None
        and after.fair is not None
        and before.point == after.point
        and abs(after.fair - before.fair) >= smallest
    ]
    return sorted(found, key=lambda move: (move.at, move.book))


def steam_of(
    moves: Sequence[Move], *, books: int = FEWEST_BOOKS, window: dt.timedelta = WINDOW
) -> list[Steam]:
    """The steam among the moves, which are in the order of time; each move belongs to one at most."""
    found: list[Steam] = []
    for up in (True, False):
        same = [move for move in moves if (move.step > 0) is up]
        index = 0
        while index < len(same):
            first = same[index].at
            group = list(itertools.takewhile(lambda move, end=first + window: move.at <= end, same[index:]))  # type: ignore[misc]
            if len({move.book for move in group}) >= books:
                found.append(Steam(group))
                index += len(group)
            else:
                index += 1
    return sorted(found, key=lambda steam: steam.moves[0].at)
