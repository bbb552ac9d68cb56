"""Whether prices come in: by sport, only while games are near, and only as often as is planned."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feeds.monitoring.transitions import Verdict
from games.models import GameStatus
from games.tests.factories import GameFactory, SportFactory
from odds.freshness import (
    LONGEST_PAUSE,
    SLACK,
    SportPrices,
    judge,
    planned_limits,
    read_freshness,
    read_sports,
)
from odds.tests.factories import HeartbeatFactory

pytestmark = pytest.mark.django_db
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)
NOW = dt.datetime(2026, 11, 20, 18, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("games", "age", "limit", "verdict", "reason"),
    [
        (0, None, 10, Verdict.OFF, "no games within 24 hours"),
        (0, 600, 10, Verdict.OFF, "no games within 24 hours"),
        (3, 10, 10, Verdict.OK, ""),
        (3, 11, 10, Verdict.FAILING, "no price seen for 11 minutes, though 3 games start within 24 hours"),
        (1, 300, 60, Verdict.FAILING, "no price seen for 5 hours, though 1 game starts within 24 hours"),
        (1, None, 10, Verdict.FAILING, "no price yet, though 1 game starts within 24 hours"),
        (3, 11, None, Verdict.OFF, "not polled: the credits of the month go to other sports"),
    ],
)
def test_prices_are_late_when_games_are_near(
    games: int, age: int | None, limit: int | None, verdict: Verdict, reason: str
) -> None:
    seen = None if age is None else NOW - age * MINUTE
    found = judge(SportPrices("s", "S", games, seen), None if limit is None else limit * MINUTE, NOW)
    assert found == (verdict, reason)


def test_a_sport_is_judged_by_the_games_that_start_within_a_day() -> None:
    sport = SportFactory(key="basketball_nba", title="NBA")
    SportFactory(key="golf_masters", has_outrights=True)
    SportFactory(key="old", active=False)
    soon = GameFactory(sport=sport, commence_time=NOW + 23 * HOUR)
    far = GameFactory(sport=sport, commence_time=NOW + 25 * HOUR)
    begun = GameFactory(sport=sport, commence_time=NOW - HOUR)
    put_off = GameFactory(sport=sport, commence_time=NOW + HOUR, status=GameStatus.POSTPONED)
    for game in (far, begun, put_off):
        HeartbeatFactory(game=game, seen_at=NOW, polled_at=NOW)
    with CaptureQueriesContext(connection) as seen:
        assert read_sports(NOW) == [SportPrices("basketball_nba", "NBA", 1, None)]
    assert len(seen) == 1
    for minutes in (50, 30):
        HeartbeatFactory(game=soon, seen_at=NOW - minutes * MINUTE, polled_at=NOW)
    assert read_sports(NOW) == [SportPrices("basketball_nba", "NBA", 1, NOW - 30 * MINUTE)]


def test_the_minutes_may_be_set(settings: Any) -> None:
    game = GameFactory(commence_time=NOW + HOUR)
    HeartbeatFactory(game=game, seen_at=NOW - 30 * MINUTE, polled_at=NOW)
    settings.FEED_STALE_MINUTES = 29
    assert [one.verdict for one in read_freshness(NOW)] == [Verdict.FAILING]
    settings.FEED_STALE_MINUTES = 30
    assert [one.verdict for one in read_freshness(NOW)] == [Verdict.OK]


def test_with_a_key_the_plan_says_how_old_prices_may_be(settings: Any) -> None:
    settings.DEMO = False
    now = timezone.now()
    sport = SportFactory(key="basketball_nba", title="NBA")
    for hours in (5, 30, 54):
        GameFactory(sport=sport, commence_time=now + hours * HOUR)
    limits = planned_limits(now)
    assert set(limits) == {"basketball_nba"}
    assert SLACK < limits["basketball_nba"] <= LONGEST_PAUSE + SLACK
    assert [one.key for one in read_freshness(now)] == ["prices:basketball_nba"]
