"""Alive, ready, and measured; who asks for what learns no secret."""

from __future__ import annotations

import datetime as dt
import io
import ipaddress
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import shared_task
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import DatabaseError, OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.access import rules
from accounts.tests.factories import UserFactory
from bettrack import health
from bettrack.celery import app
from bettrack.monitoring import context, metrics, queues, shared_counters, signals, watcher
from bettrack.monitoring.redaction import own_secrets
from feeds.models import Monitor, Pulse
from feeds.monitoring.registry import CHECKS
from feeds.tests.factories import MonitorFactory, PulseFactory, QuotaFactory

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    metrics.forget_kept()
    health._migrated.clear()
    yield
    metrics.forget_kept()
    own_secrets.cache_clear()


def test_alive_asks_nothing(client: Client) -> None:
    rules._held.rules = None
    cache.delete(rules.KEY)
    assert client.get("/healthz").content == b"ok\n"  # without a database: this test may not use one


@pytest.mark.django_db
def test_what_watches_need_not_know_the_name_of_the_site(client: Client, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["bets.example.org"]
    assert client.get("/healthz", headers={"host": "10.0.0.7:8000"}).status_code == 200
    assert client.get("/readyz", headers={"host": "10.0.0.7:8000"}).status_code in (200, 503)
    assert client.get("/books/", headers={"host": "10.0.0.7:8000"}).status_code == 400


@pytest.mark.django_db
class TestReady:
    def test_ready_when_everything_is_there(self, client: Client) -> None:
        PulseFactory(name="worker:celery@a", at=timezone.now())
        answer = client.get("/readyz")
        assert answer.status_code == 200
        assert answer.json() == {
            "status": "ready",
            "checks": {name: {"ok": True} for name in ("database", "redis", "migrations", "workers")},
        }
        assert "no-store" in answer.headers["Cache-Control"]

    def test_workers_that_are_gone_are_told(self, client: Client) -> None:
        PulseFactory(name="worker:celery@host.example.org", at=timezone.now() - 10 * MINUTE)
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["checks"]["workers"] == {
            "ok": False,
            "reason": "no worker was heard of for 10 minutes",
        }
        assert "host.example.org" not in answer.content.decode()

    def test_redis_that_is_away_is_told_without_its_address(self, client: Client, settings: Any) -> None:
        settings.REDIS_URL = "redis://:hunter2@127.0.0.1:1/0"
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["checks"]["redis"] == {"ok": False, "reason": "Redis does not answer"}
        assert "hunter2" not in answer.content.decode()

    def test_a_migration_that_is_missing_is_told(self, client: Client) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM django_migrations WHERE id = (SELECT max(id) FROM django_migrations WHERE app = 'feeds')"
            )
        assert client.get("/readyz").json()["checks"]["migrations"] == {
            "ok": False, "reason": "1 migration is not applied: run manage.py migrate",
        }  # fmt: skip

    def test_a_database_that_is_away_is_told_by_name_alone(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(*_: object, **__: object) -> None:
            raise OperationalError("connection to 10.1.2.3 as bettrack with hunter2 failed")

        monkeypatch.setattr(connection, "cursor", away)
        answer = client.get("/readyz")
        monkeypatch.undo()
        assert answer.status_code == 503
        assert answer.json()["checks"]["database"]["reason"] == "the database does not answer"
        assert "10.1.2.3" not in answer.content.decode()


@pytest.mark.django_db
class TestMetrics:
    def test_a_stranger_gets_none(self, client: Client) -> None:
        assert client.get("/metrics").status_code == 403

    def test_a_token_or_a_network_opens_them(self, client: Client, settings: Any) -> None:
        settings.METRICS_TOKEN = "a-token-of-the-test"
        assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 403
        assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 403
        assert (
            client.get("/metrics", headers={"Authorization": "Bearer a-token-of-the-test"}).status_code == 200
        )
        settings.METRICS_TOKEN = ""
        assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 403
        settings.METRICS_ALLOWED = [ipaddress.ip_network("127.0.0.0/8")]
        assert client.get("/metrics").status_code == 200
        assert client.get("/metrics", REMOTE_ADDR="198.51.100.7").status_code == 403

    def test_they_tell_what_is_due_left_and_late(self) -> None:
        now = timezone.now()
        QuotaFactory(limit=500, used=212, reserved=0)
        PulseFactory(name="settle", at=now - MINUTE)
        MonitorFactory(key="prices:nba", status="down", checked_at=now, created_at=now)
        text = metrics.exposition().decode()
        for line in (
            'bettrack_quota_left_credits{provider="the_odds_api"} 288.0',
            'bettrack_monitor_status{monitor="prices:nba",status="down"} 1.0',
            'bettrack_monitor_status{monitor="prices:nba",status="up"} 0.0',
            "bettrack_bets_due 0.0",
            'bettrack_queue_length{queue="settle"}',
            'bettrack_pulse_age_seconds{name="settle"} 6',
            "bettrack_snapshots_written_total",
            'bettrack_metrics_unread{part="bets"} 0.0',
            "django_http_requests",
        ):
            assert line in text, line

    def test_a_part_that_cannot_be_read_hides_no_other(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(now: dt.datetime) -> Iterator[metrics.Family]:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")
            yield from ()

        monkeypatch.setitem(metrics.PARTS, "bets", broken)
        text = metrics.exposition().decode()
        assert 'bettrack_metrics_unread{part="bets"} 1.0' in text
        assert "bettrack_queue_length" in text
        assert "bettrack_bets_due" not in text

    def test_asking_again_within_ten_seconds_costs_nothing_and_more_rows_cost_no_more(self) -> None:
        with CaptureQueriesContext(connection) as first:
            metrics.families()
        with CaptureQueriesContext(connection) as second:
            metrics.families()
        assert len(second) == 0
        now = timezone.now()
        for n in range(20):
            MonitorFactory(created_at=now)
            PulseFactory(name=f"worker:{n}", at=now)
        metrics.forget_kept()
        with CaptureQueriesContext(connection) as third:
            metrics.families()
        assert len(third) == len(first) <= 60


def test_processes_of_one_server_share_a_folder_and_those_gone_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(shared_counters.VARIABLE, "")
    gone = tmp_path / "metrics" / "4194999"  # beyond what Linux gives
    gone.mkdir(parents=True)
    first = shared_counters.share(tmp_path)
    assert first is not None
    assert first.is_dir()
    assert not gone.exists()
    assert shared_counters.share(tmp_path) == first
    monkeypatch.setenv(shared_counters.VARIABLE, "")
    (tmp_path / "file").write_text("")
    assert shared_counters.share(tmp_path / "file") is None


@pytest.mark.django_db
class TestRequestIds:
    def test_a_good_id_is_taken_and_returned_a_bad_one_replaced(self, client: Client) -> None:
        good = client.get("/healthz", headers={"X-Request-ID": "abcdef-12345_678"})
        assert good.headers["X-Request-ID"] == "abcdef-12345_678"
        for bad in ("", "short", "x" * 65, 'a" onload="x', "ann@example.org", "id with spaces"):
            found = client.get("/healthz", headers={"X-Request-ID": bad}).headers["X-Request-ID"]
            assert found != bad
            assert context.GOOD.fullmatch(found)
        assert context.REQUEST.get() == ""

    def test_the_line_has_the_user_by_key_and_no_query(
        self, client: Client, caplog: pytest.LogCaptureFixture
    ) -> None:
        user = UserFactory(email="ann@example.org")
        client.force_login(user)
        seen: list[str] = []

        def look(record: logging.LogRecord) -> bool:
            seen.append(context.USER.get())
            return True

        caplog.handler.addFilter(look)
        with caplog.at_level("INFO", "bettrack.requests"):
            client.get("/bets/?q=hunter2")
        [record] = [one for one in caplog.records if one.name == "bettrack.requests"]
        assert (record.method, record.path, record.status) == ("GET", "/bets/", 200)
        assert "hunter2" not in record.getMessage()
        caplog.handler.removeFilter(look)
        assert str(user.pk) in seen
        assert "ann@example.org" not in caplog.text

    def test_a_secret_link_is_not_in_the_line(self, client: Client, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level("INFO", "bettrack.requests"):
            client.get("/record/Zk3jT0ken-of-a-record/")
        [record] = [one for one in caplog.records if one.name == "bettrack.requests"]
        assert record.path == "/record/[redacted]/"

    def test_a_path_cannot_write_a_line_of_its_own(
        self, client: Client, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level("INFO", "bettrack.requests"):
            client.get("/nothing%0A2026-11-21 ERROR forged")
        [record] = [one for one in caplog.records if one.name == "bettrack.requests"]
        assert "\n" not in record.getMessage()

    def test_an_error_has_its_id_too(self, client: Client) -> None:
        assert client.get("/no/such/page").headers["X-Request-ID"]


def test_a_task_knows_the_request_that_sent_it() -> None:
    headers: dict[str, Any] = {}
    token = context.REQUEST.set("req-12345678")
    try:
        signals.send_request_id(headers=headers)
    finally:
        context.REQUEST.reset(token)
    assert headers == {"request_id": "req-12345678"}

    seen: list[tuple[str, str]] = []

    @shared_task(name="test.what_it_knows")
    def task() -> None:
        seen.append((context.REQUEST.get(), context.TASK.get()))

    signals.connect()
    app.tasks["test.what_it_knows"].apply(task_id="task-1", headers=headers)
    assert seen == [("req-12345678", "task-1")]
    assert (context.REQUEST.get(), context.TASK.get()) == ("", "")
    app.tasks.unregister("test.what_it_knows")


@pytest.mark.django_db
def test_work_that_was_done_is_a_sign_of_life() -> None:
    class Task:
        name = "bets.tasks.settle_due"

    signals.end_task(task=Task, state="RETRY")
    assert not Pulse.objects.exists()
    signals.end_task(task=Task, state="SUCCESS")
    signals.end_task(task=Task, state="FAILURE")
    pulse = Pulse.objects.get(name="settle")
    assert pulse.at
    assert pulse.failed_at
    assert pulse.failed_at >= pulse.at


def test_a_database_that_is_away_does_not_break_the_task(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(**_: object) -> None:
        raise DatabaseError("away")

    monkeypatch.setattr("feeds.monitoring.watching.database_now", away)
    signals.say("settle", succeeded=True)
    assert "no sign of life of settle" in caplog.text


@pytest.mark.django_db
def test_one_look_at_everything_of_this_installation() -> None:
    found = watcher.look()
    assert found["checked"] == Monitor.objects.count() > 8
    assert set(CHECKS) == {"providers", "work", "prices", "settlement", "queue", "backups"}
    assert set(Monitor.objects.values_list("source", flat=True)) >= {
        "providers",
        "work",
        "settlement",
        "queue",
    }


@pytest.mark.django_db
def test_a_queue_that_is_away_is_a_failure(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    with pytest.raises(queues.QueueGone) as gone:
        queues.ping()
    assert "127.0.0.1" not in str(gone.value)
    watcher.look()
    queue = Monitor.objects.get(key="work:queue")
    assert (queue.failures, queue.reason) == (1, "it does not answer")


def test_without_a_database_the_status_page_says_so_and_others_fail_as_ever(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("connection to 10.1.2.3 failed")

    cache.clear()
    client.raise_request_exception = False
    monkeypatch.setattr(connection, "cursor", away)
    monkeypatch.setattr(connection, "ensure_connection", away)
    answer = client.get("/status/")
    other = client.get("/")
    monkeypatch.undo()
    assert answer.status_code == 503
    text = answer.content.decode()
    assert "The database does not answer" in text
    assert "10.1.2.3" not in text
    assert answer.headers["Retry-After"] == "30"
    assert other.status_code == 500


@pytest.mark.django_db
class TestWatchCommand:
    def run(self, *options: str) -> str:
        out = io.StringIO()
        call_command("watch", *options, stdout=out, stderr=out)
        return out.getvalue()

    def test_it_looks_once_and_says_what_changed(self) -> None:
        said = self.run()
        assert f"{Monitor.objects.count()} monitors looked at" in said
        assert self.run() == "0 monitors looked at, 0 changed.\n", "another look within half a minute"

    def test_a_drill_makes_a_monitor_flip_and_recover_in_a_moment(self) -> None:
        self.run("--ticks", "3", "--force")
        workers = Monitor.objects.get(key="work:workers")
        assert (workers.status, workers.incidents.open().count()) == ("down", 1)
        signals.say("worker:celery@drill", succeeded=True)
        said = self.run("--ticks", "2", "--force")
        workers.refresh_from_db()
        assert (workers.status, workers.incidents.open().count()) == ("up", 0)
        assert "Workers: up, was down" in said

    @pytest.mark.parametrize("options", [("--every", "0.5"), ("--every", "nan"), ("--ticks", "0")])
    def test_a_wrong_option_is_named(self, options: tuple[str, str]) -> None:
        with pytest.raises(CommandError, match=options[0]):
            self.run(*options)

    def test_a_database_that_is_away_is_a_sentence(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def away(**_: object) -> None:
            raise OperationalError("connection to 10.1.2.3 failed")

        monkeypatch.setattr("bettrack.management.commands.watch.tick", away)
        with pytest.raises(CommandError, match=r"^The database does not answer\.$"):
            self.run()
        assert self.run("--every", "1", "--ticks", "1") == "The database does not answer; trying again.\n"
