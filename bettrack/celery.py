"""The Celery application and the beat table: what runs when."""

from __future__ import annotations

import os

from celery import Celery
from celery.schedules import crontab

from bettrack.embedded.broker import connect_signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bettrack.settings")

app = Celery("bettrack")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
connect_signals()

app.conf.beat_schedule = {
    "pull odds": {"task": "odds.tasks.pull_due_odds", "schedule": 20.0},
    "pull results": {"task": "odds.tasks.pull_due_results", "schedule": 20.0},
    "settle finished bets": {"task": "bets.tasks.settle_due", "schedule": 15.0},
    "create partitions ahead": {
        "task": "odds.tasks.create_partitions",
        "schedule": crontab(hour=3, minute=10),
    },
    "forget old API calls": {"task": "feeds.tasks.forget_old_calls", "schedule": crontab(hour=3, minute=40)},
}
