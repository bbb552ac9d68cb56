"""Every kind of bet by its rule and its worked number: stake 100 unless a case says otherwise."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import partial
from math import comb
from typing import Any

import pytest

from bets.cash_outs import with_cash_out
from bets.grading import (
    EachWay,
    LegGrade,
    LegTerms,
    Result,
    grade_leg,
    grade_ticket,
    net_of_commission,
    tease,
)
from bets.money import round_money
from bets.rules import Rule
from bets.tests.factories import due_bet
from odds.pricing import american_from_decimal
from odds.pricing.hedging import lay_off

NBA, NFL, NHL, EPL = "basketball_nba", "americanfootball_nfl", "icehockey_nhl", "soccer_epl"
PUSH, VOID, LOST = LegGrade("push", Fraction(1)), LegGrade("void", Fraction(1)), LegGrade("lost", Fraction(0))
HALF_LOST = LegGrade("half_lost", Fraction(1, 2))
TWO_PCT = Fraction(2, 100)
Answer = tuple[str, str | None]


def final(home: int, away: int, **more: Any) -> Result:
    return Result("final", home, away, **more)


def won(odds: str) -> LegGrade:
    return LegGrade("won", Fraction(odds))


def leg(market: str, side: str, odds: str, result: Result, point: str | None = None, **more: Any) -> LegGrade:
    rule = more.pop("rule", None)
    line = None if point is None else Decimal(point)
    return grade_leg(LegTerms(market, side, american_from_decimal(Decimal(odds)), line, **more), result, rule)


def paid(kind: str, stake: str, *legs: LegGrade, **more: Any) -> Answer:
    grade = grade_ticket(kind=kind, stake=Decimal(stake), currency="USD", legs=legs, **more)
    return grade.status, None if grade.payout is None else str(grade.payout)


def single(
    market: str, side: str, result: Result, point: str | None = None, odds: str = "1.91", **more: Any
) -> Answer:
    stake = more.pop("stake", "100")
    return paid("straight", stake, leg(market, side, odds, result, point, **more))


def double_chance(side: str, home: int, away: int) -> Answer:
    return single("double_chance", side, final(home, away), odds="1.3", sport=EPL)


def quarter(point: str, home: int, away: int) -> Answer:
    return single("spreads", "home", final(home, away), point, "1.95", sport=EPL)


def quarter_total(side: str, point: str, goals: int) -> Answer:
    return single("totals", side, final(goals, 0), point, "1.95", sport=EPL)


def money(amount: Fraction | Decimal) -> Answer:
    return "", str(round_money(amount, "USD"))


OVERTIME = final(27, 24, home_periods=(7, 0, 7, 7, 6), away_periods=(3, 14, 0, 4, 3))
SHOOT_OUT = final(4, 3, home_periods=(1, 1, 1, 0, 1), away_periods=(2, 1, 0, 0, 0))
EXTRA_TIME = final(2, 1, home_periods=(0, 1, 1), away_periods=(1, 0, 0))
HALF_PLAYED = final(20, 17, home_periods=(7, 3), away_periods=(7, 0))
TEAMS = {"home_name": "Jets", "away_name": "Lions"}


def scorer(points: int, **more: int) -> Result:
    line = {"minutes": 30, "points": points} | more
    return final(100, 90, stats={name: Decimal(number) for name, number in line.items()})


def parlay(middle: LegGrade) -> Answer:
    return paid("parlay", "10", won("1.91"), middle, won("1.80"))


def teaser(*legs: LegGrade, **more: Any) -> Answer:
    return paid("teaser", "100", *legs, sport=NFL, teaser_points=Decimal(6), **more)


def same_game(*legs: LegGrade, rule: Rule) -> Answer:
    return paid("same_game_parlay", "10", *legs, ticket_odds=Fraction(5), rule=rule)


def dead_heat(stake: str, odds: str, places: int, tied: int) -> Answer:
    result = Result("final", is_match=False, winner=True, dead_heat=(places, tied))
    return single("outrights", "win", result, None, odds, stake=stake, participant="A Golfer")


def future(**more: Any) -> Answer:
    return single("outrights", "win", Result("final", is_match=False, **more), None, "4", participant="A")


def each_way(position: int, tied: int) -> Answer:
    result = Result("final", is_match=False, position=position, tied_with=tied)
    return single("outrights", "win", result, None, "17", stake="20", each_way=EachWay(Fraction(1, 4), 5))


def lay(home: int, away: int) -> Answer:
    """A lay at 2.8 of 107.91, the exchange taking 2 % of what it wins, beside 100 backed at 3.0."""
    stake = lay_off(100, 3, Fraction("2.8"), commission=TWO_PCT).stake
    liability = stake * Fraction("1.8")
    layed = leg("h2h_lay", "home", "2.8", final(home, away)).factor
    backed = leg("h2h", "home", "3", final(home, away)).factor
    assert layed is not None
    assert backed is not None
    exchange = net_of_commission([liability * (layed - 1)], Decimal(2))
    return money(exchange + 100 * (backed - 1))


def bonus(odds: str, result: Result, stake: str = "50") -> Answer:
    return paid("straight", stake, leg("h2h", "home", odds, result), is_bonus=True)


def bonus_laid() -> Fraction:
    return lay_off(50, 5, Fraction("5.2"), commission=TWO_PCT, bonus=True).stake


def boosted(pct: str, cap: str | None, grade: LegGrade) -> Answer:
    return paid(
        "straight", "100", grade, boost_pct=Decimal(pct), boost_cap=None if cap is None else Decimal(cap)
    )


def part_cashed_out() -> Answer:
    bet = due_bet(stake=Decimal(100), cashed_stake=Decimal(60), cashed_out=Decimal(50))
    ticket = grade_ticket(kind="straight", stake=bet.stake, currency=bet.currency, legs=[won("3")])
    return "", str(with_cash_out(bet, ticket).payout)


def deducted(pct: int, **result: Any) -> Answer:
    return future(deduction_pct=Decimal(pct), **result)


CASES: dict[str, list[tuple[str, Callable[[], Answer], Answer]]] = {
    "moneyline_two_way": [
        ("a_win_at_1.91", lambda: single("h2h", "home", final(24, 20)), ("won", "191.00")),
        ("a_tie_is_a_push", lambda: single("h2h", "home", final(20, 20), sport=NFL), ("push", "100.00")),
        ("overtime_counts", lambda: single("h2h", "home", OVERTIME, sport=NFL), ("won", "191.00")),
        ("the_lower_score_loses", lambda: single("h2h", "away", final(24, 20)), ("lost", "0.00")),
    ],
    "moneyline_three_way": [
        ("the_draw_is_an_outcome", lambda: single("h2h", "draw", final(1, 1), odds="3.4", draw_offered=True, sport=EPL), ("won", "340.00")),
        ("home_loses_on_a_draw", lambda: single("h2h", "home", final(1, 1), draw_offered=True, sport=EPL), ("lost", "0.00")),
        ("away_loses_on_a_draw", lambda: single("h2h", "away", final(1, 1), draw_offered=True, sport=EPL), ("lost", "0.00")),
        ("refunded_if_the_draw_had_no_price", lambda: single("h2h", "home", final(1, 1), sport="boxing_boxing"), ("push", "100.00")),
        ("soccer_ninety_minutes_only", lambda: single("h2h", "home", EXTRA_TIME, draw_offered=True, sport=EPL), ("lost", "0.00")),
        ("soccer_drawn_after_ninety", lambda: single("h2h", "draw", EXTRA_TIME, odds="3.4", draw_offered=True, sport=EPL), ("won", "340.00")),
        ("hockey_sixty_minutes_only", lambda: single("h2h_3_way", "draw", SHOOT_OUT, odds="4", sport=NHL), ("won", "400.00")),
    ],
    "draw_no_bet": [
        ("a_draw_refunds", lambda: single("draw_no_bet", "home", final(1, 1), sport=EPL), ("push", "100.00")),
        ("a_win", lambda: single("draw_no_bet", "away", final(0, 1), sport=EPL), ("won", "191.00")),
        ("a_loss", lambda: single("draw_no_bet", "home", final(0, 1), sport=EPL), ("lost", "0.00")),
    ],
    "double_chance": [
        (f"{side}_{'-'.join(map(str, score))}", partial(double_chance, side, *score), expected)
        for side, score, expected in [
            ("home_draw", (1, 0), ("won", "130.00")), ("home_draw", (1, 1), ("won", "130.00")), ("home_draw", (0, 1), ("lost", "0.00")),
            ("draw_away", (1, 0), ("lost", "0.00")), ("draw_away", (1, 1), ("won", "130.00")), ("draw_away", (0, 1), ("won", "130.00")),
            ("home_away", (1, 0), ("won", "130.00")), ("home_away", (1, 1), ("lost", "0.00")), ("home_away", (0, 1), ("won", "130.00")),
        ]
    ],
    "spread": [
        ("minus_3_wins_by_3", lambda: single("spreads", "home", final(23, 20), "-3"), ("push", "100.00")),
        ("minus_3_wins_by_4", lambda: single("spreads", "home", final(24, 20), "-3"), ("won", "191.00")),
        ("minus_3_wins_by_2", lambda: single("spreads", "home", final(22, 20), "-3"), ("lost", "0.00")),
    ],
    "quarter_spread": [
        ("minus_0.25_draw", lambda: quarter("-0.25", 1, 1), ("half_lost", "50.00")),
        ("plus_0.25_draw", lambda: quarter("0.25", 1, 1), ("half_won", "147.50")),
        ("minus_0.75_by_1", lambda: quarter("-0.75", 2, 1), ("half_won", "147.50")),
        ("plus_0.75_lose_by_1", lambda: quarter("0.75", 1, 2), ("half_lost", "50.00")),
        ("minus_1.25_by_1", lambda: quarter("-1.25", 2, 1), ("half_lost", "50.00")),
        ("minus_1.75_by_2", lambda: quarter("-1.75", 3, 1), ("half_won", "147.50")),
    ],
    "total": [
        ("over_passed", lambda: single("totals", "over", final(24, 21), "44.5"), ("won", "191.00")),
        ("over_equal", lambda: single("totals", "over", final(24, 20), "44"), ("push", "100.00")),
        ("over_missed", lambda: single("totals", "over", final(24, 20), "44.5"), ("lost", "0.00")),
        ("under_equal", lambda: single("totals", "under", final(24, 20), "44"), ("push", "100.00")),
        ("under_kept", lambda: single("totals", "under", final(24, 20), "44.5"), ("won", "191.00")),
    ],
    "quarter_total": [
        ("over_2.25_of_2", lambda: quarter_total("over", "2.25", 2), ("half_lost", "50.00")),
        ("over_2.75_of_3", lambda: quarter_total("over", "2.75", 3), ("half_won", "147.50")),
        ("under_2.25_of_2", lambda: quarter_total("under", "2.25", 2), ("half_won", "147.50")),
    ],
    "team_total": [
        ("own_points_with_overtime", lambda: single("team_totals", "over", OVERTIME, "26.5", participant="home", sport=NFL), ("won", "191.00")),
        ("not_the_opponents", lambda: single("team_totals", "over", final(30, 10, **TEAMS), "10.5", participant="Lions"), ("lost", "0.00")),
        ("equal_is_a_push", lambda: single("team_totals", "under", final(30, 10, **TEAMS), "10", participant="Lions"), ("push", "100.00")),
    ],
    "halves_and_quarters": [
        ("first_half", lambda: single("totals_h1", "over", OVERTIME, "24", sport=NFL), ("push", "100.00")),
        ("second_half_with_overtime_football", lambda: single("totals_h2", "over", OVERTIME, "26.5", sport=NFL), ("won", "191.00")),
        ("second_half_with_overtime_basketball", lambda: single("h2h_h2", "home", final(110, 108, home_periods=(25, 25, 25, 25, 10), away_periods=(25, 25, 25, 25, 8)), sport=NBA), ("won", "191.00")),
        ("fourth_quarter_without", lambda: single("totals_q4", "under", OVERTIME, "11.5", sport=NFL), ("won", "191.00")),
        ("an_incomplete_period_is_not_graded", lambda: single("totals_h1", "over", HALF_PLAYED, "10", sport=NFL), ("needs_review", None)),
        ("an_unplayed_period_is_not_graded", lambda: single("h2h_q3", "home", HALF_PLAYED, sport=NFL), ("needs_review", None)),
    ],
    "both_teams_to_score": [
        ("both", lambda: single("btts", "yes", final(1, 1), sport=EPL), ("won", "191.00")),
        ("one", lambda: single("btts", "yes", final(2, 0), sport=EPL), ("lost", "0.00")),
        ("no", lambda: single("btts", "no", final(0, 0), sport=EPL), ("won", "191.00")),
        ("not_in_extra_time", lambda: single("btts", "yes", final(1, 1, home_periods=(0, 0, 1), away_periods=(1, 0, 0)), sport=EPL), ("lost", "0.00")),
    ],
    "player_prop": [
        ("over", lambda: single("player_points", "over", scorer(31), "30.5", sport=NBA), ("won", "191.00")),
        ("an_integer_line_can_push", lambda: single("player_points", "under", scorer(31), "31", sport=NBA), ("push", "100.00")),
        ("who_did_not_play_voids", lambda: single("player_points", "over", scorer(0, did_not_play=1), "30.5", sport=NBA), ("void", "100.00")),
    ],
    "parlay_push_or_void_leg": [
        ("a_push_drops", lambda: parlay(PUSH), ("won", "34.38")),
        ("a_void_drops", lambda: parlay(VOID), ("won", "34.38")),
        ("a_half_win_at_1.95", lambda: parlay(LegGrade("half_won", Fraction("1.475"))), ("won", "50.71")),
        ("a_half_loss", lambda: parlay(HALF_LOST), ("won", "17.19")),
    ],
    "two_leg_parlay_with_a_push": [
        ("a_straight_bet_on_the_rest", lambda: paid("parlay", "100", won("1.91"), PUSH), ("won", "191.00")),
        ("which_may_lose", lambda: paid("parlay", "100", LOST, PUSH), ("lost", "0.00")),
    ],
    "teaser": [
        ("two_teams_by_the_table", lambda: teaser(won("1.91"), won("1.91")), ("won", "183.33")),
        ("a_loss_beats_all", lambda: teaser(won("1.91"), PUSH, LOST), ("lost", "0.00")),
        ("a_push_pays_the_next_lower", lambda: teaser(won("1.91"), won("1.91"), PUSH), ("won", "183.33")),
        ("two_teams_push_and_win_refund", lambda: teaser(won("1.91"), PUSH), ("push", "100.00")),
        ("special_teaser_refunds", lambda: teaser(won("1.91"), won("1.91"), PUSH, rule=Rule("a book", "", teaser_push="refund")), ("push", "100.00")),
        ("special_teaser_loses", lambda: teaser(won("1.91"), won("1.91"), PUSH, rule=Rule("a book", "", teaser_push="lose")), ("lost", "0.00")),
        ("points_help_a_side", lambda: ("", str(tease(LegTerms("spreads", "home", Decimal(-110), Decimal("-8.5")), Decimal(6)).point)), ("", "-2.5")),
        ("points_help_an_over", lambda: ("", str(tease(LegTerms("totals", "over", Decimal(-110), Decimal("44.5")), Decimal(6)).point)), ("", "38.5")),
        ("points_help_an_under", lambda: ("", str(tease(LegTerms("totals", "under", Decimal(-110), Decimal("44.5")), Decimal(6)).point)), ("", "50.5")),
    ],
    "round_robin": [
        ("three_by_twos_win_win_push", lambda: paid("round_robin", "10", won("1.90"), won("1.90"), PUSH, sizes=[2]), ("won", "74.10")),
        ("costs_thirty", lambda: ("", str(grade_ticket(kind="round_robin", stake=Decimal(10), currency="USD", legs=[LOST] * 3, sizes=[2]).staked)), ("", "30.00")),
        *[
            (f"{legs}_legs_make_{count}", lambda n=legs: ("", str(grade_ticket(kind="round_robin", stake=Decimal(1), currency="USD", legs=[LOST] * n, sizes=[2]).staked)), ("", f"{count}.00"))
            for legs, count in [(3, 3), (4, 6), (5, 10), (6, 15), (7, 21), (8, 28)]
        ],
    ],
    "same_game_parlay": [
        ("its_own_price", lambda: same_game(won("2"), won("2"), rule=Rule("FanDuel", "")), ("won", "50.00")),
        ("fanduel_reprices_a_void", lambda: same_game(won("2"), VOID, rule=Rule("FanDuel", "", same_game_void="reprice")), ("needs_review", None)),
        ("draftkings_voids", lambda: same_game(won("2"), VOID, rule=Rule("DraftKings", "", same_game_void="void")), ("push", "10.00")),
        ("espn_bet_voids_on_a_push", lambda: same_game(won("2"), PUSH, rule=Rule("ESPN BET", "", same_game_push="void")), ("push", "10.00")),
    ],
    "dead_heat": [
        ("50_at_2.5_two_tie", lambda: dead_heat("50", "2.5", 1, 2), ("won", "62.50")),
        ("top_10_six_tie_for_three", lambda: dead_heat("50", "3.0", 3, 6), ("won", "75.00")),
        ("top_5_three_tie_for_fifth", lambda: dead_heat("100", "4.0", 1, 3), ("won", "133.33")),
    ],
    "futures": [
        ("the_official_winner", lambda: future(winner=True), ("won", "400.00")),
        ("anybody_else", lambda: future(winner=False), ("lost", "0.00")),
        ("no_winner_yet", lambda: future(), ("needs_review", None)),
        ("a_non_runner_is_all_in", lambda: future(ran=False), ("lost", "0.00")),
    ],
    "each_way": [
        ("dead_heat_for_the_last_place", lambda: each_way(5, 1), ("won", "25.00")),
        ("the_winner", lambda: each_way(1, 0), ("won", "220.00")),
        ("placed", lambda: each_way(2, 0), ("won", "50.00")),
        ("unplaced", lambda: each_way(6, 0), ("lost", "0.00")),
    ],
    "lay": [
        ("stake_to_lay", lambda: money(lay_off(100, 3, Fraction("2.8"), commission=TWO_PCT).stake), ("", "107.91")),
        ("locked_if_it_wins", lambda: lay(1, 0), ("", "5.76")),
        ("locked_if_it_loses", lambda: lay(0, 1), ("", "5.76")),
    ],
    "exchange_commission": [
        ("on_the_net_of_the_market", lambda: money(net_of_commission([Decimal(100), Decimal(-60)], Decimal(5))), ("", "38.00")),
        ("none_on_a_loss", lambda: money(net_of_commission([Decimal(10), Decimal(-60)], Decimal(5))), ("", "-50.00")),
    ],
    "bonus_bet": [
        ("a_win_pays_the_profit", lambda: bonus("5", final(1, 0)), ("won", "200.00")),
        ("a_loss_costs_nothing", lambda: bonus("5", final(0, 1)), ("lost", "0.00")),
        ("a_void_gives_the_bonus_back_not_cash", lambda: bonus("5", Result("cancelled")), ("void", "0.00")),
        ("stake_to_lay", lambda: money(bonus_laid()), ("", "38.61")),
        ("kept_if_it_loses", lambda: money(net_of_commission([bonus_laid()], Decimal(2))), ("", "37.84")),
        ("kept_if_it_wins", lambda: money(200 - bonus_laid() * Fraction("4.2")), ("", "37.84")),
        ("of_the_bonus", lambda: ("", f"{float(net_of_commission([bonus_laid()], Decimal(2)) / 50):.1%}"), ("", "75.7%")),
    ],
    "profit_boost": [
        ("raises_the_profit", lambda: boosted("50", None, won("3")), ("won", "400.00")),
        ("up_to_its_cap", lambda: boosted("50", "25", won("3")), ("won", "325.00")),
        ("not_a_loss", lambda: boosted("50", None, LOST), ("lost", "0.00")),
        ("not_a_refund", lambda: boosted("50", None, PUSH), ("push", "100.00")),
    ],
    "insurance": [
        ("a_loss_pays_no_cash", lambda: paid("straight", "50", LOST), ("lost", "0.00")),
    ],
    "cash_out": [
        ("in_part", part_cashed_out, ("", "170.00")),
    ],
    "rule_4": [
        ("a_tenth_off_the_winnings", lambda: deducted(10, winner=True), ("won", "370.00")),
        ("the_stake_is_not_touched", lambda: deducted(90, winner=True), ("won", "130.00")),
        ("a_loser_loses_no_more", lambda: deducted(10, winner=False), ("lost", "0.00")),
    ],
}  # fmt: skip
ROWS = 27


def test_each_row_of_the_reference_has_its_cases() -> None:
    assert len(CASES) == ROWS
    assert all(CASES.values())
    assert comb(8, 2) == 28


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        pytest.param(act, expected, id=f"{row}-{name}")
        for row, cases in CASES.items()
        for name, act, expected in cases
    ],
)
def test_a_bet_comes_to_its_worked_number(act: Callable[[], Answer], expected: Answer) -> None:
    assert act() == expected
