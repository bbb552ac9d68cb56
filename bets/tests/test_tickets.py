"""Tickets of several legs, bonus and boosted bets, exchanges and cash-out: worked numbers to the cent."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from math import comb, prod
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bets.cash_outs import with_cash_out
from bets.grading import (
    SYSTEMS,
    BadTeaser,
    LegGrade,
    LegTerms,
    Result,
    TicketGrade,
    grade_leg,
    grade_ticket,
    net_of_commission,
    tease,
    win_factor,
)
from bets.rules import FULL_GAME, Rule
from bets.tests.factories import due_bet
from odds.pricing import american_from_decimal

NFL = "americanfootball_nfl"
PUSH, VOID, LOST = LegGrade("push", Fraction(1)), LegGrade("void", Fraction(1)), LegGrade("lost", Fraction(0))
PENDING, REVIEW = LegGrade("pending", reason="The game is live."), LegGrade("needs_review", reason="Why?")
HALF_LOST = LegGrade("half_lost", Fraction(1, 2))


def won(odds: str) -> LegGrade:
    return LegGrade("won", Fraction(odds))


def half_won(odds: str) -> LegGrade:
    return LegGrade("half_won", (1 + Fraction(odds)) / 2)


def ticket(kind: str, stake: str, *legs: LegGrade, **more: Any) -> TicketGrade:
    return grade_ticket(kind=kind, stake=Decimal(stake), currency="USD", legs=legs, **more)


def result_of(kind: str, stake: str, *legs: LegGrade, **more: Any) -> tuple[str, str]:
    grade = ticket(kind, stake, *legs, **more)
    return grade.status, str(grade.payout)


@pytest.mark.parametrize(
    ("middle", "expected"),
    [
        (PUSH, ("won", "34.38")),
        (VOID, ("won", "34.38")),
        (half_won("1.95"), ("won", "50.71")),
        (HALF_LOST, ("won", "17.19")),
        (LOST, ("lost", "0.00")),
        (PENDING, ("pending", "None")),
        (REVIEW, ("needs_review", "None")),
    ],
)
def test_a_parlay_multiplies_its_legs_and_drops_the_refunded(
    middle: LegGrade, expected: tuple[str, str]
) -> None:
    assert result_of("parlay", "10", won("1.91"), middle, won("1.80")) == expected


def test_a_parlay_is_lost_as_soon_as_one_leg_is() -> None:
    assert result_of("parlay", "10", PENDING, REVIEW, LOST) == ("lost", "0.00")


def test_a_parlay_of_refunds_is_a_refund_and_of_voids_void() -> None:
    assert result_of("parlay", "10", PUSH, VOID) == ("push", "10.00")
    assert result_of("parlay", "10", VOID, VOID) == ("void", "10.00")
    assert result_of("parlay", "10", won("1.91"), PUSH) == ("won", "19.10")


def test_the_sign_of_the_profit_names_a_parlay() -> None:
    assert result_of("parlay", "10", HALF_LOST, won("1.5")) == ("lost", "7.50")
    assert result_of("parlay", "10", HALF_LOST, won("2")) == ("push", "10.00")


@pytest.mark.parametrize(("handling", "expected"), [("refund", "push"), ("lose", "lost"), ("drop", "won")])
def test_a_books_rule_for_a_push_in_a_parlay(handling: Any, expected: str) -> None:
    rule = Rule("a book", "", parlay_push=handling)
    assert result_of("parlay", "10", won("1.91"), PUSH, rule=rule)[0] == expected


@pytest.mark.parametrize("kind", ["parlay", "teaser", "same_game_parlay"])
def test_one_leg_is_no_ticket_of_several(kind: str) -> None:
    grade = ticket(kind, "10", won("2"), sport=NFL, teaser_points=Decimal(6))
    assert grade.status == "needs_review"
    assert "has 2 to 30 legs" in grade.reason


def test_a_round_robin_is_every_combination_with_its_own_stake() -> None:
    grade = ticket("round_robin", "10", won("1.90"), won("1.90"), PUSH, sizes=[2])
    assert (str(grade.payout), grade.staked, grade.profit) == ("74.10", 30, Decimal("44.10"))
    assert grade.working == ("1 × 2 = 361/100", "1 × 3 = 19/10", "2 × 3 = 19/10")


@pytest.mark.parametrize(("legs", "bets"), [(3, 3), (4, 6), (5, 10), (6, 15), (7, 21), (8, 28)])
def test_a_round_robin_by_twos_has_as_many_bets_as_there_are_pairs(legs: int, bets: int) -> None:
    assert ticket("round_robin", "1", *[LOST] * legs, sizes=[2]).staked == bets


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_system_has_its_known_number_of_bets(name: str) -> None:
    known = {"trixie": 4, "patent": 7, "yankee": 11, "lucky15": 15, "canadian": 26, "lucky31": 31, "heinz": 57,
             "lucky63": 63, "super_heinz": 120, "goliath": 247}  # fmt: skip
    legs = [won("2")] * SYSTEMS[name][0]
    grade = ticket(name, "1", *legs)
    assert grade.staked == known[name]
    assert grade.payout == sum(comb(len(legs), size) * 2**size for size in SYSTEMS[name][1])
    assert ticket(name, "1", *legs[1:]).status == "needs_review"


def test_a_round_robin_is_lost_early_when_no_combination_can_win() -> None:
    assert result_of("round_robin", "10", LOST, LOST, PENDING, sizes=[2]) == ("lost", "0.00")
    assert result_of("round_robin", "10", LOST, won("2"), PENDING, sizes=[2]) == ("pending", "None")


@pytest.mark.parametrize("sizes", [[], [0], [4], [2, 2]])
def test_a_round_robin_needs_sizes_that_its_legs_can_make(sizes: list[int]) -> None:
    assert ticket("round_robin", "10", won("2"), won("2"), won("2"), sizes=sizes).status == "needs_review"


def test_a_books_rule_for_a_push_holds_in_each_combination() -> None:
    rule = Rule("a book", "", parlay_push="refund")
    legs = (won("1.90"), won("1.90"), PUSH)
    assert result_of("round_robin", "10", *legs, sizes=[2], rule=rule) == ("won", "56.10")


def teaser(*legs: LegGrade, **more: Any) -> tuple[str, str]:
    return result_of("teaser", "100", *legs, **({"sport": NFL, "teaser_points": Decimal(6)} | more))


TEASED = won("1.91")


@pytest.mark.parametrize(
    ("legs", "expected"),
    [
        ((TEASED, TEASED), ("won", "183.33")),
        ((TEASED, TEASED, TEASED), ("won", "260.00")),
        ((TEASED, TEASED, PUSH), ("won", "183.33")),
        ((TEASED, PUSH), ("push", "100.00")),
        ((TEASED, VOID), ("push", "100.00")),
        ((VOID, VOID), ("void", "100.00")),
        ((TEASED, PUSH, LOST), ("lost", "0.00")),
        ((TEASED, PENDING), ("pending", "None")),
    ],
)
def test_a_teaser_is_paid_by_its_table(legs: tuple[LegGrade, ...], expected: tuple[str, str]) -> None:
    assert teaser(*legs) == expected


@pytest.mark.parametrize(("handling", "expected"), [("refund", "push"), ("lose", "lost"), ("drop", "won")])
def test_a_books_rule_for_a_push_in_a_teaser(handling: Any, expected: str) -> None:
    assert teaser(TEASED, TEASED, PUSH, rule=Rule("a book", "", teaser_push=handling))[0] == expected


@pytest.mark.parametrize("dropped", [PUSH, VOID])
def test_what_a_push_makes_of_a_teasers_own_price_only_its_book_can_say(dropped: LegGrade) -> None:
    legs, own = (TEASED, TEASED, dropped), win_factor(Decimal(180))
    grade = ticket("teaser", "100", *legs, sport=NFL, teaser_points=Decimal(6), ticket_odds=own)
    assert (grade.status, grade.payout, grade.is_malformed) == ("needs_review", None, False)
    assert "a price of its own; enter the book's new price" in grade.reason
    unlisted = {"teaser_points": Decimal("9.5"), "ticket_odds": own}
    assert teaser(*legs, **unlisted) == ("needs_review", "None")
    assert teaser(*legs, LOST, ticket_odds=own) == ("lost", "0.00")
    assert teaser(*legs, ticket_odds=win_factor(Decimal(160))) == ("won", "183.33")


@pytest.mark.parametrize(("handling", "expected"), [("refund", "push"), ("lose", "lost")])
def test_a_books_rule_for_a_push_comes_before_the_question_of_its_price(handling: Any, expected: str) -> None:
    rule, own = Rule("a book", "", teaser_push=handling), win_factor(Decimal(180))
    assert teaser(TEASED, TEASED, PUSH, rule=rule, ticket_odds=own)[0] == expected


def test_a_teasers_own_price_comes_before_the_table() -> None:
    assert teaser(TEASED, TEASED, ticket_odds=win_factor(Decimal(-110))) == ("won", "190.91")
    assert teaser(TEASED, TEASED, teaser_points=Decimal(10))[0] == "needs_review"
    assert teaser(TEASED, TEASED, sport="soccer_epl")[0] == "needs_review"


@pytest.mark.parametrize(
    ("market", "side", "point", "moved"),
    [("spreads", "home", "-8.5", "-2.5"), ("spreads", "away", "1.5", "7.5"), ("totals", "over", "44.5", "38.5"),
     ("totals", "under", "44.5", "50.5")],
)  # fmt: skip
def test_a_teaser_moves_the_point_the_bettors_way(market: str, side: str, point: str, moved: str) -> None:
    terms = LegTerms(market, side, Decimal(-110), Decimal(point), sport=NFL)
    assert tease(terms, Decimal(6)).point == Decimal(moved)


@pytest.mark.parametrize(
    ("terms", "points"),
    [
        (LegTerms("h2h", "home", Decimal(-110)), "6"),
        (LegTerms("spreads", "home", Decimal(-110)), "6"),
        (LegTerms("spreads", "home", Decimal(-110), Decimal(3)), "0"),
    ],
)
def test_what_cannot_be_teased_is_refused(terms: LegTerms, points: str) -> None:
    with pytest.raises(BadTeaser):
        tease(terms, Decimal(points))


def same_game(*legs: LegGrade, **more: Any) -> tuple[str, str]:
    return result_of("same_game_parlay", "10", *legs, **({"ticket_odds": Fraction(5)} | more))


def test_a_same_game_parlay_pays_its_own_price_and_never_the_product() -> None:
    assert same_game(won("2"), won("2")) == ("won", "50.00")
    assert same_game(won("2"), LOST) == ("lost", "0.00")
    assert same_game(won("2"), won("2"), ticket_odds=None)[0] == "needs_review"


def test_a_void_leg_of_a_same_game_parlay_follows_the_book() -> None:
    assert same_game(won("2"), VOID)[0] == "needs_review"
    assert same_game(won("2"), VOID, rule=Rule("DraftKings", "", same_game_void="void")) == ("push", "10.00")
    assert same_game(won("2"), PUSH, rule=Rule("ESPN BET", "", same_game_push="void")) == ("push", "10.00")
    assert same_game(VOID, VOID) == ("void", "10.00")
    assert same_game(won("2"), half_won("2"))[0] == "needs_review"


@pytest.mark.parametrize(
    ("leg", "payout", "profit"),
    [(won("5"), "200.00", "200.00"), (LOST, "0.00", "0.00"), (VOID, "0.00", "0.00"), (PUSH, "0.00", "0.00")],
)
def test_a_bonus_stake_is_not_returned(leg: LegGrade, payout: str, profit: str) -> None:
    grade = ticket("straight", "50", leg, is_bonus=True)
    assert (str(grade.payout), str(grade.profit), grade.status) == (payout, profit, leg.status)


@pytest.mark.parametrize(
    ("pct", "cap", "payout"), [("0", None, "300.00"), ("50", None, "400.00"), ("50", "25", "325.00")]
)
def test_a_boost_raises_the_profit_up_to_its_cap(pct: str, cap: str | None, payout: str) -> None:
    limit = None if cap is None else Decimal(cap)
    grade = ticket("straight", "100", won("3"), boost_pct=Decimal(pct), boost_cap=limit)
    assert str(grade.payout) == payout
    assert str(ticket("straight", "100", LOST, boost_pct=Decimal(pct)).payout) == "0.00"


def test_a_lay_wins_what_the_back_loses() -> None:
    terms = LegTerms("h2h_lay", "home", american_from_decimal(Decimal("2.8")))
    liability = Decimal("1.8") * 100
    for score, expected in (((0, 1), "280.00"), ((1, 0), "0.00"), ((1, 1), "180.00")):
        leg = grade_leg(terms, Result("final", *score))
        assert str(ticket("straight", str(liability), leg).payout) == expected


def test_commission_is_taken_on_the_net_of_a_market() -> None:
    assert net_of_commission([Decimal(100), Decimal(-60)], Decimal(5)) == 38
    assert net_of_commission([Decimal(10), Decimal(-60)], Decimal(5)) == -50
    assert str(ticket("straight", "100", won("3"), commission_pct=Decimal(2)).payout) == "296.00"


def test_what_rides_on_after_a_part_was_cashed_out_is_paid_beside_it() -> None:
    bet = due_bet(stake=Decimal(100), cashed_stake=Decimal(60), cashed_out=Decimal(50))
    partial = with_cash_out(bet, ticket("straight", "100", won("3")))
    assert (str(partial.payout), str(partial.profit)) == ("170.00", "70.00")
    assert with_cash_out(bet, ticket("straight", "100", PENDING)).payout is None


def test_an_unknown_kind_goes_to_review() -> None:
    assert "not graded automatically" in ticket("pool", "1", won("2")).reason


FACTORS = st.one_of(
    st.sampled_from([Fraction(0), Fraction(1), Fraction(1, 2)]),
    st.fractions(min_value=Fraction(101, 100), max_value=50, max_denominator=100),
)
LEGS = st.lists(FACTORS, min_size=2, max_size=7)


def legs_of(factors: list[Fraction]) -> list[LegGrade]:
    return [LegGrade("won" if f > 1 else "push" if f == 1 else "lost", f) for f in factors]


@given(LEGS, st.randoms())
def test_the_order_of_a_parlays_legs_does_not_matter(factors: list[Fraction], random: Any) -> None:
    shuffled = random.sample(factors, len(factors))
    one, other = (ticket("parlay", "10", *legs_of(order)) for order in (factors, shuffled))
    assert (one.payout, one.status, one.factor) == (other.payout, other.status, other.factor)


@given(LEGS, st.data())
def test_a_round_robin_is_the_sum_of_its_parlays(factors: list[Fraction], data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(factors)))
    each = [prod(chosen, start=Fraction(1)) for chosen in combinations(factors, size)]
    grade = ticket("round_robin", "10", *legs_of(factors), sizes=[size])
    assert grade.factor == sum(each, Fraction(0)) / len(each)
    assert grade.staked == 10 * len(each)


@given(st.lists(st.sampled_from([PUSH, VOID]), min_size=2, max_size=6), st.integers(1, 10**8))
def test_a_ticket_of_refunds_returns_exactly_the_stake(legs: list[LegGrade], cents: int) -> None:
    stake = Decimal(cents) / 100
    grade = grade_ticket(kind="parlay", stake=stake, currency="USD", legs=legs, rule=FULL_GAME)
    assert (grade.payout, grade.profit) == (stake, 0)


SCORES = st.integers(0, 60)
LINES = st.integers(-200, 200).map(lambda quarters: Decimal(quarters) / 4)


@given(SCORES, SCORES, LINES, st.integers(100, 900))
def test_a_fair_price_on_both_sides_of_a_line_returns_both_stakes(
    home: int, away: int, line: Decimal, size: int
) -> None:
    """+n against −n is a book without margin: staked in proportion, both sides together return what was staked."""
    one = grade_leg(LegTerms("spreads", "home", Decimal(size), line), Result("final", home, away))
    other = grade_leg(LegTerms("spreads", "away", Decimal(-size), -line), Result("final", home, away))
    assert one.factor is not None
    assert other.factor is not None
    assert one.factor * 100 + other.factor * size == 100 + size
