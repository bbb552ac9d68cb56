"""The main line of each market and the best price on it: what the board shows of many games at once."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from django.db import connection

from odds import shards
from odds.as_of import KNOWN, PRICES_AT, parameters

BOARD_MARKETS: Final = ("h2h", "spreads", "totals")
CHANGE_SHOWN_FOR: Final = dt.timedelta(minutes=1)

MAIN_LINES: Final = """
line AS MATERIALIZED (
    SELECT s.game_id, s.id, s.market, s.side,
           CASE WHEN s.market = 'spreads' AND s.side = 'away' THEN -1 ELSE 1 END AS sign
      FROM selections s
     WHERE s.game_id = ANY(%(games)s) AND s.market = ANY(%(markets)s) AND s.participant = ''
), quote AS MATERIALIZED (
    SELECT c.game_id, c.selection_id, c.bookmaker_id, c.point, c.price
      FROM line
      JOIN {prices} c ON c.selection_id = line.id
      JOIN bookmakers b ON b.id = c.bookmaker_id AND b.active
     WHERE c.game_id = ANY(%(games)s)
), at_point AS MATERIALIZED (
    SELECT selection_id, point, count(*) AS books, sum(1 / (100 + abs(price)::float8)) AS near_even,
           max(price) AS price
      FROM quote GROUP BY selection_id, point
), books AS MATERIALIZED (
    SELECT game_id, count(*) AS books FROM (SELECT DISTINCT game_id, bookmaker_id FROM quote) each GROUP BY game_id
), main AS MATERIALIZED (
    SELECT DISTINCT ON (game_id, market) game_id, market, at_line, books.books
      FROM (SELECT game_id, market, sign * point AS at_line, max(books) AS quoted_by,
                   (1e12 * sum(near_even) / sum(books))::bigint AS near_even
              FROM at_point JOIN line ON line.id = at_point.selection_id GROUP BY 1, 2, 3) lines
      JOIN books USING (game_id)
     ORDER BY game_id, market, quoted_by DESC, near_even DESC, abs(at_line), at_line
)
SELECT DISTINCT ON (c.selection_id)
       line.game_id, line.market, line.side, c.selection_id, c.point, c.price, c.previous_price, c.changed_at,
       b.key, b.title, b.short, main.books
  FROM main
  JOIN line ON line.game_id = main.game_id AND line.market = main.market
  JOIN at_point p ON p.selection_id = line.id AND line.sign * p.point IS NOT DISTINCT FROM main.at_line
  JOIN {prices} c ON c.game_id = line.game_id AND c.selection_id = line.id AND c.price = p.price
   AND c.point IS NOT DISTINCT FROM p.point
  JOIN bookmakers b ON b.id = c.bookmaker_id AND b.active
 ORDER BY c.selection_id, c.changed_at, c.bookmaker_id
"""
"""Where a quote is joined by its selection alone, so that the planner does not underestimate their number."""
NOW: Final = "WITH " + MAIN_LINES.format(prices="current_odds")
NOW_SLICE: Final = """game_id = ANY(%(games)s) AND selection_id IN (
    SELECT s.id FROM selections s WHERE s.game_id = ANY(%(games)s) AND s.market = ANY(%(markets)s) AND s.participant = '')"""
THEN: Final = f"WITH {PRICES_AT}, {MAIN_LINES.format(prices='priced')}"


@dataclass(frozen=True, slots=True)
class Quote:
    """One book's price of one selection; ``price`` and ``previous_price`` are American odds."""

    selection_id: int
    market: str
    side: str
    point: Decimal | None
    price: Decimal
    previous_price: Decimal | None
    changed_at: dt.datetime
    book_key: str
    book_title: str
    book_short: str

    @property
    def line(self) -> str:
        """Names selection and book together; the slip uses the same words."""
        return f"{self.selection_id}:{self.book_key}"

    def change(self, now: dt.datetime) -> str:
        """``up`` or ``down`` for the minute after the price became better or worse for the bettor, else ''."""
        if self.previous_price is None or not now - CHANGE_SHOWN_FOR <= self.changed_at:
            return ""
        if self.price == self.previous_price:
            return ""
        return "up" if self.price > self.previous_price else "down"


@dataclass(frozen=True, slots=True)
class GamePrices:
    """The best price per selection on the main lines of a game, and how many books quote it."""

    quotes: dict[tuple[str, str], Quote]
    books: int

    def get(self, market: str, side: str) -> Quote | None:
        return self.quotes.get((market, side))


@lru_cache(maxsize=1024)
def short_code(title: str, short: str) -> str:
    """Two letters for a book that has no short name of its own: "Bet Rivers" → BR, "Pinnacle" → PI."""
    if short:
        return short
    words = ["".join(filter(str.isalnum, word)) for word in title.split()]
    words = [word for word in words if word]
    letters = words[0][0] + words[1][0] if len(words) > 1 else "".join(words)[:2]
    return letters.upper()


class BestLine(NamedTuple):
    """The best price of a side on the main line of its market, as it is read; ``books`` quote the game."""

    game_id: uuid.UUID
    market: str
    side: str
    selection_id: int
    point: Decimal | None
    price: Decimal
    previous_price: Decimal | None
    changed_at: dt.datetime
    book_key: str
    book_title: str
    book_short: str
    books: int


def best_rows(
    games: Sequence[uuid.UUID],
    *,
    markets: Sequence[str] = BOARD_MARKETS,
    at: dt.datetime | None = None,
) -> list[BestLine]:
    """What ``best_on_main_lines`` is made of; one statement, none for no games."""
    if not games:
        return []
    with connection.cursor() as cursor:
        if at is None:
            cursor.execute(
                shards.sliced(NOW, board=NOW_SLICE), {"games": list(games), "markets": list(markets)}
            )
        else:
            statement = shards.sliced(THEN, archive=KNOWN, latest=True)
            cursor.execute(statement, parameters(games, markets, at))
        return [BestLine._make(row) for row in cursor.fetchall()]


def best_on_main_lines(
    games: Sequence[uuid.UUID],
    *,
    markets: Sequence[str] = BOARD_MARKETS,
    at: dt.datetime | None = None,
) -> dict[uuid.UUID, GamePrices]:
    """Best prices of many games in one statement, now or as known ``at`` an instant; others are absent.

    The main line of a market is its modal point among active books (an away handicap counts as its home
    mirror; of its sides the one that more books quote counts); of points with equally many books the one
    whose prices lie nearest even money, measured as the mean distance of the implied probability from one
    half, which is 1/2 − 100/(100 + |price|); then the smaller handicap. The best price is the
    highest at that point; of equal ones the book that has held it longest.
    """
    found: dict[uuid.UUID, GamePrices] = {}
    for row in best_rows(games, markets=markets, at=at):
        game, market, side, selection, point, price, previous, changed, key, title, short, books = row
        prices = found.setdefault(game, GamePrices(quotes={}, books=books))
        prices.quotes[market, side] = Quote(
            selection, market, side, point, price, previous, changed, key, title, short_code(title, short)
        )
    return found
