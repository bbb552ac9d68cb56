from __future__ import annotations

import pytest

from odds.markets import (
    Outcome,
    bet_type,
    is_signed,
    outcome_of,
    prop_type,
    scope,
    single_line,
    split_period,
    title,
)

HOME, AWAY = "Boston Celtics", "Los Angeles Lakers"


@pytest.mark.parametrize(
    ("name", "description", "outcome"),
    [
        (HOME, "", Outcome("", "home")),
        (AWAY, "", Outcome("", "away")),
        ("Draw", "", Outcome("", "draw")),
        ("Over", "", Outcome("", "over")),
        ("under", "", Outcome("", "under")),
        ("Yes", "", Outcome("", "yes")),
        ("Over", "LeBron James", Outcome("LeBron James", "over")),
        ("Yes", "LeBron James", Outcome("LeBron James", "yes")),
        ("Under", HOME, Outcome(HOME, "under")),
        ("Boston Celtics or Draw", "", Outcome("Boston Celtics or Draw", "win")),
        ("Dunk", "Jaylen Brown", Outcome("Jaylen Brown: Dunk", "win")),
        (HOME, "Jaylen Brown", Outcome("Jaylen Brown: Boston Celtics", "win")),
    ],
)
def test_outcomes_of_a_match_find_their_side(name: str, description: str, outcome: Outcome) -> None:
    assert outcome_of(name, description, HOME, AWAY) == outcome


@pytest.mark.parametrize("name", ["Boston Celtics", "Draw", "The Field"])
def test_every_runner_of_an_outright_is_backed_to_win(name: str) -> None:
    assert outcome_of(name, "", None, None) == Outcome(name, "win")


@pytest.mark.parametrize(
    "market",
    ["h2h", "spreads", "totals", "spreads_h1", "totals_1st_5_innings", "team_totals_q3", "h2h_3_way_p1"],
)
def test_main_lines_have_one_point_at_a_time(market: str) -> None:
    assert single_line(market)


@pytest.mark.parametrize(
    "market",
    ["alternate_spreads", "alternate_totals_h1", "player_points", "spreads_corners", "outrights", "h2hx"],
)
def test_alternates_props_and_unknown_markets_may_have_several_points(market: str) -> None:
    assert not single_line(market)


@pytest.mark.parametrize(
    ("market", "expected"),
    [
        ("h2h", "featured"),
        ("outrights_lay", "featured"),
        ("spreads_h1", "spreads_h1"),
        ("player_points", "player_points"),
    ],
)
def test_scope_tells_how_a_market_is_polled(market: str, expected: str) -> None:
    assert scope(market) == expected


@pytest.mark.parametrize(
    ("market", "parts"),
    [
        ("spreads_h1", ("spreads", "h1")),
        ("alternate_totals_1st_5_innings", ("alternate_totals", "1st_5_innings")),
        ("player_points_q1", ("player_points", "q1")),
        ("totals", ("totals", "")),
    ],
)
def test_period_is_split_from_the_base(market: str, parts: tuple[str, str]) -> None:
    assert split_period(market) == parts


@pytest.mark.parametrize(
    ("market", "text"),
    [
        ("h2h", "Moneyline"),
        ("spreads_h1", "1st half spread"),
        ("totals_1st_5_innings", "First 5 innings total"),
        ("player_points", "Player points"),
        ("player_points_q1", "1st quarter player points"),
        ("player_pass_tds", "Player passing touchdowns"),
        ("player_points_alternate", "Player points, alternate"),
        ("outrights", "Winner"),
        ("some_new_market", "Some new market"),
    ],
)
def test_every_market_has_a_title_for_people(market: str, text: str) -> None:
    assert title(market) == text


@pytest.mark.parametrize(
    ("market", "kind"),
    [
        ("h2h", "moneyline"),
        ("h2h_3_way_p1", "moneyline"),
        ("alternate_spreads_q2", "spread"),
        ("spreads", "spread"),
        ("totals_h1", "total"),
        ("alternate_team_totals", "team_total"),
        ("batter_home_runs", "player_prop"),
        ("outrights", "outright"),
        ("btts", "other"),
        ("some_new_market", "other"),
    ],
)
def test_bet_type_follows_from_the_market(market: str, kind: str) -> None:
    assert bet_type(market) == kind


def test_prop_type_is_the_statistic() -> None:
    assert prop_type("player_points_rebounds_assists") == "points_rebounds_assists"
    assert prop_type("pitcher_strikeouts") == "strikeouts"
    assert prop_type("h2h") == ""


def test_only_handicaps_carry_a_sign() -> None:
    assert is_signed("alternate_spreads_h1")
    assert not is_signed("totals")
