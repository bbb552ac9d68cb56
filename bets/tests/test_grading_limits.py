"""The last number on each side of a limit: where one more or one less would be graded otherwise."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bets.grading import LegTerms, Result, grade_leg
from bets.rules import default_rule, with_parameters

EVEN = Decimal(100)
NBA, NFL, MLB, PGA = "basketball_nba", "americanfootball_nfl", "baseball_mlb", "golf_masters"


def status(
    sport: str, market: str, side: str, result: Result, point: str | None = None, **rule: object
) -> str:
    line = None if point is None else Decimal(point)
    used = with_parameters(default_rule(sport, market), rule, name="a book") if rule else None
    return grade_leg(LegTerms(market, side, EVEN, line, sport=sport), result, used).status


def box(**stats: int) -> Result:
    values = {name.replace("__", "."): Decimal(value) for name, value in stats.items()}
    return Result("final", 5, 3, stats=values)


def runner(**more: Any) -> Result:
    return Result("final", is_match=False, **more)


@pytest.mark.parametrize(
    ("points", "rebounds", "expected"), [(10, 10, "won"), (9, 10, "lost"), (10, 9, "lost"), (11, 12, "won")]
)
def test_a_double_is_ten_or_more_of_two(points: int, rebounds: int, expected: str) -> None:
    line = box(minutes=30, points=points, rebounds=rebounds, assists=1, steals=1, blocks=1)
    assert status(NBA, "player_double_double", "yes", line) == expected


@pytest.mark.parametrize(("scored", "expected"), [(0, "lost"), (1, "won"), (2, "won")])
def test_yes_without_a_line_is_at_least_one(scored: int, expected: str) -> None:
    line = box(rushing__rushing_touchdowns=scored, rushing__rushing_yards=12)
    assert status(NFL, "player_anytime_td", "yes", line) == expected


def test_one_plate_appearance_is_enough() -> None:
    batted = box(batting__plate_appearances=1, batting__hits=0)
    assert status(MLB, "batter_hits", "under", batted, "0.5") == "won"


def test_a_number_missing_from_a_group_that_lists_the_player_is_not_nought() -> None:
    listed = box(receiving__receptions=4)
    assert status(NFL, "player_reception_yds", "under", listed, "50.5") == "needs_review"
    assert status(NFL, "player_rush_yds", "under", listed, "50.5") == "won"


@pytest.mark.parametrize(
    ("side", "result", "expected"),
    [
        ("win", runner(position=1), "won"),
        ("win", runner(position=2), "lost"),
        ("no", runner(winner=True), "lost"),
        ("no", runner(winner=False), "won"),
        ("win", runner(winner=True, dead_heat=(0, 2)), "needs_review"),
        ("win", runner(winner=True, dead_heat=(3, 2)), "needs_review"),
        ("win", runner(winner=True, dead_heat=(2, 2)), "won"),
    ],
)
def test_only_the_first_wins_a_future_and_a_dead_heat_has_places(
    side: str, result: Result, expected: str
) -> None:
    assert status(PGA, "outrights", side, result) == expected


def test_a_decided_line_stands_only_where_the_book_says_so() -> None:
    short = Result("abandoned", 60, 50, minutes=Decimal(30))
    assert status(NBA, "totals", "over", short, "100.5") == "won"
    assert status(NBA, "totals", "over", short, "100.5", decided_stands=False) == "void"


def test_a_game_level_when_it_broke_off_in_its_last_official_inning_is_not_decided() -> None:
    level = Result("abandoned", 0, 0, home_periods=(0,) * 5, away_periods=(0,) * 5)
    assert status(MLB, "h2h", "home", level) == "needs_review"
