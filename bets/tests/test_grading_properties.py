"""What holds for every bet whatever the numbers: bounds, mirrors, sums, and one rounding at the end."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from math import prod
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from bets.grading import (
    EachWay,
    LegGrade,
    LegTerms,
    Result,
    TicketGrade,
    grade_leg,
    grade_ticket,
    tease,
    win_factor,
)
from bets.money import round_money
from odds.pricing import american_from_decimal

EPL = "soccer_epl"
SCORES = st.integers(0, 60)
LINES = st.integers(-200, 200).map(lambda quarters: Decimal(quarters) / 4)
ODDS = st.one_of(st.integers(100, 100_000).map(Decimal), st.integers(-100_000, -100).map(Decimal))
STAKES = st.integers(1, 10**8).map(lambda cents: Decimal(cents) / 100)
FACTORS = st.one_of(
    st.sampled_from([Fraction(0), Fraction(1), Fraction(1, 2)]),
    st.fractions(min_value=Fraction(101, 100), max_value=50, max_denominator=100),
)


def final(home: int, away: int) -> Result:
    return Result("final", home, away)


def factor(
    market: str, side: str, odds: Decimal, result: Result, point: Decimal | None = None, **more: Any
) -> Fraction:
    found = grade_leg(LegTerms(market, side, odds, point, **more), result).factor
    assert found is not None
    return found


def legs_of(factors: list[Fraction]) -> list[LegGrade]:
    return [LegGrade("won" if f > 1 else "push" if f == 1 else "lost", f) for f in factors]


def ticket(kind: str, stake: Decimal, factors: list[Fraction], **more: Any) -> TicketGrade:
    return grade_ticket(kind=kind, stake=stake, currency="USD", legs=legs_of(factors), **more)


@given(SCORES, SCORES, ODDS, ODDS, ODDS)
def test_of_home_draw_and_away_exactly_one_wins(
    home: int, away: int, a: Decimal, b: Decimal, c: Decimal
) -> None:
    prices = {"home": a, "draw": b, "away": c}
    returned = {
        s: factor("h2h", s, o, final(home, away), draw_offered=True, sport=EPL) for s, o in prices.items()
    }
    winner = "draw" if home == away else "home" if home > away else "away"
    assert {side: f for side, f in returned.items() if f} == {winner: win_factor(prices[winner])}


@given(SCORES, SCORES, ODDS)
def test_a_double_chance_wins_when_either_of_its_two_does(home: int, away: int, odds: Decimal) -> None:
    single = {
        s: factor("h2h", s, odds, final(home, away), draw_offered=True, sport=EPL)
        for s in ("home", "draw", "away")
    }
    for one, other in combinations(single, 2):
        double = factor("double_chance", f"{one}_{other}", odds, final(home, away), sport=EPL)
        assert double == single[one] + single[other]


@given(SCORES, SCORES, ODDS)
def test_draw_no_bet_is_the_spread_of_nought(home: int, away: int, odds: Decimal) -> None:
    for side in ("home", "away"):
        plain = factor("draw_no_bet", side, odds, final(home, away), sport=EPL)
        assert plain == factor("spreads", side, odds, final(home, away), Decimal(0), sport=EPL)


@given(SCORES, SCORES, LINES, ODDS)
def test_a_total_does_not_mind_who_scored(home: int, away: int, line: Decimal, odds: Decimal) -> None:
    for side in ("over", "under"):
        one = factor("totals", side, odds, final(home, away), abs(line))
        assert one == factor("totals", side, odds, final(away, home), abs(line))
        assert one == factor("totals", side, odds, final(home + away, 0), abs(line))


@given(SCORES, SCORES, LINES, ODDS)
def test_a_quarter_total_returns_the_mean_of_its_two_halves(
    home: int, away: int, line: Decimal, odds: Decimal
) -> None:
    assume(line * 2 % 1 != 0)
    for side in ("over", "under"):
        whole, low, high = (
            factor("totals", side, odds, final(home, away), line + part)
            for part in (Decimal(0), Decimal("-0.25"), Decimal("0.25"))
        )
        assert whole == (low + high) / 2


@given(SCORES, SCORES, LINES, ODDS, st.integers(1, 40))
def test_more_points_never_return_less(
    home: int, away: int, line: Decimal, odds: Decimal, quarters: int
) -> None:
    more = Decimal(quarters) / 4
    for side in ("home", "away"):
        before = factor("spreads", side, odds, final(home, away), line)
        assert before <= factor("spreads", side, odds, final(home, away), line + more)
    over = factor("totals", "over", odds, final(home, away), line)
    assert over >= factor("totals", "over", odds, final(home, away), line + more)


@given(
    SCORES,
    SCORES,
    LINES,
    ODDS,
    st.integers(1, 20),
    st.integers(1, 20),
    st.sampled_from(["home", "away", "over", "under"]),
)
def test_a_teased_leg_never_returns_less_than_it_did_and_more_points_never_hurt(
    home: int, away: int, line: Decimal, odds: Decimal, few: int, more: int, side: str
) -> None:
    market = "totals" if side in ("over", "under") else "spreads"
    plain = LegTerms(market, side, odds, line)
    legs = [plain, tease(plain, Decimal(few) / 2), tease(plain, Decimal(few + more) / 2)]
    returned = [grade_leg(leg, final(home, away)).factor or Fraction(0) for leg in legs]
    assert returned == sorted(returned)


@given(SCORES, SCORES, st.integers(101, 9_999), st.booleans())
def test_a_lay_wins_what_the_back_at_the_same_price_loses(
    home: int, away: int, hundredths: int, draw_offered: bool
) -> None:
    odds = american_from_decimal(Decimal(hundredths) / 100)
    back = factor("h2h", "home", odds, final(home, away), draw_offered=draw_offered, sport=EPL)
    lay = factor("h2h_lay", "home", odds, final(home, away), draw_offered=draw_offered, sport=EPL)
    liability = win_factor(odds) - 1
    assert (back - 1) + liability * (lay - 1) == 0


@given(STAKES, st.lists(FACTORS, min_size=2, max_size=8))
def test_a_parlay_is_rounded_once_at_the_end(stake: Decimal, factors: list[Fraction]) -> None:
    grade = ticket("parlay", stake, factors)
    exact = Fraction(stake) * prod(factors, start=Fraction(1))
    assert grade.payout == round_money(exact, "USD")
    assert grade.payout is not None
    assert abs(Fraction(grade.payout) - exact) <= Fraction(1, 200)


@given(STAKES, st.lists(FACTORS, min_size=3, max_size=6), st.data())
def test_a_round_robin_is_the_sum_of_its_parlays_and_rounded_once(
    stake: Decimal, factors: list[Fraction], data: st.DataObject
) -> None:
    size = data.draw(st.integers(2, len(factors)))
    parlays = [ticket("parlay", stake, list(chosen)) for chosen in combinations(factors, size)]
    exact = sum((Fraction(stake) * (one.factor or 0) for one in parlays), Fraction(0))
    grade = ticket("round_robin", stake, factors, sizes=[size])
    assert grade.payout == round_money(exact, "USD")
    assert grade.staked == stake * len(parlays)
    assert grade.profit == grade.payout - grade.staked


@given(STAKES, st.lists(FACTORS, min_size=2, max_size=6), FACTORS)
def test_a_leg_that_is_refunded_changes_nothing_in_a_parlay(
    stake: Decimal, factors: list[Fraction], other: Fraction
) -> None:
    with_push = ticket("parlay", stake, [*factors, Fraction(1)])
    assert with_push.payout == ticket("parlay", stake, factors).payout


@given(STAKES, FACTORS, st.integers(0, 300), st.integers(0, 100))
def test_boost_commission_and_bonus_touch_the_profit_and_nothing_else(
    stake: Decimal, one: Fraction, boost: int, commission: int
) -> None:
    plain = ticket("straight", stake, [one]).payout
    boosted = ticket("straight", stake, [one], boost_pct=Decimal(boost)).payout
    charged = ticket("straight", stake, [one], commission_pct=Decimal(commission)).payout
    bonus = ticket("straight", stake, [one], is_bonus=True).payout
    assert plain is not None
    assert boosted is not None
    assert charged is not None
    if one <= 1:
        assert plain == boosted == charged
        assert bonus == 0
    else:
        assert boosted >= plain >= charged >= stake
        assert bonus == plain - stake


@given(st.integers(1, 12), st.integers(0, 6), st.integers(101, 5000), st.integers(1, 6), st.integers(2, 5))
def test_each_way_is_half_a_win_and_half_a_place(
    position: int, tied: int, hundredths: int, places: int, denominator: int
) -> None:
    odds, fraction = Fraction(hundredths, 100), Fraction(1, denominator)
    way = EachWay(fraction, places)
    terms = LegTerms("outrights", "win", american_from_decimal(odds), each_way=way)
    result = Result("final", is_match=False, position=position, tied_with=tied)
    runners = range(position, position + tied + 1)
    wins = Fraction(sum(place == 1 for place in runners), tied + 1) * odds
    open_places = Fraction(sum(place <= places for place in runners), tied + 1)
    assert grade_leg(terms, result).factor == (wins + open_places * (1 + (odds - 1) * fraction)) / 2


@given(st.integers(1, 10), st.integers(0, 10), st.integers(101, 9_999))
def test_a_dead_heat_pays_all_who_tie_together_what_the_places_are_worth(
    places: int, extra: int, hundredths: int
) -> None:
    tied = places + extra
    odds = american_from_decimal(Decimal(hundredths) / 100)
    result = Result("final", is_match=False, winner=True, dead_heat=(places, tied))
    each = factor("outrights", "win", odds, result)
    assert each * tied == places * win_factor(odds)


@given(SCORES, SCORES, LINES, st.integers(102, 900), st.integers(0, 5))
def test_a_book_with_a_margin_keeps_money_and_without_one_keeps_none(
    home: int, away: int, line: Decimal, size: int, margin: int
) -> None:
    """Both sides staked in proportion at +n and −(n + margin): all that comes back is at most what was staked."""
    there = factor("spreads", "home", Decimal(size), final(home, away), line)
    here = factor("spreads", "away", Decimal(-size - margin), final(home, away), -line)
    back = there * 100 + here * size
    assert back <= 100 + size
    if margin == 0:
        assert back == 100 + size
