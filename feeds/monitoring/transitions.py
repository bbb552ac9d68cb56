"""How a monitor's status follows from its checks. Plain Python: what was, what a check says, and when.

Three failures in a row make it down, two successes up, each from the first of them on. A check vouches for the
``VOUCHED`` that follow it; beyond that nobody knows, so a watcher that was away leaves UNKNOWN behind, and the
counting begins anew. What has nothing to do (a sport off season) is in maintenance at once.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

DOWN_AFTER: Final = 3
UP_AFTER: Final = 2
VOUCHED: Final = dt.timedelta(minutes=3)
"""For so long after a check its status holds; checks come every minute."""
INSTANT: Final = dt.timedelta(microseconds=1)


class Status(StrEnum):
    """How a thing does."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"
    MAINTENANCE = "maintenance"

    @property
    def words(self) -> str:
        return WORDS[self]


WORDS: Final = {
    Status.UP: "Up",
    Status.DOWN: "Down",
    Status.UNKNOWN: "Not known",
    Status.MAINTENANCE: "Maintenance",
}


class Verdict(StrEnum):
    """What one check found."""

    OK = "ok"
    FAILING = "failing"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class State:
    """What is kept of a monitor between checks."""

    status: Status = Status.UNKNOWN
    checked_at: dt.datetime | None = None
    failures: int = 0
    failing_since: dt.datetime | None = None
    successes: int = 0
    succeeding_since: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """From one status to another, from an instant on."""

    at: dt.datetime
    old: Status
    new: Status


def status_at(status: Status, checked_at: dt.datetime | None, now: dt.datetime) -> Status:
    """What is known now of something whose last check left it in ``status``.

    A check far in the future was made by a clock that has been set right since, and says nothing of now.
    """
    if checked_at is None or abs(now - checked_at) > VOUCHED:
        return Status.UNKNOWN
    return status


def is_ahead(checked_at: dt.datetime | None, now: dt.datetime) -> bool:
    """Tell whether a check lies so far in the future that a clock was wrong."""
    return checked_at is not None and checked_at - now > VOUCHED


def step(state: State, verdict: Verdict, now: dt.datetime) -> tuple[State, list[Change]]:
    """Take a check into account; return what is kept and what changed, in order of time.

    Where the last check was made by a clock that has been set right since, the counting begins anew, from UNKNOWN.
    Raises ValueError for a check that is not after the last otherwise.
    """
    changes: list[Change] = []
    if is_ahead(state.checked_at, now):
        state = _to(Status.UNKNOWN, now - INSTANT, State(state.status), changes)
    if state.checked_at is not None and now <= state.checked_at:
        raise ValueError("a check comes after the one before")
    if state.checked_at is not None and now > state.checked_at + VOUCHED:
        lost_at = state.checked_at + VOUCHED
        state = _to(Status.UNKNOWN, lost_at, State(state.status, state.checked_at), changes)
    state = _counted(state, verdict, now)
    if verdict is Verdict.OFF:
        state = _to(Status.MAINTENANCE, now, state, changes)
    elif state.failures >= DOWN_AFTER and state.failing_since is not None:
        state = _to(Status.DOWN, state.failing_since, state, changes)
    elif state.successes >= UP_AFTER and state.succeeding_since is not None:
        state = _to(Status.UP, state.succeeding_since, state, changes)
    return state, changes


def _counted(state: State, verdict: Verdict, now: dt.datetime) -> State:
    if verdict is Verdict.OK:
        since = state.succeeding_since or now
        return State(state.status, now, successes=state.successes + 1, succeeding_since=since)
    if verdict is Verdict.FAILING:
        since = state.failing_since or now
        return State(state.status, now, failures=state.failures + 1, failing_since=since)
    return State(state.status, now)


def _to(status: Status, at: dt.datetime, state: State, changes: list[Change]) -> State:
    if state.status is status:
        return state
    changes.append(Change(at, state.status, status))
    return replace(state, status=status)
