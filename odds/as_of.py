"""The archive as it was known at an instant: prices from snapshots alone, games from what had been announced.

An instant counts by ``captured_at``: what was received later was not known, whatever date the book gave it.
The last change of a line up to then is what was on offer, unless that was its withdrawal.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from games.models import CommenceTime, Game, GameQuerySet, GameStatus, ScoreReading
from odds import markets, shards
from odds.models import OddSnapshot

RECENT: Final = dt.timedelta(days=35)
"""Most lines have changed since; only of the others the older months are searched."""

STILL_LIVE_AFTER: Final = dt.timedelta(hours=24)
"""A game that began so long ago is over, whatever its last reading says."""

LAST_CHANGE: Final = """
(SELECT o.point, o.price, o.captured_at FROM odd_snapshots o
  WHERE o.selection_id = pair.selection_id AND o.bookmaker_id = pair.bookmaker_id AND o.game_id = pair.game_id
    AND o."timestamp" <= %(at)s AND o."timestamp" > %(recent)s AND o.captured_at <= %(at)s
  ORDER BY o."timestamp" DESC, o.id DESC LIMIT 1)
UNION ALL
(SELECT o.point, o.price, o.captured_at FROM odd_snapshots o
  WHERE o.selection_id = pair.selection_id AND o.bookmaker_id = pair.bookmaker_id AND o.game_id = pair.game_id
    AND o."timestamp" <= %(recent)s AND o.captured_at <= %(at)s
  ORDER BY o."timestamp" DESC, o.id DESC LIMIT 1)
LIMIT 1
"""
PRICES_AT: Final = f"""
wanted AS MATERIALIZED (
    SELECT s.game_id, s.id, s.market, s.participant
      FROM selections s WHERE s.game_id = ANY(%(games)s) AND s.market = ANY(%(markets)s)
), pair AS MATERIALIZED (
    SELECT w.game_id, w.id AS selection_id, h.bookmaker_id
      FROM wanted w JOIN heartbeats h ON h.game_id = w.game_id
     WHERE w.market = ANY(%(single)s)
       AND h.scope = CASE WHEN w.market = ANY(%(featured)s) THEN 'featured' ELSE w.market END
    UNION
    SELECT w.game_id, w.id, i.bookmaker_id
      FROM wanted w CROSS JOIN (SELECT DISTINCT bookmaker_id FROM price_imports) i
     WHERE w.market = ANY(%(single)s)
    UNION
    SELECT w.game_id, w.id, o.bookmaker_id
      FROM wanted w CROSS JOIN LATERAL (
               SELECT DISTINCT o.bookmaker_id FROM odd_snapshots o
                WHERE o.selection_id = w.id AND o.game_id = w.game_id AND o."timestamp" <= %(at)s OFFSET 0) o
     WHERE w.market = ANY(%(single)s) AND NOT EXISTS (SELECT FROM heartbeats h WHERE h.game_id = w.game_id)
), priced AS MATERIALIZED (
    SELECT pair.game_id, pair.selection_id, pair.bookmaker_id, last.point, last.price,
           NULL::numeric AS previous_price, last.captured_at AS changed_at
      FROM pair CROSS JOIN LATERAL ({LAST_CHANGE}) last
     WHERE last.price IS NOT NULL
    UNION ALL
    SELECT game_id, selection_id, bookmaker_id, point, price, NULL, captured_at
      FROM wanted w CROSS JOIN LATERAL (
               SELECT DISTINCT ON (o.bookmaker_id, o.point)
                      o.selection_id, o.bookmaker_id, o.point, o.price, o.captured_at
                 FROM odd_snapshots o
                WHERE o.selection_id = w.id AND o.game_id = w.game_id
                  AND o."timestamp" <= %(at)s AND o.captured_at <= %(at)s AND w.market <> ALL(%(single)s)
                ORDER BY o.bookmaker_id, o.point, o."timestamp" DESC, o.id DESC OFFSET 0) each
     WHERE price IS NOT NULL
)
"""  # noqa: S608 - the parts are constants
"""Common table expressions: ``priced`` has the columns of ``current_odds`` that pages read.

The lateral joins keep to the index of a line, whatever the planner believes of the number of lines. Of a market with one line a book only the last change of each pair of selection and book is looked up. The books
are those that were ever seen with the game and those of imported files, which leave no heartbeats; a game without
any heartbeat is asked for its books.
"""
KNOWN: Final = 'game_id = ANY(%(games)s) AND "timestamp" <= %(at)s AND captured_at <= %(at)s'
"""All that ``PRICES_AT`` uses of the archive, and of that the last change of each line."""
OFFERS: Final = f"""
WITH {PRICES_AT}
SELECT p.game_id, p.selection_id, b.key, b.title, b.short, b.active, p.point, p.price, p.changed_at
  FROM priced p JOIN bookmakers b ON b.id = p.bookmaker_id
 ORDER BY p.selection_id, b.title, b.id, p.point
"""  # noqa: S608


class Offer(NamedTuple):
    """What a book offered; ``price`` is American odds, ``captured_at`` when its last change was received."""

    game_id: uuid.UUID
    selection_id: int
    book_key: str
    book_title: str
    book_short: str
    book_is_active: bool
    point: Decimal | None
    price: Decimal
    captured_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Timeline:
    """When changes of some lines were captured: the first and last, and those beside the instant asked about."""

    first: dt.datetime
    last: dt.datetime
    before: dt.datetime | None
    after: dt.datetime | None


def parameters(games: Sequence[uuid.UUID], keys: Sequence[str], at: dt.datetime) -> dict[str, Any]:
    """What ``PRICES_AT`` is executed with."""
    return {
        "games": list(games),
        "markets": list(keys),
        "single": [key for key in keys if markets.single_line(key)],
        "featured": sorted(markets.FEATURED),
        "at": at,
        "recent": at - RECENT,
    }


def offers_at(games: Sequence[uuid.UUID], keys: Sequence[str], at: dt.datetime) -> list[Offer]:
    """What every book offered of these markets of these games at the instant (UTC); one statement."""
    if not games or not keys:
        return []
    with connection.cursor() as cursor:
        cursor.execute(shards.sliced(OFFERS, archive=KNOWN, latest=True), parameters(games, keys, at))
        return [Offer._make(row) for row in cursor.fetchall()]


def read_timeline(
    game: uuid.UUID, selections: Sequence[int], at: dt.datetime | None = None
) -> Timeline | None:
    """When changes of these selections were captured; None without any. One statement."""
    if not selections:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(captured_at), max(captured_at), max(captured_at) FILTER (WHERE captured_at < %(at)s), "
            "min(captured_at) FILTER (WHERE captured_at > %(at)s) "
            "FROM odd_snapshots WHERE game_id = %(game)s AND selection_id = ANY(%(selections)s)",
            {
                "at": at or dt.datetime.max.replace(tzinfo=dt.UTC),
                "game": game,
                "selections": list(selections),
            },
        )
        first, last, before, after = cursor.fetchone()
    return Timeline(first, last, before, after) if first else None


def matches_between(start: dt.datetime, end: dt.datetime, at: dt.datetime) -> GameQuerySet:
    """The matches that were to start in [start, end) by what had been announced at the instant, as ``started``.

    If it lies in the time itself, those are among them that had begun up to a day before and were still live. A game
    of which no announcement is kept counts from the start it has. Games not known by then are left out.
    """
    earliest = start - STILL_LIVE_AFTER if start <= at < end else start
    ever = CommenceTime.objects.filter(commence_time__gte=earliest, commence_time__lt=end)
    now_then = Game.objects.matches().starting_within(earliest, end)
    of_game = CommenceTime.objects.filter(game=OuterRef("pk"))
    announced = of_game.filter(seen_at__lte=at).order_by("-seen_at", "-id").values("commence_time")[:1]
    readings = ScoreReading.objects.filter(game=OuterRef("pk"), read_at__lte=at).order_by("-read_at", "-id")
    wanted = Game.objects.matches().filter(pk__in=ever.values("game").union(now_then.values("pk")))
    priced = shards.having(OddSnapshot.objects.filter(captured_at__lte=at), wanted)
    games = wanted.annotate(
        announced=Subquery(announced), started=Coalesce("announced", F("commence_time"))
    ).filter(Q(announced__isnull=False) | ~Exists(of_game) | priced)
    on_time = Q(started__gte=start, started__lt=end)
    if earliest == start:
        return games.filter(on_time)
    state = Subquery(readings.values("status")[:1])
    still = Q(state=GameStatus.LIVE, started__gte=earliest, started__lt=start)
    return games.annotate(state=state).filter(on_time | still)


def set_back(games: Sequence[Game], at: dt.datetime) -> None:
    """Give the games, in memory, the start, status and score that were known then. Two statements.

    A game that had begun and of which no reading is kept stands as scheduled, without a score.
    """
    ids = [game.pk for game in games]
    starts = CommenceTime.objects.filter(game__in=ids, seen_at__lte=at).order_by("game_id", "-seen_at", "-id")
    start_of = dict(starts.distinct("game_id").values_list("game_id", "commence_time"))
    readings = ScoreReading.objects.filter(game__in=ids, read_at__lte=at).order_by(
        "game_id", "-read_at", "-id"
    )
    reading_of = {reading.game_id: reading for reading in readings.distinct("game_id")}
    for game in games:
        reading = reading_of.get(game.pk)
        game.commence_time = start_of.get(game.pk, game.commence_time)
        game.status = GameStatus(reading.status) if reading else GameStatus.SCHEDULED
        game.home_score = reading.home_score if reading else None
        game.away_score = reading.away_score if reading else None
        game.period_scores = reading.period_scores if reading else {}
        game.clock = ""
