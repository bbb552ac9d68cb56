"""Whether prices come in: for each sport, when a price was last seen of the games that start soon."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.core.cache import cache
from django.db import connection

from feeds.monitoring.pulses import since
from feeds.monitoring.registry import Reading
from feeds.monitoring.transitions import Verdict
from games.models import Sport

from .planner import plan_week

GROUP: Final = "Prices"
SOON: Final = dt.timedelta(hours=24)
DEMO_LIMIT: Final = dt.timedelta(minutes=10)
SLACK: Final = dt.timedelta(minutes=30)
"""Beyond the longest pause that the polling plan makes."""
LONGEST_PAUSE: Final = dt.timedelta(hours=24)
KEPT: Final = 600

SEEN: Final = """
SELECT s.key, s.title, s.has_outrights, count(g.id), max(h.seen_at)
FROM sports s
LEFT JOIN games g ON g.sport_id = s.key AND g.kind = 'match' AND g.status = 'scheduled'
  AND g.commence_time > %(now)s AND g.commence_time <= %(until)s
LEFT JOIN LATERAL (SELECT max(seen_at) AS seen_at FROM heartbeats WHERE game_id = g.id) h ON true
WHERE s.active AND NOT s.has_outrights
GROUP BY s.key ORDER BY s.title, s.key
"""


@dataclass(frozen=True, slots=True)
class SportPrices:
    """A sport with how many of its games start soon, and when a price of any of them was last seen."""

    key: str
    title: str
    games: int
    seen_at: dt.datetime | None


def read_sports(now: dt.datetime) -> list[SportPrices]:
    """The active sports of matches. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(SEEN, {"now": now, "until": now + SOON})
        return [SportPrices(key, title, games, seen) for key, title, _, games, seen in cursor.fetchall()]


def read_freshness(now: dt.datetime) -> Iterator[Reading]:
    """A monitor for each sport."""
    limits = limits_of(now)
    for sport in read_sports(now):
        verdict, reason = judge(sport, limits.get(sport.key), now)
        yield Reading(f"prices:{sport.key}", GROUP, sport.title, verdict, reason)


def judge(sport: SportPrices, limit: dt.timedelta | None, now: dt.datetime) -> tuple[Verdict, str]:
    """Off season where no game starts soon; failing where no price was seen for longer than the limit.

    A sport without a limit is one that the polling plan does not reach.
    """
    if not sport.games:
        return Verdict.OFF, "no games within 24 hours"
    if limit is None:
        return Verdict.OFF, "not polled: the credits of the month go to other sports"
    start = "1 game starts" if sport.games == 1 else f"{sport.games} games start"
    if sport.seen_at is None:
        return Verdict.FAILING, f"no price yet, though {start} within 24 hours"
    if now - sport.seen_at > limit:
        return (
            Verdict.FAILING,
            f"no price seen for {since(sport.seen_at, now)}, though {start} within 24 hours",
        )
    return Verdict.OK, ""


def limits_of(now: dt.datetime) -> dict[str, dt.timedelta]:
    """How old prices may be, by sport: FEED_STALE_MINUTES, or else what the polling plan lets expect."""
    chosen: int = settings.FEED_STALE_MINUTES
    if chosen or settings.DEMO:
        limit = dt.timedelta(minutes=chosen) if chosen else DEMO_LIMIT
        return dict.fromkeys(Sport.objects.filter(active=True).values_list("key", flat=True), limit)
    try:
        kept: dict[str, dt.timedelta] | None = cache.get("odds:freshness")
    except Exception:  # noqa: BLE001 - whatever keeps Redis from answering: the plan is worked out instead
        kept = None
    return planned_limits(now) if kept is None else kept


def planned_limits(now: dt.datetime) -> dict[str, dt.timedelta]:
    """The longest pause between two planned polls of each sport in the coming week, and half an hour."""
    sports = list(Sport.objects.filter(active=True, has_outrights=False))
    plan = plan_week(sports, now=now)
    limits: dict[str, dt.timedelta] = {}
    for sport in sports:
        times = [now, *sorted(pull.at for pull in plan.of(sport.key))]
        if len(times) > 1:
            pauses = (later - earlier for earlier, later in itertools.pairwise(times))
            limits[sport.key] = min(max(pauses), LONGEST_PAUSE) + SLACK
    with contextlib.suppress(Exception):  # without Redis it is worked out again next time
        cache.set("odds:freshness", limits, KEPT)
    return limits
