from __future__ import annotations

import random
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from goto_conversion import goto_conversion  # type: ignore[import-untyped]
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from odds.pricing import (
    Fallback,
    Method,
    NoFairPrice,
    american_from_decimal,
    booksum,
    devig,
    devig_implied,
    expected_value,
    hold,
    worst_case,
)

PRICES = st.one_of(
    st.integers(min_value=100, max_value=50_000), st.integers(min_value=-50_000, max_value=-101)
).map(Decimal)
MARKETS = st.lists(PRICES, min_size=2, max_size=12)
METHODS = st.sampled_from(list(Method))
SIX_PLACES = Fraction(1, 2_000_000)
THREE_WAY, TWO_WAY, LOPSIDED = "2.6 2.4 4.3", "1.5 2.74", "1.2 6.5 15"


def prices(quotes: str) -> list[Decimal]:
    return [american_from_decimal(Decimal(quote)) for quote in quotes.split()]


@st.composite
def books(draw: st.DrawFn) -> list[Fraction]:
    """Implied probabilities of a believable book: three to ten outcomes and a margin of 1 to 15 %."""
    weights = draw(st.lists(st.integers(min_value=5, max_value=100), min_size=3, max_size=10))
    margin = Fraction(draw(st.integers(min_value=1, max_value=15)), 100)
    raw = [Fraction(weight, sum(weights)) * (1 + margin) for weight in weights]
    assume(max(raw) < Fraction(9, 10))
    return raw


@pytest.mark.parametrize(
    ("quotes", "method", "expected"),
    [
        (THREE_WAY, Method.MULTIPLICATIVE, ".372026 .403028 .224946"),
        (THREE_WAY, Method.ADDITIVE, ".373335 .405387 .221278"),
        (THREE_WAY, Method.POWER, ".372984 .405107 .221908"),
        (THREE_WAY, Method.ODDS_RATIO, ".372429 .404131 .223440"),
        (THREE_WAY, Method.SHIN, ".372994 .404779 .222227"),
        (THREE_WAY, Method.GOTO, ".373665 .406005 .220330"),
        (TWO_WAY, Method.MULTIPLICATIVE, ".646226 .353774"),
        (TWO_WAY, Method.ADDITIVE, ".650852 .349148"),
        (TWO_WAY, Method.POWER, ".653152 .346848"),
        (TWO_WAY, Method.ODDS_RATIO, ".651018 .348982"),
        (TWO_WAY, Method.SHIN, ".650852 .349148"),
        (TWO_WAY, Method.GOTO, ".653378 .346622"),
        (LOPSIDED, Method.MULTIPLICATIVE, ".790754 .145985 .063260"),
        (LOPSIDED, Method.ADDITIVE, ".815385 .135897 .048718"),
        (LOPSIDED, Method.POWER, ".819206 .129078 .051715"),
        (LOPSIDED, Method.ODDS_RATIO, ".809228 .133636 .057136"),
        (LOPSIDED, Method.SHIN, ".809052 .138101 .052847"),
        (LOPSIDED, Method.GOTO, ".823752 .132256 .043992"),
    ],
)
def test_every_method_gives_its_published_probabilities(quotes: str, method: Method, expected: str) -> None:
    fair = devig(prices(quotes), method)
    assert fair.method is method
    assert fair.fallback is None
    for found, known in zip(fair.probabilities, expected.split(), strict=True):
        assert abs(found - Fraction(known)) <= SIX_PLACES


@pytest.mark.parametrize(
    ("quotes", "method", "expected"),
    [
        (THREE_WAY, Method.POWER, "1.032137"),
        (THREE_WAY, Method.ODDS_RATIO, "1.053174"),
        (THREE_WAY, Method.SHIN, ".016943"),
        (TWO_WAY, Method.SHIN, ".031727"),
    ],
)
def test_what_was_solved_for_is_reported(quotes: str, method: Method, expected: str) -> None:
    parameter = devig(prices(quotes), method).parameter
    assert parameter is not None
    assert round(parameter, 6) == Decimal(expected)


def test_rational_methods_are_exact() -> None:
    standard = [Decimal(-110), Decimal(-110), Decimal(500)]
    assert devig(standard, Method.MULTIPLICATIVE).probabilities == (
        Fraction(22, 51),
        Fraction(22, 51),
        Fraction(7, 51),
    )
    assert devig(standard, Method.ADDITIVE).probabilities == (
        Fraction(19, 42),
        Fraction(19, 42),
        Fraction(2, 21),
    )


@settings(deadline=None)
@given(MARKETS, METHODS, st.integers(min_value=1, max_value=5))
def test_fair_probabilities_sum_exactly_to_the_number_of_winners(
    quotes: list[Decimal], method: Method, total: int
) -> None:
    assume(booksum(quotes) > total and len(quotes) > total)
    fair = devig(quotes, method, total=total)
    assert sum(fair.probabilities) == total
    assert all(0 < probability < 1 for probability in fair.probabilities)


@settings(deadline=None)
@given(MARKETS, METHODS, st.integers(min_value=1, max_value=5))
def test_taking_the_margin_out_lowers_every_probability(
    quotes: list[Decimal], method: Method, total: int
) -> None:
    assume(booksum(quotes) > total and len(quotes) > total)
    fair = devig(quotes, method, total=total)
    for price, probability in zip(quotes, fair.probabilities, strict=True):
        assert probability < booksum([price])


@settings(deadline=None)
@given(MARKETS, METHODS, st.randoms(use_true_random=False))
def test_the_order_of_the_outcomes_does_not_matter(
    quotes: list[Decimal], method: Method, order: random.Random
) -> None:
    assume(booksum(quotes) > 1)
    places = list(range(len(quotes)))
    order.shuffle(places)
    straight = devig(quotes, method).probabilities
    shuffled = devig([quotes[place] for place in places], method).probabilities
    assert shuffled == tuple(straight[place] for place in places)


@settings(deadline=None)
@given(MARKETS, METHODS)
def test_the_shorter_price_stays_the_likelier_outcome(quotes: list[Decimal], method: Method) -> None:
    assume(booksum(quotes) > 1)
    fair = devig(quotes, method).probabilities
    by_price = sorted(zip([booksum([price]) for price in quotes], fair, strict=True))
    assert [probability for _, probability in by_price] == sorted(fair)


@settings(deadline=None)
@given(PRICES, PRICES)
def test_shin_and_additive_agree_on_two_outcomes(first: Decimal, second: Decimal) -> None:
    assume(booksum([first, second]) > 1)
    shin, additive = devig([first, second], Method.SHIN), devig([first, second], Method.ADDITIVE)
    assert shin.probabilities == additive.probabilities
    assert shin.method is Method.SHIN


@settings(deadline=None)
@given(MARKETS)
def test_what_was_solved_for_reproduces_shins_formula(quotes: list[Decimal]) -> None:
    assume(booksum(quotes) > 1)
    fair = devig(quotes, Method.SHIN)
    with localcontext(prec=40):
        z, whole = fair.parameter, _decimal(booksum(quotes))
        assert z is not None
        assert 0 <= z < 1
        for price, probability in zip(quotes, fair.probabilities, strict=True):
            raw = _decimal(booksum([price]))
            by_hand = ((z**2 + 4 * (1 - z) * raw**2 / whole).sqrt() - z) / (2 * (1 - z))
            assert abs(by_hand - _decimal(probability)) < Decimal("1e-12")


@settings(deadline=None)
@given(MARKETS, st.integers(min_value=1, max_value=4))
def test_what_was_solved_for_reproduces_power_and_odds_ratio(quotes: list[Decimal], total: int) -> None:
    assume(booksum(quotes) > total and len(quotes) > total)
    power = devig(quotes, Method.POWER, total=total)
    ratio = devig(quotes, Method.ODDS_RATIO, total=total)
    assume(power.fallback is None)
    with localcontext(prec=40):
        k, c = power.parameter, ratio.parameter
        assert k is not None
        assert c is not None
        for price, by_power, by_ratio in zip(quotes, power.probabilities, ratio.probabilities, strict=True):
            raw = _decimal(booksum([price]))
            assert abs(raw**k - _decimal(by_power)) < Decimal("1e-14")
            assert abs(raw / (c + raw - c * raw) - _decimal(by_ratio)) < Decimal("1e-14")


@settings(deadline=None)
@given(books())
def test_shin_agrees_with_the_shin_package(raw: list[Fraction]) -> None:
    shin = pytest.importorskip("shin", reason="the shin package has no wheel for this Python")
    theirs = shin.calculate_implied_probabilities([float(1 / probability) for probability in raw])
    ours = devig_implied(raw, Method.SHIN).probabilities
    assert [float(probability) for probability in ours] == pytest.approx(theirs, abs=1e-8)


@settings(deadline=None)
@given(books(), st.integers(min_value=1, max_value=3))
def test_goto_agrees_with_the_goto_conversion_package(raw: list[Fraction], total: int) -> None:
    several = [probability * total for probability in raw]
    assume(max(several) < 1 and len(several) > total)
    theirs = goto_conversion(
        [float(1 / probability) for probability in several], total=total, multiplicativeIfImprudentOdds=True
    )
    ours = devig_implied(several, Method.GOTO, total=total).probabilities
    assert [float(probability) for probability in ours] == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize("method", [Method.ADDITIVE, Method.GOTO])
def test_a_method_that_leaves_an_outcome_with_nothing_gives_way_to_the_multiplicative(method: Method) -> None:
    quotes = prices("1.25 1.9 2000 2000 2000")
    fair = devig(quotes, method)
    assert fair.method is Method.MULTIPLICATIVE
    assert fair.fallback is Fallback.NOT_POSITIVE
    assert fair.probabilities == devig(quotes, Method.MULTIPLICATIVE).probabilities


def test_a_probability_too_small_to_keep_is_no_probability() -> None:
    fair = devig([Decimal(526), Decimal(-1970), Decimal(-23013)], Method.POWER)
    assert (fair.method, fair.fallback) == (Method.MULTIPLICATIVE, Fallback.NOT_POSITIVE)


@pytest.mark.parametrize("method", [method for method in Method if method is not Method.MULTIPLICATIVE])
def test_an_arbitrage_is_not_a_negative_margin(method: Method) -> None:
    quotes = prices("2.10 2.05")
    fair = devig(quotes, method)
    assert fair.fallback is Fallback.NO_MARGIN
    assert (
        fair.probabilities
        == devig(quotes, Method.MULTIPLICATIVE).probabilities
        == (
            Fraction(41, 83),
            Fraction(42, 83),
        )
    )


@pytest.mark.parametrize("method", list(Method))
def test_a_fair_book_keeps_its_probabilities(method: Method) -> None:
    assert devig([Decimal(100), Decimal(-100)], method).probabilities == (Fraction(1, 2), Fraction(1, 2))


@pytest.mark.parametrize("method", list(Method))
def test_one_side_alone_has_no_fair_price(method: Method) -> None:
    with pytest.raises(NoFairPrice, match="one side alone has none"):
        devig([Decimal(-110)], method)


@pytest.mark.parametrize("method", list(Method))
def test_a_top_five_market_sums_to_five(method: Method) -> None:
    quotes = prices("1.15 1.2 1.3 1.5 1.6 2.0 2.2 3.5 4.5 8 21")
    assert booksum(quotes) > 5
    assert sum(devig(quotes, method, total=5).probabilities) == 5


def test_more_winners_than_outcomes_have_no_fair_price() -> None:
    with pytest.raises(NoFairPrice, match="3 outcomes of which 3 win"):
        devig(prices("1.1 1.2 1.3"), Method.POWER, total=3)


def test_an_outcome_cannot_be_more_than_certain() -> None:
    with pytest.raises(NoFairPrice, match="more than certain"):
        devig(prices("1.01 9 9 9"), Method.MULTIPLICATIVE, total=3)


def test_no_winner_is_refused() -> None:
    with pytest.raises(ValueError, match="total must be at least 1, not 0"):
        devig(prices(TWO_WAY), Method.MULTIPLICATIVE, total=0)


def test_an_implied_probability_of_one_is_named() -> None:
    with pytest.raises(ValueError, match="implied probability 2 must be between 0 and 1, not 1"):
        devig_implied([Fraction(1, 2), 1], Method.MULTIPLICATIVE)


@settings(deadline=None)
@given(MARKETS)
def test_the_worst_case_is_no_better_than_any_method(quotes: list[Decimal]) -> None:
    assume(booksum(quotes) > 1)
    worst = worst_case(quotes)
    assert sum(worst) <= 1
    for method in Method:
        fair = devig(quotes, method).probabilities
        assert all(low <= probability for low, probability in zip(worst, fair, strict=True))


def test_the_worst_case_takes_each_outcome_from_the_method_hardest_on_it() -> None:
    worst = worst_case(prices(LOPSIDED))
    assert worst[0] == devig(prices(LOPSIDED), Method.MULTIPLICATIVE).probabilities[0]
    assert worst[1] == devig(prices(LOPSIDED), Method.POWER).probabilities[1]
    assert worst[2] == devig(prices(LOPSIDED), Method.GOTO).probabilities[2]


def test_fair_prices_are_american_odds() -> None:
    assert devig([Decimal(-150), Decimal(120)], Method.MULTIPLICATIVE).prices == (
        Decimal("-132.000000"),
        Decimal("132.000000"),
    )


def test_hold_of_a_market_with_several_winners_counts_them() -> None:
    quotes = prices("1.25 1.25 2.5")
    assert hold(quotes, total=2) == 0
    assert hold(quotes) == Fraction(1, 2)


@pytest.mark.parametrize(
    ("method", "value"), [(Method.MULTIPLICATIVE, ".076923"), (Method.ADDITIVE, ".077632")]
)
def test_a_bet_at_210_that_closes_at_190_and_200_beats_the_closing_line(method: Method, value: str) -> None:
    fair = devig(prices("1.9 2.0"), method).probabilities[0]
    assert abs(expected_value(Decimal("2.10"), fair) - Fraction(value)) < Fraction(1, 10**6)


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
