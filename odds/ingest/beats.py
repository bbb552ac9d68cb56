"""Which books a response speaks of, and which it is too late for. Pure: no database, no Django."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

MISSES_TO_WITHDRAW: Final = 3
"""A book that is absent for a poll or two means nothing: maintenance. After so many its lines are withdrawn."""
MOST_MISSES: Final = 32_767


class BeatKey(NamedTuple):
    """A row of ``heartbeats``; ``game`` is the game's number within the response."""

    game: int
    bookmaker_id: int
    scope: str


class Beat(NamedTuple):
    """A heartbeat against a response: was the last poll of it as new as the response, or newer?"""

    id: int
    game: int
    bookmaker_id: int
    scope: str
    is_as_new: bool
    is_newer: bool
    missed: int
    mark: int | None

    @property
    def key(self) -> BeatKey:
        return BeatKey(self.game, self.bookmaker_id, self.scope)


@dataclass
class Poll:
    """One response against the heartbeats: ``late`` parts change nothing.

    ``same`` are ids of heartbeats whose book quotes what it did before, ``seen`` the others that the
    response speaks of, with their new marks, ``missed`` those whose book it should have held, by id.
    """

    held: dict[BeatKey, Beat] = field(default_factory=dict)
    newer: set[tuple[int, str]] = field(default_factory=set)
    same: list[int] = field(default_factory=list)
    seen: dict[BeatKey, int | None] = field(default_factory=dict)
    missed: dict[int, int] = field(default_factory=dict)

    @classmethod
    def over(cls, held: Iterable[Beat]) -> Poll:
        poll = cls()
        for beat in held:
            poll.held[beat.key] = beat
            if beat.is_newer:
                poll.newer.add((beat.game, beat.scope))
        return poll

    def is_late(self, key: BeatKey) -> bool:
        """True when a response at least as new has been seen: of this book, or without it."""
        beat = self.held.get(key)
        return beat.is_as_new if beat is not None else (key.game, key.scope) in self.newer

    def see(self, key: BeatKey, mark: int | None) -> bool:
        """The response holds this book; return whether it quotes anything else than the last time."""
        beat = self.held.get(key)
        if beat is not None and mark is not None and beat.mark == mark:
            self.same.append(beat.id)
            return False
        self.seen[key] = mark
        return True

    def miss(self, beat: Beat) -> None:
        """The response should have held this book."""
        self.missed[beat.id] = min(beat.missed + 1, MOST_MISSES)

    def gone(self) -> list[int]:
        """Heartbeats of books that are absent from this response, the third in a row or a later one."""
        return [beat for beat, missed in self.missed.items() if missed >= MISSES_TO_WITHDRAW]

    def games_of(self, beats: Iterable[int]) -> set[int]:
        """Numbers of the games of these heartbeats."""
        wanted = set(beats)
        return {beat.game for beat in self.held.values() if beat.id in wanted} if wanted else set()
