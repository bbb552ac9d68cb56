"""Who moves first: which book's change of the moneyline others followed.

A move is a change of a book's implied probability of the home side by at least ``LEAST``. When ``BOOKS`` books move
the same way within ``WINDOW``, the market has moved; the book with the earliest time led it. Times are those the feed
gives for a book's change, and no finer than the polls that brought them: books first seen to move together share
no lead. It is an observation of this archive, not of who knew more.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from django.db import connection

LEAST: Final = Decimal("0.01")
WINDOW: Final = dt.timedelta(minutes=60)
BOOKS: Final = 3

MOVES: Final = """
WITH change AS (
    SELECT o.selection_id, b.key, o."timestamp" AS at,
           CASE WHEN o.price < 0 THEN -o.price / (100 - o.price) ELSE 100 / (100 + o.price) END AS implied,
           lag(CASE WHEN o.price < 0 THEN -o.price / (100 - o.price) ELSE 100 / (100 + o.price) END)
               OVER (PARTITION BY o.game_id, o.selection_id, o.bookmaker_id ORDER BY o."timestamp", o.id) AS before
      FROM games g
      JOIN selections s ON s.game_id = g.id AND s.market = 'h2h' AND s.side = 'home'
      JOIN odd_snapshots o ON o.game_id = g.id AND o.selection_id = s.id
       AND o."timestamp" >= %(since)s AND o."timestamp" < least(g.commence_time, %(until)s)
      JOIN bookmakers b ON b.id = o.bookmaker_id
     WHERE g.kind = 'match' AND g.commence_time >= %(since)s AND g.commence_time < %(until)s + interval '14 days'
       AND (%(sport)s::text IS NULL OR g.sport_id = %(sport)s)
)
SELECT selection_id, key, at, implied - before
  FROM change
 WHERE abs(implied - before) >= %(least)s
 ORDER BY selection_id, at, key
"""


class Move(NamedTuple):
    """One book's move; ``change`` is of the implied probability."""

    selection_id: int
    book_key: str
    at: dt.datetime
    change: Decimal


@dataclass(frozen=True, slots=True)
class Leads:
    """How many of the market's moves each book led and took part in; ``shared`` had no single first."""

    moves: int
    shared: int
    led: Counter[str]
    joined: Counter[str]


def first_movers(*, since: dt.datetime, until: dt.datetime, sport: str | None = None) -> Leads:
    """Count who led the moves of the time, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(MOVES, {"since": since, "until": until, "sport": sport, "least": LEAST})
        return leads_of(map(Move._make, cursor.fetchall()))


def leads_of(moves: Iterable[Move]) -> Leads:
    """Find the market's moves among those of books, which come by selection and time."""
    count, shared, led, joined = 0, 0, Counter[str](), Counter[str]()
    for _, members in itertools.groupby(moves, key=lambda move: move.selection_id):
        own = list(members)
        for way in (1, -1):
            for market_move in together([move for move in own if move.change * way > 0]):
                count += 1
                books = {move.book_key for move in market_move}
                joined.update(books)
                first = {move.book_key for move in market_move if move.at == market_move[0].at}
                if len(first) == 1:
                    led.update(first)
                else:
                    shared += 1
    return Leads(count, shared, led, joined)


def together(moves: Sequence[Move]) -> list[list[Move]]:
    """Split moves of one direction, in the order of time, into those of ``BOOKS`` books within ``WINDOW``."""
    found: list[list[Move]] = []
    start = 0
    while start < len(moves):
        group = [move for move in moves[start:] if move.at - moves[start].at <= WINDOW]
        if len({move.book_key for move in group}) >= BOOKS:
            found.append(group)
            start += len(group)
        else:
            start += 1
    return found


def rule_in_words() -> str:
    """What counts as a move of the market: "three books or more moving the same way …"."""
    minutes = int(WINDOW.total_seconds()) // 60
    return (
        f"{BOOKS} books or more changing the home side’s implied chance the same way by at least "
        f"{(LEAST * 100).normalize():f} percentage point, within {minutes} minutes"
    )
