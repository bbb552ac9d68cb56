"""Markets beyond the full game's winner, spread and total: parts of games, unfinished games, props, futures."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from bets.grading import EachWay, LegTerms, Result, grade_leg, grade_ticket
from bets.rules import FULL_GAME, Rule, default_rule, with_parameters
from odds.pricing import american_from_decimal

NBA, NFL, NHL = "basketball_nba", "americanfootball_nfl", "icehockey_nhl"
MLB, EPL, NCAAB, ATP = "baseball_mlb", "soccer_epl", "basketball_ncaab", "tennis_atp_us_open"
EVEN = Decimal(100)


def final(home: int, away: int, **more: Any) -> Result:
    return Result("final", home, away, **more)


def status(market: str, side: str, result: Result, point: str | None = None, **more: Any) -> str:
    line = None if point is None else Decimal(point)
    rule = more.pop("rule", None)
    return grade_leg(LegTerms(market, side, EVEN, line, **more), result, rule).status


def paid(terms: LegTerms, result: Result, stake: str = "100") -> str:
    legs = [grade_leg(terms, result)]
    return str(grade_ticket(kind="straight", stake=Decimal(stake), currency="USD", legs=legs).payout)


NFL_GAME = final(27, 24, home_periods=(7, 0, 7, 7, 6), away_periods=(3, 14, 0, 4, 3))
NHL_GAME = final(4, 3, home_periods=(1, 1, 1, 0, 1), away_periods=(2, 1, 0, 0, 0))
EPL_GAME = final(2, 1, home_periods=(0, 2), away_periods=(1, 0))
MLB_GAME = final(5, 4, home_periods=(0, 1, 0, 2, 0, 0, 2, 0), away_periods=(1, 0, 0, 0, 2, 0, 0, 1, 0))


@pytest.mark.parametrize(
    ("sport", "game", "market", "side", "point", "expected"),
    [
        (NFL, NFL_GAME, "h2h_q1", "home", None, "won"),
        (NFL, NFL_GAME, "spreads_q2", "away", "-13.5", "won"),
        (NFL, NFL_GAME, "totals_h1", "over", "24", "push"),
        (NFL, NFL_GAME, "h2h_h1", "away", None, "won"),
        (NFL, NFL_GAME, "totals_h2", "over", "26.5", "won"),  # 20 + 7, overtime in
        (NFL, NFL_GAME, "spreads_h2", "home", "-13", "push"),
        (NFL, NFL_GAME, "totals_q4", "under", "11.5", "won"),  # overtime out
        (NFL, NFL_GAME, "h2h_3_way", "draw", None, "won"),  # 21 each after four quarters
        (NFL, NFL_GAME, "h2h_3_way_h2", "home", None, "won"),  # 14 to 4 in regulation
        (NFL, NFL_GAME, "team_totals", "over", "26.5", "won"),
        (NHL, NHL_GAME, "h2h", "home", None, "won"),  # the shoot-out is one goal
        (NHL, NHL_GAME, "totals", "over", "6.5", "won"),
        (NHL, NHL_GAME, "h2h_3_way", "draw", None, "won"),
        (NHL, NHL_GAME, "h2h_p1", "away", None, "won"),
        (NHL, NHL_GAME, "totals_p3", "over", "1", "push"),
        (NHL, NHL_GAME, "h2h_q1", "home", None, "needs_review"),
        (NHL, final(2, 1, home_periods=(1, 1), away_periods=(1, 0)), "h2h_p3", "home", None, "needs_review"),
        (EPL, EPL_GAME, "h2h_h1", "away", None, "won"),
        (EPL, EPL_GAME, "totals_h2", "over", "1.75", "half_won"),
        (EPL, EPL_GAME, "btts", "yes", None, "won"),
        (EPL, EPL_GAME, "btts_h1", "no", None, "won"),
        (EPL, EPL_GAME, "draw_no_bet", "home", None, "won"),
        (EPL, final(1, 1), "draw_no_bet", "away", None, "push"),
        (EPL, EPL_GAME, "double_chance", "home_or_draw", None, "won"),
        (EPL, EPL_GAME, "double_chance", "draw_away", None, "lost"),
        (EPL, EPL_GAME, "double_chance", "12", None, "won"),
        (EPL, EPL_GAME, "correct_score", "2-1", None, "won"),
        (EPL, EPL_GAME, "correct_score", "1-2", None, "lost"),
        (EPL, EPL_GAME, "exact_total", "yes", "3", "won"),
        (EPL, EPL_GAME, "exact_total", "no", "3", "lost"),
        (EPL, EPL_GAME, "exact_total", "no", "2", "won"),
        (EPL, EPL_GAME, "alternate_totals", "under", "3.25", "half_won"),
        (EPL, EPL_GAME, "alternate_team_totals", "under", "2.5", "won"),
        (EPL, EPL_GAME, "alternate_totals_corners", "over", "9.5", "needs_review"),
        (MLB, MLB_GAME, "h2h_1st_5_innings", "home", None, "push"),
        (MLB, MLB_GAME, "totals_1st_3_innings", "under", "2.5", "won"),
        (MLB, MLB_GAME, "spreads_1st_1_innings", "away", "-0.5", "won"),
        (MLB, MLB_GAME, "totals", "over", "8.5", "won"),
        (NCAAB, final(70, 68, home_periods=(30, 35, 5), away_periods=(35, 30, 3)), "h2h_h2", "home", None, "won"),
        (NCAAB, final(70, 68, home_periods=(30, 40), away_periods=(35, 33)), "h2h_q1", "home", None, "needs_review"),
        (NFL, final(20, 17), "totals_h1", "over", "10", "needs_review"),
        (NFL, final(20, 17, home_periods=(7, 3), away_periods=(7, 0)), "totals_h1", "over", "10", "needs_review"),
        (EPL, EPL_GAME, "team_totals", "over", "1.5", "won"),
        ("mma_mixed_martial_arts", Result("final", winner=True), "h2h", "home", None, "won"),
        ("mma_mixed_martial_arts", Result("final"), "h2h", "home", None, "needs_review"),
    ],
)  # fmt: skip
def test_the_part_of_the_game_that_the_market_names_decides(
    sport: str, game: Result, market: str, side: str, point: str | None, expected: str
) -> None:
    participant = "home" if "team_totals" in market else ""
    assert status(market, side, game, point, sport=sport, participant=participant) == expected


def test_a_double_chance_may_name_the_teams() -> None:
    game = replace(EPL_GAME, home_name="Arsenal", away_name="Spurs")
    assert status("double_chance", "win", game, participant="Arsenal or Draw", sport=EPL) == "won"
    assert status("double_chance", "win", game, participant="Draw or Spurs", sport=EPL) == "lost"
    assert status("double_chance", "win", game, participant="Draw or Chelsea", sport=EPL) == "needs_review"


def test_a_team_total_is_the_named_teams_own_score() -> None:
    game = replace(EPL_GAME, home_name="Arsenal", away_name="Spurs")
    assert status("team_totals", "over", game, "1", participant="Spurs", sport=EPL) == "push"
    assert status("team_totals", "over", game, "1.5", participant="Arsenal", sport=EPL) == "won"
    assert status("team_totals", "over", game, "1.5", participant="Chelsea", sport=EPL) == "needs_review"


@pytest.mark.parametrize(("draw", "expected"), [("refund", "push"), ("lose", "lost"), ("by_price", "lost")])
def test_a_books_own_rule_for_a_draw_is_followed(draw: str, expected: str) -> None:
    rule = with_parameters(default_rule(EPL, "h2h", draw_offered=True), {"draw": draw}, name="a book")
    assert status("h2h", "home", final(1, 1), sport=EPL, draw_offered=True, rule=rule) == expected


def broken_off(minutes: int | None, home: int = 60, away: int = 50) -> Result:
    played = None if minutes is None else Decimal(minutes)
    return Result("abandoned", home, away, minutes=played)


@pytest.mark.parametrize(
    ("sport", "game", "market", "side", "point", "expected"),
    [
        (NBA, broken_off(43), "h2h", "home", None, "won"),
        (NBA, broken_off(42), "h2h", "home", None, "void"),
        (NBA, broken_off(None), "h2h", "home", None, "needs_review"),
        (NBA, broken_off(42), "totals", "over", "100.5", "won"),  # already decided
        (NBA, broken_off(42), "totals", "under", "100.5", "lost"),
        (NBA, broken_off(42), "totals", "over", "120.5", "void"),
        ("basketball_wnba", broken_off(35), "h2h", "home", None, "won"),
        (NFL, broken_off(54), "h2h", "home", None, "void"),
        (NFL, broken_off(55), "spreads", "home", "-9.5", "won"),
        (NHL, broken_off(55, 3, 1), "h2h", "home", None, "won"),
        ("icehockey_liiga", broken_off(59, 3, 1), "h2h", "home", None, "void"),
        (EPL, broken_off(80, 1, 0), "h2h", "home", None, "needs_review"),
    ],
)  # fmt: skip
def test_a_game_that_broke_off_counts_from_its_sports_minutes_on(
    sport: str, game: Result, market: str, side: str, point: str | None, expected: str
) -> None:
    assert status(market, side, game, point, sport=sport) == expected


def innings(home: tuple[int, ...], away: tuple[int, ...], state: str = "final") -> Result:
    return Result(state, sum(home), sum(away), home_periods=home, away_periods=away)


@pytest.mark.parametrize(
    ("game", "market", "side", "point", "expected"),
    [
        (innings((1, 0, 0, 2), (0, 0, 0, 0, 1)), "h2h", "home", None, "won"),  # 4½ with the home side ahead
        (innings((0, 0, 0, 0), (0, 0, 0, 0, 1)), "h2h", "away", None, "void"),
        (innings((0,) * 6, (0, 0, 0, 0, 0, 1)), "h2h", "away", None, "won"),
        (innings((0,) * 6, (0, 0, 0, 0, 0, 1)), "totals", "under", "8.5", "void"),
        (innings((0,) * 6, (0, 0, 0, 0, 0, 9)), "totals", "over", "8.5", "won"),
        (innings((0,) * 6, (0, 0, 0, 0, 0, 9)), "spreads", "away", "-1.5", "void"),
        (innings((0,) * 6, (0, 0, 0, 0, 0, 9)), "totals_1st_5_innings", "under", "4.5", "won"),
        (innings((1, 0, 0, 0), (0, 0, 0, 0)), "totals_1st_5_innings", "under", "4.5", "void"),
        (innings((0,) * 5, (0, 0, 0, 0, 9)), "totals_1st_5_innings", "over", "4.5", "won"),
        (innings((1, 0, 0, 0), (0, 0, 0, 0, 1)), "h2h", "home", None, "void"),  # level after 4½
        (innings((0,) * 5, (0, 0, 0, 0, 9), "abandoned"), "totals_1st_5_innings", "under", "4.5", "void"),
        (innings((0,) * 6, (0, 0, 0, 0, 9, 0), "abandoned"), "totals_1st_5_innings", "over", "4.5", "won"),
        (innings((0,) * 6, (0, 0, 0, 0, 0, 1), "abandoned"), "h2h", "away", None, "won"),
        (innings((0,) * 5, (0, 0, 0, 0, 1), "abandoned"), "h2h", "away", None, "needs_review"),
        (Result("abandoned", 0, 1), "h2h", "away", None, "needs_review"),
    ],
)  # fmt: skip
def test_baseball_counts_after_five_innings_for_the_winner_and_nine_for_the_rest(
    game: Result, market: str, side: str, point: str | None, expected: str
) -> None:
    assert status(market, side, game, point, sport=MLB) == expected


def test_a_book_may_go_back_to_the_last_full_inning() -> None:
    rule = with_parameters(default_rule(MLB, "h2h"), {"suspended": "last_full_period"}, name="a book")
    game = innings((0,) * 6, (0, 0, 0, 0, 0, 1, 3), "abandoned")
    terms = LegTerms("h2h", "away", EVEN, sport=MLB)
    compared = grade_leg(terms, game, rule).compared
    assert compared is not None
    assert compared.score == (0, 1)


@pytest.mark.parametrize(
    ("retirement", "home", "away", "market", "side", "point", "expected"),
    [
        ("any_voids", (6, 3), (4, 1), "h2h", "home", None, "void"),
        ("first_set", (6, 3), (4, 1), "h2h", "home", None, "won"),
        ("first_set", (5,), (4,), "h2h", "home", None, "void"),
        ("first_serve", (1,), (0,), "h2h", "home", None, "won"),
        ("first_set", (6, 3), (4, 1), "spreads", "home", "-1.5", "void"),
    ],
)
def test_each_regime_of_tennis_retirement(
    retirement: str, home: tuple[int, ...], away: tuple[int, ...], market: str, side: str, point: str | None,
    expected: str,
) -> None:  # fmt: skip
    game = Result("final", 1, 0, home_periods=home, away_periods=away, retired=True, winner=True)
    rule = with_parameters(FULL_GAME, {"retirement": retirement}, name="a book")
    assert status(market, side, game, point, sport=ATP, rule=rule) == expected


def box(**stats: float) -> Result:
    values = {name.replace("__", "."): Decimal(str(value)) for name, value in stats.items()}
    return final(100, 90, stats=values)


CENTRE = box(
    minutes=35, points=12, rebounds=11, assists=9, steals=1, blocks=3, turnovers=4, field_goals_made=5,
    free_throws_made=2, free_throws_attempted=4, three_point_field_goals_made=0,
)  # fmt: skip
PASSER = box(
    passing__completions=24, passing__passing_attempts=35, passing__passing_yards=280,
    passing__passing_touchdowns=3, passing__interceptions=1, rushing__rushing_attempts=4,
    rushing__rushing_yards=22, rushing__rushing_touchdowns=0, rushing__long_rushing=11,
)  # fmt: skip
RECEIVER = box(
    receiving__receptions=6, receiving__receiving_yards=88, receiving__receiving_touchdowns=0,
    receiving__long_reception=31, puntReturns__punt_return_touchdowns=1,
)  # fmt: skip
TACKLER = box(
    defensive__total_tackles=9, defensive__solo_tackles=6, defensive__sacks=1.5,
    defensive__defensive_touchdowns=1, interceptions__interceptions=1,
    interceptions__interception_touchdowns=1,
)  # fmt: skip
KICKER = box(kicking__field_goals_made=2, kicking__extra_points_made=3, kicking__total_kicking_points=9)
BATTER = box(batting__at_bats=4, batting__hits=2, batting__runs=1, batting__rbis=2, batting__home_runs=1,
             batting__walks=0, batting__strikeouts=1)  # fmt: skip
PITCHER = box(pitching__outs=19, pitching__hits=5, pitching__walks=2, pitching__earned_runs=2,
              pitching__strikeouts=7)  # fmt: skip
SKATER = box(goals=1, assists=2, shots_total=4, shootout_goals=1, blocked_shots=2, time_on_ice_seconds=1100)
GOALIE = box(saves=31, time_on_ice_seconds=3600)


@pytest.mark.parametrize(
    ("sport", "line", "market", "value"),
    [
        (NBA, CENTRE, "player_points", 12),
        (NBA, CENTRE, "player_points_alternate", 12),
        (NBA, CENTRE, "player_threes", 0),
        (NBA, CENTRE, "player_points_rebounds_assists", 32),
        (NBA, CENTRE, "player_points_rebounds", 23),
        (NBA, CENTRE, "player_points_assists", 21),
        (NBA, CENTRE, "player_rebounds_assists", 20),
        (NBA, CENTRE, "player_blocks_steals", 4),
        (NBA, CENTRE, "player_turnovers", 4),
        (NBA, CENTRE, "player_field_goals", 5),
        (NBA, CENTRE, "player_frees_made", 2),
        (NBA, CENTRE, "player_frees_attempts", 4),
        (NBA, CENTRE, "player_double_double", 1),
        (NBA, CENTRE, "player_triple_double", 0),
        (NFL, PASSER, "player_pass_yds", 280),
        (NFL, PASSER, "player_pass_tds", 3),
        (NFL, PASSER, "player_pass_completions", 24),
        (NFL, PASSER, "player_pass_attempts", 35),
        (NFL, PASSER, "player_pass_interceptions", 1),
        (NFL, PASSER, "player_pass_rush_yds", 302),
        (NFL, PASSER, "player_rush_longest", 11),
        (NFL, PASSER, "player_reception_yds", 0),  # listed, but never as a receiver
        (NFL, PASSER, "player_anytime_td", 0),  # passing is not scoring
        (NFL, RECEIVER, "player_receptions", 6),
        (NFL, RECEIVER, "player_rush_reception_yds", 88),
        (NFL, RECEIVER, "player_reception_longest", 31),
        (NFL, RECEIVER, "player_anytime_td", 1),
        (NFL, TACKLER, "player_sacks", Decimal("1.5")),
        (NFL, TACKLER, "player_solo_tackles", 6),
        (NFL, TACKLER, "player_assists", 3),
        (NFL, TACKLER, "player_tackles_assists", 9),
        (NFL, TACKLER, "player_tds_over", 1),  # one interception run back, listed in two groups
        (NFL, TACKLER, "player_defensive_interceptions", 1),
        (NFL, KICKER, "player_kicking_points", 9),
        (NFL, KICKER, "player_field_goals", 2),
        (NFL, KICKER, "player_pats", 3),
        (MLB, BATTER, "batter_hits", 2),
        (MLB, BATTER, "batter_hits_runs_rbis", 5),
        (MLB, BATTER, "batter_home_runs", 1),
        (MLB, PITCHER, "pitcher_outs", 19),
        (MLB, PITCHER, "pitcher_strikeouts", 7),
        (MLB, PITCHER, "pitcher_hits_allowed", 5),
        (NHL, SKATER, "player_points", 3),
        (NHL, SKATER, "player_goals", 1),
        (NHL, SKATER, "player_goal_scorer_anytime", 1),
        (NHL, SKATER, "player_shots_on_goal", 4),
        (NHL, SKATER, "player_blocked_shots", 2),
        (NHL, GOALIE, "player_total_saves", 31),
    ],
)  # fmt: skip
def test_a_props_number_comes_from_the_box_score(
    sport: str, line: Result, market: str, value: int | Decimal
) -> None:
    terms = LegTerms(market, "over", EVEN, Decimal("0.5"), "A Player", sport=sport)
    compared = grade_leg(terms, line).compared
    assert compared is not None
    assert compared.value == value


@pytest.mark.parametrize(
    ("sport", "line", "market", "words"),
    [
        (MLB, BATTER, "batter_total_bases", "cannot be derived"),
        (MLB, BATTER, "batter_stolen_bases", "cannot be derived"),
        (NFL, PASSER, "player_pass_longest_completion", "cannot be derived"),
        (NFL, PASSER, "player_1st_td", "cannot be derived"),
        (NFL, PASSER, "player_pass_yds_q1", "cannot be derived"),
        (NBA, CENTRE, "player_first_basket", "cannot be derived"),
        (NHL, SKATER, "player_power_play_points", "cannot be derived"),
        (NBA, box(minutes=30), "player_points", "no points"),
        (NFL, final(20, 17, stats={}), "player_rush_yds", "player_not_in_box"),
        (NBA, final(20, 17, stats={}), "player_points", "player_not_in_box"),
        (MLB, box(batting__at_bats=0, batting__walks=0, batting__hits=0), "batter_hits", "plate"),
    ],
)
def test_what_a_box_score_does_not_tell_goes_to_review(
    sport: str, line: Result, market: str, words: str
) -> None:
    grade = grade_leg(LegTerms(market, "over", EVEN, Decimal("0.5"), "A Player", sport=sport), line)
    assert grade.status == "needs_review"
    assert words in grade.reason


@pytest.mark.parametrize(
    ("sport", "line", "market"),
    [
        (NBA, box(did_not_play=1), "player_points"),
        (NBA, box(minutes=0, points=0), "player_points"),
        (NHL, box(time_on_ice_seconds=0, goals=0), "player_goals"),
        (NHL, final(2, 1, stats={}), "player_goals"),
        (MLB, final(2, 1, stats={}), "batter_hits"),
        (MLB, PITCHER, "batter_hits"),
        (MLB, BATTER, "pitcher_outs"),
    ],
)
def test_a_player_who_did_not_take_part_voids_the_prop(sport: str, line: Result, market: str) -> None:
    assert status(market, "over", line, "0.5", sport=sport) == "void"


def test_a_book_that_asks_for_a_start_voids_without_one() -> None:
    rule = with_parameters(default_rule(MLB, "batter_hits"), {"participation": "must_start"}, name="BetMGM")
    for starter, expected in ((1, "won"), (0, "void")):
        line = replace(BATTER, stats={**(BATTER.stats or {}), "starter": Decimal(starter)})
        assert status("batter_hits", "over", line, "1.5", sport=MLB, rule=rule) == expected
    assert status("batter_hits", "over", BATTER, "1.5", sport=MLB, rule=rule) == "needs_review"


@pytest.mark.parametrize(
    ("side", "point", "expected"),
    [("over", "12", "push"), ("under", "12.5", "won"), ("over", "12.25", "half_lost"), ("yes", None, "won"),
     ("no", None, "lost"), ("home", "1", "needs_review"), ("over", None, "needs_review")],
)  # fmt: skip
def test_a_props_sides(side: str, point: str | None, expected: str) -> None:
    assert status("player_points", side, CENTRE, point, sport=NBA) == expected


def runner(**more: Any) -> Result:
    return Result("final", is_match=False, **more)


@pytest.mark.parametrize(
    ("stake", "odds", "result", "expected"),
    [
        ("50", "2.5", runner(winner=True, dead_heat=(1, 2)), "62.50"),
        ("50", "3.0", runner(winner=True, dead_heat=(3, 6)), "75.00"),
        ("100", "4.0", runner(winner=True, dead_heat=(1, 3)), "133.33"),
        ("100", "4.0", runner(winner=True), "400.00"),
        ("100", "4.0", runner(winner=False), "0.00"),
        ("100", "4.0", runner(position=1, tied_with=1), "200.00"),
        ("100", "4.0", runner(ran=False), "0.00"),
    ],
)
def test_futures_and_dead_heats(stake: str, odds: str, result: Result, expected: str) -> None:
    terms = LegTerms("outrights", "win", american_from_decimal(Decimal(odds)), participant="A Golfer")
    assert paid(terms, result, stake) == expected


@pytest.mark.parametrize(("dead_heat", "expected"), [("win", "won"), ("refund", "push"), ("reduce", "lost")])
def test_a_books_rule_for_dead_heats(dead_heat: str, expected: str) -> None:
    rule = Rule("a book", "", dead_heat=dead_heat)  # type: ignore[arg-type]
    result = runner(winner=True, dead_heat=(1, 3))
    assert status("outrights", "win", result, rule=rule) == expected


def test_a_non_runner_is_void_where_the_book_says_so() -> None:
    assert status("outrights", "win", runner(ran=False), rule=Rule("a book", "", non_runner="void")) == "void"


@pytest.mark.parametrize(
    ("position", "tied", "expected"),
    [(1, 0, "220.00"), (2, 0, "50.00"), (5, 1, "25.00"), (6, 0, "0.00"), (1, 1, "135.00")],
)
def test_each_way_pays_the_win_and_the_place(position: int, tied: int, expected: str) -> None:
    way = EachWay(Fraction(1, 4), 5)
    terms = LegTerms("outrights", "win", american_from_decimal(Decimal(17)), each_way=way)
    assert paid(terms, runner(position=position, tied_with=tied), "20") == expected
