"""One scheduler at a time, however many run: a lock in Redis, and another that takes over when its holder is gone.

Every scheduler keeps the whole schedule; only the holder of the lock sends what falls due. The others remember it for
as long as the holder may be dead without anybody knowing, so that what fell due meanwhile is sent by whoever follows.
A holder that was away for longer than its lease finds the lock taken before it sends anything again.
"""

from __future__ import annotations

import logging
import socket
import time
import uuid
from typing import Any, Final

import redis
from celery.beat import PersistentScheduler, ScheduleEntry
from django.conf import settings

logger = logging.getLogger(__name__)

KEY: Final = "bettrack:scheduler"
LEASE: Final = 15.0
"""Seconds after which another scheduler follows one that was killed."""
TIMEOUT: Final = 2.0
LEAD: Final = """
local holder = redis.call('GET', KEYS[1])
if not holder or holder == ARGV[1] then
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    return 1
end
return 0
"""
"""Takes the lock when it is free, renews it when it is ours: one step, so that no two hold it."""
LEAVE: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class Lock:
    """The lock of one scheduler. `holds` is None while Redis cannot be asked."""

    def __init__(self, url: str, *, lease: float = LEASE, key: str = KEY) -> None:
        self.client = redis.Redis.from_url(url, socket_connect_timeout=TIMEOUT, socket_timeout=TIMEOUT)
        self.lease, self.key = lease, key
        self.token = f"{socket.gethostname()}:{uuid.uuid4().hex}"
        self._asked_at = -lease
        self._holds: bool | None = None

    def holds(self) -> bool | None:
        """Whether this is the one that sends; asked again three times a lease, so never out of date."""
        if time.monotonic() - self._asked_at >= self.lease / 3:
            before = self._holds
            self._holds = self._ask()
            if self._holds is not before:
                logger.info("scheduler %s: %s", self.token, WORDS[self._holds])
        return self._holds

    def _ask(self) -> bool | None:
        self._asked_at = time.monotonic()
        try:
            return bool(self.client.eval(LEAD, 1, self.key, self.token, str(int(self.lease * 1000))))
        except (redis.RedisError, OSError) as error:
            logger.warning("the scheduler's lock cannot be asked for: %s", error)
            return None

    def release(self) -> None:
        """Let another follow at once."""
        try:
            self.client.eval(LEAVE, 1, self.key, self.token)
        except (redis.RedisError, OSError):
            logger.info("the scheduler's lock could not be given back; it ends by itself")
        finally:
            self.client.close()


WORDS: Final = {True: "sends what falls due", False: "stands by", None: "cannot ask Redis"}


class LockedScheduler(PersistentScheduler):
    """Celery's scheduler that sends only while it holds the lock."""

    def __init__(self, *args: Any, lock: Lock | None = None, **kwargs: Any) -> None:
        self.lock = lock or Lock(settings.REDIS_URL, lease=max(LEASE / settings.PACE, 1.0))
        self.missed: dict[str, tuple[float, bool, ScheduleEntry]] = {}
        """Due and not sent, by name: since when, and whether nobody could know who sends."""
        super().__init__(*args, **kwargs)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """One look at the schedule; the seconds until the next."""
        if self.lock.holds():
            self._catch_up()
        wait: float = super().tick(*args, **kwargs)
        return min(wait, self.lock.lease / 3)

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        """Send the entry, or remember that it was not sent."""
        holds = self.lock.holds()
        if holds:
            super().apply_entry(entry, producer=producer)
        else:
            self.missed[str(entry.name)] = (time.monotonic(), holds is None, entry)

    def close(self) -> None:
        super().close()
        self.lock.release()

    def _catch_up(self) -> None:
        """Send what fell due since the last holder may have died, or while Redis was away; the rest was sent by him."""
        missed, self.missed = self.missed, {}
        oldest = time.monotonic() - 2 * self.lock.lease
        for since, nobody_knew, entry in missed.values():
            if nobody_knew or since >= oldest:
                super().apply_entry(entry, producer=self.producer)
