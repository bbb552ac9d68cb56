"""Official games, overtime and void: each rule that books differ in, with what it does to a bet.

The rules in force are those of the seed file; ``book`` reads a row of it as settlement would.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from bets.grading import LegGrade, LegTerms, Result, grade_leg, grade_ticket
from bets.rulebook import SEEDS
from bets.rules import FULL_GAME, Rule, default_rule, with_parameters

EVEN = Decimal(100)
NBA, NFL, NHL, MLB = "basketball_nba", "americanfootball_nfl", "icehockey_nhl", "baseball_mlb"
NCAAF, NCAAB, WNBA, EPL = "americanfootball_ncaaf", "basketball_ncaab", "basketball_wnba", "soccer_epl"
MMA, ATP, PGA = "mma_mixed_martial_arts", "tennis_atp_us_open", "golf_masters_tournament_winner"


def status(sport: str, market: str, side: str, result: Result, point: str | None = None, **more: Any) -> str:
    rule = more.pop("rule", None)
    terms = LegTerms(market, side, EVEN, None if point is None else Decimal(point), sport=sport, **more)
    return grade_leg(terms, result, rule).status


def book(bookmaker: str, sport: str, family: str, market: str) -> Rule:
    """Return the rule of a row of the seed file, laid over what most books do."""
    with (SEEDS / "settlement_rules.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if (row["bookmaker"], row["sport"], row["family"]) == (bookmaker, sport, family)
        ]
    (row,) = rows
    assert row["source"]
    assert row["source_url"].startswith("https://")
    assert row["read_on"]
    return with_parameters(
        default_rule(sport, market), json.loads(row["parameters"]), name=bookmaker, sport=sport
    )


def broken_off(minutes: int, home: int = 60, away: int = 50) -> Result:
    return Result("abandoned", home, away, minutes=Decimal(minutes))


def innings(home: tuple[int, ...], away: tuple[int, ...], state: str = "final") -> Result:
    return Result(state, sum(home), sum(away), home_periods=home, away_periods=away)


def final(home: int, away: int, **more: Any) -> Result:
    return Result("final", home, away, **more)


def box(**stats: int) -> Result:
    return final(5, 3, stats={name.replace("__", "."): Decimal(value) for name, value in stats.items()})


def around(sport: str, minutes: int) -> list[tuple[str, Callable[[], str], str]]:
    """Official from so many minutes on, void before; what is decided stands."""
    return [
        (f"{sport}_{minutes}_minutes", lambda: status(sport, "h2h", "home", broken_off(minutes)), "won"),
        (f"{sport}_{minutes - 1}_minutes", lambda: status(sport, "h2h", "home", broken_off(minutes - 1)), "void"),
        (f"{sport}_spread", lambda: status(sport, "spreads", "home", broken_off(minutes), "-9.5"), "won"),
        (f"{sport}_decided_over", lambda: status(sport, "totals", "over", broken_off(minutes - 1), "100.5"), "won"),
        (f"{sport}_undecided_under", lambda: status(sport, "totals", "under", broken_off(minutes - 1), "110.5"), "void"),
    ]  # fmt: skip


def retired(
    regime: str, home: tuple[int, ...], away: tuple[int, ...], market: str, side: str, point: str | None
) -> str:
    rule = with_parameters(FULL_GAME, {"retirement": regime}, name="a book")
    result = Result("final", 1, 0, home_periods=home, away_periods=away, retired=True, winner=True)
    return status(ATP, market, side, result, point, rule=rule)


AHEAD_AFTER_FOUR_AND_A_HALF = innings((1, 0, 0, 2), (0, 0, 0, 0, 1))
BEHIND_AFTER_FOUR_AND_A_HALF = innings((0, 0, 0, 0), (0, 0, 0, 0, 1))
SIX = innings((0,) * 6, (0, 0, 0, 0, 0, 9))
EIGHT_AND_A_HALF = innings((0, 1, 0, 2, 0, 0, 2, 0), (1, 0, 0, 0, 2, 0, 0, 1, 0))
BROKEN_IN_THE_SEVENTH = innings((0,) * 6, (0, 0, 0, 0, 0, 1, 3), "abandoned")
OVERTIME = final(27, 24, home_periods=(7, 0, 7, 7, 6), away_periods=(3, 14, 0, 4, 3))
SHOOT_OUT = final(4, 3, home_periods=(1, 1, 1, 0, 1), away_periods=(2, 1, 0, 0, 0))
EXTRA_TIME = final(3, 2, home_periods=(1, 1, 1), away_periods=(2, 0, 0), detail="STATUS_FINAL_AET")
WALKED = box(batting__at_bats=0, batting__hits=0, batting__walks=1)
PITCHED = box(pitching__outs=1, pitching__strikeouts=1)


def mlb_winner_by_nine() -> Rule:
    return with_parameters(default_rule(MLB, "h2h"), {"official_innings": 9}, name="others")


def must_start(market: str, sport: str, line: Result, starter: int | None) -> str:
    rule = with_parameters(default_rule(sport, market), {"participation": "must_start"}, name="BetMGM")
    stats = dict(line.stats or {}) | ({} if starter is None else {"starter": Decimal(starter)})
    return status(sport, market, "over", final(5, 3, stats=stats), "0.5", rule=rule)


def entry(*legs: str) -> str:
    """Grade an entry of several picks, each at even money or dropped."""
    picks = {
        "won": LegGrade("won", Fraction(2)),
        "lost": LegGrade("lost", Fraction(0)),
        "void": LegGrade("void", Fraction(1)),
    }
    legs_of_entry = [picks[one] for one in legs]
    return grade_ticket(kind="parlay", stake=Decimal(10), currency="USD", legs=legs_of_entry).status


CASES: dict[str, list[tuple[str, Callable[[], str], str]]] = {
    "football_official": [*around(NFL, 55), *around(NCAAF, 55)],
    "basketball_official": [*around(NBA, 43), *around(NCAAB, 35), *around(WNBA, 35), *around("basketball_euroleague", 35)],
    "hockey_official": [*around(NHL, 55), *around("icehockey_liiga", 60), *around("icehockey_sweden_hockey_league", 60)],
    "baseball_moneyline": [
        ("four_and_a_half_home_ahead", lambda: status(MLB, "h2h", "home", AHEAD_AFTER_FOUR_AND_A_HALF), "won"),
        ("four_and_a_half_home_behind", lambda: status(MLB, "h2h", "away", BEHIND_AFTER_FOUR_AND_A_HALF), "void"),
        ("six", lambda: status(MLB, "h2h", "away", SIX), "won"),
        ("betmgm_suspended_goes_back_to_the_last_full_inning", lambda: status(MLB, "h2h", "away", innings((0, 0, 0, 0, 0, 2), (0, 0, 0, 0, 0, 1, 3), "abandoned"), rule=book("betmgm", MLB, "moneyline", "h2h")), "lost"),
        ("others_as_it_stood", lambda: status(MLB, "h2h", "away", BROKEN_IN_THE_SEVENTH), "won"),
        ("betmgm_waits_36_hours", lambda: str(book("betmgm", MLB, "moneyline", "h2h").not_finished_hours), "36"),
        ("others_need_nine", lambda: status(MLB, "h2h", "away", SIX, rule=mlb_winner_by_nine()), "void"),
        ("or_eight_and_a_half", lambda: status(MLB, "h2h", "home", EIGHT_AND_A_HALF, rule=mlb_winner_by_nine()), "won"),
    ],
    "baseball_run_line_and_total": [
        ("run_line_of_six_innings", lambda: status(MLB, "spreads", "away", SIX, "-1.5"), "void"),
        ("total_of_six_innings", lambda: status(MLB, "totals", "over", SIX, "9.5"), "void"),
        ("already_decided", lambda: status(MLB, "totals", "over", SIX, "8.5"), "won"),
        ("and_for_the_under", lambda: status(MLB, "totals", "under", SIX, "8.5"), "lost"),
        ("eight_and_a_half", lambda: status(MLB, "totals", "over", EIGHT_AND_A_HALF, "8.5"), "won"),
        ("eight_and_a_half_run_line", lambda: status(MLB, "spreads", "home", EIGHT_AND_A_HALF, "-0.5"), "won"),
    ],
    "not_started": [
        ("pinnacle_begins_within_12_hours", lambda: str(book("pinnacle", "", "moneyline", "h2h").not_started_hours), "12"),
        ("pinnacle_ends_within_30_hours", lambda: str(book("pinnacle", "", "total", "totals").not_finished_hours), "30"),
        ("finished_periods_stand", lambda: status(NFL, "h2h_q1", "home", Result("abandoned", 10, 0, home_periods=(7, 3), away_periods=(0, 0)), rule=book("pinnacle", NFL, "moneyline", "h2h")), "won"),
        ("nfl_same_week", lambda: book("", NFL, "moneyline", "h2h").not_started, "same_week"),
        ("tennis_48_hours", lambda: str(default_rule(ATP, "h2h").not_started_hours), "48"),
        ("a_book_may_ask_for_the_same_day", lambda: with_parameters(default_rule(NBA, "h2h"), {"not_started": "same_day", "not_finished_hours": 72}, name="SBK").not_started, "same_day"),
        ("postponed_is_not_void_at_once", lambda: status(NBA, "h2h", "home", Result("postponed")), "pending"),
    ],
    "overtime": [
        ("moneyline", lambda: status(NFL, "h2h", "home", OVERTIME), "won"),
        ("spread", lambda: status(NFL, "spreads", "home", OVERTIME, "-2.5"), "won"),
        ("total", lambda: status(NFL, "totals", "over", OVERTIME, "50.5"), "won"),
        ("not_three_way", lambda: status(NFL, "h2h_3_way", "draw", OVERTIME), "won"),
        ("not_soccer", lambda: status(EPL, "totals", "under", EXTRA_TIME, "4.5"), "won"),
    ],
    "nfl_tie": [
        ("two_way_moneyline_refunds", lambda: status(NFL, "h2h", "home", final(20, 20)), "push"),
        ("either_side", lambda: status(NFL, "h2h", "away", final(20, 20)), "push"),
    ],
    "soccer": [
        ("ninety_minutes", lambda: status(EPL, "h2h", "draw", EXTRA_TIME, draw_offered=True), "won"),
        ("no_extra_time_in_spreads", lambda: status(EPL, "spreads", "away", EXTRA_TIME, "0.25"), "half_won"),
        ("penalties_do_not_count", lambda: status(EPL, "h2h", "draw", final(1, 1, home_periods=(1, 0), away_periods=(0, 1), detail="STATUS_FINAL_PEN"), draw_offered=True), "won"),
    ],
    "hockey_shoot_out": [
        ("one_goal_to_the_winner", lambda: status(NHL, "totals", "over", SHOOT_OUT, "6.5"), "won"),
        ("and_no_more", lambda: status(NHL, "totals", "under", SHOOT_OUT, "7.5"), "won"),
        ("puck_line", lambda: status(NHL, "spreads", "home", SHOOT_OUT, "-1"), "push"),
    ],
    "fights": [
        ("no_contest_is_void", lambda: status(MMA, "h2h", "home", Result("cancelled")), "void"),
        ("a_draw_without_price_refunds", lambda: status(MMA, "h2h", "home", final(0, 0)), "push"),
        ("a_draw_with_price_loses", lambda: status(MMA, "h2h", "home", final(0, 0), draw_offered=True), "lost"),
        ("official_from_the_first_bell", lambda: status(MMA, "h2h", "home", final(1, 0, home_periods=(1,), away_periods=(0,))), "won"),
        ("official_with_a_winner_and_no_score", lambda: status(MMA, "h2h", "home", Result("final", winner=True)), "won"),
    ],
    "tennis_retirement": [
        ("any_voids", lambda: retired("any_voids", (6, 3), (4, 1), "h2h", "home", None), "void"),
        ("one_set_stands", lambda: retired("first_set", (6, 3), (4, 1), "h2h", "home", None), "won"),
        ("no_set_voids", lambda: retired("first_set", (5,), (4,), "h2h", "home", None), "void"),
        ("first_serve_stands", lambda: retired("first_serve", (1,), (0,), "h2h", "home", None), "won"),
        ("undecided_markets_void", lambda: retired("first_set", (6, 3), (4, 1), "spreads", "home", "-1.5"), "void"),
    ],
    "player_props": [
        ("mlb_one_plate_appearance_stands", lambda: status(MLB, "batter_hits", "under", WALKED, "0.5"), "won"),
        ("mlb_none_voids", lambda: status(MLB, "batter_hits", "over", box(batting__plate_appearances=0), "0.5"), "void"),
        ("betmgm_mlb_must_start", lambda: must_start("batter_hits", MLB, box(batting__at_bats=2, batting__hits=1), 0), "void"),
        ("betmgm_mlb_started", lambda: must_start("batter_hits", MLB, box(batting__at_bats=2, batting__hits=1), 1), "won"),
        ("betmgm_mlb_unknown_start", lambda: must_start("batter_hits", MLB, box(batting__at_bats=2, batting__hits=1), None), "needs_review"),
        ("betmgm_row", lambda: book("betmgm", MLB, "player_prop", "batter_hits").participation, "must_start"),
        ("nfl_one_snap", lambda: book("", NFL, "player_prop", "player_pass_yds").participation, "snap"),
        ("nfl_absence_proves_nothing", lambda: status(NFL, "player_pass_yds", "over", final(1, 0, stats={}), "200.5"), "needs_review"),
        ("betmgm_quarterback_must_start", lambda: must_start("player_pass_yds", NFL, box(passing__passing_yards=100), 0), "void"),
        ("pitcher_first_pitch", lambda: status(MLB, "pitcher_strikeouts", "over", PITCHED, "0.5"), "won"),
        ("pitcher_who_did_not_pitch", lambda: status(MLB, "pitcher_strikeouts", "over", WALKED, "0.5"), "void"),
        ("pitcher_must_start", lambda: must_start("pitcher_strikeouts", MLB, PITCHED, 0), "void"),
        ("nba_any_time", lambda: status(NBA, "player_points", "under", box(minutes=1, points=0), "0.5"), "won"),
        ("nba_none", lambda: status(NBA, "player_points", "under", box(minutes=0, points=0), "0.5"), "void"),
        ("nhl_any_time", lambda: status(NHL, "player_goals", "under", box(time_on_ice_seconds=1, goals=0), "0.5"), "won"),
        ("nhl_none", lambda: status(NHL, "player_goals", "under", box(time_on_ice_seconds=0, goals=0), "0.5"), "void"),
    ],
    "pick_em": [
        ("who_did_not_play_drops_out", lambda: entry("won", "won", "void"), "won"),
        ("and_does_not_save_a_loser", lambda: entry("won", "lost", "void"), "lost"),
        ("all_dropped_is_void", lambda: entry("void", "void"), "void"),
    ],
    "golf": [
        ("the_official_winner", lambda: status(PGA, "outrights", "win", Result("final", is_match=False, winner=True)), "won"),
        ("waits_for_him", lambda: status(PGA, "outrights", "win", Result("final", is_match=False)), "needs_review"),
        ("no_round_completed", lambda: status(PGA, "outrights", "win", Result("cancelled", is_match=False)), "void"),
    ],
    "stat_corrections": [
        ("72_hours", lambda: str(default_rule(NBA, "player_points").correction_hours), "72"),
        ("a_books_own_window", lambda: str(with_parameters(FULL_GAME, {"correction_hours": 24}, name="BetMGM, F1").correction_hours), "24"),
    ],
}  # fmt: skip
ROWS = 16


def test_each_row_of_the_reference_has_its_cases() -> None:
    assert len(CASES) == ROWS
    assert all(CASES.values())


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        pytest.param(act, expected, id=f"{row}-{name}")
        for row, cases in CASES.items()
        for name, act, expected in cases
    ],
)
def test_a_rule_does_what_it_says(act: Callable[[], str], expected: str) -> None:
    assert act() == expected
