"""Celery over the embedded Valkey, which worker, beat and senders of tasks start when it is missing."""

from __future__ import annotations

from typing import Any

from celery import signals
from django.conf import settings

from bettrack.embedded.client import ensure


def connect_signals() -> None:
    """Look after the broker before a worker or beat starts, and before a task is sent."""
    for signal in (signals.celeryd_init, signals.beat_init, signals.before_task_publish):
        signal.connect(_look_after_broker, dispatch_uid="embedded broker")


def _look_after_broker(**kwargs: Any) -> None:
    del kwargs
    if settings.EMBEDDED_REDIS:
        ensure(settings.EMBEDDED, "redis")
