"""The main line of each market and the best price on it: what the board shows of many games at once."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db import connection

BOARD_MARKETS: Final = ("h2h", "spreads", "totals")
CHANGE_SHOWN_FOR: Final = dt.timedelta(minutes=1)

MAIN_LINES: Final = """
WITH quote AS MATERIALIZED (
    SELECT c.game_id, s.market, s.side, c.selection_id, c.bookmaker_id, c.point, c.price,
           c.previous_price, c.changed_at, b.key, b.title, b.short,
           CASE WHEN s.market = 'spreads' AND s.side = 'away' THEN -c.point ELSE c.point END AS line,
           CASE WHEN c.price < 0 THEN -c.price / (100 - c.price) ELSE 100 / (100 + c.price) END AS implied
      FROM current_odds c
      JOIN selections s ON s.game_id = c.game_id AND s.id = c.selection_id
      JOIN bookmakers b ON b.id = c.bookmaker_id
     WHERE c.game_id = ANY(%(games)s) AND s.market = ANY(%(markets)s) AND s.participant = '' AND b.active
), main AS (
    SELECT DISTINCT ON (game_id, market) game_id, market, line
      FROM quote
     GROUP BY game_id, market, line
     ORDER BY game_id, market, count(DISTINCT bookmaker_id) DESC, avg(abs(implied - 0.5)), abs(line), line
), books AS (
    SELECT game_id, count(DISTINCT bookmaker_id) AS books FROM quote GROUP BY game_id
)
SELECT DISTINCT ON (q.game_id, q.selection_id)
       q.game_id, q.market, q.side, q.selection_id, q.point, q.price, q.previous_price, q.changed_at,
       q.key, q.title, q.short, books.books
  FROM quote q
  JOIN main ON main.game_id = q.game_id AND main.market = q.market AND main.line IS NOT DISTINCT FROM q.line
  JOIN books ON books.game_id = q.game_id
 ORDER BY q.game_id, q.selection_id, q.price DESC, q.changed_at, q.bookmaker_id
"""


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


def short_code(title: str, short: str) -> str:
    """Two letters for a book that has no short name of its own: "Bet Rivers" → BR, "Pinnacle" → PI."""
    if short:
        return short
    words = ["".join(filter(str.isalnum, word)) for word in title.split()]
    words = [word for word in words if word]
    letters = words[0][0] + words[1][0] if len(words) > 1 else "".join(words)[:2]
    return letters.upper()


def best_on_main_lines(
    games: Sequence[uuid.UUID], *, markets: Sequence[str] = BOARD_MARKETS
) -> dict[uuid.UUID, GamePrices]:
    """Best prices of many games in one statement; games without prices are absent.

    The main line of a market is its modal point among active books (an away handicap counts as its home
    mirror); of points with equally many books the one whose prices lie nearest even money, measured as the
    mean distance of the implied probability from one half; then the smaller handicap. The best price is the
    highest at that point; of equal ones the book that has held it longest.
    """
    if not games:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(MAIN_LINES, {"games": list(games), "markets": list(markets)})
        rows = cursor.fetchall()
    found: dict[uuid.UUID, GamePrices] = {}
    for game, market, side, selection, point, price, previous, changed, key, title, short, books in rows:
        prices = found.setdefault(game, GamePrices(quotes={}, books=books))
        prices.quotes[market, side] = Quote(
            selection, market, side, point, price, previous, changed, key, title, short_code(title, short)
        )
    return found
