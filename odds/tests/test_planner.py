"""The plan of an installation: its key, its games, its page, its command, and what beat makes of it."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator

import httpx
import pytest
from django.core.cache.backends.locmem import LocMemCache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts.tests.factories import UserFactory
from feeds import the_odds_api
from feeds.exceptions import FeedError
from feeds.http import Secret
from feeds.models import Block
from feeds.tests.factories import ApiCallFactory, QuotaFactory
from games.models import Game, Sport
from games.tests.factories import GameFactory, SportFactory
from odds import planner, tasks
from odds.pull import pull_sport

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def real_key(settings: Settings) -> None:
    settings.DEMO = False
    settings.ODDS_API_KEY = "a-key"
    settings.ODDS_API_MONTHLY_CREDITS = 500
    settings.ODDS_API_REGIONS = ["us"]


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocMemCache]:
    own = LocMemCache("plans", {})
    own.clear()
    monkeypatch.setattr(planner, "cache", own)
    monkeypatch.setattr(tasks, "cache", own)
    yield own
    own.clear()


@pytest.fixture
def nba() -> Sport:
    sport: Sport = SportFactory()
    for hours in (7, 7.5, 31, 55):
        GameFactory(sport=sport, commence_time=NOW + dt.timedelta(hours=hours))
    return sport


def quota(**facts: object) -> None:
    given = {"limit": 500, "used": 0, "reserved": 0, "period_start": NOW} | facts
    QuotaFactory(key_fingerprint=Secret("a-key").fingerprint(), **given)


def due(sport: Sport, **later: float) -> set[str]:
    return planner.due_sports([sport], now=NOW + dt.timedelta(**later))


def test_what_the_key_has_left_comes_from_the_providers_counter() -> None:
    quota(used=120, reserved=6, reserved_at=NOW, period_start=NOW - dt.timedelta(days=10))
    key = planner.read_key(now=NOW)
    assert (key.left, key.limit, key.used) == (374, 500, 120)
    assert key.period_end == NOW + dt.timedelta(days=20)


def test_a_counter_that_did_not_fall_after_a_month_makes_the_rest_last_another_week() -> None:
    quota(used=400, period_start=NOW - dt.timedelta(days=45))
    assert planner.read_key(now=NOW).period_end == NOW + dt.timedelta(days=7)


def test_an_exhausted_or_blocked_key_plans_nothing(nba: Sport) -> None:
    quota(used=500)
    assert planner.plan_week([nba], now=NOW).pulls == []


def test_a_key_out_of_credits_plans_nothing(nba: Sport) -> None:
    quota(used=10, block=Block.OUT_OF_CREDITS, blocked_at=NOW, breaker_until=NOW)
    assert planner.plan_week([nba], now=NOW).pulls == []
    assert "out of credits" in planner.read_key(now=NOW).blocked


def test_outrights_and_bought_scores_are_set_aside(nba: Sport) -> None:
    alone = planner.plan_week([nba], now=NOW).budget
    winner = SportFactory(key="golf_masters_winner", title="Masters", has_outrights=True)
    handball = SportFactory(key="handball_germany_bundesliga", title="HBL")
    assert planner.plan_week([nba, winner, handball], now=NOW).budget < alone


def test_a_finished_game_is_not_polled(nba: Sport) -> None:
    Game.objects.update(status="final", home_score=1, away_score=0)
    assert planner.plan_week([nba], now=NOW).pulls == []


def test_the_number_of_statements_does_not_grow_with_the_games(nba: Sport) -> None:
    quota()
    with CaptureQueriesContext(connection) as few:
        planner.plan_week([nba], now=NOW)
    GameFactory.create_batch(20, sport=nba, commence_time=NOW + dt.timedelta(hours=30))
    with CaptureQueriesContext(connection) as many:
        planner.plan_week([nba], now=NOW)
    assert len(few) == len(many) <= 3


def test_a_planned_poll_is_due_once(nba: Sport, cache: LocMemCache) -> None:
    planner.note_pull(nba.key, now=NOW - dt.timedelta(hours=1))
    pulls = [pull for pull in planner.plan_week([nba], now=NOW).pulls if pull.at > NOW]
    at = (pulls[0].at - NOW).total_seconds()
    assert due(nba, seconds=at - 1) == set()
    cache.delete(f"odds:plan:{nba.key}")
    assert due(nba, seconds=at) == {nba.key}
    planner.note_pull(nba.key, now=NOW + dt.timedelta(seconds=at + 1))
    assert due(nba, seconds=at + 2) == set()


def test_a_new_installation_looks_once_at_a_sport_with_games_near(nba: Sport) -> None:
    assert due(nba) == {nba.key}
    planner.note_pull(nba.key, now=NOW)
    assert due(nba, seconds=20) == set()


def test_a_lost_cache_reads_the_last_poll_from_the_record_of_calls(nba: Sport) -> None:
    ApiCallFactory(endpoint=f"/v4/sports/{nba.key}/odds", status=200, at=NOW - dt.timedelta(hours=2))
    assert planner.last_pull(nba.key, now=NOW) == NOW - dt.timedelta(hours=2)
    assert due(nba) == set()


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(429, json={"error_code": "EXCEEDED_FREQ_LIMIT"}),
        httpx.Response(503),
        httpx.Response(200, content=b"<html>no json"),
        httpx.ReadTimeout("slow"),
    ],
    ids=["429", "5xx", "garbage", "timeout"],
)
def test_a_poll_that_failed_stays_due(
    nba: Sport, answer: httpx.Response | httpx.ReadTimeout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reply(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, httpx.Response):
            return answer
        raise answer

    client = the_odds_api.Client(transport=httpx.MockTransport(reply), attempts=1)
    monkeypatch.setattr(tasks, "pull_sport", pull_sport)
    with pytest.raises(FeedError):
        tasks._pull_planned(client, nba)
    assert due(nba) == {nba.key}


def test_the_command_shows_key_forecast_and_polls(nba: Sport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    quota(used=100)
    out = io.StringIO()
    call_command("plan", stdout=out)
    text = out.getvalue()
    assert "Key: 400 of 500 credits left, 100 used" in text
    assert "NBA" in text
    assert "min before, 2 games" in text


def test_the_command_prices_a_fixed_cadence() -> None:
    out = io.StringIO()
    call_command("plan", "--every", "600", stdout=out)
    assert "12,960 credits a month" in out.getvalue()
    with pytest.raises(CommandError, match="--hours must be between 1 and 24"):
        call_command("plan", "--every", "600", "--hours", "25")


def test_the_page_is_for_staff(client: Client) -> None:
    client.force_login(UserFactory())
    assert client.get(reverse("odds:polling_plan")).status_code == 403


def test_the_page_shows_the_plan_and_works_out_a_what_if(client: Client, nba: Sport) -> None:
    GameFactory(sport=nba, commence_time=dt.datetime.now(dt.UTC) + dt.timedelta(hours=20))
    client.force_login(UserFactory(is_staff=True))
    page = client.get(reverse("odds:polling_plan"))
    assert "of 500 credits left" in page.text
    assert "NBA" in page.text
    asked = {"sports": 1, "markets": 3, "regions": 1, "minutes": 10, "hours": 24}
    page = client.get(reverse("odds:polling_plan"), asked)
    assert "12,960" in page.text
    assert "more than the key's 500" in page.text
    page = client.get(reverse("odds:polling_plan"), asked | {"minutes": 0})
    assert "greater than or equal to 1" in page.text
    page = client.get(reverse("odds:polling_plan"), {"credits": "20000"})
    assert "fresh key with 20,000 credits" in page.text
