"""The watcher: what a tick keeps, what it opens and closes, and that two of them count nothing twice."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from feeds.models import Alert, Flip, Incident, Monitor
from feeds.monitoring import watching
from feeds.monitoring.registry import Check, Reading
from feeds.monitoring.transitions import VOUCHED, Status, Verdict
from feeds.monitoring.watching import AT_LEAST, Tick, tick
from feeds.tests.factories import NOW, FlipFactory, IncidentFactory

MINUTE = dt.timedelta(minutes=1)
OK, FAILING, OFF = Verdict.OK, Verdict.FAILING, Verdict.OFF


def saying(verdict: Verdict, *keys: str) -> Check:
    """A check that says so of these monitors."""

    def check(now: dt.datetime) -> Iterable[Reading]:
        return [
            Reading(key, "Tests", key.title(), verdict, "it is broken" if verdict is FAILING else "")
            for key in keys or ("thing",)
        ]

    return check


def run(*verdicts: Verdict, start: dt.datetime = NOW, keys: Sequence[str] = ()) -> list[Flip]:
    """Ticks a minute apart; returns all flips."""
    found: list[Flip] = []
    for n, verdict in enumerate(verdicts):
        found += tick(now=start + n * MINUTE, checks={"test": saying(verdict, *keys)}).flips
    return found


@pytest.mark.django_db
def test_a_monitor_flips_is_noticed_later_than_it_began_and_recovers() -> None:
    flips = run(OK, OK, FAILING, FAILING, FAILING, OK, OK)
    assert [(flip.new, flip.at - NOW, flip.noticed_at - NOW) for flip in flips] == [
        (Status.UP, 0 * MINUTE, MINUTE),
        (Status.DOWN, 2 * MINUTE, 4 * MINUTE),
        (Status.UP, 5 * MINUTE, 6 * MINUTE),
    ]
    incident = Incident.objects.get()
    assert (incident.started_at, incident.resolved_at, incident.reason) == (
        NOW + 2 * MINUTE, NOW + 5 * MINUTE, "it is broken",
    )  # fmt: skip


@pytest.mark.django_db
def test_a_time_without_a_watcher_is_unknown_and_does_not_end_an_incident() -> None:
    run(FAILING, FAILING, FAILING)
    flips = run(FAILING, FAILING, FAILING, start=NOW + dt.timedelta(hours=2))
    assert [(flip.new, flip.at) for flip in flips] == [
        (Status.UNKNOWN, NOW + 2 * MINUTE + VOUCHED),
        (Status.DOWN, NOW + dt.timedelta(hours=2)),
    ]
    assert flips[0].reason == "nobody looked"
    assert Incident.objects.open().count() == Incident.objects.count() == 1


@pytest.mark.django_db
def test_what_has_nothing_to_do_ends_its_incident() -> None:
    run(FAILING, FAILING, FAILING, OFF)
    assert Incident.objects.get().resolved_at == NOW + 3 * MINUTE
    assert Monitor.objects.get().status == Status.MAINTENANCE


@pytest.mark.django_db
def test_what_no_check_tells_of_any_more_is_retired_and_comes_back() -> None:
    run(FAILING, FAILING, FAILING)
    tick(now=NOW + 3 * MINUTE, checks={"test": saying(OK, "other")})
    gone = Monitor.objects.get(key="thing")
    assert gone.retired_at == NOW + 3 * MINUTE
    assert Incident.objects.get().resolved_at == NOW + 3 * MINUTE
    assert [one.key for one in Monitor.objects.watched()] == ["other"]
    tick(now=NOW + 4 * MINUTE, checks={"test": saying(OK, "thing", "other")})
    gone.refresh_from_db()
    assert gone.retired_at is None


@pytest.mark.django_db
def test_a_check_that_breaks_is_logged_and_leaves_the_others_alone(caplog: pytest.LogCaptureFixture) -> None:
    def broken(now: dt.datetime) -> Iterable[Reading]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        return []

    run(OK, keys=["thing"])
    found = tick(now=NOW + MINUTE, checks={"test": broken, "good": saying(OK, "other")})
    assert (found.unread, found.checked) == (["test"], 1)
    assert Monitor.objects.get(key="thing").retired_at is None
    assert "the check of test broke" in caplog.text


@pytest.mark.django_db
def test_a_check_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LONGEST_CHECK", "50ms")

    def slow(now: dt.datetime) -> Iterable[Reading]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(5)")
        return []

    assert tick(now=NOW, checks={"slow": slow}).unread == ["slow"]
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


@pytest.mark.django_db
def test_a_second_look_within_half_a_minute_counts_nothing() -> None:
    run(FAILING, FAILING)
    again = tick(now=NOW + MINUTE + AT_LEAST / 2, checks={"test": saying(FAILING)})
    assert (again.checked, again.flips) == (0, [])
    assert Monitor.objects.get().failures == 2
    forced = tick(now=NOW + MINUTE + AT_LEAST / 2, checks={"test": saying(FAILING)}, at_least=dt.timedelta(0))
    assert [flip.new for flip in forced.flips] == [Status.DOWN]


@pytest.mark.django_db
def test_a_clock_that_went_back_a_little_counts_nothing() -> None:
    run(OK, OK)
    for back in (dt.timedelta(0), MINUTE, VOUCHED):
        found = tick(now=NOW + MINUTE - back, checks={"test": saying(FAILING)}, at_least=dt.timedelta(0))
        assert found.flips == []
    assert Monitor.objects.get().failures == 0


@pytest.mark.django_db
def test_a_clock_that_was_far_ahead_and_is_set_right_does_not_blind_the_watcher() -> None:
    run(OK, OK)
    run(OK, OK, FAILING, FAILING, start=NOW + dt.timedelta(days=2))
    back = NOW + dt.timedelta(hours=1)
    flips = run(FAILING, FAILING, FAILING, OK, OK, start=back)
    assert [(flip.old, flip.new, flip.at - back) for flip in flips] == [
        (Status.UP, Status.UNKNOWN, -dt.timedelta(microseconds=1)),
        (Status.UNKNOWN, Status.DOWN, 0 * MINUTE),
        (Status.DOWN, Status.UP, 3 * MINUTE),
    ]
    assert Monitor.objects.get().checked_at == back + 4 * MINUTE


@pytest.mark.django_db
@pytest.mark.parametrize("after", [[OK, OK], [OFF], []], ids=["up", "off", "retired"])
def test_an_incident_that_began_by_a_wrong_clock_ends_as_it_began(after: list[Verdict]) -> None:
    run(FAILING, FAILING, FAILING, start=NOW + dt.timedelta(days=2))
    run(*after)
    if not after:
        tick(now=NOW, checks={"test": saying(OK, "other")})
    incident = Incident.objects.get()
    assert incident.resolved_at == incident.started_at + dt.timedelta(microseconds=1)


@pytest.mark.django_db
def test_a_reading_that_cannot_be_kept_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    def check(now: dt.datetime) -> Iterable[Reading]:
        return [
            Reading("k" * 101, "Tests", "Key too long", OK),
            Reading("nameless", "Tests", "", OK),
            Reading("long", "g" * 41, "n" * 101, FAILING, "r" * 201),
            Reading("thing", "Tests", "Thing", OK),
            Reading("thing", "Tests", "Thing again", OK),
        ]

    assert tick(now=NOW, checks={"test": check}).checked == 2
    assert list(Monitor.objects.order_by("key").values_list("key", "group", "name", "reason")) == [
        ("long", "g" * 40, "n" * 100, "r" * 200),
        ("thing", "Tests", "Thing", ""),
    ]
    assert caplog.text.count("cannot be kept") == 3


@pytest.mark.django_db
def test_statements_do_not_grow_with_the_monitors() -> None:
    def statements(*keys: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            tick(now=NOW + len(keys) * MINUTE, checks={"test": saying(OFF, *keys)})
        return len(seen)

    few = statements("k0")
    assert statements("k0", *(f"k{n}" for n in range(1, 40))) == few


@pytest.mark.django_db
def test_alerts_are_written_once_for_each_incident_and_recipient(settings: Any) -> None:
    settings.ALERT_EMAILS = ["a@example.org", "b@example.org"]
    settings.ALERT_WEBHOOK_URL = "https://hooks.example.org/x"
    run(OK, OK, *[FAILING] * 6, OK, OK, OK)
    told = Alert.objects.order_by("kind", "channel", "recipient").values_list("kind", "channel", "recipient")
    assert list(told) == [
        (kind, channel, to)
        for kind in ("down", "resolved")
        for channel, to in (("email", "a@example.org"), ("email", "b@example.org"), ("webhook", ""))
    ]


@pytest.mark.django_db
def test_nobody_is_told_where_nobody_is_named(settings: Any) -> None:
    settings.ALERT_EMAILS, settings.ALERT_WEBHOOK_URL = [], ""
    run(FAILING, FAILING, FAILING)
    assert Incident.objects.count() == 1
    assert not Alert.objects.exists()


@pytest.mark.django_db
def test_flips_are_only_ever_added() -> None:
    flip = FlipFactory()
    for change in (lambda: Flip.objects.update(reason="x"), flip.delete):
        with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
            change()
    assert Flip.objects.count() == 1


@pytest.mark.django_db
def test_a_monitor_has_one_open_incident() -> None:
    incident = IncidentFactory()
    with pytest.raises(IntegrityError, match="one_open_incident_per_monitor"), transaction.atomic():
        IncidentFactory(monitor=incident.monitor)


def at_once(jobs: Sequence[Callable[[], object]]) -> list[BaseException]:
    """Run the jobs in threads of their own, as near to each other as may be; return what they raised."""
    ready, broke = threading.Barrier(len(jobs)), list[BaseException]()

    def one(job: Callable[[], object]) -> None:
        try:
            ready.wait()
            job()
        except BaseException as error:  # noqa: BLE001 - told to the test
            broke.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return broke


@pytest.mark.django_db(transaction=True)
def test_watchers_at_once_count_a_failure_once(settings: Any) -> None:
    settings.ALERT_EMAILS = ["ops@example.org"]
    run(OK, OK, FAILING, FAILING)
    ticks: list[Tick] = []

    def watcher() -> None:
        ticks.append(tick(now=NOW + 4 * MINUTE, checks={"test": saying(FAILING)}))

    assert at_once([watcher] * 6) == []
    assert sorted(found.checked for found in ticks) == [0, 0, 0, 0, 0, 1]
    assert Monitor.objects.get().failures == 3
    assert [flip.new for flip in Flip.objects.order_by("at")] == ["up", "down"]
    assert (Incident.objects.count(), Alert.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_the_race_is_real_without_the_look_under_the_lock() -> None:
    run(OK, OK, FAILING, FAILING)
    stale = [Monitor.objects.get(), Monitor.objects.get()]
    reading = next(iter(saying(FAILING)(NOW)))
    for one in stale:  # both read before either wrote
        watching._apply(one, "test", reading, NOW + 4 * MINUTE)
        one.save()
    assert all(one.status == Status.DOWN for one in stale), "each of them would have told of it"


@pytest.mark.django_db(transaction=True)
def test_watchers_at_once_make_a_new_monitor_once() -> None:
    assert at_once([lambda: tick(now=NOW, checks={"test": saying(OK, "a", "b")})] * 5) == []
    assert sorted(Monitor.objects.values_list("key", "successes")) == [("a", 1), ("b", 1)]
