"""Sums over settled bets and what follows from them. Money is exact: whole hundredths in, Decimal and Fraction out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from bets.models.kinds import BetStatus
from bets.stats.inference import SMALLEST_SAMPLE, Interval, around, ratio_error, wilson

PPM: Final = 1_000_000


@dataclass(slots=True)
class Moments:
    """Σx, Σy, Σx², Σy² and Σxy over ``n`` pairs, as estimates."""

    n: int = 0
    x: float = 0.0
    y: float = 0.0
    xx: float = 0.0
    yy: float = 0.0
    xy: float = 0.0

    @classmethod
    def of_row(cls, row: Sequence[Any]) -> Moments:
        """From regr_count, regr_avgx, regr_avgy, regr_sxx, regr_syy and regr_sxy of (y, x)."""
        n, mean_x, mean_y, sxx, syy, sxy = row
        if not n:
            return cls()
        return cls(
            n,
            n * mean_x,
            n * mean_y,
            sxx + n * mean_x**2,
            syy + n * mean_y**2,
            sxy + n * mean_x * mean_y,
        )

    def add(self, other: Moments) -> None:
        self.n += other.n
        self.x += other.x
        self.y += other.y
        self.xx += other.xx
        self.yy += other.yy
        self.xy += other.xy


@dataclass(slots=True)
class Sums:
    """Settled bets of one currency added up. ``staked`` and ``net`` are hundredths of it.

    Staked is the turnover: without bonus stakes and without what voids refunded; pushes stay in. ``bonus_net`` is
    what bonus bets paid, in ``net`` too. ``money`` has the moments of (net, staked) of bets that staked something.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    staked: int = 0
    net: int = 0
    bonus_bets: int = 0
    bonus_net: int = 0
    money: Moments = field(default_factory=Moments)
    clv_bets: int = 0
    clv_ppm: int = 0

    def add(self, other: Sums) -> None:
        self.outcomes.update(other.outcomes)
        self.staked += other.staked
        self.net += other.net
        self.bonus_bets += other.bonus_bets
        self.bonus_net += other.bonus_net
        self.money.add(other.money)
        self.clv_bets += other.clv_bets
        self.clv_ppm += other.clv_ppm

    @property
    def bets(self) -> int:
        return self.outcomes.total()

    @property
    def staking(self) -> int:
        """Bets that a yield is of: without bonus bets and voids."""
        return self.money.n

    @property
    def is_small(self) -> bool:
        """Too few bets for a verdict."""
        return self.staking < SMALLEST_SAMPLE

    @property
    def returned(self) -> int:
        """What the turnover came back as, in hundredths: bonus winnings are apart."""
        return self.staked + self.net - self.bonus_net

    @property
    def yield_(self) -> Fraction | None:
        """(returned − staked) ÷ staked; bonus bets are left out of both. None where nothing was staked."""
        return Fraction(self.returned - self.staked, self.staked) if self.staked else None

    @property
    def wins(self) -> Fraction:
        """Won bets; a half-won one is half a bet won and half a push."""
        return Fraction(2 * self.outcomes[BetStatus.WON] + self.outcomes[BetStatus.HALF_WON], 2)

    @property
    def decided(self) -> Fraction:
        """Won or lost; pushes, voids and cash-outs are neither, half-won and half-lost bets are half."""
        halves = self.outcomes[BetStatus.HALF_WON] + self.outcomes[BetStatus.HALF_LOST]
        return self.outcomes[BetStatus.WON] + self.outcomes[BetStatus.LOST] + Fraction(halves, 2)

    @property
    def win_rate(self) -> Fraction | None:
        return self.wins / self.decided if self.decided else None

    @property
    def win_interval(self) -> Interval | None:
        """Wilson's."""
        return wilson(float(self.wins), float(self.decided))

    @property
    def yield_error(self) -> float | None:
        """Standard error of the yield as a ratio of sums, right for unequal stakes."""
        money = self.money
        return ratio_error(money.x, money.y, money.xx, money.yy, money.xy, money.n)

    @property
    def yield_interval(self) -> Interval | None:
        """Of 95 %; None for a small sample, where it would pretend to know something."""
        if self.yield_ is None or self.is_small:
            return None
        return around(float(self.yield_), self.yield_error)

    @property
    def clv(self) -> float | None:
        """Mean price CLV, unweighted."""
        return self.clv_ppm / self.clv_bets / PPM if self.clv_bets else None


def total_of(parts: Iterable[Sums]) -> Sums:
    """Add several sums up into a new one."""
    total = Sums()
    for part in parts:
        total.add(part)
    return total


def money(hundredths: int) -> Decimal:
    """Return an amount in the currency's main unit."""
    return Decimal(hundredths).scaleb(-2)
