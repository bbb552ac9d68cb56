"""The replica, if REPLICA_DATABASE_URL names one: whether it may be read, and how far it has come."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from bettrack.database.sections import lasting

logger = logging.getLogger(__name__)

REPLICA: Final = "replica"
CHECK_EVERY: Final = 1.0
AFTER_A_PROBLEM: Final = 5.0
SAMPLES: Final = 600
PLACE: Final = (
    "SELECT pg_is_in_recovery(), (coalesce(pg_last_wal_replay_lsn(), '0/0') - '0/0'::pg_lsn)::bigint, "
    "(SELECT system_identifier FROM pg_control_system()), current_database()"
)
PRIMARY: Final = (
    "SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint, (SELECT system_identifier FROM pg_control_system()), "
    "current_database()"
)


@dataclass(frozen=True)
class Standing:
    """What was last seen. ``problem`` says why the replica is not read; '' while it is."""

    at: float
    replayed: int = 0
    lag: float = 0.0
    problem: str = ""


class Watcher:
    """Looks at the replica at most once a second. How old it is follows from where the primary's log ended when.

    So neither clocks that differ nor a primary without traffic nor a receiver that is gone deceive it.
    """

    def __init__(self) -> None:
        self.seen: Standing | None = None
        self.ends: deque[tuple[float, int]] = deque(maxlen=SAMPLES)
        self.lock = threading.Lock()

    def shows(self, position: int) -> bool:
        """Whether the replica may be read and has replayed the log up to this position."""
        seen = self.standing()
        if seen.problem:
            return False
        if seen.replayed < position:
            seen = self.look(time.monotonic())
        return not seen.problem and seen.replayed >= position

    def standing(self) -> Standing:
        """What is known of the replica, looked at again where that is old."""
        now, seen = time.monotonic(), self.seen
        if seen is not None and now - seen.at < (AFTER_A_PROBLEM if seen.problem else CHECK_EVERY):
            return seen
        return self.look(now)

    def look(self, now: float) -> Standing:
        """Ask both servers. One thread at a time: others make do with what was seen."""
        if not self.lock.acquire(blocking=self.seen is None):
            return self.seen or Standing(now, problem="is being looked at")
        try:
            before, self.seen = self.seen, self._seen(now)
        finally:
            self.lock.release()
        _tell_change(before, self.seen)
        return self.seen

    def failed(self, error: Exception) -> None:
        """Leave the replica alone for a while: a read of it failed."""
        before = self.seen
        self.seen = Standing(time.monotonic(), problem=_unreachable(error))
        _tell_change(before, self.seen)

    def _seen(self, now: float) -> Standing:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(PRIMARY)
            end, cluster, database = cursor.fetchone()
        try:
            with replica_connection().cursor() as cursor:
                cursor.execute(PLACE)
                follows, replayed, its_cluster, its_database = cursor.fetchone()
        except Error as error:
            return Standing(now, problem=_unreachable(error))
        if (cluster, database) != (its_cluster, its_database):
            return Standing(now, problem="belongs to another server or database than DATABASE_URL")
        if not follows:
            return Standing(now, problem="is no replica any more: it takes writes of its own")
        self.ends.append((now, end))
        while self.ends and self.ends[0][1] <= replayed:
            self.ends.popleft()
        lag = now - self.ends[0][0] if self.ends else 0.0
        late = lag > settings.REPLICA_MAX_LAG
        problem = f"is more than {lasting(settings.REPLICA_MAX_LAG)} behind" if late else ""
        return Standing(now, replayed, lag, problem)


watcher = Watcher()


def replica_connection() -> BaseDatabaseWrapper:
    """This thread's connection to the replica; Django closes it as it does its others."""
    if REPLICA not in connections.databases:
        given: dict[str, Any] = {"default": {}, REPLICA: dict(settings.REPLICA_DATABASE or {})}
        connections.databases[REPLICA] = connections.configure_settings(given)[REPLICA]
    return connections[REPLICA]


def sentence() -> str:
    """How the replica stands, for reports; '' where there is none."""
    if not settings.REPLICA_DATABASE:
        return ""
    seen = watcher.standing()
    if seen.problem:
        return f"The replica {seen.problem}; everything is read from the primary."
    lag = f"{lasting(seen.lag)} behind" if seen.lag else "up to date"
    return f"The replica is {lag}, and board, archive and statistics are read from it."


def _unreachable(error: Exception) -> str:
    return f"cannot be read: {str(error).strip().splitlines()[0]}" if str(error).strip() else "cannot be read"


def _tell_change(before: Standing | None, now: Standing) -> None:
    if now.problem and (before is None or before.problem != now.problem):
        logger.warning("the replica %s; everything is read from the primary", now.problem)
    elif not now.problem and before is not None and before.problem:
        logger.warning("the replica is read again")
