"""Windows: by when a postponed game must begin, and a begun one end, for its bets to stand. Pure: no clock.

Limits count from the start that was announced when the bet was placed, so that a bet placed after a game has been
moved counts from the new start.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from bets.grading.legs import grade_leg
from bets.grading.terms import ONE, LegGrade, LegTerms, Result
from bets.rules import Rule

ON_TIME = dt.timedelta(minutes=15)
"""A start that moves by less is a delay, not another start."""
LONGEST_GAME = dt.timedelta(hours=12)
"""A game that began in time has this long to end, whatever the limit says."""
UNLIMITED = dt.timedelta(days=30)
"""Where a book sets no limit to a postponement, a person looks after this long."""
THURSDAY = 3
WAITING = ("scheduled", "live", "postponed")

Kind = Literal["not_started", "not_finished", "overdue"]


@dataclass(frozen=True, slots=True)
class Word:
    """What a feed said of a game that had not ended: from ``first_at`` to ``last_at`` it said the same."""

    first_at: dt.datetime
    last_at: dt.datetime
    status: str
    home: int | None = None
    away: int | None = None
    home_periods: tuple[int, ...] = ()
    away_periods: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a game was to begin and what was said of it before it ended; all instants are UTC.

    ``announced`` is the start as announced when the bet was placed, ``start`` as announced last (the actual one
    once it began), ``zone`` the one whose days the sport is played by. ``words`` are in the order of time.
    ``is_staffs`` tells that staff decided the game, which stands above every window.
    """

    announced: dt.datetime
    start: dt.datetime
    zone: str = "UTC"
    words: Sequence[Word] = ()
    is_staffs: bool = False


@dataclass(frozen=True, slots=True)
class Late:
    """A window that has passed: which, when, and the sentence that says so."""

    kind: Kind
    limit: dt.datetime
    words: str


def start_limit(rule: Rule, announced: dt.datetime, zone: str) -> dt.datetime | None:
    """Return the last instant at which the game may begin; None if the rule sets none."""
    if rule.not_started == "hours":
        hours = rule.not_started_hours
        return None if hours is None else announced + dt.timedelta(hours=hours)
    place = zoneinfo.ZoneInfo(zone)
    day = announced.astimezone(place).date()
    days = 1 if rule.not_started == "same_day" else (THURSDAY - day.weekday()) % 7 or 7
    midnight = dt.datetime.combine(day + dt.timedelta(days=days), dt.time(), place)
    return midnight.astimezone(dt.UTC) - dt.timedelta(microseconds=1)


def finish_limit(rule: Rule, schedule: Schedule) -> dt.datetime | None:
    """Return the instant by which the game must have ended; None if the rule sets none."""
    if rule.not_finished_hours is None:
        return None
    limit = schedule.announced + dt.timedelta(hours=rule.not_finished_hours)
    return max(limit, schedule.start + LONGEST_GAME)


def judge(rule: Rule, schedule: Schedule, status: str, now: dt.datetime) -> Late | None:
    """Tell which window of the rule has passed by ``now`` for a game of that status, None if the bet still waits.

    A game that nobody has called off and nobody has reported on is overdue, which is no reason to void.
    """
    if schedule.is_staffs and status not in WAITING:
        return None
    late = too_late_a_start(rule, schedule, status, now) or too_late_an_end(rule, schedule, status, now)
    return late or overdue(rule, schedule, status, now)


def too_late_a_start(rule: Rule, schedule: Schedule, status: str, now: dt.datetime) -> Late | None:
    limit = start_limit(rule, schedule.announced, schedule.zone)
    if limit is None or status == "cancelled":
        return None
    if status in ("live", "final", "abandoned"):
        if schedule.start <= limit:
            return None
        happened = f"began at {at(schedule.start)}"
    else:
        moved = schedule.start - schedule.announced > ON_TIME
        is_off = schedule.start > limit or (status == "postponed" and not moved)
        if now <= limit or not is_off:
            return None
        happened = f"is now set for {at(schedule.start)}" if moved else "has been postponed"
    words = f"The game was to begin at {at(schedule.announced)} and {happened}; "
    return Late("not_started", limit, f"{words}{limit_words(rule, limit)}.")


def limit_words(rule: Rule, limit: dt.datetime) -> str:
    if rule.not_started == "hours":
        return f"bets stand if it begins within {rule.not_started_hours} hours, by {at(limit)}"
    part = "day" if rule.not_started == "same_day" else "week of Thursday to Wednesday"
    return f"bets stand if it begins on the same {part}, by {at(limit)}"


def too_late_an_end(rule: Rule, schedule: Schedule, status: str, now: dt.datetime) -> Late | None:
    limit = finish_limit(rule, schedule)
    if limit is None or status not in ("live", "final") or now < limit:
        return None
    if not any(word.status == "live" and word.last_at >= limit for word in schedule.words):
        return None
    words = (
        f"The game was to begin at {at(schedule.announced)} and had not ended by {at(limit)}, the limit of "
        f"{rule.not_finished_hours} hours"
    )
    return Late("not_finished", limit, f"{words}.")


def overdue(rule: Rule, schedule: Schedule, status: str, now: dt.datetime) -> Late | None:
    if rule.overdue_hours is None or status not in WAITING:
        return None
    since = schedule.start
    if status == "live":
        since = max([since, *(word.last_at for word in schedule.words if word.status == "live")])
    if status == "postponed":
        limit = start_limit(rule, schedule.announced, schedule.zone)
        since = max(since, limit if limit is not None else schedule.announced + UNLIMITED)
    limit = since + dt.timedelta(hours=rule.overdue_hours)
    if now < limit:
        return None
    words = f"No source has reported a result of the game that was to begin at {at(schedule.start)}"
    if since > schedule.start:
        words += f", nor anything since {at(since)}"
    return Late("overdue", limit, f"{words}; it was expected within {rule.overdue_hours} hours.")


def grade_late(
    terms: LegTerms, result: Result, rule: Rule, schedule: Schedule, now: dt.datetime
) -> LegGrade | None:
    """Grade a leg whose game is outside a window of the rule by ``now``; None if it is inside them all.

    Not begun in time: void. Not ended in time: as a game that broke off, by the score at the limit, so that
    finished parts stand. Overdue: review.
    """
    late = judge(rule, schedule, result.status, now)
    if late is None:
        return None
    window = evidence_of(late, rule, schedule)
    if late.kind == "overdue":
        return LegGrade("needs_review", reason=late.words, window=window)
    if late.kind == "not_started":
        return LegGrade("void", ONE, f"{late.words} So the bet is void.", window=window)
    used = replace(rule, suspended="void") if rule.suspended == "review" else rule
    grade = grade_leg(terms, result_at(result, schedule, late.limit), used)
    reason = f"{late.words} {grade.reason}".strip() if grade.compared is None else grade.reason
    return replace(grade, reason=reason, window=window)


def result_at(result: Result, schedule: Schedule, limit: dt.datetime) -> Result:
    """Return the game as it stood at the limit, broken off."""
    said = [word for word in schedule.words if word.first_at <= limit and word.home is not None]
    if not said:
        return replace(result, status="abandoned", home=None, away=None, home_periods=(), away_periods=())
    last = said[-1]
    return replace(
        result,
        status="abandoned",
        home=last.home,
        away=last.away,
        home_periods=last.home_periods,
        away_periods=last.away_periods,
        conflict="",
    )


def evidence_of(late: Late, rule: Rule, schedule: Schedule) -> dict[str, Any]:
    """Return the times that were compared and the rule, as data for the leg's evidence."""
    return {
        "kind": late.kind,
        "rule": rule.name,
        "source": rule.source,
        "announced": schedule.announced.isoformat(),
        "start": schedule.start.isoformat(),
        "limit": late.limit.isoformat(),
        "zone": schedule.zone,
        "words": late.words,
    }


def at(instant: dt.datetime) -> str:
    """Write an instant as evidence does: ``2026-07-17 23:11 UTC``."""
    return f"{instant.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"
