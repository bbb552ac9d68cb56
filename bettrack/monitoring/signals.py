"""What Celery tells: ids for the log lines of tasks, and signs of life of tasks and workers."""

from __future__ import annotations

import logging
import logging.config
import time
from typing import Any, Final

from celery import signals
from django.conf import settings
from django.db import DatabaseError, connection

from .context import REQUEST, TASK, request_id_of

logger = logging.getLogger(__name__)

HEADER: Final = "request_id"
WORKER_EVERY: Final = 30.0
_last_beat: dict[str, float] = {}


def connect() -> None:
    """Listen to Celery, once."""
    uid = "bettrack monitoring"
    signals.setup_logging.connect(set_up_logs, dispatch_uid=uid)
    signals.before_task_publish.connect(send_request_id, dispatch_uid=uid)
    signals.task_prerun.connect(begin_task, dispatch_uid=uid)
    signals.task_postrun.connect(end_task, dispatch_uid=uid)
    signals.beat_init.connect(watch_beside, dispatch_uid=uid)
    signals.worker_ready.connect(worker_lives, dispatch_uid=uid)
    signals.worker_ready.connect(watch_in_stead, dispatch_uid=f"{uid}: watcher")
    signals.heartbeat_sent.connect(worker_lives, dispatch_uid=uid)


def set_up_logs(**_: object) -> None:
    """Write the logs of worker and beat as those of the web server are written, instead of Celery's way."""
    logging.config.dictConfig(settings.LOGGING)


def send_request_id(headers: dict[str, Any] | None = None, **_: object) -> None:
    """Let the task know for which request it was sent."""
    if headers is not None and REQUEST.get():
        headers.setdefault(HEADER, REQUEST.get())


def begin_task(task_id: str = "", task: Any = None, **_: object) -> None:
    TASK.set(task_id)
    request = getattr(task, "request", None)
    sent = getattr(request, HEADER, None) or (getattr(request, "headers", None) or {}).get(HEADER)
    REQUEST.set(request_id_of(sent) if isinstance(sent, str) and sent else "")


def end_task(task: Any = None, state: str = "", **_: object) -> None:
    """Count what was done as a sign of life of its kind of work."""
    name = pulse_of(getattr(task, "name", ""))
    if name and state in ("SUCCESS", "FAILURE"):
        say(name, succeeded=state == "SUCCESS")
    TASK.set("")
    REQUEST.set("")


def pulse_of(task: str) -> str:
    """The pulse that the task's success is a sign of; '' for none."""
    from feeds.monitoring.pulses import EXPECTED  # needs the models

    return next((one.name for one in EXPECTED.values() if task and one.task == task), "")


def watch_beside(**_: object) -> None:
    """Have the scheduler's process look too: it is there when no worker is."""
    from .watcher import start  # needs the models

    start()


def watch_in_stead(**_: object) -> None:
    """Have the worker look where the scheduler does not: without it nobody is told to."""
    from .watcher import start_standing_in  # needs the models

    start_standing_in()


def worker_lives(sender: Any = None, **_: object) -> None:
    """Note that the worker is alive, every half minute."""
    source = getattr(sender, "eventer", sender)  # of a heartbeat, and of a worker that is ready
    name, now = str(getattr(source, "hostname", "") or "worker"), time.monotonic()
    if now - _last_beat.get(name, -WORKER_EVERY) < WORKER_EVERY / settings.PACE:
        return
    _last_beat[name] = now
    try:
        say(f"worker:{name}", succeeded=True)
    finally:
        # held no longer: a child forked later would share it
        connection.close()


def say(name: str, *, succeeded: bool) -> None:
    """Beat a pulse; a database that is away is told of in the log alone."""
    from feeds.monitoring.pulses import beat
    from feeds.monitoring.watching import database_now

    try:
        beat(name=name, now=database_now(), succeeded=succeeded)
    except DatabaseError as error:
        logger.warning("no sign of life of %s: %s", name, error)
