"""The golden numbers of what luck allows, and intervals held to sources and to each other."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bets.stats.inference import (
    expected_wins,
    ratio_error,
    record_deviation,
    record_test,
    student_tail,
    two_sided,
    upper_tail,
    wilson,
    yield_deviation,
)


def test_fifty_eight_wins_of_a_hundred_at_1_97_are_one_and_a_half_deviations_up() -> None:
    p = 1 / 1.97
    deviation, verdict = expected_wins(100 * p, 100 * p * p, 58)
    assert 100 * p == pytest.approx(50.76, abs=0.005)
    assert deviation == pytest.approx(5.00, abs=0.005)
    assert verdict is not None
    assert verdict.z == pytest.approx(1.45, abs=0.005)
    assert verdict.p == pytest.approx(0.1476, abs=0.0005)


def test_buchdahls_record_of_two_hundred_bets_at_1_90_with_a_tenth_won() -> None:
    found = record_test(200, 1.90, 1.10)
    assert found is not None
    assert record_deviation(1.90, 1.10) == pytest.approx(0.938, abs=0.0005)
    assert found[0] == pytest.approx(1.508, abs=0.0005)
    assert found[1] == pytest.approx(0.066, abs=0.001)


def test_a_thousand_bets_at_three_to_one_scatter_by_four_and_a_half_percent() -> None:
    assert yield_deviation(1015, 3.0, 1.0) == pytest.approx(0.0444, abs=0.0001)


@pytest.mark.parametrize(
    ("t", "degrees", "p"),
    [(1.812461, 10, 0.05), (2.228139, 10, 0.025), (1.0, 1, 0.25), (0.0, 5, 0.5), (-1.812461, 10, 0.95), (2.625891, 100, 0.005)],
)  # fmt: skip
def test_students_tail_is_that_of_the_tables(t: float, degrees: int, p: float) -> None:
    assert student_tail(t, degrees) == pytest.approx(p, abs=1e-6)


def test_the_normal_tail_is_that_of_the_tables() -> None:
    assert upper_tail(1.959964) == pytest.approx(0.025, abs=1e-7)
    assert two_sided(-1.959964).p == pytest.approx(0.05, abs=1e-7)


def test_wilsons_interval_is_that_of_its_textbook_example() -> None:
    found = wilson(81, 263)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((0.2553, 0.3662), abs=0.0001)
    assert wilson(0, 0) is None


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilsons_interval_holds_the_share_and_stays_within_nothing_and_all(case: tuple[int, int]) -> None:
    found = wilson(*case)
    assert found is not None
    assert 0 <= found.low <= case[0] / case[1] + 1e-12
    assert case[0] / case[1] - 1e-12 <= found.high <= 1


@given(st.lists(st.tuples(st.integers(1, 1000), st.integers(-1000, 5000)), min_size=2, max_size=40))
def test_the_error_of_a_yield_is_that_of_its_residuals(bets: list[tuple[int, int]]) -> None:
    staked, net = sum(s for s, _ in bets), sum(p for _, p in bets)
    ratio = Fraction(net, staked)
    rest = sum((p - ratio * s) ** 2 for s, p in bets) * Fraction(len(bets), len(bets) - 1)
    found = ratio_error(
        staked, net, sum(s * s for s, _ in bets), sum(p * p for _, p in bets), sum(s * p for s, p in bets), len(bets)
    )  # fmt: skip
    assert found == pytest.approx(math.sqrt(rest) / staked, rel=1e-6, abs=1e-6)


def test_no_error_of_one_bet_nor_of_nothing_staked() -> None:
    assert ratio_error(10, 5, 100, 25, 50, 1) is None
    assert ratio_error(0, 5, 0, 25, 0, 9) is None
