from __future__ import annotations

import itertools
import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from odds.pricing import (
    FULL,
    Proposition,
    Scenario,
    american_from_decimal,
    boosted_odds,
    decimal_odds,
    expected_value,
    implied,
    kelly,
    kelly_exclusive,
    kelly_independent,
    kelly_joint,
    parlay_odds,
)

ODDS = st.fractions(min_value=Fraction(101, 100), max_value=50, max_denominator=100)
CHANCES = st.fractions(min_value=0, max_value=1, max_denominator=100)
MILLIONTH = Fraction(1, 10**6)


@st.composite
def propositions(draw: st.DrawFn, *, pushes: bool = True) -> Proposition:
    win = draw(CHANCES)
    push = draw(CHANCES) if pushes else Fraction(0)
    assume(win + push <= 1)
    return Proposition(draw(ODDS), win, push)


@st.composite
def fields(draw: st.DrawFn) -> list[Proposition]:
    """Runners of one race, their probabilities at most 1 in all, some of them good bets."""
    weights = draw(st.lists(st.integers(1, 30), min_size=2, max_size=6))
    others = draw(st.sampled_from([0, 0, 1, 20]))
    wins = [Fraction(weight, sum(weights) + others) for weight in weights]
    return [
        Proposition(max(Fraction(draw(st.integers(50, 160)), 100) / win, Fraction(101, 100)), win)
        for win in wins
    ]


def growth(scenarios: list[Scenario], shares: tuple[Fraction, ...]) -> float:
    total = 0.0
    for scenario in scenarios:
        pairs = zip(shares, scenario.profits, strict=True)
        wealth = 1 + sum(float(share) * float(profit) for share, profit in pairs)
        if scenario.probability:
            total += float(scenario.probability) * (math.log(wealth) if wealth > 0 else -math.inf)
    return total


def joint(bets: list[Proposition]) -> list[Scenario]:
    each = [
        [
            (Fraction(bet.win), bet.profit),
            (Fraction(bet.push), Fraction(0)),
            (bet.lose, Fraction(-1)),
        ]
        for bet in bets
    ]
    return [
        Scenario(math.prod(chance for chance, _ in way), tuple(profit for _, profit in way))
        for way in itertools.product(*each)
    ]


def race(bets: list[Proposition]) -> list[Scenario]:
    ways = [
        Scenario(bet.win, tuple(bet.profit if other is bet else Fraction(-1) for other in bets))
        for bet in bets
    ]
    rest = 1 - sum(Fraction(bet.win) for bet in bets)
    return [*ways, Scenario(rest, tuple(Fraction(-1) for _ in bets))]


def test_plus_114_against_a_fair_minus_104_is_worth_nine_percent() -> None:
    fair = implied(Decimal(-104))
    assert abs(fair - Fraction(".509804")) < MILLIONTH
    assert abs(expected_value(decimal_odds(Decimal(114)), fair) - Fraction(".090980")) < MILLIONTH


def test_a_push_costs_nothing() -> None:
    assert expected_value(Decimal("1.9"), Decimal(".5"), Decimal(".1")) == Fraction(".05")
    assert expected_value(Decimal("1.9"), 0, 1) == 0


@settings(deadline=None)
@given(ODDS, CHANCES)
def test_without_pushes_the_value_is_probability_times_odds_less_one(odds: Fraction, win: Fraction) -> None:
    assert expected_value(odds, win) == win * odds - 1


@pytest.mark.parametrize(
    ("odds", "win", "push", "message"),
    [
        ("1", ".5", "0", "odds must be decimal odds above 1, not 1"),
        ("2", "1.1", "0", "probability of a win must be a probability from 0 to 1, not 1.1"),
        ("2", ".5", "-.1", "probability of a push must be a probability"),
        ("2", ".6", ".5", "add up to more than certainty"),
        ("NaN", ".6", ".1", "odds must be a number, not NaN"),
    ],
)
def test_an_impossible_proposition_says_what_is_wrong(odds: str, win: str, push: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Proposition(Decimal(odds), Decimal(win), Decimal(push))


def test_a_boost_raises_the_profit_not_the_stake() -> None:
    assert boosted_odds(3, Decimal(".5")) == 4
    assert expected_value(boosted_odds(3, Decimal(".5")), Decimal(".32")) == Fraction(".28")


def test_a_capped_boost_adds_no_more_than_its_cap() -> None:
    assert boosted_odds(3, Decimal(".5"), stake=100, cap=25) == Fraction("3.25")
    assert boosted_odds(3, Decimal(".5"), stake=10, cap=25) == 4


@pytest.mark.parametrize(
    ("boost", "stake", "cap", "message"),
    [
        (-1, 1, None, "boost must be at least 0"),
        (1, 0, 5, "stake must be above 0"),
        (1, 1, -5, "cap must be at"),
    ],
)
def test_an_impossible_boost_is_refused(boost: int, stake: int, cap: int | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        boosted_odds(3, boost, stake=stake, cap=cap)


def test_a_parlay_pays_the_product_of_its_legs() -> None:
    assert parlay_odds([Decimal("1.91"), Decimal("2.10"), Decimal("1.80")]) == Fraction("7.2198")
    assert american_from_decimal(parlay_odds([decimal_odds(Decimal(-110))] * 2)) == Decimal("264.462810")


def test_a_parlay_names_the_leg_that_is_wrong() -> None:
    with pytest.raises(ValueError, match="odds of leg 2 must be decimal odds above 1"):
        parlay_odds([2, 1])
    with pytest.raises(ValueError, match="at least one leg"):
        parlay_odds([])


def test_kelly_with_a_push_stakes_the_published_share() -> None:
    bet = Proposition(Decimal("1.9091"), Decimal(".52"), Decimal(".04"))
    assert round(kelly(bet, fraction=FULL), 4) == Fraction(".0375")
    assert kelly(bet) == kelly(bet, fraction=FULL) / 4


def test_kelly_without_a_push_is_edge_over_odds() -> None:
    assert kelly(Proposition(2, Decimal(".6")), fraction=FULL) == Fraction(".2")


def test_kelly_stakes_nothing_without_an_edge() -> None:
    assert kelly(Proposition(2, Fraction(1, 2))) == 0
    assert kelly(Proposition(2, Fraction(1, 3))) == 0
    assert kelly(Proposition(2, 0, 1)) == 0


def test_kelly_is_capped() -> None:
    assert kelly(Proposition(2, Decimal(".9")), fraction=FULL, cap=Decimal(".05")) == Fraction(".05")


@pytest.mark.parametrize(("fraction", "cap"), [("0", "1"), ("1.01", "1"), (".5", "1.5"), (".5", "-.1")])
def test_kelly_refuses_a_fraction_or_cap_that_is_no_share(fraction: str, cap: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        kelly(Proposition(2, Decimal(".6")), fraction=Decimal(fraction), cap=Decimal(cap))


@settings(deadline=None)
@given(propositions(), st.fractions(min_value=Fraction(1, 100), max_value=1))
def test_kelly_never_stakes_more_than_everything(bet: Proposition, fraction: Fraction) -> None:
    share = kelly(bet, fraction=fraction)
    assert 0 <= share <= fraction <= 1
    assert (share > 0) == (bet.ev > 0)


@settings(deadline=None)
@given(propositions())
def test_kelly_grows_faster_than_a_little_more_or_less(bet: Proposition) -> None:
    share = kelly(bet, fraction=FULL)
    assume(Fraction(1, 1000) < share < Fraction(999, 1000))
    best = growth(joint([bet]), (share,))
    for other in (share * Fraction(99, 100), min(share * Fraction(101, 100), (share + 1) / 2)):
        assert growth(joint([bet]), (other,)) <= best + 1e-15


def test_two_coin_tosses_at_once_are_staked_less_than_one_after_the_other() -> None:
    toss = Proposition(2, Decimal(".6"))
    expected = (Fraction(".36") - Fraction(".16")) / (2 * (Fraction(".36") + Fraction(".16")))
    for share in kelly_independent([toss, toss], fraction=FULL):
        assert abs(share - expected) < Fraction(1, 10**12)
        assert share < kelly(toss, fraction=FULL)


def test_bets_without_an_edge_leave_the_others_alone() -> None:
    good, bad = Proposition(2, Decimal(".6")), Proposition(2, Decimal(".4"))
    assert kelly_independent([bad, good, bad]) == (0, kelly(good), 0)
    assert kelly_independent([bad, bad]) == (0, 0)
    assert kelly_independent([]) == ()


def test_too_many_bets_at_once_are_refused() -> None:
    with pytest.raises(ValueError, match="11 bets have 2048 joint results, more than 1024"):
        kelly_independent([Proposition(2, Decimal(".6"))] * 11)


@settings(deadline=None)
@given(st.lists(propositions(), min_size=1, max_size=3))
def test_simultaneous_stakes_meet_the_conditions_of_a_maximum(bets: list[Proposition]) -> None:
    assume(all(bet.lose > 0 for bet in bets))
    shares = kelly_independent(bets, fraction=FULL)
    assert sum(shares) <= 1
    for place, (bet, share) in enumerate(zip(bets, shares, strict=True)):
        assert 0 <= share <= kelly(bet, fraction=FULL) + Fraction(1, 10**12)
        slope, steepness = Fraction(0), Fraction(1)
        for scenario in joint(bets):
            pairs = zip(shares, scenario.profits, strict=True)
            wealth = 1 + sum(one * Fraction(profit) for one, profit in pairs)
            scaled = Fraction(scenario.profits[place]) / wealth
            slope += Fraction(scenario.probability) * scaled
            size = sum(abs(Fraction(profit)) for profit in scenario.profits)
            steepness += Fraction(scenario.probability) * abs(scaled) * size / wealth
        if share:
            assert abs(slope) < steepness * Fraction(1, 10**14)
        else:
            assert slope <= steepness * Fraction(1, 10**14)


def test_a_fraction_and_a_cap_hold_for_each_of_several_bets() -> None:
    bets = [Proposition(2, Decimal(".6")), Proposition(3, Decimal(".5"))]
    full = kelly_independent(bets, fraction=FULL)
    assert kelly_independent(bets) == tuple(share / 4 for share in full)
    assert kelly_independent(bets, fraction=FULL, cap=Fraction(1, 10)) == (Fraction(1, 10), Fraction(1, 10))


@settings(deadline=None)
@given(fields())
def test_exclusive_outcomes_get_the_stakes_a_general_search_finds(bets: list[Proposition]) -> None:
    scenarios = race(bets)
    exact = kelly_exclusive(bets, fraction=FULL)
    searched = kelly_joint(scenarios, fraction=FULL)
    assert sum(exact) <= 1
    assert sum(searched) <= 1
    assert growth(scenarios, exact) == pytest.approx(growth(scenarios, searched), abs=1e-11)


def test_one_exclusive_outcome_is_staked_as_a_single_bet() -> None:
    bet = Proposition(Decimal("2.5"), Decimal(".45"))
    assert kelly_exclusive([bet], fraction=FULL) == (kelly(bet, fraction=FULL),)


def test_two_exclusive_outcomes_hedge_each_other() -> None:
    bets = [Proposition(3, Decimal(".4")), Proposition(4, Decimal(".3")), Proposition(2, Decimal(".3"))]
    reserve = (1 - Fraction(".7")) / (1 - Fraction(7, 12))
    assert kelly_exclusive(bets, fraction=FULL) == (
        Fraction(".4") - reserve / 3,
        Fraction(".3") - reserve / 4,
        0,
    )


def test_a_surebet_is_staked_in_proportion_to_the_probabilities() -> None:
    bets = [Proposition(Decimal("2.1"), Decimal(".5")), Proposition(Decimal("2.1"), Decimal(".5"))]
    assert kelly_exclusive(bets, fraction=FULL) == (Fraction(1, 2), Fraction(1, 2))


def test_exclusive_bets_that_push_or_are_too_likely_are_refused() -> None:
    with pytest.raises(ValueError, match="list the scenarios"):
        kelly_exclusive([Proposition(2, Decimal(".5"), Decimal(".1"))])
    with pytest.raises(ValueError, match="more than 1"):
        kelly_exclusive([Proposition(2, Decimal(".6")), Proposition(2, Decimal(".6"))])


def test_half_lost_stakes_are_scenarios() -> None:
    quarter_line = [
        Scenario(Decimal(".5"), (Decimal(".95"),)),
        Scenario(Decimal(".2"), (Decimal("-.5"),)),
        Scenario(Decimal(".3"), (-1,)),
    ]
    (share,) = kelly_joint(quarter_line, fraction=FULL)
    best = growth(quarter_line, (share,))
    assert share > 0
    assert best > growth(quarter_line, (share + Fraction(1, 1000),))
    assert best > growth(quarter_line, (share - Fraction(1, 1000),))


@pytest.mark.parametrize(
    ("scenarios", "message"),
    [
        ([], "add up to 0, not to 1"),
        ([Scenario(Decimal(".9"), (1,))], "add up to 9/10, not to 1"),
        ([Scenario(1, ())], "names the profit of each bet"),
        ([Scenario(Decimal(".5"), (1,)), Scenario(Decimal(".5"), (1, 2))], "names the profit of each bet"),
        ([Scenario(1, (-2,))], "cannot lose more than its stake"),
        ([Scenario(Fraction(1, 2000), (1,))] * 2000, "2000 scenarios are more than 1024"),
    ],
)
def test_scenarios_that_make_no_sense_are_refused(scenarios: list[Scenario], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kelly_joint(scenarios)
