"""One look at everything, and the thread in the scheduler's process that looks too.

The schedule has workers look each minute. Who would notice that no worker is left? The scheduler's own process does: it
runs on when the workers, or Redis, are gone. Both may look; a monitor is counted once in half a minute.
"""

from __future__ import annotations

import logging
import threading
from typing import Final

from django.conf import settings
from django.db import DatabaseError, connections

from feeds.monitoring.watching import EVERY, database_now, tick

from .alerts import send_due

logger = logging.getLogger(__name__)

_stop: Final = threading.Event()
_started: list[threading.Thread] = []


def look() -> dict[str, int]:
    """One tick, and the alerts that are due."""
    found = tick(now=database_now())
    alerts = send_due(clock=database_now)
    return {"checked": found.checked, "flips": len(found.flips), **alerts}


def start() -> threading.Thread:
    """Look every minute in a thread of this process until it ends. Started once."""
    if not _started:
        thread = threading.Thread(target=keep_looking, name="watcher", daemon=True)
        _started.append(thread)
        thread.start()
    return _started[0]


def keep_looking(every: float | None = None) -> None:
    """Look every so many seconds, whatever happens."""
    pause = EVERY.total_seconds() / settings.PACE if every is None else every
    while not _stop.wait(pause):
        try:
            look()
        except DatabaseError as error:
            logger.warning("the watcher cannot look: %s", type(error).__name__)
        except Exception:
            logger.exception("the watcher's look broke")
        finally:
            connections.close_all()
