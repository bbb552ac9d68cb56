from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.payloads import OddsFormat, american_price, detect_format
from feeds.payloads.prices import line_point
from feeds.payloads.rejection import Refusal

D = Decimal


@pytest.mark.parametrize(
    ("quote", "american"),
    [
        ("1.91", "-109.890110"),
        ("2", "100.000000"),
        ("2.0", "100.000000"),
        ("1.5", "-200.000000"),
        ("3.75", "275.000000"),
        ("1.01", "-10000.000000"),
        ("1000", "99900.000000"),
    ],
)
def test_a_decimal_quote_becomes_american_odds_to_six_places(quote: str, american: str) -> None:
    assert str(american_price(D(quote), OddsFormat.DECIMAL)) == american


def test_a_quote_too_close_to_one_is_refused() -> None:
    with pytest.raises(Refusal, match="beyond"):
        american_price(D("1.0001"), OddsFormat.DECIMAL)


@pytest.mark.parametrize("price", ["-110", "105", "-100", "100", "-200000", "15000"])
def test_american_odds_stay_what_they_are(price: str) -> None:
    assert american_price(D(price), OddsFormat.AMERICAN) == D(price)


@pytest.mark.parametrize("price", ["0", "99", "-99.9", "-2147483648", "1E+400", "NaN", "Infinity", "1.91"])
def test_what_cannot_be_american_odds_is_refused(price: str) -> None:
    with pytest.raises(Refusal, match="cannot be"):
        american_price(D(price), OddsFormat.AMERICAN)


@pytest.mark.parametrize("price", ["1", "1.0", "0.5", "0", "-110", "-2147483648"])
def test_what_cannot_be_decimal_odds_is_refused(price: str) -> None:
    with pytest.raises(Refusal, match="must be above 1"):
        american_price(D(price), OddsFormat.DECIMAL)


@given(st.decimals(min_value="1.001", max_value="900", places=3))
def test_a_converted_quote_pays_the_same_within_the_rounding(quote: Decimal) -> None:
    american = Fraction(american_price(quote, OddsFormat.DECIMAL))
    profit = american / 100 if american > 0 else -100 / american
    assert abs(profit - (Fraction(quote) - 1)) < Fraction(1, 10**6)
    assert abs(american) >= 100


def test_negative_prices_speak_for_american_odds() -> None:
    assert detect_format([D(-110), D(105), D(250)]) is OddsFormat.AMERICAN


def test_small_and_broken_numbers_speak_for_decimal_odds() -> None:
    assert detect_format([D("1.91"), D("1.95"), D(101), D(1000)]) is OddsFormat.DECIMAL


def test_one_garbage_price_does_not_turn_the_format() -> None:
    assert detect_format([D(-110), D(-105), D("1.5")]) is OddsFormat.AMERICAN
    assert detect_format([D("1.91"), D("2.05"), D(-2147483648)]) is OddsFormat.DECIMAL


def test_whole_hundreds_alone_are_american() -> None:
    assert detect_format([D(110), D(450)]) is OddsFormat.AMERICAN
    assert detect_format([]) is OddsFormat.AMERICAN


@pytest.mark.parametrize("point", ["1E+30", "100000", "NaN", "0.12345", "1E-50"])
def test_a_senseless_point_is_refused(point: str) -> None:
    with pytest.raises(Refusal, match="point"):
        line_point(D(point))


@pytest.mark.parametrize("point", ["-3.5", "0", "2.25", "228"])
def test_a_point_stays_exact(point: str) -> None:
    assert line_point(D(point)) == D(point)
