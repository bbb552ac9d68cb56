from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from odds.pricing import (
    Middle,
    after_commission,
    american_from_decimal,
    arbitrage_margin,
    free_bet_conversion,
    hedge,
    hold,
    lay_as_back,
    lay_off,
    middle,
    split_stakes,
)

QUOTES = st.decimals(min_value="1.01", max_value=100, places=2)
STAKES = st.decimals(min_value="0.01", max_value=10_000, places=2)
COMMISSIONS = st.decimals(min_value=0, max_value="0.2", places=3)
CENT = Decimal("0.01")


def cents(amount: Fraction) -> Decimal:
    return Decimal(round(amount * 100)).scaleb(-2)


def test_an_arbitrage_of_210_and_205_locks_in_the_published_profit() -> None:
    split = split_stakes([Decimal("2.10"), Decimal("2.05")], 1000)
    assert [cents(stake) for stake in split.stakes] == [Decimal("493.98"), Decimal("506.02")]
    assert cents(split.guaranteed) == Decimal("37.35")
    assert round(arbitrage_margin([Decimal("2.10"), Decimal("2.05")]), 5) == Fraction(".03735")


@settings(deadline=None)
@given(st.lists(QUOTES, min_size=2, max_size=6), STAKES)
def test_split_stakes_spend_the_outlay_and_pay_the_same_whatever_wins(
    odds: list[Decimal], outlay: Decimal
) -> None:
    split = split_stakes(odds, outlay)
    assert split.outlay == outlay
    assert len(set(split.profits)) == 1
    assert split.guaranteed == Fraction(outlay) * arbitrage_margin(odds)


@settings(deadline=None)
@given(st.lists(QUOTES, min_size=2, max_size=6))
def test_an_arbitrage_is_a_negative_hold(odds: list[Decimal]) -> None:
    prices = [american_from_decimal(quote) for quote in odds]
    margin = arbitrage_margin(odds)
    assert abs(hold(prices) + margin) < Fraction(1, 10**6) * (1 + margin)
    assert (margin > 0) == (sum(1 / Fraction(quote) for quote in odds) < 1)


@settings(deadline=None)
@given(st.lists(st.tuples(QUOTES, STAKES), min_size=2, max_size=4), STAKES)
def test_the_tightest_limit_shrinks_the_whole_outlay(
    legs: list[tuple[Decimal, Decimal]], outlay: Decimal
) -> None:
    odds, limits = [quote for quote, _ in legs], [limit for _, limit in legs]
    split = split_stakes(odds, outlay, limits=limits)
    assert len(set(split.profits)) == 1
    assert all(stake <= limit for stake, limit in zip(split.stakes, limits, strict=True))
    assert split.outlay == outlay or any(
        stake == limit for stake, limit in zip(split.stakes, limits, strict=True)
    )


def test_a_book_without_a_limit_is_not_limited() -> None:
    split = split_stakes([2, 2], 100, limits=[None, 30])
    assert list(split.stakes) == [30, 30]


def test_rounded_stakes_tell_the_profit_of_the_rounded_stakes() -> None:
    split = split_stakes([Decimal("2.10"), Decimal("2.05")], 1000, step=5)
    assert list(split.stakes) == [495, 505]
    assert list(split.profits) == [Fraction("39.5"), Fraction("35.25")]
    assert split.guaranteed == Fraction("35.25")


def test_rounding_never_goes_above_a_limit() -> None:
    split = split_stakes([2, 2], 100, limits=[Decimal("38.9"), None], step=5)
    assert list(split.stakes) == [35, 40]


def test_a_stake_that_rounds_to_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="rounds to nothing in steps of 10"):
        split_stakes([Decimal("1.1"), 20], 50, step=10)


@pytest.mark.parametrize(
    ("odds", "outlay", "limits", "step", "message"),
    [
        ([2], 100, None, None, "at least two outcomes"),
        ([2, 1], 100, None, None, "odds must be decimal odds above 1"),
        ([2, 2], 0, None, None, "outlay must be above 0"),
        ([2, 2], 100, [5], None, "2 odds need as many limits, not 1"),
        ([2, 2], 100, [5, 0], None, "limit must be above 0"),
        ([2, 2], 100, None, 0, "step must be above 0"),
    ],
)
def test_a_split_that_makes_no_sense_is_refused(
    odds: list[int], outlay: int, limits: list[int] | None, step: int | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        split_stakes(odds, outlay, limits=limits, step=step)


def test_backing_100_at_3_and_laying_at_28_locks_in_the_published_profit() -> None:
    lay = lay_off(100, 3, Decimal("2.8"), commission=Decimal(".02"))
    assert cents(lay.stake) == Decimal("107.91")
    assert cents(lay.profit_if_won) == cents(lay.profit_if_lost) == Decimal("5.76")
    assert cents(lay.liability) == Decimal("194.24")


def test_a_bonus_bet_of_50_converts_as_published() -> None:
    lay = lay_off(50, 5, Decimal("5.2"), commission=Decimal(".02"), bonus=True)
    assert cents(lay.stake) == Decimal("38.61")
    assert cents(lay.guaranteed) == Decimal("37.84")
    conversion = free_bet_conversion(5, [lay_as_back(Decimal("5.2"), Decimal(".02"))])
    assert abs(conversion - Fraction(".756757")) < Fraction(1, 10**6)


@settings(deadline=None)
@given(STAKES, QUOTES, QUOTES, COMMISSIONS, st.booleans())
def test_a_lay_pays_the_same_either_way(
    stake: Decimal, odds: Decimal, lay: Decimal, commission: Decimal, bonus: bool
) -> None:
    found = lay_off(stake, odds, lay, commission=commission, bonus=bonus)
    assert found.profit_if_won == found.profit_if_lost
    back = hedge(stake, odds, [lay_as_back(lay, commission)], bonus=bonus)
    assert list(back.stakes) == [found.liability]
    assert back.guaranteed == found.guaranteed


def test_a_lay_in_whole_cents_tells_both_profits() -> None:
    lay = lay_off(100, 3, Decimal("2.8"), commission=Decimal(".02"), step=CENT)
    assert lay.stake == Fraction("107.91")
    assert lay.profit_if_won == Fraction("5.762")
    assert lay.profit_if_lost == Fraction("5.7518")
    assert lay.guaranteed == lay.profit_if_lost


@settings(deadline=None)
@given(STAKES, QUOTES, st.lists(QUOTES, min_size=1, max_size=4), st.booleans())
def test_a_hedge_pays_the_same_whatever_wins(
    stake: Decimal, odds: Decimal, against: list[Decimal], bonus: bool
) -> None:
    found = hedge(stake, odds, against, bonus=bonus)
    assert len(set(found.profits)) == 1
    assert len(found.profits) == len(against) + 1


def test_a_hedge_of_three_outcomes_backs_the_other_two() -> None:
    found = hedge(100, 5, [Decimal("2.5"), 4])
    assert list(found.stakes) == [200, 125]
    assert list(found.profits) == [75, 75, 75]


def test_a_hedge_in_whole_units_tells_each_profit() -> None:
    found = hedge(100, 3, [Decimal("1.7")], step=1)
    assert list(found.stakes) == [176]
    assert list(found.profits) == [24, Fraction("23.2")]


def test_a_hedge_needs_the_other_outcomes() -> None:
    with pytest.raises(ValueError, match="every other outcome"):
        hedge(100, 3, [])


def test_commission_is_taken_from_the_winnings() -> None:
    assert after_commission(3, Decimal(".02")) == Fraction("2.96")
    assert lay_as_back(3) == Fraction("1.5")
    with pytest.raises(ValueError, match="commission must be a share from 0 to below 1, not 1"):
        after_commission(3, 1)


def test_a_middle_at_191_pays_for_itself_as_published() -> None:
    found = Middle(Decimal("218.5"), Decimal("1.91"), 100, Decimal("222.5"), Decimal("1.91"), 100)
    assert (found.hit, found.miss) == (182, -9)
    assert abs(found.break_even - Fraction(".0471")) < Fraction(1, 10**4)


def test_a_result_on_a_point_returns_that_stake_and_wins_the_other() -> None:
    found = Middle(220, Decimal("1.91"), 100, 222, Decimal("1.91"), 100)
    profits = [found.profit(result) for result in (219, 220, 221, 222, 223)]
    assert profits == [-9, 91, 182, 91, -9]


def test_the_worse_miss_counts_where_stakes_differ() -> None:
    found = Middle(Decimal("2.5"), 2, 100, Decimal("4.5"), 2, 110)
    assert found.profit(2) == 10
    assert found.profit(5) == found.miss == -10
    assert found.break_even == Fraction(10, 220)


def test_a_middle_that_never_loses_breaks_even_at_once() -> None:
    found = middle((Decimal("2.5"), Decimal("2.1")), (Decimal("4.5"), Decimal("2.1")), 100)
    assert found.miss > 0
    assert found.break_even == 0


def test_the_value_of_a_middle_follows_the_distribution_of_results() -> None:
    found = Middle(Decimal("2.5"), Decimal("1.91"), 100, Decimal("3.5"), Decimal("1.91"), 100)
    distribution = [(2, Decimal(".45")), (3, Decimal(".1")), (4, Decimal(".45"))]
    assert found.expected_profit(distribution) == Fraction("10.1")
    with pytest.raises(ValueError, match="add up to 9/10, not to 1"):
        found.expected_profit([(2, Decimal(".9"))])


@settings(deadline=None)
@given(QUOTES, QUOTES, STAKES)
def test_a_balanced_middle_loses_the_same_on_either_side(
    over: Decimal, under: Decimal, outlay: Decimal
) -> None:
    found = middle((1, over), (3, under), outlay)
    assert found.profit(0) == found.profit(4) == found.miss
    assert found.hit > found.miss
    assume(found.miss < 0)
    assert found.break_even > 0
    assert found.break_even * found.hit + (1 - found.break_even) * found.miss == 0


def test_points_without_a_gap_are_no_middle() -> None:
    with pytest.raises(ValueError, match=r"221 is not below 221\.0"):
        Middle(221, 2, 100, Decimal("221.0"), 2, 100)
