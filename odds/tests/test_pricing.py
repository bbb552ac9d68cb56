from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odds.pricing import (
    american_from_decimal,
    booksum,
    decimal_odds,
    format_odds,
    format_point,
    fractional_odds,
    hold,
    implied,
)

WHOLE_AMERICAN = st.one_of(
    st.integers(min_value=100, max_value=999_999), st.integers(min_value=-999_999, max_value=-101)
)


@pytest.mark.parametrize(
    ("american", "decimal"),
    [
        (100, Fraction(2)),
        (-100, Fraction(2)),
        (150, Fraction(5, 2)),
        (-150, Fraction(5, 3)),
        (-110, Fraction(21, 11)),
        (15_000, Fraction(151)),
        (-200_000, Fraction(2001, 2000)),
    ],
)
def test_american_odds_become_exact_decimal_odds(american: int, decimal: Fraction) -> None:
    assert decimal_odds(Decimal(american)) == decimal


@pytest.mark.parametrize("price", ["0", "99.999999", "-99.999999", "NaN", "Infinity"])
def test_what_cannot_be_american_odds_is_refused(price: str) -> None:
    with pytest.raises(ValueError, match="cannot be American odds"):
        decimal_odds(Decimal(price))


@pytest.mark.parametrize(
    ("decimal", "american"),
    [
        ("1.91", "-109.890110"),
        ("2", "100.000000"),
        ("3.5", "250.000000"),
        ("1.0001", "-1000000.000000"),
        ("1000", "99900.000000"),
    ],
)
def test_decimal_quotes_become_american_odds_to_six_places(decimal: str, american: str) -> None:
    assert str(american_from_decimal(Decimal(decimal))) == american


@pytest.mark.parametrize("quote", ["1", "0.5", "-110", "NaN"])
def test_what_cannot_be_decimal_odds_is_refused(quote: str) -> None:
    with pytest.raises(ValueError, match="cannot be decimal odds"):
        american_from_decimal(Decimal(quote))


@given(WHOLE_AMERICAN)
def test_american_odds_survive_the_way_to_decimal_and_back(price: int) -> None:
    assert american_from_decimal(decimal_odds(Decimal(price))) == price


@given(st.decimals(min_value="1.01", max_value=1000, places=2))
def test_a_decimal_quote_reads_the_same_after_storing_as_american(quote: Decimal) -> None:
    stored = american_from_decimal(quote)
    assert abs(decimal_odds(stored) - Fraction(quote)) < Fraction(1, 10**6)
    places = 3 if quote < Decimal("1.05") else 2
    assert format_odds(stored, "decimal") == f"{quote:.{places}f}"


@given(WHOLE_AMERICAN)
def test_implied_probability_lies_between_zero_and_one(price: int) -> None:
    assert 0 < implied(Decimal(price)) < 1


def test_hold_of_the_standard_line_is_one_in_twenty_two() -> None:
    prices = [Decimal(-110), Decimal(-110)]
    assert booksum(prices) == Fraction(22, 21)
    assert hold(prices) == Fraction(1, 22)


def test_hold_is_negative_for_an_arbitrage() -> None:
    assert hold([Decimal(110), Decimal(105)]) < 0


def test_hold_without_prices_is_refused() -> None:
    with pytest.raises(ValueError, match="every outcome"):
        hold([])


@given(st.lists(WHOLE_AMERICAN, min_size=1, max_size=20))
def test_hold_is_below_one_and_zero_only_for_a_fair_book(prices: list[int]) -> None:
    quotes = [Decimal(price) for price in prices]
    assert hold(quotes) < 1
    assert (hold(quotes) > 0) == (booksum(quotes) > 1)


@pytest.mark.parametrize(
    ("price", "fmt", "text"),
    [
        ("105", "american", "+105"),
        ("-110", "american", "−110"),
        ("-109.890110", "american", "−110"),
        ("100", "american", "+100"),
        ("-110", "decimal", "1.91"),
        ("-109.890110", "decimal", "1.91"),
        ("-2100", "decimal", "1.048"),
        ("15000", "decimal", "151.00"),
        ("-110", "fractional", "10/11"),
        ("-109.890110", "fractional", "91/100"),
        ("150", "fractional", "3/2"),
        ("100", "fractional", "1/1"),
        ("-200000", "fractional", "1/2000"),
        ("15000", "fractional", "150/1"),
    ],
)
def test_odds_are_shown_in_the_readers_format(price: str, fmt: str, text: str) -> None:
    assert format_odds(Decimal(price), fmt) == text


def test_a_missing_price_is_a_dash() -> None:
    assert format_odds(None, "decimal") == "—"


def test_an_unknown_format_is_named() -> None:
    with pytest.raises(ValueError, match="'malay'"):
        format_odds(Decimal(-110), "malay")


@given(WHOLE_AMERICAN)
def test_fractional_odds_are_never_zero(price: int) -> None:
    assert fractional_odds(Decimal(price)) > 0


@pytest.mark.parametrize(
    ("point", "signed", "text"),
    [
        ("3.50", True, "+3.5"),
        ("-7.00", True, "−7"),
        ("0.00", True, "PK"),
        ("220.50", False, "220.5"),
        ("200.00", False, "200"),
    ],
)
def test_points_are_shown_without_idle_zeros(point: str, signed: bool, text: str) -> None:
    assert format_point(Decimal(point), signed=signed) == text


def test_no_point_shows_nothing() -> None:
    assert format_point(None, signed=True) == ""
