"""Which bets can be graded now, claimed for one worker, with all that grading needs to know."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from django.db import connection
from django.db.backends.utils import CursorWrapper

from bets.evidence import Reading
from bets.grading import BadTeaser, LegGrade, LegTerms, Result, tease
from bets.grading.scores import minutes_played
from bets.ticket_terms import each_way_of
from games.models import ResultSource
from games.services.staff import RETIRED

BET_COLUMNS = 22
DECIDED = ("final", "cancelled", "abandoned")
"""States of a game in which its legs can be graded."""

CLAIM = """
SELECT b.id, statement_timestamp(), (SELECT max(id) FROM settlement_rules)
FROM bet_legs l
JOIN games g ON g.id = l.game_id
JOIN bets b ON b.id = l.bet_id
WHERE l.status = 'pending' AND g.status IN ('final', 'cancelled', 'abandoned')
  AND (%(games)s::uuid[] IS NULL OR l.game_id = ANY(%(games)s::uuid[]))
ORDER BY l.game_id
LIMIT %(size)s
FOR UPDATE OF b SKIP LOCKED
FOR SHARE OF g SKIP LOCKED
"""
"""Locks bets, so that no two workers grade one; and games, so that no score moves while it is used.

A bet is due while a pending leg of it is on a decided game: the leg gets its grade at once, which may settle the
bet, decide nothing yet, or only complete the record of a ticket that an earlier leg has lost. Whatever comes of
it, the leg is pending no more, so no bet is claimed for ever. Game by game, so that bets on the same lines come
together. Neither lock waits: what somebody else holds is left for the next run.
"""

LOAD = """
SELECT b.id, b.bankroll_id, br.currency, b.kind, b.stake, b.is_bonus, b.boost_pct, b.revision, b.bookmaker_id,
       b.status, b.payout, b.boost_cap, b.cashed_stake, b.cashed_out, b.unit_stake, b.sizes, b.teaser_points, b.is_lay, b.commission_pct,
       b.odds, b.insured_up_to, b.review_reason,
       l.id, l.game_id, l.selection_id, l.odds, l.point, l.draw_offered, s.market, s.side, s.participant,
       l.deduction_pct, b.each_way_places, b.each_way_fraction, l.status, l.return_factor, l.graded_on
FROM bets b
JOIN bankrolls br ON br.id = b.bankroll_id
JOIN bet_legs l ON l.bet_id = b.id
JOIN selections s ON s.id = l.selection_id
WHERE b.id = ANY(%s::uuid[])
ORDER BY b.id, l.position
"""

GAMES = """
SELECT g.id, g.kind, g.sport_id, g.title, g.status, g.home_score, g.away_score,
       g.period_scores::text, g.commence_time, home.name, away.name, g.updated_at,
       coalesce(g.period, 0), g.clock
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
    period: int
    clock: str


@dataclass(frozen=True, slots=True)
class DueLeg:
    """A leg with the terms it is graded by, its point as agreed, and the grade it has so far.

    A teaser's terms have its points moved; ``problem`` says why that was not possible.
    """

    id: int
    terms: LegTerms
    selection_id: int
    game: DueGame
    point: Decimal | None
    status: str
    factor: str | None
    graded_on: dt.datetime | None
    deduction_pct: Decimal
    problem: str = ""

    @property
    def stored(self) -> LegGrade:
        """The grade as it is stored."""
        factor = None if self.factor is None else Fraction(self.factor)
        reason = f"The game is {self.game.status}." if self.status == "pending" else ""
        return LegGrade(self.status, factor, reason)  # type: ignore[arg-type] # a checked column


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
    unit_stake: Decimal | None
    sizes: list[int]
    teaser_points: Decimal | None
    is_lay: bool
    commission_pct: Decimal
    odds: Decimal
    insured_up_to: Decimal | None
    review_reason: str
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
    shared: dict[tuple[object, ...], tuple[LegTerms, str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(LOAD, [list(bet_ids)])
        rows = cursor.fetchall()
        games = load_games(cursor, {row[BET_COLUMNS + 1] for row in rows})
    for row in rows:
        bet = bets.get(row[0])
        if bet is None:
            bet = bets[row[0]] = DueBet(*row[:BET_COLUMNS])
        leg_id, game_id, selection_id, odds, point, draw_offered, *what = row[BET_COLUMNS:]
        *agreed, status, factor, graded_on = what
        game = games[game_id]
        key = (selection_id, odds, point, draw_offered, bet.teaser_points, *agreed[3:])
        found = shared.get(key)
        if found is None:
            found = shared[key] = terms_of(bet, game, odds, point, draw_offered, *agreed)
        terms, problem = found
        bet.legs.append(
            DueLeg(leg_id, terms, selection_id, game, point, status, factor, graded_on, agreed[3], problem)
        )
    return sorted(bets.values(), key=lambda bet: bet.legs[0].game.start)


def terms_of(
    bet: DueBet,
    game: DueGame,
    odds: Decimal,
    point: Decimal | None,
    draw_offered: bool,
    market: str,
    side: str,
    participant: str,
    _deduction_pct: Decimal,
    places: int | None,
    fraction: str | None,
) -> tuple[LegTerms, str]:
    """Return the terms a leg is graded by, a teaser's points moved, and why they could not be moved."""
    way = each_way_of(places, fraction)
    terms = LegTerms(market, side, odds, point, participant, draw_offered, game.sport, way)
    if bet.teaser_points is None:
        return terms, ""
    try:
        return tease(terms, bet.teaser_points), ""
    except BadTeaser as why:
        return terms, str(why)


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
        retired=bool(retired_side(saying)),
        minutes=minutes_played(game.sport, game.period, game.clock),
    )


def retired_side(readings: Iterable[Reading]) -> str:
    """Return the side, home or away, that gave up by the word of staff; '' if none did."""
    said = (r.detail.removeprefix(RETIRED) for r in readings if r.detail.startswith(RETIRED))
    return next(iter(said), "")


def conflict_of(readings: Sequence[Reading]) -> str:
    """Say how sources contradict each other's final score; '' if they do not or staff have decided."""
    finals = [r for r in readings if r.status == "final"]
    if any(r.source == ResultSource.STAFF for r in finals) or len({(r.home, r.away) for r in finals}) < 2:
        return ""
    said = " but ".join(f"{r.label} says {r.home}–{r.away}" for r in finals)
    return f"The sources disagree: {said}."
