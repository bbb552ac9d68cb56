"""What every book offers on each line: the prices of all outcomes that exclude each other at one point.

A line is a market at a point: −3.5 on the home side and +3.5 on the visitors' are one, and so are a main spread
and an alternate one at that point. A market with a price for the draw is another line than one without.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final, NamedTuple

from django.db import connection

from odds import markets, pricing, shards
from odds.best_prices import short_code

SIDES: Final = {
    "home": ("home", "away"),
    "away": ("home", "away"),
    "over": ("over", "under"),
    "under": ("over", "under"),
    "yes": ("yes", "no"),
    "no": ("yes", "no"),
}
THREE_WAY: Final = ("home", "draw", "away")
OTHER: Final = {"home": "away", "away": "home"}
MONEYLINES: Final = frozenset({"h2h", "h2h_3_way"})
DRAWN: Final = ("soccer_", "handball_")
"""Sports whose moneyline has always three outcomes: without its draw a book's market is not whole."""

WANTED: Final = """
g.kind = 'match' AND (%(sport)s::text IS NULL OR g.sport_id = %(sport)s)
   AND ((g.status = 'scheduled' AND g.commence_time > %(now)s AND g.commence_time < %(until)s)
        OR (%(live)s AND g.status = 'live'))
"""
OFFERS: Final = f"""
SELECT c.game_id, s.market, s.participant, s.side, c.selection_id, c.point, c.price, c.changed_at,
       coalesce(h.seen_at, c.updated_at), b.key, b.title, b.short, b.commission, b.sharpness,
       g.sport_id
  FROM games g
  JOIN current_odds c ON c.game_id = g.id
  JOIN selections s ON s.game_id = c.game_id AND s.id = c.selection_id
  JOIN bookmakers b ON b.id = c.bookmaker_id
  LEFT JOIN heartbeats h ON h.game_id = c.game_id AND h.bookmaker_id = c.bookmaker_id
       AND h.scope = CASE WHEN s.market = ANY(%(featured)s) THEN %(scope)s ELSE s.market END
 WHERE b.active AND s.side <> 'win' AND {WANTED}
 ORDER BY c.game_id, s.market, c.selection_id, b.key
"""  # noqa: S608 - the parts are constants

OFFERS_OF_GAMES: Final = OFFERS.replace("WHERE", "WHERE g.id = ANY(%(games)s) AND")
SLICE: Final = f"game_id IN (SELECT g.id FROM games g WHERE {WANTED})"  # noqa: S608 - the parts are constants
SLICE_OF_GAMES: Final = "game_id = ANY(%(games)s)"


class Row(NamedTuple):
    """A row of ``OFFERS``."""

    game_id: uuid.UUID
    market: str
    participant: str
    side: str
    selection_id: int
    point: Decimal | None
    price: Decimal
    changed_at: dt.datetime
    seen_at: dt.datetime
    book_key: str
    book_title: str
    book_short: str
    commission: Decimal
    sharpness: Decimal
    sport: str


class Book(NamedTuple):
    """A bookmaker; ``commission`` is its share of winnings, ``weight`` its say in a consensus."""

    key: str
    title: str
    short: str
    commission: Fraction
    weight: Fraction


@dataclass(frozen=True, slots=True)
class Offer:
    """One book's price of one side. ``odds`` are decimal, net of commission; a lay counts as backing the other side.

    ``price`` is the American odds on display; ``seen_at`` when the book was last seen with it.
    """

    book: Book
    selection_id: int
    market: str
    side: str
    point: Decimal | None
    price: Decimal
    odds: Fraction
    seen_at: dt.datetime
    changed_at: dt.datetime
    is_lay: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """All offers on outcomes of which one must win. ``point`` is the home side's for a handicap."""

    game_id: uuid.UUID
    market: str
    participant: str
    point: Decimal | None
    sides: tuple[str, ...]
    offers: dict[str, list[Offer]] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        return all(self.offers.get(side) for side in self.sides)

    @property
    def may_push(self) -> bool:
        """Tell whether a result on the point itself returns all stakes."""
        return self.point is not None and self.point == self.point.to_integral_value()

    @property
    def oldest(self) -> dt.datetime:
        """When the price that was seen least lately was seen."""
        return min(offer.seen_at for offers in self.offers.values() for offer in offers)


def read_lines(
    *,
    now: dt.datetime,
    ahead: dt.timedelta,
    sport: str | None = None,
    live: bool = False,
) -> list[Line]:
    """Return the lines of matches that start within ``ahead``, with ``live`` also of those under way; one statement.

    ``sport`` is a feed key, None for all.
    """
    given = {
        "featured": sorted(markets.FEATURED),
        "scope": markets.FEATURED_SCOPE,
        "sport": sport,
        "now": now,
        "until": now + ahead,
        "live": live,
    }
    with connection.cursor() as cursor:
        cursor.execute(shards.sliced(OFFERS, board=SLICE), given)
        return lines_of(map(Row._make, cursor.fetchall()))


def read_lines_of(games: Iterable[uuid.UUID], *, now: dt.datetime) -> list[Line]:
    """Return the lines of these games, as far as they are still to come; one statement."""
    given: dict[str, Any] = {
        "games": list(games),
        "featured": sorted(markets.FEATURED),
        "scope": markets.FEATURED_SCOPE,
        "sport": None,
        "now": now,
        "until": dt.datetime.max.replace(tzinfo=dt.UTC),
        "live": False,
    }
    with connection.cursor() as cursor:
        cursor.execute(shards.sliced(OFFERS_OF_GAMES, board=SLICE_OF_GAMES), given)
        return lines_of(map(Row._make, cursor.fetchall()))


def lines_of(rows: Iterable[Row]) -> list[Line]:
    """Sort prices into lines. Those that belong to no known set of sides are left out, as are incomplete lines."""
    offers = [(row, offer_of(row)) for row in rows]
    with_draw = {(row.game_id, row.market, row.book_key) for row, _ in offers if row.side == "draw"}
    lines: dict[tuple[object, ...], Line] = {}
    for row, offer in offers:
        three_way = (row.game_id, row.market, row.book_key) in with_draw or needs_draw(row.sport, row.market)
        sides = THREE_WAY if three_way else SIDES.get(offer.side)
        market = canonical(row.market)
        if sides is None or (offer.is_lay and (three_way or market not in MONEYLINES)):
            continue
        mirrored = offer.side == "away" and markets.is_signed(row.market) and row.point is not None
        point = -row.point if mirrored and row.point is not None else row.point
        key = (row.game_id, market, row.participant, point, sides)
        line = lines.setdefault(key, Line(row.game_id, market, row.participant, point, sides))
        line.offers.setdefault(offer.side, []).append(offer)
    return [line for line in lines.values() if line.is_complete]


@lru_cache(maxsize=4096)
def needs_draw(sport: str, market: str) -> bool:
    """Tell whether a market is never one of two outcomes, a book's missing draw notwithstanding."""
    base, _ = markets.split_period(market)
    return base == "h2h_3_way" or (base in ("h2h", "h2h_lay") and sport.startswith(DRAWN))


def canonical(market: str) -> str:
    """The market without what says only that it is an alternate or a lay: alternate_spreads_h1 → spreads_h1."""
    base, period = markets.split_period(market)
    base = base.removeprefix("alternate_").removesuffix("_alternate").removesuffix("_lay")
    return f"{base}_{period}" if period else base


def offer_of(row: Row) -> Offer:
    """Return the price as an offer on the side it backs, net of commission."""
    is_lay = markets.is_lay(row.market)
    return Offer(
        book=book_of(row.book_key, row.book_title, row.book_short, row.commission, row.sharpness),
        selection_id=row.selection_id,
        market=row.market,
        side=OTHER.get(row.side, row.side) if is_lay else row.side,
        point=row.point,
        price=row.price,
        odds=net_odds(row.price, row.commission, is_lay),
        seen_at=row.seen_at,
        changed_at=row.changed_at,
        is_lay=is_lay,
    )


@lru_cache(maxsize=1024)
def book_of(key: str, title: str, short: str, commission: Decimal, sharpness: Decimal) -> Book:
    """A bookmaker out of its columns, the same object for the same values."""
    return Book(key, title, short_code(title, short), Fraction(commission), Fraction(sharpness))


@lru_cache(maxsize=65536)
def net_odds(price: Decimal, commission: Decimal, is_lay: bool) -> Fraction:
    """Decimal odds net of commission, of a lay those at which it bets against its selection."""
    quoted = pricing.decimal_odds(price)
    return (pricing.lay_as_back if is_lay else pricing.after_commission)(quoted, commission)
