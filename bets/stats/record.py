"""The whole of a person's record as one object: what page, published record, API and export show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from accounts.models import User
from bets.stats import reading
from bets.stats.facts import refresh
from bets.stats.inference import (
    SMALLEST_SAMPLE,
    Z95,
    Verdict,
    expected_wins,
    record_test,
    two_sided,
    upper_tail,
)
from bets.stats.reading import Bin, Closing, Totals
from bets.stats.scope import Scope
from bets.stats.series import Drawdown, Series
from bets.stats.sums import PPM, Sums


@dataclass(frozen=True, slots=True)
class ClosingValue:
    """Prices against the close. ``mean`` and ``weighted`` (by stake) are shares; ``bets`` of ``eligible`` have one."""

    bets: int
    eligible: int
    mean: float | None
    weighted: float | None
    beaten: int

    @property
    def beat_rate(self) -> Fraction | None:
        return Fraction(self.beaten, self.bets) if self.bets else None

    @property
    def coverage(self) -> Fraction | None:
        """The share of bets, live ones and voids left out, that this is known of."""
        return Fraction(self.bets, self.eligible) if self.eligible else None


@dataclass(frozen=True, slots=True)
class Luck:
    """Wins against what fair closing chances gave; ``verdict`` None in a small sample."""

    bets: int
    wins: int
    expected: float
    deviation: float
    verdict: Verdict | None
    brier: float | None
    log_loss: float | None


@dataclass(frozen=True, slots=True)
class RecordTest:
    """Could the yield be luck, were every price taken a fair one? ``p`` is one-sided; None in a small sample.

    ``is_level``: all stakes are equal, so that it is Buchdahl's t; otherwise z of the profit, whose variance then
    is Σ stake²·(odds − 1).
    """

    is_level: bool
    statistic: float | None
    p: float | None


@dataclass(frozen=True)
class Record:
    """Everything the statistics of a scope say; see ``bets.stats.sums`` for units."""

    scope: Scope
    totals: Totals
    slices: Mapping[str, Mapping[Any, Sums]]
    series: Series
    open: int
    exposure: int

    @property
    def sums(self) -> Sums:
        return self.totals.all

    @property
    def bins(self) -> list[Bin]:
        """The ten tenths of the scale of fair chances, from 0 up."""
        return self.totals.bins

    @property
    def average_odds(self) -> float | None:
        """Arithmetic mean of the decimal odds, voids included."""
        return self.totals.odds / self.sums.bets / PPM if self.sums.bets else None

    @property
    def price_clv(self) -> ClosingValue:
        return self._closing(self.totals.price)

    @property
    def fair_clv(self) -> ClosingValue:
        return self._closing(self.totals.fair)

    @property
    def file_clv(self) -> ClosingValue:
        """Of imported bets against the closing prices that their files give: nobody else saw these."""
        return self._closing(self.totals.file)

    def _closing(self, found: Closing) -> ClosingValue:
        pairs, eligible = found.pairs, self.sums.bets - self.sums.outcomes["void"] - self.totals.live
        return ClosingValue(
            pairs.n,
            eligible,
            pairs.y / pairs.n / PPM if pairs.n else None,
            pairs.xy / pairs.x / PPM if pairs.x else None,
            found.beaten,
        )

    @property
    def verified_share(self) -> Fraction | None:
        """The share of settled bets whose prices the archive saw."""
        return Fraction(self.totals.verified.bets, self.sums.bets) if self.sums.bets else None

    @property
    def luck(self) -> Luck:
        bets, wins = sum(one.bets for one in self.bins), sum(one.hits for one in self.bins)
        chances, squares = sum(one.chances for one in self.bins), sum(one.squares for one in self.bins)
        deviation, verdict = expected_wins(chances, squares, wins)
        won = sum(one.won_chances for one in self.bins)
        return Luck(
            bets,
            wins,
            chances,
            deviation,
            verdict if bets >= SMALLEST_SAMPLE else None,
            (squares - 2 * won + wins) / bets if bets else None,
            sum(one.log_loss for one in self.bins) / bets if bets else None,
        )

    @property
    def test(self) -> RecordTest:
        money = self.sums.money
        is_level = money.n > 0 and money.xx * money.n - money.x**2 <= 1e-9 * money.x**2
        if self.sums.is_small or self.sums.yield_ is None or self.average_odds is None:
            return RecordTest(is_level, None, None)
        if is_level:
            found = record_test(money.n, self.average_odds, 1 + float(self.sums.yield_))
            return RecordTest(True, *(found or (None, None)))
        if self.totals.luck_variance <= 0:
            return RecordTest(False, None, None)
        z = money.y / self.totals.luck_variance**0.5
        return RecordTest(False, z, upper_tail(z))

    @property
    def expectation(self) -> tuple[int, int, float, float, Verdict | None]:
        """Bets with a fair chance, their profit, what was expected, half of its 95 % band (hundredths), the verdict."""
        expected = self.totals.expected
        if not expected.bets:
            return 0, 0, 0.0, 0.0, None
        deviation = expected.variance**0.5
        verdict = two_sided((expected.net - expected.mean) / deviation) if deviation else None
        is_enough = expected.bets >= SMALLEST_SAMPLE
        return (
            expected.bets,
            expected.net,
            expected.mean,
            Z95 * deviation,
            verdict if is_enough else None,
        )

    @property
    def drawdown(self) -> Drawdown:
        return self.series.drawdown(self.scope.bank)

    @property
    def streaks(self) -> tuple[int, int]:
        return self.series.streaks()

    @property
    def span(self) -> tuple[dt.datetime, dt.datetime] | None:
        """When the first and the last of the bets were settled."""
        return (self.totals.first, self.totals.last) if self.sums.bets else None


def read_record(user: User, scope: Scope, by: str | None = None) -> Record:
    """Read the statistics of a person's bets in a scope, figures brought up to date first.

    ``by`` reads one break-down (a key of ``breakdowns.DIMENSIONS``) instead of all. Nine statements at most.
    """
    refresh(user.pk)
    with reading.reader(scope) as cursor:
        totals = reading.totals(cursor, scope)
        slices = reading.slices(cursor, scope, by)
        series = reading.series(cursor, scope)
        count, exposure = reading.open_bets(cursor, scope)
    return Record(scope, totals, slices, series, count, exposure)


def read_series(user: User, scope: Scope) -> Series:
    """Read the bets of a scope in the order of settlement with what was to be expected of them, for a chart."""
    refresh(user.pk)
    with reading.reader(scope) as cursor:
        return reading.series(cursor, scope, expected=True)
