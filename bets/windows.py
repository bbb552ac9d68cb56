"""Bets on games that did not begin or end in time, or that nobody reports on: found by query, settled like any others.

Looking is in two steps. First the games that may be late, their open legs counted by what their rule depends on
(book, market, whether the draw had a price, the start announced at placement), and each group judged in memory. Then
the bets of the groups that are late are claimed in batches and written as every settled bet is. What a window did
follows from stored facts alone (announced starts, readings), so that grading again comes to the same.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from django.db import connection

from bets.grading.windows import LONGEST_GAME, ON_TIME, Schedule, Word, judge
from bets.rulebook import Rulebook

ANNOUNCED = """
CASE WHEN g.kind = 'outright' THEN g.commence_time ELSE coalesce(
    (SELECT c.commence_time FROM commence_times c
     WHERE c.game_id = g.id AND c.seen_at <= b.placed_at ORDER BY c.seen_at DESC LIMIT 1),
    (SELECT c.commence_time FROM commence_times c WHERE c.game_id = g.id ORDER BY c.seen_at LIMIT 1),
    g.commence_time) END
"""
"""The start that was announced when bet ``b`` was placed on game ``g``; an outright has no windows, only its end."""

STAFFS = """
EXISTS (SELECT 1 FROM score_readings r WHERE r.game_id = g.id AND r.source = 'staff' AND r.status = g.status)
"""

LATE_GAMES = """
SELECT g.id
FROM games g
WHERE NOT g.completed AND (
    (g.status = 'live' AND g.commence_time <= %(now)s - %(longest)s)
    OR (g.status = 'scheduled' AND g.commence_time <= %(now)s - interval '1 hour')
    OR (g.status = 'postponed' AND g.commence_time <= %(now)s)
    OR (g.status IN ('scheduled', 'postponed') AND g.commence_time > %(now)s - interval '1 hour' AND EXISTS (
        SELECT 1 FROM commence_times c
        WHERE c.game_id = g.id AND c.commence_time <= least(%(now)s, g.commence_time - %(on_time)s))))
"""
"""Games of which a window may have passed, or whose result may be overdue."""

GROUPS = f"""
SELECT g.id, g.status, g.sport_id, g.commence_time, sport.time_zone,
       b.bookmaker_id, s.market, l.draw_offered, announced.start
FROM games g
JOIN sports sport ON sport.key = g.sport_id
JOIN bet_legs l ON l.game_id = g.id AND l.status = 'pending'
JOIN bets b ON b.id = l.bet_id
JOIN selections s ON s.id = l.selection_id
CROSS JOIN LATERAL (SELECT {ANNOUNCED} AS start) announced
WHERE g.id IN ({LATE_GAMES}) AND (%(games)s::uuid[] IS NULL OR g.id = ANY(%(games)s::uuid[]))
GROUP BY g.id, sport.time_zone, b.bookmaker_id, s.market, l.draw_offered, announced.start
ORDER BY g.id
"""  # noqa: S608

CLAIM = f"""
SELECT b.id, l.id
FROM unnest(%(games)s::uuid[], %(books)s::int[], %(markets)s::text[], %(draws)s::boolean[], %(starts)s::timestamptz[])
    AS late (game_id, bookmaker_id, market, draw_offered, announced)
JOIN games g ON g.id = late.game_id AND g.status IN ('scheduled', 'live', 'postponed')
JOIN bet_legs l ON l.game_id = g.id AND l.status = 'pending' AND l.draw_offered = late.draw_offered
JOIN selections s ON s.id = l.selection_id AND s.market = late.market
JOIN bets b ON b.id = l.bet_id AND b.bookmaker_id IS NOT DISTINCT FROM late.bookmaker_id
WHERE {ANNOUNCED} = late.announced
LIMIT %(size)s
FOR UPDATE OF b SKIP LOCKED
FOR SHARE OF g SKIP LOCKED
"""  # noqa: S608
"""Locks as ``due.CLAIM`` does: neither lock waits, so that a bet somebody else holds is left for the next run.

Any bet with a pending leg counts, not only open ones: of a ticket that an earlier leg has lost, or that was cashed out,
the late leg gets its grade for the record.
"""

SCHEDULES = f"""
WITH odd AS MATERIALIZED (
    SELECT g.* FROM games g
    WHERE g.id = ANY(%(games)s::uuid[]) AND (
        g.status IN ('scheduled', 'live', 'postponed')
        OR EXISTS (SELECT 1 FROM commence_times c
                   WHERE c.game_id = g.id AND c.commence_time < g.commence_time - %(on_time)s)
        OR EXISTS (SELECT 1 FROM score_readings r
                   WHERE r.game_id = g.id AND r.source <> 'staff' AND r.status = 'live'
                     AND greatest(r.read_at, r.confirmed_at) >= g.commence_time + %(longest)s)))
SELECT l.id, g.id, {ANNOUNCED}, g.commence_time, sport.time_zone, {STAFFS}
FROM odd g
JOIN sports sport ON sport.key = g.sport_id
JOIN bet_legs l ON l.game_id = g.id
JOIN bets b ON b.id = l.bet_id
WHERE b.id = ANY(%(bets)s::uuid[])
"""  # noqa: S608
"""Legs on games that moved, went on for very long or have not ended: of the others no window can have passed."""

WORDS = """
SELECT r.game_id, r.read_at, least(greatest(r.read_at, r.confirmed_at), over.since), r.status,
       r.home_score, r.away_score, r.period_scores::text
FROM score_readings r
LEFT JOIN LATERAL (
    SELECT min(f.read_at) AS since FROM score_readings f WHERE f.game_id = r.game_id AND f.status = 'final'
) over ON true
WHERE r.game_id = ANY(%s::uuid[]) AND r.source <> 'staff' AND r.status IN ('scheduled', 'live', 'postponed')
  AND (over.since IS NULL OR r.read_at < over.since)
ORDER BY r.game_id, r.read_at, r.id
"""
"""What feeds said before the first final score."""


class Group(NamedTuple):
    """Pending legs of a game that share a rule and the start announced when their bets were placed."""

    game_id: uuid.UUID
    bookmaker_id: int | None
    market: str
    draw_offered: bool
    announced: dt.datetime


def late_groups(
    rules: Rulebook, now: dt.datetime, game_ids: Sequence[uuid.UUID] | None = None
) -> list[Group]:
    """Return the groups of open legs for which a window has passed by ``now`` (UTC), or whose result is overdue."""
    parameters: dict[str, Any] = {
        "now": now,
        "longest": LONGEST_GAME,
        "on_time": ON_TIME,
        "games": None if game_ids is None else list(game_ids),
    }
    with connection.cursor() as cursor:
        cursor.execute(GROUPS, parameters)
        rows = cursor.fetchall()
    words = words_of({row[0] for row in rows if row[1] == "live"})
    late: list[Group] = []
    for game_id, status, sport, start, zone, book, market, draw_offered, announced in rows:
        rule = rules.rule(bookmaker_id=book, sport=sport, market=market, draw_offered=draw_offered)
        schedule = Schedule(announced, start, zone, words.get(game_id, ()))
        found = judge(rule, schedule, status, now)
        if found is not None:
            late.append(Group(game_id, book, market, draw_offered, announced))
    return late


def claim(groups: Sequence[Group], size: int) -> tuple[list[uuid.UUID], set[int]]:
    """Lock open bets of the groups that nobody else holds; return their ids, and those of up to ``size`` late legs."""
    columns: list[Any] = [list(column) for column in zip(*groups, strict=True)]
    names = ("games", "books", "markets", "draws", "starts")
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {**dict(zip(names, columns, strict=True)), "size": size})
        rows = cursor.fetchall()
    return list(dict.fromkeys(row[0] for row in rows)), {row[1] for row in rows}


def schedules_of(bet_ids: Collection[uuid.UUID], game_ids: Iterable[uuid.UUID]) -> dict[int, Schedule]:
    """Return when the games of the bets' legs were to begin, by leg id, for those of which a window may have passed."""
    parameters: dict[str, Any] = {
        "bets": list(bet_ids),
        "games": list(game_ids),
        "on_time": ON_TIME,
        "longest": LONGEST_GAME,
    }
    with connection.cursor() as cursor:
        cursor.execute(SCHEDULES, parameters)
        rows = cursor.fetchall()
    words = words_of({row[1] for row in rows})
    return {
        leg_id: Schedule(announced, start, zone, words.get(game_id, ()), is_staffs)
        for leg_id, game_id, announced, start, zone, is_staffs in rows
    }


def words_of(game_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, tuple[Word, ...]]:
    """Return what feeds said of each game before it ended, in the order of time; shared by its legs."""
    if not game_ids:
        return {}
    found: dict[uuid.UUID, list[Word]] = {}
    with connection.cursor() as cursor:
        cursor.execute(WORDS, [list(game_ids)])
        for game_id, first_at, last_at, status, home, away, periods in cursor:
            stored = json.loads(periods)
            sides = (tuple(stored.get(side, ())) for side in ("home", "away"))
            found.setdefault(game_id, []).append(Word(first_at, last_at, status, home, away, *sides))
    return {game_id: tuple(words) for game_id, words in found.items()}
