"""What providers' calls and signs of life tell."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feeds.models import ApiCall, Block, Provider, Pulse
from feeds.monitoring import pulses
from feeds.monitoring.providers import judge, read_providers
from feeds.monitoring.pulses import WORKER_LATE, Expected, beat, forget_workers, read_pulses, since
from feeds.monitoring.registry import Reading
from feeds.monitoring.transitions import Verdict
from feeds.monitoring.watching import database_now
from feeds.tests.factories import NOW, ApiCallFactory, MonitorFactory, PulseFactory, QuotaFactory

pytestmark = pytest.mark.django_db
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)
OK, FAILING, OFF = Verdict.OK, Verdict.FAILING, Verdict.OFF


@pytest.mark.parametrize(
    ("statuses", "block", "verdict", "reason"),
    [
        ([], "", OFF, "not asked for a day"),
        ([200], "", OK, ""),
        ([500, 200, 500], "", OK, ""),
        ([None, None], "", OK, ""),
        ([None, None, None], "", FAILING, "it does not answer"),
        ([429, 500, None], "", FAILING, "it answers with errors (429, 500)"),
        ([500, 404, 500], "", OK, ""),
        ([200, 200, 200], Block.BAD_KEY, FAILING, "it refuses our key"),
        ([200], Block.OUT_OF_CREDITS, FAILING, "the credits of the period are used up"),
    ],
)
def test_three_newest_calls_that_failed_are_a_failure(
    statuses: list[int | None], block: str, verdict: Verdict, reason: str
) -> None:
    assert judge(statuses, block) == (verdict, reason)


def calls(provider: Provider, *statuses: int | None) -> None:
    """Calls a minute apart, the newest first."""
    for n, status in enumerate(statuses):
        free = {"used": None, "remaining": None, "cost": 0}
        ApiCallFactory(provider=provider, status=status, at=NOW - n * MINUTE, **free)


def test_providers_are_judged_apart_in_two_statements() -> None:
    calls(Provider.THE_ODDS_API, 500, 500, 500, 200)
    calls(Provider.ESPN, 200, None, None)
    ApiCallFactory(provider=Provider.ESPN, status=500, at=NOW + HOUR)  # not yet
    with CaptureQueriesContext(connection) as seen:
        found = {one.name: one.verdict for one in read_providers(NOW)}
    assert found == {"The Odds API": FAILING, "ESPN": OK}
    assert len(seen) == 2
    ApiCall.objects.all().delete()
    assert {one.verdict for one in read_providers(NOW)} == {OFF}


def test_an_old_block_is_not_told_of_a_new_period() -> None:
    calls(Provider.THE_ODDS_API, 200)
    QuotaFactory(
        block=Block.OUT_OF_CREDITS,
        blocked_at=NOW,
        breaker_until=NOW,
        period_start=NOW - dt.timedelta(days=40),
    )
    assert next(iter(read_providers(NOW))).verdict is FAILING
    QuotaFactory(period_start=NOW - dt.timedelta(days=1))
    assert next(iter(read_providers(NOW))).verdict is OK


@pytest.fixture
def expecting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulses, "EXPECTED", {"w": Expected("w", "Work", 5 * MINUTE, "a.task")})


def work(now: dt.datetime = NOW) -> Reading:
    return next(one for one in read_pulses(now) if one.key == "work:w")


@pytest.mark.usefixtures("expecting")
def test_work_is_late_after_its_time_and_not_before() -> None:
    beat(name="w", now=NOW)
    assert work(NOW + 5 * MINUTE).verdict is OK
    late = work(NOW + 5 * MINUTE + dt.timedelta(seconds=1))
    assert (late.verdict, late.reason) == (FAILING, "it last succeeded 5 minutes ago")
    beat(name="w", now=NOW + MINUTE, succeeded=False)
    assert work(NOW + 2 * MINUTE).verdict is OK
    assert work(NOW + HOUR).reason == "it last succeeded 60 minutes ago and has failed since"


@pytest.mark.usefixtures("expecting")
def test_work_never_heard_of_is_given_its_time_from_the_first_look_on() -> None:
    assert (work().verdict, work().reason) == (OFF, "it has not run yet")
    MonitorFactory(created_at=NOW - HOUR)
    assert work().verdict is FAILING
    beat(name="w", now=NOW, succeeded=False)
    assert (work().verdict, work().reason) == (FAILING, "it has only failed so far")


def test_a_beat_is_one_statement_and_older_news_change_nothing() -> None:
    with CaptureQueriesContext(connection) as seen:
        beat(name="w", now=NOW)
    assert len(seen) == 1
    beat(name="w", now=NOW - HOUR)
    beat(name="w", now=NOW - HOUR, succeeded=False)
    pulse = Pulse.objects.get()
    assert (pulse.at, pulse.failed_at, pulse.since) == (NOW, NOW - HOUR, NOW)


@pytest.mark.parametrize("succeeded", [True, False])
def test_a_beat_of_a_wrong_clock_is_replaced_by_the_next(succeeded: bool) -> None:
    now = database_now()
    beat(name="w", now=now + 48 * HOUR, succeeded=succeeded)
    beat(name="w", now=now, succeeded=succeeded)
    pulse = Pulse.objects.get()
    assert (pulse.at if succeeded else pulse.failed_at) == now


@pytest.mark.usefixtures("expecting")
def test_a_pulse_dated_in_the_future_is_no_sign_of_life() -> None:
    for name in ("w", "worker:celery@a"):
        PulseFactory(name=name, at=NOW + MINUTE)
    assert (work().verdict, workers().verdict) == (OK, OK)
    Pulse.objects.update(at=NOW + MINUTE + dt.timedelta(seconds=1))
    assert (work().verdict, workers().verdict) == (FAILING, FAILING)
    assert "clock was wrong" in work().reason


def workers() -> Reading:
    return next(one for one in read_pulses(NOW) if one.key == "work:workers")


def test_one_worker_that_lives_is_enough() -> None:
    assert (workers().verdict, workers().reason) == (FAILING, "no worker was ever heard of")
    PulseFactory(name="worker:celery@a", at=NOW - 3 * HOUR)
    assert (workers().verdict, workers().reason) == (FAILING, "no worker was heard of for 3 hours")
    PulseFactory(name="worker:celery@b", at=NOW - WORKER_LATE)
    assert workers().verdict is OK


def test_no_reason_names_a_host() -> None:
    PulseFactory(name="worker:celery@secret-host", at=NOW - 3 * HOUR)
    assert "secret-host" not in "".join(f"{one.name}{one.reason}{one.key}" for one in read_pulses(NOW))


def test_workers_gone_for_a_week_are_forgotten() -> None:
    PulseFactory(name="worker:celery@a", at=NOW - dt.timedelta(days=8))
    PulseFactory(name="worker:celery@b", at=NOW - dt.timedelta(days=6))
    PulseFactory(name="settle", at=NOW - dt.timedelta(days=80))
    assert forget_workers(now=NOW) == 1
    assert Pulse.objects.count() == 2


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (0, "0 minutes"),
        (1, "1 minute"),
        (119, "119 minutes"),
        (120, "2 hours"),
        (2_880, "2 days"),
        (-5, "0 minutes"),
    ],
)
def test_a_time_is_told_in_its_largest_unit(minutes: int, text: str) -> None:
    assert since(NOW - minutes * MINUTE, NOW) == text
