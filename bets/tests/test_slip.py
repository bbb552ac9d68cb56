from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.signed_cookies import SessionStore

from bets import slip as slips
from bets.price_text import BadOdds, parse_odds
from bets.slip import Leg, Slip

LAKERS = Leg(7, "draftkings", Decimal("-110.000000"), Decimal("-3.50"))
OVER = Leg(8, "fanduel", Decimal(100), Decimal("221.50"))


@pytest.fixture
def session() -> SessionBase:
    return SessionStore()


def test_a_slip_comes_back_from_the_session_as_it_was(session: SessionBase) -> None:
    slip = Slip("key", (LAKERS, Leg(9, "pinnacle", Decimal(-142), own=True)), "50.00", "bankroll")
    slips.save(session, slip)
    assert slips.load(session) == slip


@pytest.mark.parametrize(
    "data",
    [
        None,
        "text",
        {},
        {"key": "k", "legs": [{}], "stake": "", "bankroll": ""},
        {
            "key": "k",
            "legs": [{"selection": 1, "bookmaker": "b", "price": "no"}],
            "stake": "",
            "bankroll": "",
        },
    ],
)
def test_a_slip_that_cannot_be_read_is_empty(session: SessionBase, data: object) -> None:
    session["slip"] = data
    assert slips.load(session) == Slip()


def test_a_new_leg_takes_the_place_of_the_old_and_gets_a_key_of_its_own() -> None:
    first = Slip(stake="20").with_only(LAKERS)
    second = first.with_only(OVER)
    assert second.legs == (OVER,)
    assert second.stake == "20"
    assert first.key != second.key


def test_other_terms_for_a_leg_leave_the_key() -> None:
    slip = Slip("key", (LAKERS,))
    moved = slip.with_leg(Leg(7, "draftkings", Decimal(-115), Decimal("-4.5")))
    assert moved.key == "key"
    assert moved.legs[0].price == -115


def test_terms_for_another_line_change_nothing() -> None:
    assert Slip("key", (LAKERS,)).with_leg(OVER).legs == (LAKERS,)


def test_clearing_keeps_the_bankroll_and_changes_the_key(session: SessionBase) -> None:
    slips.save(session, Slip("key", (LAKERS,), "50", "main"))
    slips.clear(session)
    left = slips.load(session)
    assert (left.legs, left.stake, left.bankroll) == ((), "", "main")
    assert left.key not in ("", "key")


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
