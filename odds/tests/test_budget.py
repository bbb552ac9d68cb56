"""What is bought besides the planned polls keeps to its share of the month's credits."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from games.models import Sport
from games.tests.factories import SportFactory
from odds.budget import (
    MONTH,
    has_to_buy_scores,
    monthly_outrights,
    monthly_scores,
    seconds_between_outrights,
    seconds_between_scores,
)

NBA = "basketball_nba"
HOUR = 3_600
DAY = 86_400


def sport(key: str, **facts: bool) -> Sport:
    built: Sport = SportFactory.build(key=key, title=key, **facts)
    return built


def winners(count: int) -> list[Sport]:
    return [sport(f"golf_{number}_winner", has_outrights=True) for number in range(count)]


@pytest.fixture
def credits_a_month(request: pytest.FixtureRequest, settings: Settings) -> int:
    settings.ODDS_API_REGIONS = ["us"]
    settings.ODDS_API_MONTHLY_CREDITS = request.param
    return int(request.param)


def test_scores_are_bought_for_matches_that_espn_does_not_cover() -> None:
    assert has_to_buy_scores(sport("aussierules_afl"))
    assert not has_to_buy_scores(sport(NBA))
    assert not has_to_buy_scores(sport("golf_masters_winner", has_outrights=True))


@pytest.mark.parametrize("credits_a_month", [500, 20_000, 10**9], indirect=True)
@pytest.mark.parametrize("bought", [0, 1, 2, 4])
def test_scores_keep_to_a_quarter_of_the_months_credits(credits_a_month: int, bought: int) -> None:
    sports = [sport(NBA), *(sport(f"handball_{number}") for number in range(bought))]
    assert 3 * HOUR <= seconds_between_scores(sports) <= 48 * HOUR
    assert monthly_scores(sports) <= credits_a_month // 4
    assert bool(monthly_scores(sports)) == bool(bought)


@pytest.mark.parametrize(
    ("credits_a_month", "count", "seconds"),
    [(500, 1, DAY), (500, 5, MONTH // 10), (500, 0, MONTH), (0, 3, MONTH), (10**9, 3, DAY)],
    indirect=["credits_a_month"],
)
def test_outrights_are_polled_once_a_day_or_as_their_tenth_allows(
    credits_a_month: int, count: int, seconds: int
) -> None:
    sports = [sport(NBA), *winners(count)]
    assert seconds_between_outrights(sports) == seconds
    assert monthly_outrights(sports) <= max(credits_a_month // 10, count)
