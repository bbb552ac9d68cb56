"""The planner's schedule: within its budget whatever the games, denser towards the start."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odds.planning import (
    LEVELS,
    SHORTEST,
    League,
    Level,
    allowance,
    make_plan,
    monthly_cost,
    schedule,
    slates,
)

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
WEEK = NOW + dt.timedelta(days=7)


def at(hours: float) -> dt.datetime:
    return NOW + dt.timedelta(hours=hours)


def league(key: str, *hours: float, cost: int = 3) -> League:
    return League(key, cost, tuple(at(hour) for hour in hours))


leagues = st.lists(
    st.builds(
        League,
        key=st.uuids().map(str),
        cost=st.integers(1, 6),
        starts=st.lists(st.integers(-12 * 60, 7 * 24 * 60), max_size=12).map(
            lambda minutes: tuple(NOW + dt.timedelta(minutes=count) for count in minutes)
        ),
    ),
    max_size=4,
    unique_by=lambda one: one.key,
)


@given(leagues=leagues, budget=st.integers(0, 3_000))
def test_a_plan_never_costs_more_than_its_budget(leagues: list[League], budget: int) -> None:
    plan = make_plan(leagues, budget=budget, since=NOW, until=WEEK)
    assert plan.spent <= budget
    assert all(NOW <= pull.at <= WEEK for pull in plan.pulls)


@given(leagues=leagues, budget=st.integers(0, 2_000))
def test_polls_of_a_league_are_at_least_a_minute_apart(leagues: list[League], budget: int) -> None:
    plan = make_plan(leagues, budget=budget, since=NOW, until=WEEK)
    for one in leagues:
        times = [pull.at for pull in plan.of(one.key)]
        assert all(later - earlier >= SHORTEST for earlier, later in itertools.pairwise(times))


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.words)
def test_polls_get_denser_towards_the_start(level: Level) -> None:
    start = at(48)
    pulls = schedule(League("nfl", 3, (start,)), level, since=NOW, until=start)
    gaps = [later.at - earlier.at for earlier, later in itertools.pairwise(pulls)]
    assert all(nearer <= further for further, nearer in itertools.pairwise(gaps))
    assert pulls[-1].lead <= dt.timedelta(minutes=15)


def test_more_credits_never_make_fewer_polls_of_one_league() -> None:
    nfl = league("nfl", 25, 28, 28.5, 33)
    counts = [
        len(make_plan([nfl], budget=budget, since=NOW, until=WEEK).pulls) for budget in range(0, 4_000, 100)
    ]
    assert counts == sorted(counts)
    assert counts[0] == 0 < counts[1] < counts[-1]


def test_every_league_is_served_before_one_is_served_well() -> None:
    plan = make_plan([league("a", 5), league("b", 5), league("c", 5)], budget=9, since=NOW, until=WEEK)
    assert {pull.league for pull in plan.pulls} == {"a", "b", "c"}


def test_too_small_a_budget_goes_to_the_slates_with_most_games() -> None:
    nfl = league("nfl", 20, 40, 40.5, 41, 70)
    plan = make_plan([nfl], budget=3, since=NOW, until=WEEK)
    assert [pull.games for pull in plan.pulls] == [3]
    assert plan.levels == {"nfl": 0}


def test_games_that_start_together_share_a_poll() -> None:
    assert [slate.games for slate in slates([at(1), at(1.2), at(3)], dt.timedelta(minutes=30))] == [2, 1]
    plan = make_plan([league("nba", 5, 5, 5.1, 5.2)], budget=3, since=NOW, until=WEEK)
    assert len(plan.pulls) == 1


def test_a_league_without_games_costs_nothing() -> None:
    assert make_plan([league("mlb")], budget=10**6, since=NOW, until=WEEK).spent == 0


def test_in_play_is_polled_only_where_credits_abound() -> None:
    nba = league("nba", -1, 5)
    assert all(p.lead > dt.timedelta(0) for p in make_plan([nba], budget=40, since=NOW, until=WEEK).pulls)
    assert any(p.lead < dt.timedelta(0) for p in make_plan([nba], budget=9_000, since=NOW, until=WEEK).pulls)


def test_five_hundred_credits_cover_a_week_of_four_leagues() -> None:
    """A week of NFL, NBA, NHL and EPL: every day with games is seen shortly before them, the NFL most often."""
    nfl = league("nfl", 84, *[52] * 8, *[55.1] * 3, 59, 3)
    nba = league("nba", *[7 + 24 * day + gap for day in range(7) for gap in (0, 0.5, 1, 3)])
    nhl = league("nhl", *[7 + 24 * day + gap for day in (0, 1, 3, 5) for gap in (0, 0.5, 3)])
    epl = league("epl", 24.5, 27, 27, 27, 29.5, 51, 53.5)
    budget = allowance(left=500, now=NOW, period_end=NOW + dt.timedelta(days=30), until=WEEK)
    plan = make_plan([nfl, nba, nhl, epl], budget=budget, since=NOW, until=WEEK)
    assert budget == 116
    assert 90 <= plan.spent <= budget
    assert min(plan.levels.values()) >= 1
    for one in (nfl, nba, nhl, epl):
        days = {start.date() for start in one.starts}
        assert {pull.start.date() for pull in plan.of(one.key)} == days


def test_a_real_calendar_of_four_leagues_gets_36_polls_a_week_out_of_500_credits() -> None:
    """14 NFL, 53 NBA, 48 NHL and 10 EPL games at their usual hours; the figure of decision 0009."""
    evenings = (0, 0.5, 1, 1, 2, 3, 3.5, 0, 0.5, 1.5, 3)
    nba = [24 * day + gap for day, games in enumerate((8, 5, 11, 4, 10, 8, 7)) for gap in evenings[:games]]
    nhl_hours = (0, 0, 0.5, 1, 2, 3, 3, 0, 0, 0.5, 1.5, -6, -4)
    nhl = [24 * day + gap for day, games in enumerate((4, 10, 3, 11, 3, 13, 4)) for gap in nhl_hours[:games]]
    nfl = [1.25, 73.25, *[138] * 8, 141, 141.5, 141.5, 145.25]
    epl = [92, 108.5, *[111] * 4, 113.5, 134, 134, 136.5]
    monday = dt.datetime(2026, 11, 16, tzinfo=dt.UTC)
    leagues = [
        League(key, 3, tuple(monday + dt.timedelta(hours=24 + start) for start in starts))
        for key, starts in (("nba", nba), ("nhl", nhl), ("nfl", nfl), ("epl", epl))
    ]
    plan = make_plan(leagues, budget=500 * 7 // 30, since=monday, until=monday + dt.timedelta(days=9))
    assert {one.key: len(plan.of(one.key)) for one in leagues} == {"nba": 19, "nhl": 8, "nfl": 5, "epl": 4}
    assert plan.spent == 108
    nearest = {pull.start: pull.lead for pull in sorted(plan.pulls)}
    assert set(nearest.values()) == {dt.timedelta(minutes=10)}


def test_credits_are_spread_over_the_rest_of_the_period() -> None:
    end = NOW + dt.timedelta(days=28)
    assert allowance(left=400, now=NOW, period_end=end, until=WEEK) == 100
    assert allowance(left=400, now=NOW, period_end=NOW, until=WEEK) == 400
    assert allowance(left=0, now=NOW, period_end=end, until=WEEK) == 0


def test_what_a_cadence_costs_is_the_price_lists_product() -> None:
    ten_minutes = dt.timedelta(minutes=10)
    assert monthly_cost(sports=1, markets=3, regions=1, every=ten_minutes) == 12_960
    assert monthly_cost(sports=2, markets=3, regions=2, every=ten_minutes, hours_a_day=6) == 12_960
    with pytest.raises(ValueError, match="above zero"):
        monthly_cost(sports=1, markets=1, regions=1, every=dt.timedelta(0))
