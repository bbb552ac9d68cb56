"""Who looks when who else is gone."""

from __future__ import annotations

import datetime as dt
import gc
import runpy
import threading
from typing import Any

import pytest
from celery import signals as celery_signals
from django.core.mail import EmailMessage
from django.db import DatabaseError
from django.db.models import F

from bettrack.environment.databases import ROLE_VARIABLE
from bettrack.monitoring import signals, watcher
from feeds.models import Incident, Monitor, Pulse
from feeds.monitoring import watching
from feeds.monitoring.watching import database_now


@pytest.mark.django_db
def test_nobody_stands_in_for_a_watcher_that_looks() -> None:
    assert watcher.stand_in()["checked"] > 8
    assert watcher.stand_in() == {}
    Monitor.objects.update(checked_at=database_now() - watcher.SILENCE + dt.timedelta(seconds=9))
    assert watcher.stand_in() == {}
    Monitor.objects.update(checked_at=database_now() - watcher.SILENCE)
    assert watcher.stand_in()["checked"] > 8


@pytest.mark.django_db
def test_a_look_by_a_clock_that_was_ahead_keeps_nobody_from_looking() -> None:
    watching.tick(now=database_now() + dt.timedelta(days=2))
    assert watcher.stand_in()["checked"] > 8
    assert watcher.stand_in() == {}


@pytest.mark.django_db
def test_a_scheduler_that_is_gone_is_told_of_by_whoever_is_left(
    settings: Any, mailoutbox: list[EmailMessage]
) -> None:
    settings.ALERT_EMAILS = ["operator@example.com"]
    now = database_now()
    signals.say("schedule", succeeded=True)
    watcher.stand_in()
    Pulse.objects.filter(name="schedule").update(at=now - dt.timedelta(minutes=6))
    for _ in range(3):  # each 80 seconds after the one before
        shift = dt.timedelta(seconds=80)
        Monitor.objects.update(checked_at=F("checked_at") - shift, failing_since=F("failing_since") - shift)
        assert watcher.stand_in()["checked"]
    assert Monitor.objects.get(key="work:schedule").status == "down"
    assert Incident.objects.open().filter(monitor__key="work:schedule").exists()
    assert any("Schedule" in mail.subject for mail in mailoutbox)


def test_a_worker_stands_in_and_a_scheduler_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[object] = []
    monkeypatch.setattr(watcher, "_start", lambda act, every: begun.append((act, every.total_seconds())))
    celery_signals.worker_ready.send(sender=None)
    assert begun == [(watcher.stand_in, 30)]
    begun.clear()
    celery_signals.beat_init.send(sender=None)
    assert begun == [(watcher.look, 60)]


def test_a_look_that_breaks_is_not_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    stop = threading.Event()
    monkeypatch.setattr(watcher, "_stop", stop)

    def broken() -> None:
        looks.append(1)
        if len(looks) == 3:
            stop.set()
        raise DatabaseError("away") if len(looks) == 1 else ValueError("odd")

    watcher.keep_looking(broken, 0.001)
    assert len(looks) == 3


def test_a_web_process_stands_in(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    begun: list[object] = []
    monkeypatch.setattr(watcher, "_start", lambda act, every: begun.append(act))
    monkeypatch.setattr("django.core.wsgi.get_wsgi_application", lambda: None)
    monkeypatch.setattr("bettrack.monitoring.shared_counters.share", lambda home: None)
    monkeypatch.setattr(gc, "freeze", lambda: None)
    monkeypatch.setattr(gc, "set_threshold", lambda *numbers: None)
    monkeypatch.setenv(ROLE_VARIABLE, "")
    settings.TESTING = False
    runpy.run_module("bettrack.wsgi")
    assert begun == [watcher.stand_in]
