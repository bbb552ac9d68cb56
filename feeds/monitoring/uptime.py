"""How long a thing was up, by its flips. Plain Python; time is counted in whole microseconds, nothing is rounded.

Uptime is up ÷ (up + down): time in maintenance and time of which nothing is known are in neither. How much of a
period that rests on is its coverage: (up + down + maintenance) ÷ the whole period, the time before the thing was
first watched included. Days are those of UTC.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from feeds.monitoring.transitions import VOUCHED, Status

ZERO: Final = dt.timedelta(0)
DAY: Final = dt.timedelta(days=1)
MIXED: Final = "mixed"
BEFORE: Final = "before"


@dataclass(frozen=True, slots=True)
class Turn:
    """A status that held from an instant on, and the one before it."""

    at: dt.datetime
    old: Status
    new: Status


@dataclass(frozen=True, slots=True)
class History:
    """A monitor's turns after some instant, in order; ``status`` is the last one's, or the only one there was."""

    status: Status
    begun_at: dt.datetime
    checked_at: dt.datetime | None
    turns: Sequence[Turn] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one status."""

    start: dt.datetime
    end: dt.datetime
    status: Status


@dataclass(frozen=True, slots=True)
class Sums:
    """How long each status held within a period of length ``whole``."""

    whole: dt.timedelta
    up: dt.timedelta = ZERO
    down: dt.timedelta = ZERO
    maintenance: dt.timedelta = ZERO
    unknown: dt.timedelta = ZERO

    @property
    def uptime(self) -> Fraction | None:
        """The share up of the time known to be up or down; None where there was none."""
        return ratio(self.up, self.up + self.down)

    @property
    def watched(self) -> dt.timedelta:
        return self.up + self.down + self.maintenance

    @property
    def coverage(self) -> Fraction:
        """The share of the period in which the status was known."""
        return ratio(self.watched, self.whole) or Fraction(0)

    @property
    def state(self) -> str:
        """The word for a bar: a status, MIXED where it was down for less than half of the time, or BEFORE.

        What was unknown for the larger part is not called up.
        """
        if self.down:
            return Status.DOWN if self.down * 2 >= self.up + self.down else MIXED
        if not self.watched and not self.unknown:
            return BEFORE
        if self.watched < self.unknown:
            return Status.UNKNOWN
        return Status.UP if self.up else Status.MAINTENANCE


def ratio(part: dt.timedelta, whole: dt.timedelta) -> Fraction | None:
    return Fraction(micros(part), micros(whole)) if whole else None


def micros(time: dt.timedelta) -> int:
    return time // dt.timedelta(microseconds=1)


def spans_of(history: History, *, since: dt.datetime, until: dt.datetime) -> Iterator[Span]:
    """The stretches of a history between two instants, without gaps, from when the monitor began.

    Beyond what its last check vouches for, nothing is known. ``turns`` must hold every one after ``since``.
    """
    start, status = max(since, history.begun_at), history.status
    if history.turns:
        status = history.turns[0].old
    known_until = history.checked_at + VOUCHED if history.checked_at else history.begun_at
    for turn in history.turns:
        if turn.at > start:
            yield from _cut(start, min(turn.at, until), status, known_until)
            start = max(start, min(turn.at, until))
        status = turn.new
    yield from _cut(start, until, status, known_until)


def _cut(start: dt.datetime, end: dt.datetime, status: Status, known_until: dt.datetime) -> Iterator[Span]:
    if start < min(end, known_until):
        yield Span(start, min(end, known_until), status)
    if max(start, known_until) < end:
        yield Span(max(start, known_until), end, Status.UNKNOWN)


def sums_of(spans: Sequence[Span], *, since: dt.datetime, until: dt.datetime) -> Sums:
    """How long each status held between two instants."""
    held = dict.fromkeys(Status, ZERO)
    for span in spans:
        time = min(span.end, until) - max(span.start, since)
        if time > ZERO:
            held[span.status] += time
    return Sums(
        until - since, held[Status.UP], held[Status.DOWN], held[Status.MAINTENANCE], held[Status.UNKNOWN]
    )  # fmt: skip


def sums_by_day(spans: Sequence[Span], *, days: int, now: dt.datetime) -> list[tuple[dt.date, Sums]]:
    """The same for each of the last days, today's until now at the end. ``spans`` are in order."""
    today = dt.datetime.combine(now.astimezone(dt.UTC).date(), dt.time(), dt.UTC)
    found: list[tuple[dt.date, Sums]] = []
    first = 0
    for back in range(days - 1, -1, -1):
        start = today - back * DAY
        end = min(start + DAY, now)
        while first < len(spans) and spans[first].end <= start:
            first += 1
        last = first
        while last < len(spans) and spans[last].start < end:
            last += 1
        found.append((start.date(), sums_of(spans[first:last], since=start, until=end)))
    return found
