"""Which books a response speaks of, and which it is too late for. Pure: no database, no Django."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from uuid import UUID

MISSES_TO_WITHDRAW: Final = 3
"""A book that is absent for a poll or two means nothing: maintenance. After so many its lines are withdrawn."""
MOST_MISSES: Final = 32_767


class Beat(NamedTuple):
    """A row of ``heartbeats``."""

    game_id: UUID
    bookmaker_id: int
    scope: str
    seen_at: dt.datetime
    polled_at: dt.datetime
    missed: int


BeatKey = tuple[UUID, int, str]


@dataclass
class Poll:
    """One response against the heartbeats: ``late`` parts change nothing, ``beats`` are the rows to write."""

    captured_at: dt.datetime
    held: dict[BeatKey, Beat] = field(default_factory=dict)
    newest: dict[tuple[UUID, str], dt.datetime] = field(default_factory=dict)
    beats: dict[BeatKey, Beat] = field(default_factory=dict)

    @classmethod
    def over(cls, held: Iterable[Beat], captured_at: dt.datetime) -> Poll:
        poll = cls(captured_at)
        for beat in held:
            poll.held[beat.game_id, beat.bookmaker_id, beat.scope] = beat
            place = (beat.game_id, beat.scope)
            poll.newest[place] = max(beat.polled_at, poll.newest.get(place, beat.polled_at))
        return poll

    def is_late(self, game_id: UUID, bookmaker_id: int, scope: str) -> bool:
        """True when a response at least as new has been seen: of this book, or without it."""
        beat = self.held.get((game_id, bookmaker_id, scope))
        if beat is not None:
            return self.captured_at <= beat.polled_at
        newest = self.newest.get((game_id, scope))
        return newest is not None and self.captured_at < newest

    def see(self, game_id: UUID, bookmaker_id: int, scope: str) -> None:
        """The response holds this book."""
        self.beats[game_id, bookmaker_id, scope] = Beat(
            game_id, bookmaker_id, scope, self.captured_at, self.captured_at, 0
        )

    def settle(self, present: set[tuple[UUID, int]], scopes: set[str]) -> None:
        """Account for the books already known: seen when ``present``, else missed once more."""
        for key, beat in self.held.items():
            if beat.scope not in scopes or key in self.beats or self.is_late(*key):
                continue
            if (beat.game_id, beat.bookmaker_id) in present:
                self.see(*key)
            else:
                missed = min(beat.missed + 1, MOST_MISSES)
                self.beats[key] = beat._replace(polled_at=self.captured_at, missed=missed)

    def has_gone(self, game_id: UUID, bookmaker_id: int, scope: str) -> bool:
        """True when this response is the third in a row, or a later one, without the book."""
        beat = self.beats.get((game_id, bookmaker_id, scope))
        return beat is not None and beat.missed >= MISSES_TO_WITHDRAW
