from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bets.exceptions import Refused
from bets.models import Currency
from bets.money import (
    BadAmount,
    checked_amount,
    format_money,
    is_whole_minor_units,
    minor_unit,
    parse_money,
    plain_money,
    round_money,
)

CURRENCIES = st.sampled_from(Currency.values)


@pytest.mark.parametrize(
    ("exact", "currency", "rounded"),
    [
        (Fraction(85205, 1000), "USD", "85.21"),
        (Fraction(85204999, 1000000), "USD", "85.20"),
        (Fraction(2100, 11), "USD", "190.91"),
        (Fraction(1, 200), "USD", "0.01"),
        (Fraction(-1, 200), "USD", "-0.01"),
        (Fraction(1, 201), "USD", "0.00"),
        (Fraction(-1, 201), "USD", "0.00"),
        (Fraction(3, 2), "JPY", "2"),
        (Decimal("1499.49"), "JPY", "1499"),
        (7, "EUR", "7.00"),
    ],
)
def test_money_is_rounded_half_up_to_the_minor_unit(
    exact: Fraction | Decimal | int, currency: str, rounded: str
) -> None:
    assert str(round_money(exact, currency)) == rounded


@given(st.fractions(min_value=0, max_value=10**9), CURRENCIES)
def test_rounding_is_off_by_half_a_unit_at_most_and_the_same_when_repeated(
    exact: Fraction, currency: str
) -> None:
    once = round_money(exact, currency)
    assert abs(Fraction(once) - exact) <= Fraction(minor_unit(currency)) / 2
    assert round_money(once, currency) == once
    assert is_whole_minor_units(once, currency)


@given(st.fractions(min_value=0, max_value=10**9))
def test_a_loss_rounds_as_the_gain_of_the_same_size(exact: Fraction) -> None:
    assert round_money(-exact, "USD") == -round_money(exact, "USD")


@pytest.mark.parametrize(
    ("written", "currency", "amount"),
    [
        ("100", "USD", "100.00"),
        ("1,250.50", "USD", "1250.50"),
        ("$1,250.5", "USD", "1250.50"),
        (" 20 ", "USD", "20.00"),
        ("1 250.50", "EUR", "1250.50"),
        ("€20", "EUR", "20.00"),
        ("20 CHF", "CHF", "20.00"),
        (".5", "USD", "0.50"),
        ("1,250", "JPY", "1250"),
        ("9,999,999,999.99", "USD", "9999999999.99"),
    ],
)
def test_amounts_are_read_as_people_write_them(written: str, currency: str, amount: str) -> None:
    assert str(parse_money(written, currency)) == amount


@pytest.mark.parametrize(
    ("written", "currency", "message"),
    [
        ("", "USD", "Enter the stake."),
        ("  ", "USD", "Enter the stake."),
        ("0", "USD", "above zero"),
        ("-5", "USD", "above zero"),
        ("−5", "USD", "above zero"),
        ("1.250,50", "USD", "decimal point"),
        ("12,5", "USD", "decimal point"),
        ("1,2345", "USD", "Write it as 1,250.50"),
        ("ten", "USD", "“ten” is not an amount for the stake"),
        ("1e5", "USD", "not an amount"),
        ("NaN", "USD", "not an amount"),
        ("٣", "USD", "not an amount"),
        ("10.005", "USD", "$0.01"),
        ("10.5", "JPY", "¥1"),
        ("10,000,000,000", "USD", "at most"),
        ("9" * 60, "USD", "at most"),
    ],
)
def test_what_cannot_be_paid_is_refused_in_words(written: str, currency: str, message: str) -> None:
    with pytest.raises(BadAmount, match="stake") as refusal:
        parse_money(written, currency, what="stake")
    assert message in str(refusal.value)
    assert isinstance(refusal.value, Refused)


@given(st.text(max_size=30), CURRENCIES)
def test_any_text_is_read_or_refused_and_never_a_fault(written: str, currency: str) -> None:
    try:
        amount = parse_money(written, currency)
    except BadAmount:
        return
    assert amount > 0
    assert is_whole_minor_units(amount, currency)


@given(st.integers(1, 10**12 - 1), CURRENCIES)
def test_what_is_written_can_be_read_again(units: int, currency: str) -> None:
    amount = units * minor_unit(currency)
    if amount <= Decimal("9999999999.99"):
        assert parse_money(format_money(amount, currency), currency) == amount


@pytest.mark.parametrize("amount", [Decimal("NaN"), Decimal("Infinity"), Decimal(0), Decimal(-1)])
def test_an_amount_must_be_a_number_above_zero(amount: Decimal) -> None:
    with pytest.raises(BadAmount, match="above zero"):
        checked_amount(amount, "USD")


@pytest.mark.parametrize(
    ("amount", "currency", "signed", "written"),
    [
        ("85.21", "USD", False, "$85.21"),
        ("-50", "USD", False, "−$50.00"),
        ("90.91", "USD", True, "+$90.91"),
        ("0", "USD", True, "$0.00"),
        ("1234567.8", "GBP", False, "£1,234,567.80"),
        ("1500", "JPY", False, "¥1,500"),
        ("12", "CHF", False, "CHF\N{NO-BREAK SPACE}12.00"),
    ],
)
def test_amounts_are_written_with_symbol_and_true_minus(
    amount: str, currency: str, signed: bool, written: str
) -> None:
    assert format_money(Decimal(amount), currency, signed=signed) == written


def test_a_plain_amount_has_no_symbol() -> None:
    assert plain_money(Decimal("-1250.5"), "USD") == "−1,250.50"
