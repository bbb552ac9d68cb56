from __future__ import annotations

from decimal import Decimal

import pytest

from bets.price_text import BadOdds, parse_odds


@pytest.mark.parametrize(
    ("text", "fmt", "american"),
    [
        ("-110", "american", "-110"),
        ("−110", "american", "-110"),
        ("+130", "american", "130"),
        ("130", "american", "130"),
        (" +130 ", "decimal", "130"),
        ("130", "decimal", "12900"),
        ("1.91", "decimal", "-109.890110"),
        ("1.91", "american", "-109.890110"),
        ("2", "fractional", "100"),
        ("10/11", "american", "-110"),
        ("5/2", "fractional", "250"),
        ("evens", "decimal", "100"),
        ("52.5%", "american", "-110.526316"),
        ("40", "implied", "150"),
        ("-110", "implied", "-110"),
        ("0.5", "hong_kong", "-200"),
        ("+150", "hong_kong", "150"),
        ("-0.5", "malay", "200"),
        ("0.5", "malay", "-200"),
        ("-1.5", "indonesian", "-150"),
        ("1.5", "indonesian", "150"),
    ],
)
def test_odds_are_read_in_every_format(text: str, fmt: str, american: str) -> None:
    assert parse_odds(text, fmt) == Decimal(american)


@pytest.mark.parametrize(
    "text", ["", "abc", "-99", "+50", "1", "0.5", "0/5", "5/0", "1e5", "--110", "9999999", "1.00001", "٣"]
)
def test_what_is_no_price_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(BadOdds, match=r"\w.*\.$"):
        parse_odds(text, "american")


@pytest.mark.parametrize(
    ("text", "fmt", "words"),
    [
        ("100%", "american", "An implied probability"),
        ("0", "implied", "An implied probability"),
        ("0", "hong_kong", "Hong Kong odds"),
        ("0.5", "indonesian", "Indonesian odds"),
        ("1.5", "malay", "Malay odds"),
    ],
)
def test_a_number_its_format_cannot_hold_is_refused_with_the_range(text: str, fmt: str, words: str) -> None:
    with pytest.raises(BadOdds, match=words):
        parse_odds(text, fmt)
