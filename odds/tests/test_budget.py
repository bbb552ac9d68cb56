"""A month's credits last the month."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from games.models import Sport
from games.tests.factories import SportFactory
from odds.budget import MONTH, SCORES_COST, has_to_buy_scores, seconds_between_pulls, seconds_between_scores

NBA = "basketball_nba"
HOUR = 3_600


def sport(key: str, **facts: bool) -> Sport:
    built: Sport = SportFactory.build(key=key, title=key, **facts)
    return built


@pytest.fixture
def credits_a_month(request: pytest.FixtureRequest, settings: Settings) -> int:
    settings.ODDS_API_REGIONS = ["us"]
    settings.ODDS_API_MONTHLY_CREDITS = request.param
    return int(request.param)


@pytest.mark.parametrize(
    ("credits_a_month", "seconds"),
    [(500, -(-MONTH // 156)), (0, MONTH), (10**9, 60)],
    indirect=["credits_a_month"],
)
def test_the_cadence_fits_the_months_credits(credits_a_month: int, seconds: int) -> None:
    winner = sport("basketball_nba_championship_winner", has_outrights=True)
    assert seconds_between_pulls([sport(NBA), winner], {NBA}) == seconds


def test_scores_are_bought_for_matches_that_espn_does_not_cover() -> None:
    assert has_to_buy_scores(sport("aussierules_afl"))
    assert not has_to_buy_scores(sport(NBA))
    assert not has_to_buy_scores(sport("golf_masters_winner", has_outrights=True))


@pytest.mark.parametrize("credits_a_month", [0, 500, 20_000, 10**9], indirect=True)
@pytest.mark.parametrize("bought", [0, 1, 2, 4])
def test_scores_and_prices_together_keep_to_the_months_credits(credits_a_month: int, bought: int) -> None:
    sports = [sport(NBA), *(sport(f"handball_{number}") for number in range(bought))]
    every = seconds_between_scores(sports)
    assert 3 * HOUR <= every <= 48 * HOUR
    scores = SCORES_COST * bought * MONTH // every
    prices = 3 * (MONTH // seconds_between_pulls(sports, {NBA}))
    if credits_a_month >= 500:
        assert scores <= credits_a_month // 4
        assert scores + prices <= credits_a_month
    assert prices <= max(credits_a_month, 3)


def test_without_scores_to_buy_none_are_set_aside(settings: Settings) -> None:
    settings.ODDS_API_REGIONS, settings.ODDS_API_MONTHLY_CREDITS = ["us"], 500
    assert seconds_between_pulls([sport(NBA)], {NBA}) == -(-MONTH // 166)
