"""One look at everything, and the threads that look too.

The schedule has workers look each minute. Who would notice that no worker is left? The scheduler's own process does: it
runs on when the workers, or Redis, are gone. And who would notice that the scheduler is gone, with which both stop? Every
worker and every web process asks now and then when somebody last looked, and looks in their stead when nobody did. A
monitor is counted once in half a minute, however many look.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.db import DatabaseError, connections
from django.db.models import Max

from feeds.models import Monitor
from feeds.monitoring.transitions import VOUCHED
from feeds.monitoring.watching import EVERY, database_now, tick

from .alerts import send_due

logger = logging.getLogger(__name__)

SILENCE: Final = dt.timedelta(seconds=80)
"""Nobody looked for so long: the others are gone. Short of the three minutes for which a look vouches."""
ASKED_EVERY: Final = dt.timedelta(seconds=30)

_stop: Final = threading.Event()
_started: list[threading.Thread] = []


def look() -> dict[str, int]:
    """One tick, and the alerts that are due."""
    found = tick(now=database_now())
    alerts = send_due(clock=database_now)
    return {"checked": found.checked, "flips": len(found.flips), **alerts}


def stand_in() -> dict[str, int]:
    """Look, if nobody has for a while; what came of it, nothing otherwise. Two statements, otherwise.

    Looks that a wrong clock dated far ahead are no looks.
    """
    now = database_now()
    last = Monitor.objects.filter(checked_at__lte=now + VOUCHED).aggregate(last=Max("checked_at"))["last"]
    if last is not None and now - last < SILENCE / settings.PACE:
        return {}
    return look()


def start() -> threading.Thread:
    """Look every minute in a thread of this process until it ends. Started once."""
    return _start(look, EVERY)


def start_standing_in() -> threading.Thread:
    """Look whenever nobody else does, in a thread of this process until it ends. Started once."""
    return _start(stand_in, ASKED_EVERY)


def _start(act: Callable[[], object], every: dt.timedelta) -> threading.Thread:
    if not _started:
        seconds = every.total_seconds() / settings.PACE
        thread = threading.Thread(target=keep_looking, args=(act, seconds), name="watcher", daemon=True)
        _started.append(thread)
        thread.start()
    return _started[0]


def keep_looking(act: Callable[[], object], every: float) -> None:
    """Do so every so many seconds, whatever happens."""
    while not _stop.wait(every):
        try:
            act()
        except DatabaseError as error:
            logger.warning("the watcher cannot look: %s", type(error).__name__)
        except Exception:
            logger.exception("the watcher's look broke")
        finally:
            connections.close_all()
