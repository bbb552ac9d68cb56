"""Bets in the order of their settlement: equity, draw-down, streaks, expectation, and days."""

from __future__ import annotations

import datetime as dt
import math
import sys
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from operator import mul, sub, truediv
from typing import Final, overload
from zoneinfo import ZoneInfo

from bets.stats.inference import Z95

MOST_POINTS: Final = 2_000
Y2000: Final = 946_684_800
"""The epoch of PostgreSQL in seconds after that of Unix."""


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall from a peak, in hundredths, and what part of the peak it was; ``share`` None without a bank.

    The peak includes the money put in before the first bet where that is known.
    """

    depth: int
    share: float | None
    peak_at: int | None
    trough_at: int | None


@dataclass(frozen=True, slots=True)
class Period:
    """The profit of a day or month (hundredths) and its bets."""

    first: dt.date
    bets: int
    net: int


class Instants(Sequence[int]):
    """Epoch seconds of instants that PostgreSQL sent in its own form, microseconds since 2000."""

    def __init__(self, sent: Sequence[int]) -> None:
        self.sent = sent

    def __len__(self) -> int:
        return len(self.sent)

    @overload
    def __getitem__(self, place: int) -> int: ...
    @overload
    def __getitem__(self, place: slice) -> list[int]: ...
    def __getitem__(self, place: int | slice) -> int | list[int]:
        if isinstance(place, slice):
            return [one // 1_000_000 + Y2000 for one in self.sent[place]]
        return self.sent[place] // 1_000_000 + Y2000


@dataclass(frozen=True)
class Series:
    """Settled bets in order: ``times`` (epoch seconds), ``nets`` (hundredths), and what was expected of them.

    Of a bet without a fair closing chance ``expected`` is NaN and its variance 0; both are empty unless read.
    """

    times: Sequence[int]
    nets: Sequence[int]
    expected: Sequence[float] = ()
    variances: Sequence[float] = ()

    @cached_property
    def equity(self) -> list[int]:
        """Profit after each bet."""
        return list(accumulate(self.nets))

    @cached_property
    def covered(self) -> list[bool]:
        """Which bets something was expected of."""
        return [value == value for value in self.expected]  # noqa: PLR0124 - NaN is not itself

    @cached_property
    def covered_equity(self) -> list[int]:
        """Profit of the bets that something was expected of."""
        return list(accumulate(map(mul, self.nets, self.covered)))

    @cached_property
    def expected_equity(self) -> list[float]:
        return list(accumulate([v if v == v else 0.0 for v in self.expected]))  # noqa: PLR0124

    @cached_property
    def spread(self) -> list[float]:
        """Variance of the profit after each bet, Σ p(1 − p)(if won − if lost)²."""
        return list(accumulate(self.variances))

    def band(self, place: int) -> float:
        """Half the width of the 95 % band around the expectation after a bet: 1.96·√variance."""
        return Z95 * math.sqrt(self.spread[place])

    def drawdown(self, bank: int = 0) -> Drawdown:
        """The deepest fall of bank + profit; ``bank`` (hundredths) is what was there before the first bet."""
        if not self.nets:
            return Drawdown(0, None, None, None)
        levels = [0, *self.equity]
        peaks = list(accumulate(levels, max))
        falls = list(map(sub, peaks, levels))
        depth = max(falls)
        if not depth:
            return Drawdown(0, 0.0 if bank > 0 else None, None, None)
        low = falls.index(depth)
        high = levels.index(peaks[low])
        return Drawdown(
            depth,
            max(map(truediv, falls, map(bank.__add__, peaks))) if bank > 0 else None,
            self.times[high - 1] if high else None,
            self.times[low - 1],
        )

    def streaks(self) -> tuple[int, int]:
        """The most bets in a row with a profit, and with a loss; those with neither do not end a row."""
        signs = bytes([net > 0 for net in self.nets if net])
        return (
            max(map(len, signs.split(b"\0")), default=0),
            max(map(len, signs.split(b"\1")), default=0),
        )

    def periods(self, starts: Sequence[dt.date], zone: ZoneInfo) -> list[Period]:
        """Profit between consecutive dates, midnight to midnight in the zone; the last date only ends the last period."""
        edges = [
            bisect_left(self.times, dt.datetime.combine(day, dt.time(), zone).timestamp()) for day in starts
        ]
        level = [0, *self.equity]
        return [
            Period(day, end - begin, level[end] - level[begin])
            for day, begin, end in zip(starts, edges, edges[1:], strict=False)
        ]

    def months(self, zone: ZoneInfo) -> list[Period]:
        """Every month from the first to the last bet."""
        if not self.times:
            return []
        first, last = (dt.datetime.fromtimestamp(self.times[i], zone).date() for i in (0, -1))
        count = (last.year - first.year) * 12 + last.month - first.month
        starts = [
            dt.date(first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1, 1)
            for n in range(count + 2)
        ]
        return self.periods(starts, zone)

    def thinned(self, most: int = MOST_POINTS) -> list[int]:
        """At most ``most`` places: the first and last of each stretch of equal length, its highest and its lowest."""
        count = len(self.times)
        if count <= most:
            return list(range(count))
        stretches, equity = max(1, (most - 2) // 4), self.equity
        kept = {0, count - 1}
        for number in range(stretches):
            low, high = number * count // stretches, (number + 1) * count // stretches
            part = equity[low:high]
            kept |= {low, high - 1, low + part.index(max(part)), low + part.index(min(part))}
        return sorted(kept)


def integers(packed: bytes | None) -> array[int]:
    """Whole numbers that the database sent as one string of big-endian ones, eight bytes each."""
    found: array[int] = array("q", packed or b"")
    if sys.byteorder == "little":
        found.byteswap()
    return found


def floats(packed: bytes | None) -> array[float]:
    """Floating-point numbers sent in the same way."""
    found: array[float] = array("d", packed or b"")
    if sys.byteorder == "little":
        found.byteswap()
    return found
