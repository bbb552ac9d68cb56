"""Alerts leave at least once, under one id, in order, signed, to whom the environment names."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import itertools
import json
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from bettrack.environment import Environment
from bettrack.environment import watching as monitoring_settings
from bettrack.monitoring import alerts
from bettrack.monitoring.alerts import BATCH, DELAYS, LEASE, MOST_ATTEMPTS, claim, forget_alerts, send_due
from feeds.models import Alert, AlertChannel, AlertKind, AlertState
from feeds.public_web import Pinned, client
from feeds.tests.factories import NOW, AlertFactory, IncidentFactory, MonitorFactory

SECRET = "a-secret-of-the-test-alerts"
HOOK = "https://hooks.example.org/alerts"


@pytest.fixture(autouse=True)
def configured(settings: Any) -> None:
    settings.ALERT_EMAILS = ["ops@example.org"]
    settings.ALERT_WEBHOOK_URL, settings.ALERT_WEBHOOK_SECRET = HOOK, SECRET
    settings.BETTRACK_URL = "https://bets.example.org"


def answering(status: int, seen: list[httpx.Request]) -> alerts.Clients:
    """Clients to whom the whole internet answers so."""

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status, stream=httpx.ByteStream(b"heard"))

    async def somewhere(host: str, port: int) -> list[str]:
        return ["93.184.216.34"]

    return lambda: client(Pinned(somewhere, inner=httpx.MockTransport(handle)))


def run(now: dt.datetime = NOW, status: int = 200, seen: list[httpx.Request] | None = None) -> dict[str, int]:
    return dict(send_due(clock=lambda: now, clients=answering(status, [] if seen is None else seen)))


def hook_alert(**fields: Any) -> Alert:
    made: Alert = AlertFactory(channel=AlertChannel.WEBHOOK, recipient="", **fields)
    return made


@pytest.mark.django_db
def test_a_mail_says_what_is_down_since_when_and_where_to_look() -> None:
    monitor = MonitorFactory(group="Data providers", name="ESPN")
    alert = AlertFactory(incident=IncidentFactory(monitor=monitor, reason="it does not answer"))
    assert run() == {"sent": 1}
    assert run() == {}
    [message] = mail.outbox
    assert message.subject == "[BetTrack] Down: Data providers, ESPN"
    assert message.to == ["ops@example.org"]
    assert "Down since 2026-11-20 18:00 UTC: it does not answer." in message.body
    assert f"https://bets.example.org/status/incidents/{alert.incident_id}/" in message.body
    assert message.extra_headers["Message-ID"] == f"<alert-{alert.pk}@bets.example.org>"


@pytest.mark.django_db
def test_the_webhook_is_signed_as_peoples_webhooks_are() -> None:
    alert, seen = hook_alert(), list[httpx.Request]()
    assert run(seen=seen) == {"sent": 1}
    [request] = seen
    stamp = request.headers["X-BetTrack-Timestamp"]
    expected = hmac.new(SECRET.encode(), stamp.encode() + b"." + request.content, hashlib.sha256).hexdigest()
    assert request.headers["X-BetTrack-Signature"] == f"v1={expected}"
    assert request.headers["X-BetTrack-Delivery"] == str(alert.pk)
    message = json.loads(request.content)
    assert (message["id"], message["event"]) == (str(alert.pk), "monitor.down")
    assert message["data"]["started_at"] == "2026-11-20T18:00:00Z"
    assert message["data"]["resolved_at"] is None


@pytest.mark.django_db
def test_a_sender_killed_between_sending_and_noting_has_it_sent_again_under_the_same_id(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Killed(BaseException):
        pass

    def kill(*_: object) -> str:
        raise Killed

    alert, seen = hook_alert(), list[httpx.Request]()
    with monkeypatch.context() as patched:
        patched.setattr(alerts, "note", kill)
        with pytest.raises(Killed):
            run(seen=seen)
    assert run(NOW + LEASE / 2, seen=seen) == {}, "its claim still holds"
    assert run(NOW + LEASE, seen=seen) == {"sent": 1}
    assert {one.headers["X-BetTrack-Delivery"] for one in seen} == {str(alert.pk)}
    assert len({one.content for one in seen}) == 1
    assert len(seen) == 2


@pytest.mark.django_db
@pytest.mark.parametrize("status", [500, 302, 410])
def test_what_fails_is_tried_later_and_later_and_then_given_up(status: int) -> None:
    alert, now = hook_alert(), NOW
    for delay in DELAYS:
        assert run(now, status) == {"put off": 1}
        now += delay
    assert run(now, status) == {"given up": 1}
    alert.refresh_from_db()
    assert (alert.state, alert.attempts, alert.due_at) == (AlertState.FAILED, MOST_ATTEMPTS, None)
    assert str(status) in alert.note


@pytest.mark.django_db
def test_that_all_is_well_is_not_told_before_that_it_was_not() -> None:
    incident = IncidentFactory(resolved_at=NOW + dt.timedelta(minutes=4))
    down = hook_alert(incident=incident, due_at=NOW + dt.timedelta(minutes=9))
    resolved = hook_alert(incident=incident, kind=AlertKind.RESOLVED)
    seen = list[httpx.Request]()
    assert run(seen=seen) == {}
    later = NOW + dt.timedelta(minutes=9)
    assert run(later, seen=seen) == {"sent": 1}
    assert run(later, seen=seen) == {"sent": 1}
    assert [one.headers["X-BetTrack-Delivery"] for one in seen] == [str(down.pk), str(resolved.pk)]
    assert json.loads(seen[1].content)["data"]["resolved_at"] == "2026-11-20T18:04:00Z"


@pytest.mark.django_db
def test_many_alerts_leave_in_one_look_what_matters_first() -> None:
    made = [("prices", 0, n) for n in range(BATCH)] + [("work", 200, 0), ("providers", 100, 0)]
    for source, position, n in made:
        monitor = MonitorFactory(source=source, position=position, name=f"{source} {n}")
        incident = IncidentFactory(monitor=monitor, started_at=NOW - dt.timedelta(minutes=9 - n % 3))
        AlertFactory(incident=incident)
        hook_alert(incident=incident)
    seen = list[httpx.Request]()
    assert run(seen=seen) == {"sent": 2 * len(made)}
    named = [json.loads(one.content)["data"] for one in seen]
    assert [one["name"] for one in named[:2]] == ["providers 0", "work 0"]
    assert [one["started_at"] for one in named[2:]] == sorted(one["started_at"] for one in named[2:])
    assert [message.subject.split(", ")[1] for message in mail.outbox] == [one["name"] for one in named]


@pytest.mark.django_db
def test_sending_ends_after_a_while_and_the_next_look_goes_on() -> None:
    for _ in range(BATCH + 1):
        hook_alert()
    times = itertools.count(0, 5)
    slow = send_due(clock=lambda: NOW + dt.timedelta(seconds=next(times)), clients=answering(200, []))
    assert dict(slow) == {"sent": BATCH}
    assert run() == {"sent": 1}


@pytest.mark.django_db
def test_an_alert_that_a_wrong_clock_put_off_is_sent() -> None:
    hook_alert(due_at=NOW + DELAYS[-1])
    assert run() == {}
    Alert.objects.update(due_at=NOW + dt.timedelta(days=2))
    assert run() == {"sent": 1}


@pytest.mark.django_db
def test_an_address_that_is_not_named_any_more_gets_nothing() -> None:
    AlertFactory(recipient="gone@example.org")
    assert run() == {"put off": 1}
    assert mail.outbox == []


@pytest.mark.django_db
def test_a_mail_server_that_is_away_loses_nothing_and_no_address_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: object, **__: object) -> int:
        raise ConnectionRefusedError("ops@example.org at mx.example.org")

    AlertFactory()
    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.EmailMessage.send", away)
        assert run() == {"put off": 1}
    assert "example.org" not in caplog.text
    assert run(NOW + DELAYS[0]) == {"sent": 1}


@pytest.mark.django_db
def test_a_line_break_in_a_name_does_not_get_into_the_headers() -> None:
    AlertFactory(incident=IncidentFactory(monitor=MonitorFactory(name="NBA\nBcc: me@example.org")))
    assert run() == {"sent": 1}
    assert "\n" not in mail.outbox[0].subject


@pytest.mark.django_db
def test_nothing_is_sent_into_a_private_network(settings: Any) -> None:
    hook_alert()

    async def inside(host: str, port: int) -> list[str]:
        return ["10.0.0.5"]

    found = send_due(clock=lambda: NOW, clients=lambda: client(Pinned(inside)))
    assert dict(found) == {"put off": 1}
    assert "not public" in Alert.objects.get().note


@pytest.mark.django_db(transaction=True)
def test_senders_at_once_send_each_once() -> None:
    for _ in range(6):
        hook_alert()
    seen, ready = list[httpx.Request](), threading.Barrier(4)

    def sender() -> None:
        ready.wait()
        run(seen=seen)
        connection.close()

    threads = [threading.Thread(target=sender) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    run(seen=seen)
    sent = [one.headers["X-BetTrack-Delivery"] for one in seen]
    assert len(sent) == len(set(sent)) == 6


@pytest.mark.django_db
def test_a_claim_is_taken_over_only_after_its_time_and_the_first_notes_nothing_then() -> None:
    alert = hook_alert()
    [first] = claim(NOW)
    assert claim(NOW) == []
    [second] = claim(NOW + LEASE)
    assert alerts.note(first, "too slow", NOW) == "taken over"
    assert alerts.note(second, "", NOW) == "sent"
    alert.refresh_from_db()
    assert (alert.state, alert.note) == (AlertState.SENT, "")


@pytest.mark.django_db
def test_alerts_of_ninety_days_ago_are_forgotten_unless_they_wait() -> None:
    old = NOW - dt.timedelta(days=91)
    AlertFactory(created_at=old, state=AlertState.SENT, due_at=None)
    AlertFactory(created_at=old)
    assert forget_alerts(now=NOW) == 1
    assert Alert.objects.get().state == AlertState.PENDING


def read(name: str) -> Callable[[], object]:
    env = Environment()
    return {
        "ALERT_EMAILS": lambda: monitoring_settings.alert_emails(env, mail_is_set_up=True),
        "EMAIL_URL": lambda: monitoring_settings.alert_emails(env, mail_is_set_up=False),
        "ALERT_WEBHOOK_URL": lambda: monitoring_settings.alert_webhook(env),
        "ALERT_WEBHOOK_SECRET": lambda: monitoring_settings.alert_webhook(env),
        "METRICS_TOKEN": lambda: monitoring_settings.metrics_token(env),
        "FEED_STALE_MINUTES": lambda: monitoring_settings.stale_minutes(env),
        "LOG_FORMAT": lambda: monitoring_settings.logs(env),
    }[name]


@pytest.mark.parametrize(
    ("named", "given"),
    [
        ("ALERT_EMAILS", {"ALERT_EMAILS": "ops@example.org,hunter2"}),
        ("EMAIL_URL", {"ALERT_EMAILS": "ops@example.org"}),
        ("ALERT_WEBHOOK_URL", {"ALERT_WEBHOOK_URL": "http://10.0.0.5/hunter2"}),
        ("ALERT_WEBHOOK_URL", {"ALERT_WEBHOOK_URL": "ftp://hunter2"}),
        ("ALERT_WEBHOOK_SECRET", {"ALERT_WEBHOOK_URL": HOOK, "ALERT_WEBHOOK_SECRET": "hunter2"}),
        ("METRICS_TOKEN", {"METRICS_TOKEN": "hunter2"}),
        ("FEED_STALE_MINUTES", {"FEED_STALE_MINUTES": "-1"}),
        ("LOG_FORMAT", {"LOG_FORMAT": "hunter2"}),
    ],
)
def test_settings_that_cannot_be_used_are_named_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, named: str, given: dict[str, str]
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=named) as refused:
        read(named)()
    assert "hunter2" not in str(refused.value)
