"""The Celery application and the beat table: what runs when."""

from __future__ import annotations

import os

from celery import Celery
from celery.schedules import crontab
from celery.signals import worker_ready
from django.conf import settings

from bettrack.embedded.broker import connect_signals
from bettrack.monitoring.signals import connect as connect_monitoring

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bettrack.settings")

app = Celery("bettrack")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_scheduler = "bettrack.scheduling:LockedScheduler"
app.autodiscover_tasks()
app.autodiscover_tasks(["bettrack.backups", "bettrack.monitoring"])
connect_signals()
connect_monitoring()

WATCH = "bettrack.monitoring.tasks.watch"
OFTEN = {
    "pull odds": ("odds.tasks.pull_due_odds", 20.0),
    "pull results": ("odds.tasks.pull_due_results", 20.0),
    "settle finished bets": ("bets.tasks.settle_due", 15.0),
    "send webhooks": ("bets.webhooks.deliver", 10.0),
    "run jobs": ("bets.jobs.run", 30.0),
    "look for what webhooks tell": ("bets.webhooks.find", 60.0),
    "derive statistics": ("bets.tasks.derive_statistics", 60.0),
    "watch": (WATCH, 60.0),
    "compare bookmakers": ("odds.tasks.compare_books", 300.0),
}
"""Tasks and their seconds; each knows by itself what is due, so one too many does no harm."""

app.conf.beat_schedule = {
    # a tick that no worker took in its time is worth nothing: the next one is there already
    **{
        name: {"task": task, "schedule": seconds, "options": {"expires": seconds}}
        for name, (task, seconds) in OFTEN.items()
    },
    "create partitions ahead": {
        "task": "odds.tasks.create_partitions",
        "schedule": crontab(hour=3, minute=10),
    },
    "drop expired partitions": {
        "task": "odds.tasks.drop_expired_partitions",
        "schedule": crontab(hour=3, minute=25),
    },
    "derive statistics of old bets": {
        "task": "bets.tasks.derive_statistics",
        "schedule": crontab(hour=4, minute=20),
        "kwargs": {"everything": True},
    },
    "forget old addresses": {
        "task": "accounts.tasks.forget_old_addresses",
        "schedule": crontab(hour=4, minute=5),
    },
    "forget kept answers": {"task": "accounts.tasks.forget_answers", "schedule": crontab(minute=15)},
    "forget jobs and their files": {"task": "bets.jobs.forget", "schedule": crontab(minute=25)},
    "forget webhook deliveries": {"task": "bets.webhooks.forget", "schedule": crontab(hour=3, minute=50)},
    "forget old workers": {
        "task": "bettrack.monitoring.tasks.forget",
        "schedule": crontab(hour=3, minute=45),
    },
    "forget old API calls": {"task": "feeds.tasks.forget_old_calls", "schedule": crontab(hour=3, minute=40)},
}


@app.on_after_configure.connect
def schedule_backups(sender: Celery, **_: object) -> None:
    """At the time of day that BACKUP_TIME names; on Sundays, two hours later, one is proved."""
    if settings.BACKUPS.at is not None:
        hour, minute = settings.BACKUPS.at
        sender.conf.beat_schedule["back up"] = {
            "task": "bettrack.backups.tasks.make_backup",
            "schedule": crontab(hour=hour, minute=minute),
        }
        sender.conf.beat_schedule["prove the newest backup"] = {
            "task": "bettrack.backups.tasks.prove_backup",
            "schedule": crontab(day_of_week="sunday", hour=(hour + 2) % 24, minute=minute),
        }


@app.on_after_configure.connect
def keep_pace(sender: Celery, **_: object) -> None:
    """Have the ticks come as often as a drill wants them."""
    for name, (_task, seconds) in OFTEN.items():
        sender.conf.beat_schedule[name]["schedule"] = seconds / settings.PACE


@worker_ready.connect
def catch_up(**_: object) -> None:
    """Do at once what fell due while no worker ran, instead of at the next tick."""
    once = ("odds.tasks.create_partitions", "bettrack.backups.tasks.catch_up")
    for task in (*once, *(task for task, _ in OFTEN.values())):
        app.send_task(task)
