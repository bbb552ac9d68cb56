"""Equity, draw-down, streaks, months and thinning, against a slow computation of each."""

from __future__ import annotations

import datetime as dt
import math
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bets.stats.series import Instants, Series

NETS = st.lists(st.integers(-10_000, 20_000), min_size=1, max_size=200)
NAN = math.nan


def series(nets: list[int], times: list[int] | None = None) -> Series:
    return Series(times or list(range(0, 3600 * len(nets), 3600)), nets, [NAN] * len(nets), [0.0] * len(nets))


@given(NETS, st.integers(0, 50_000))
def test_the_deepest_fall_is_that_between_any_two_levels(nets: list[int], bank: int) -> None:
    levels = [bank + sum(nets[:n]) for n in range(len(nets) + 1)]
    deepest = max(levels[i] - levels[j] for i in range(len(levels)) for j in range(i, len(levels)))
    assert series(nets).drawdown(bank).depth == deepest


def test_a_fall_is_dated_and_a_part_of_its_peak_with_the_starting_bank() -> None:
    found = series([5000, -3000, 1000, -6000, 2000]).drawdown(10_000)
    assert (found.depth, found.peak_at, found.trough_at) == (8000, 0, 3 * 3600)
    assert found.share == pytest.approx(8000 / 15_000)
    assert series([-5000]).drawdown(10_000).share == pytest.approx(0.5)
    assert series([-5000]).drawdown().share is None


@given(NETS)
def test_streaks_skip_what_neither_won_nor_lost(nets: list[int]) -> None:
    best, worst, run, sign = 0, 0, 0, 0
    for net in nets:
        if net:
            now = 1 if net > 0 else -1
            run = run + 1 if now == sign else 1
            sign = now
            best, worst = (max(best, run), worst) if now > 0 else (best, max(worst, run))
    assert series(nets).streaks() == (best, worst)


def test_no_bets_have_no_fall_no_streak_and_no_month() -> None:
    empty = Series([], [], [], [])
    assert (empty.drawdown(100).depth, empty.streaks(), empty.months(ZoneInfo("UTC"))) == (0, (0, 0), [])
    assert empty.thinned() == []


def test_a_day_begins_at_midnight_of_the_readers_zone_also_when_clocks_change() -> None:
    zone = ZoneInfo("America/New_York")
    days = [dt.date(2026, 10, 31) + dt.timedelta(n) for n in range(4)]
    at = [
        dt.datetime(2026, 11, 1, 3, 59, tzinfo=dt.UTC),
        dt.datetime(2026, 11, 1, 4, 0, tzinfo=dt.UTC),
        dt.datetime(2026, 11, 2, 4, 59, tzinfo=dt.UTC),
        dt.datetime(2026, 11, 2, 5, 0, tzinfo=dt.UTC),
    ]
    found = series([1, 10, 100, 1000], [int(one.timestamp()) for one in at]).periods(days, zone)
    assert [(one.bets, one.net) for one in found] == [(1, 1), (2, 110), (1, 1000)]


def test_months_run_from_the_first_to_the_last_bet_without_a_gap() -> None:
    at = [dt.datetime(2025, 12, 31, 23, tzinfo=dt.UTC), dt.datetime(2026, 2, 1, tzinfo=dt.UTC)]
    found = series([5, 7], [int(one.timestamp()) for one in at]).months(ZoneInfo("UTC"))
    assert [(one.first.isoformat(), one.net) for one in found] == [
        ("2025-12-01", 5), ("2026-01-01", 0), ("2026-02-01", 7),
    ]  # fmt: skip


@given(st.lists(st.integers(-100, 100), min_size=1, max_size=3000), st.integers(20, 400))
def test_a_thinned_series_keeps_its_ends_and_its_extremes(nets: list[int], most: int) -> None:
    made = series(nets)
    kept = made.thinned(most)
    assert len(kept) <= most
    assert kept == sorted(set(kept))
    assert {kept[0], kept[-1]} == {0, len(nets) - 1}
    shown = [made.equity[n] for n in kept]
    assert (min(shown), max(shown)) == (min(made.equity), max(made.equity))


def test_expectation_adds_up_over_the_bets_that_have_one() -> None:
    made = Series([0, 1, 2], [100, -50, 70], [10.0, NAN, 5.0], [400.0, 0.0, 500.0])
    assert made.expected_equity == [10.0, 10.0, 15.0]
    assert made.covered_equity == [100, 100, 170]
    assert made.band(-1) == pytest.approx(1.959964 * 30, rel=1e-6)


def test_instants_are_the_seconds_of_what_the_database_sent() -> None:
    at = dt.datetime(2026, 3, 1, 20, 0, 59, 999_999, tzinfo=dt.UTC)
    before = dt.datetime(1999, 12, 31, 23, 59, 58, 500_000, tzinfo=dt.UTC)
    epoch = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    found = Instants([(one - epoch) // dt.timedelta(microseconds=1) for one in (before, at)])
    assert (found[0], found[-1], found[0:2]) == (946_684_798, 1_772_395_259, [946_684_798, 1_772_395_259])
    assert list(found) == [int(before.timestamp()), int(at.timestamp())]
