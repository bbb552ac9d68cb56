from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odds.pricing import (
    FORMATS,
    american_from_decimal,
    booksum,
    decimal_odds,
    format_odds,
    format_point,
    fractional_odds,
    hold,
    implied,
    price_from_quote,
    quote,
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
        ("-110", "hong_kong", "0.91"),
        ("-2100", "hong_kong", "0.048"),
        ("-200000", "hong_kong", "0.0005"),
        ("150", "hong_kong", "1.50"),
        ("-110", "indonesian", "−1.10"),
        ("150", "indonesian", "1.50"),
        ("-100", "indonesian", "1.00"),
        ("-110", "malay", "0.91"),
        ("150", "malay", "−0.67"),
        ("5000", "malay", "−0.020"),
        ("100", "malay", "1.00"),
        ("-110", "implied", "52.4%"),
        ("15000", "implied", "0.66%"),
        ("-15000", "implied", "99.34%"),
    ],
)
def test_odds_are_shown_in_the_readers_format(price: str, fmt: str, text: str) -> None:
    assert format_odds(Decimal(price), fmt) == text


def test_a_missing_price_is_a_dash() -> None:
    assert format_odds(None, "decimal") == "—"


def test_an_unknown_format_is_named() -> None:
    with pytest.raises(ValueError, match=r"'roman': choose one of american, .*, malay, implied"):
        format_odds(Decimal(-110), "roman")
    with pytest.raises(ValueError, match="'roman'"):
        price_from_quote(Decimal(2), "roman")


@pytest.mark.parametrize(
    ("american", "fmt", "exact"),
    [
        ("-150", "american", Fraction(-150)),
        ("-150", "decimal", Fraction(5, 3)),
        ("-150", "fractional", Fraction(2, 3)),
        ("-150", "hong_kong", Fraction(2, 3)),
        ("-150", "indonesian", Fraction(-3, 2)),
        ("-150", "malay", Fraction(2, 3)),
        ("-150", "implied", Fraction(3, 5)),
        ("150", "american", Fraction(150)),
        ("150", "decimal", Fraction(5, 2)),
        ("150", "fractional", Fraction(3, 2)),
        ("150", "hong_kong", Fraction(3, 2)),
        ("150", "indonesian", Fraction(3, 2)),
        ("150", "malay", Fraction(-2, 3)),
        ("150", "implied", Fraction(2, 5)),
    ],
)
def test_a_price_is_the_same_bet_in_every_format(american: str, fmt: str, exact: Fraction) -> None:
    assert quote(Decimal(american), fmt) == exact
    assert price_from_quote(exact, fmt) == Decimal(american)


@pytest.mark.parametrize("fmt", ["indonesian", "malay", "american"])
def test_evens_are_read_with_either_sign(fmt: str) -> None:
    unit = 100 if fmt == "american" else 1
    assert price_from_quote(unit, fmt) == price_from_quote(-unit, fmt) == 100


@given(WHOLE_AMERICAN, st.sampled_from(FORMATS))
def test_odds_survive_the_way_through_every_format(price: int, fmt: str) -> None:
    assert price_from_quote(quote(Decimal(price), fmt), fmt) == price


@pytest.mark.parametrize(
    ("value", "fmt", "limits"),
    [
        ("99", "american", "American odds: they are at most -100 or at least"),
        ("1", "decimal", "decimal odds: they are above 1"),
        ("0", "fractional", "fractional odds: they are above 0"),
        ("-0.5", "hong_kong", "Hong Kong odds: they are above 0"),
        ("0.99", "indonesian", "Indonesian odds: they are at most -1 or at least"),
        ("0", "malay", "Malay odds: they are from -1 to"),
        ("1.01", "malay", "Malay odds: they are from -1 to"),
        ("1", "implied", "an implied probability: it is between 0 and 1"),
        ("0", "implied", "an implied probability: it is between 0 and 1"),
    ],
)
def test_a_quote_outside_its_format_is_refused_with_the_range(value: str, fmt: str, limits: str) -> None:
    with pytest.raises(ValueError, match=f"{value} cannot be {limits}"):
        price_from_quote(Decimal(value), fmt)


def test_a_quote_that_is_no_exact_number_is_refused() -> None:
    with pytest.raises(TypeError, match="decimal odds must be an int, a Decimal or a Fraction, not float"):
        price_from_quote(1.91, "decimal")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="malay odds must be a number, not NaN"):
        price_from_quote(Decimal("NaN"), "malay")


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
