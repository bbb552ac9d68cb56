"""The small line beside a game of the board: how its favourite's moneyline has moved at the book that is best now."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

from django.db import connection

from odds import pricing, shards
from odds.best_prices import GamePrices, Quote

SPAN: Final = dt.timedelta(days=7)
MOST_CHANGES: Final = 40
KEPT: Final = 4_096
WIDTH: Final = 60
HEIGHT: Final = 18

Key = tuple[int, str, dt.datetime, Decimal]
_known: OrderedDict[Key, tuple[tuple[int, Decimal | None], ...]] = OrderedDict()

LAST_CHANGES: Final = """
SELECT w.n, array_agg(o.at ORDER BY o.at, o.id), array_agg(o.price ORDER BY o.at, o.id)
  FROM unnest(%(n)s::int[], %(selections)s::bigint[], %(books)s::text[]) AS w (n, selection_id, book)
  JOIN bookmakers b ON b.key = w.book
  JOIN selections l ON l.id = w.selection_id
 CROSS JOIN LATERAL (
     SELECT s.id, s.price, extract(epoch FROM s."timestamp")::bigint AS at FROM odd_snapshots s
      WHERE s.game_id = l.game_id AND s.selection_id = l.id AND s.bookmaker_id = b.id AND s."timestamp" > %(since)s
      ORDER BY s."timestamp" DESC LIMIT %(most)s) o
 GROUP BY w.n
"""
SLICE: Final = """game_id IN (SELECT game_id FROM selections WHERE id = ANY(%(selections)s::bigint[]))
    AND selection_id = ANY(%(selections)s::bigint[]) AND "timestamp" > %(since)s"""


@dataclass(frozen=True, slots=True)
class Sparkline:
    """Corners of the line in a box of 60 by 18, and its first and last price (American odds)."""

    corners: str
    first: Decimal
    last: Decimal
    book: str

    @property
    def way(self) -> str:
        """``up`` where the favourite's chance has grown."""
        change = pricing.implied(self.last) - pricing.implied(self.first)
        return "up" if change > 0 else "down" if change < 0 else ""


def favourite(prices: GamePrices) -> Quote | None:
    """The shortest moneyline among the best ones; of equal ones the home team's."""
    sides = [quote for side in ("home", "away") if (quote := prices.get("h2h", side)) is not None]
    return min(sides, key=lambda quote: quote.price, default=None)


def read_sparklines(quotes: Iterable[Quote], *, now: dt.datetime) -> dict[int, Sparkline]:
    """By selection, the lines of those prices that have moved in the last week; at most one statement.

    What led up to a price does not change, so it is kept in memory until the price does.
    """
    wanted = {key_of(quote): quote for quote in quotes}
    missing = [key for key in wanted if key not in _known]
    if missing:
        _read(missing, now)
    found = {}
    until = now.replace(minute=now.minute // 10 * 10, second=0, microsecond=0)
    for key, quote in wanted.items():
        line = _drawn(_known.get(key, ()), until)
        if line is not None:
            found[quote.selection_id] = Sparkline(*line, book=quote.book_title)
    return found


def key_of(quote: Quote) -> Key:
    return (quote.selection_id, quote.book_key, quote.changed_at, quote.price)


def draw(
    changes: Sequence[tuple[int, Decimal | None]], now: dt.datetime
) -> tuple[str, Decimal, Decimal] | None:
    """The steps of the chance as an SVG path with first and last price; None without a move. Gaps are left out."""
    prices = [(at, price) for at, price in changes if price is not None]
    if len({price for _, price in prices}) < 2:
        return None
    chances = [float(pricing.implied(price)) for _, price in prices]
    low, high = min(chances), max(chances)
    start, end = prices[0][0], max(int(now.timestamp()), prices[-1][0] + 1)
    corners: list[str] = []
    for (at, _), chance in zip(prices, chances, strict=True):
        across = round((at - start) / (end - start) * WIDTH, 1)
        down = round(HEIGHT - 1 - (chance - low) / (high - low) * (HEIGHT - 2), 1)
        corners.append(f"H{across:g}V{down:g}" if corners else f"M{across:g} {down:g}")
    return "".join(corners) + f"H{WIDTH}", prices[0][1], prices[-1][1]


_drawn = lru_cache(maxsize=KEPT)(draw)


def _read(missing: Sequence[Key], now: dt.datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            shards.sliced(LAST_CHANGES, archive=SLICE),
            {
                "n": list(range(len(missing))),
                "selections": [key[0] for key in missing],
                "books": [key[1] for key in missing],
                "since": now - SPAN,
                "most": MOST_CHANGES,
            },
        )
        rows = {n: tuple(zip(times, prices, strict=True)) for n, times, prices in cursor.fetchall()}
    for n, key in enumerate(missing):
        _known[key] = rows.get(n, ())
    while len(_known) > KEPT:
        _known.popitem(last=False)
