"""Which bets can be graded now, claimed for one worker, with all that grading needs to know."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import connection
from django.db.backends.utils import CursorWrapper

from bets.evidence import Reading
from bets.grading import LegTerms, Result
from games.models import ResultSource

DECIDED = ("final", "cancelled", "abandoned")
"""States of a game in which its legs can be graded."""

CLAIM = """
SELECT b.id, statement_timestamp(), (SELECT max(id) FROM settlement_rules)
FROM bet_legs l
JOIN games g ON g.id = l.game_id
JOIN bets b ON b.id = l.bet_id
WHERE l.status = 'pending' AND b.status = 'pending'
  AND g.status IN ('final', 'cancelled', 'abandoned')
  AND (%(games)s::uuid[] IS NULL OR l.game_id = ANY(%(games)s::uuid[]))
  AND NOT EXISTS (
      SELECT 1 FROM bet_legs other JOIN games og ON og.id = other.game_id
      WHERE other.bet_id = b.id AND other.id <> l.id AND other.status = 'pending'
        AND og.status NOT IN ('final', 'cancelled', 'abandoned'))
ORDER BY l.game_id
LIMIT %(size)s
FOR UPDATE OF b SKIP LOCKED
FOR SHARE OF g SKIP LOCKED
"""
"""Locks bets, so that no two workers grade one; and games, so that no score moves while it is used.

Game by game, so that bets on the same lines come together. Neither lock waits: what somebody else holds is left for the next run.
"""

LOAD = """
SELECT b.id, b.bankroll_id, br.currency, b.kind, b.stake, b.is_bonus, b.boost_pct, b.revision, b.bookmaker_id,
       b.status, b.payout, b.boost_cap, b.cashed_stake, b.cashed_out,
       l.id, l.game_id, l.selection_id, l.odds, l.point, l.draw_offered, s.market, s.side, s.participant
FROM bets b
JOIN bankrolls br ON br.id = b.bankroll_id
JOIN bet_legs l ON l.bet_id = b.id
JOIN selections s ON s.id = l.selection_id
WHERE b.id = ANY(%s::uuid[])
ORDER BY b.id, l.position
"""

GAMES = """
SELECT g.id, g.kind, g.sport_id, g.title, g.status, g.home_score, g.away_score,
       g.period_scores::text, g.commence_time, home.name, away.name, g.updated_at
FROM games g
LEFT JOIN teams home ON home.id = g.home_team_id
LEFT JOIN teams away ON away.id = g.away_team_id
WHERE g.id = ANY(%s::uuid[])
"""

READINGS = """
SELECT DISTINCT ON (game_id, source)
       game_id, id, source, source_event_id, status, status_detail, home_score, away_score, read_at
FROM score_readings
WHERE game_id = ANY(%s::uuid[])
ORDER BY game_id, source, read_at DESC, id DESC
"""


STATS = """
SELECT p.game_id, lower(player.name), player.id, p.stat, p.value
FROM player_stats p JOIN players player ON player.id = p.player_id
WHERE p.game_id = ANY(%s::uuid[])
ORDER BY p.game_id, player.id
"""


@dataclass(frozen=True, slots=True)
class DueGame:
    """A game that has ended, as its row and its sources have it."""

    id: uuid.UUID
    kind: str
    sport: str
    title: str
    status: str
    home: int | None
    away: int | None
    period_scores: str
    start: dt.datetime
    home_name: str | None
    away_name: str | None
    version: dt.datetime


@dataclass(frozen=True, slots=True)
class DueLeg:
    id: int
    terms: LegTerms
    selection_id: int
    game: DueGame


@dataclass(frozen=True, slots=True)
class DueBet:
    """A claimed bet with its legs, status and payout as stored; ``revision`` counts the grades it has had."""

    id: uuid.UUID
    bankroll_id: uuid.UUID
    currency: str
    kind: str
    stake: Decimal
    is_bonus: bool
    boost_pct: Decimal
    revision: int
    bookmaker_id: int | None
    status: str
    payout: Decimal | None
    boost_cap: Decimal | None
    cashed_stake: Decimal
    cashed_out: Decimal
    legs: list[DueLeg] = field(default_factory=list)


def claim(
    size: int, game_ids: Sequence[uuid.UUID] | None = None
) -> tuple[list[uuid.UUID], dt.datetime | None, int | None]:
    """Lock up to ``size`` gradable bets that nobody else holds, until the end of the transaction.

    Returns their ids, the time of the claim by the database's clock (None if there are none), and the id of
    the last house rule.
    """
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"size": size, "games": None if game_ids is None else list(game_ids)})
        rows = cursor.fetchall()
    if not rows:
        return [], None, None
    return list(dict.fromkeys(row[0] for row in rows)), rows[0][1], rows[0][2]


def load(bet_ids: Sequence[uuid.UUID]) -> list[DueBet]:
    """Return the bets with their legs and games, in the order the games began; equal legs share their terms."""
    bets: dict[uuid.UUID, DueBet] = {}
    shared: dict[tuple[object, ...], LegTerms] = {}
    with connection.cursor() as cursor:
        cursor.execute(LOAD, [list(bet_ids)])
        rows = cursor.fetchall()
        games = load_games(cursor, {row[15] for row in rows})
    for row in rows:
        bet = bets.get(row[0])
        if bet is None:
            bet = bets[row[0]] = DueBet(*row[:14])
        leg_id, game_id, selection_id, odds, point, draw_offered, market, side, participant = row[14:]
        game = games[game_id]
        key = (selection_id, odds, point, draw_offered)
        terms = shared.get(key)
        if terms is None:
            terms = LegTerms(market, side, odds, point, participant, draw_offered, game.sport)
            shared[key] = terms
        bet.legs.append(DueLeg(leg_id, terms, selection_id, game))
    return sorted(bets.values(), key=lambda bet: bet.legs[0].game.start)


def load_games(cursor: CursorWrapper, game_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, DueGame]:
    """Return the games as their rows are, by id."""
    cursor.execute(GAMES, [list(game_ids)])
    return {row[0]: DueGame(*row) for row in cursor.fetchall()}


def latest_readings(game_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Reading]]:
    """Return what each source last said of each game, staff first, then the sources in their own order."""
    found: dict[uuid.UUID, list[Reading]] = {}
    with connection.cursor() as cursor:
        cursor.execute(READINGS, [list(game_ids)])
        for game_id, key, source, event_id, status, detail, home, away, read_at in cursor:
            label = ResultSource(source).label
            reading = Reading(key, source, label, event_id, status, detail, home, away, read_at.isoformat())
            found.setdefault(game_id, []).append(reading)
    order = [ResultSource.STAFF, *ResultSource]
    for readings in found.values():
        readings.sort(key=lambda r: order.index(ResultSource(r.source)))
    return found


def box_scores(game_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, dict[str, list[dict[str, Decimal]]]]:
    """Return the statistics of each game that has a box score: by name in lower case, one for each player of it."""
    wanted = list(game_ids)
    players: dict[tuple[uuid.UUID, str, uuid.UUID], dict[str, Decimal]] = {}
    if wanted:
        with connection.cursor() as cursor:
            cursor.execute(STATS, [wanted])
            for game_id, name, player_id, stat, value in cursor:
                players.setdefault((game_id, name, player_id), {})[stat] = value
    found: dict[uuid.UUID, dict[str, list[dict[str, Decimal]]]] = {}
    for (game_id, name, _), stats in players.items():
        found.setdefault(game_id, {}).setdefault(name, []).append(stats)
    return found


def periods_of(period_scores: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Read ``{"home": [28, 31], "away": [25, 30]}``; what is not whole numbers for both counts as none."""
    stored = json.loads(period_scores)
    home, away = (stored.get("home"), stored.get("away")) if isinstance(stored, dict) else (None, None)
    if not isinstance(home, list) or not isinstance(away, list):
        return (), ()
    if not all(type(score) is int for score in (*home, *away)):
        return (), ()
    return tuple(home), tuple(away)


def result_of(game: DueGame, readings: Sequence[Reading]) -> Result:
    """Return the game's result for grading, with what its sources contradict each other in."""
    home_periods, away_periods = periods_of(game.period_scores)
    saying = [r for r in readings if r.status == game.status and (r.home, r.away) == (game.home, game.away)]
    return Result(
        status=game.status,
        home=game.home,
        away=game.away,
        home_periods=home_periods,
        away_periods=away_periods,
        home_name=game.home_name or game.title,
        away_name=game.away_name or "",
        detail=" ".join(r.detail for r in saying),
        conflict=conflict_of(readings) if game.status == "final" else "",
        is_match=game.kind == "match",
    )


def conflict_of(readings: Sequence[Reading]) -> str:
    """Say how sources contradict each other's final score; '' if they do not or staff have decided."""
    finals = [r for r in readings if r.status == "final"]
    if any(r.source == ResultSource.STAFF for r in finals) or len({(r.home, r.away) for r in finals}) < 2:
        return ""
    said = " but ".join(f"{r.label} says {r.home}–{r.away}" for r in finals)
    return f"The sources disagree: {said}."
