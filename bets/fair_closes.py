"""The fair chance of graded legs by closing prices: the reference of the no-vig closing line value.

The margin is taken out in proportion, of all outcomes of the market at one book, one point and the actual start.
Whose prices: Pinnacle's; else the weighted mean of at least two sharp books; else the bet's own book. A market that
is not complete at a book says nothing there; outrights, lays and markets of one side have no fair chance at all.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from django.db import connection, transaction

from bets.models import FairSource
from odds import markets, pricing
from odds.prices import LineAt, Price, closing_prices

BATCH: Final = 1000
SHARPEST: Final = "pinnacle"
SHARP_ABOVE: Final = Decimal(1)
FEWEST_SHARP: Final = 2
OPPOSITE: Final = {"home": "away", "away": "home", "over": "under", "under": "over", "yes": "no", "no": "yes"}

DUE: Final = """
SELECT l.id, l.game_id, g.commence_time, b.bookmaker_id, l.point, s.market, s.participant, s.side
FROM games g
JOIN bet_legs l ON l.game_id = g.id
JOIN bets b ON b.id = l.bet_id
JOIN selections s ON s.id = l.selection_id
WHERE l.closing_fair_from IS NULL AND l.return_factor IS NOT NULL
  AND (%(since)s::timestamptz IS NULL OR g.commence_time >= %(since)s)
ORDER BY l.id
LIMIT %(size)s
FOR NO KEY UPDATE OF l SKIP LOCKED
"""
SIBLINGS: Final = """
SELECT DISTINCT s.game_id, s.market, s.participant, s.side, s.id
FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS w (game_id, market, participant)
JOIN selections s ON s.game_id = w.game_id AND s.market = w.market AND s.participant = w.participant
"""
REFERENCES: Final = "SELECT id, key, sharpness FROM bookmakers WHERE sharpness > %s OR key = %s"
WRITE: Final = """
UPDATE bet_legs l SET closing_fair = v.fair, closing_fair_from = v.source
FROM unnest(%s::bigint[], %s::numeric[], %s::text[]) AS v (id, fair, source)
WHERE l.id = v.id
"""


class Leg(NamedTuple):
    """A row of ``DUE``."""

    id: int
    game_id: uuid.UUID
    start: dt.datetime
    bookmaker_id: int | None
    point: Decimal | None
    market: str
    participant: str
    side: str

    @property
    def family(self) -> tuple[uuid.UUID, str, str]:
        """What its selection's siblings share."""
        return self.game_id, self.market, self.participant


Siblings = Mapping[tuple[uuid.UUID, str, str], Mapping[str, int]]


def record_fair_closes(*, since: dt.datetime | None = None, size: int = BATCH) -> int:
    """Look up the fair closing chance of every graded leg not looked at yet; return how many were looked at.

    ``since`` (UTC) leaves games that started before it alone. Five statements a batch; safe to run at any time and
    any number at once.
    """
    seen = 0
    while True:
        done = record_batch(since, size)
        seen += done
        if done < size:
            return seen


@transaction.atomic
def record_batch(since: dt.datetime | None, size: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"since": since, "size": size})
        legs = list(map(Leg._make, cursor.fetchall()))
        if not legs:
            return 0
        families = sorted({leg.family for leg in legs if is_priced(leg)}, key=str)
        cursor.execute(SIBLINGS, [list(column) for column in zip(*families, strict=True)] or [[], [], []])
        siblings: dict[tuple[uuid.UUID, str, str], dict[str, int]] = defaultdict(dict)
        for game, market, participant, side, pk in cursor.fetchall():
            siblings[game, market, participant][side] = pk
        cursor.execute(REFERENCES, [SHARP_ABOVE, SHARPEST])
        books = {pk: (key, Fraction(sharpness)) for pk, key, sharpness in cursor.fetchall()}
        prices = closing_prices(line for leg in legs for line in lines_of(leg, siblings, books))
        rows = [(leg.id, *fair_of(leg, siblings, books, prices)) for leg in legs]
        cursor.execute(WRITE, [list(column) for column in zip(*rows, strict=True)])
    return len(legs)


def is_priced(leg: Leg) -> bool:
    """Whether the market is one of sides that exclude each other."""
    return not markets.is_lay(leg.market) and (leg.side in OPPOSITE or leg.side == "draw")


def sides_of(leg: Leg, siblings: Siblings) -> dict[str, int]:
    """The selections of the market by side; empty where one is missing."""
    if not is_priced(leg):
        return {}
    found = siblings.get(leg.family, {})
    base = {"home", "away"} if leg.side == "draw" else {leg.side, OPPOSITE[leg.side]}
    if not base <= found.keys():
        return {}
    wanted = base | ({"draw"} & found.keys() if "home" in base else set())
    return {side: found[side] for side in sorted(wanted)}


def point_of(leg: Leg, side: str) -> Decimal | None:
    """The point that a side of the leg's line has: a handicap is the other side's with its sign turned."""
    if leg.point is None or not markets.is_signed(leg.market) or side == leg.side:
        return leg.point
    return -leg.point


def lines_of(leg: Leg, siblings: Siblings, books: Mapping[int, object]) -> Iterable[LineAt]:
    """Every line whose closing price bears on the leg."""
    asked = {*books, *([] if leg.bookmaker_id is None else [leg.bookmaker_id])}
    for side, selection in sides_of(leg, siblings).items():
        for book in asked:
            yield LineAt(leg.game_id, selection, book, point_of(leg, side), leg.start)


def fair_of(
    leg: Leg,
    siblings: Siblings,
    books: Mapping[int, tuple[str, Fraction]],
    prices: Mapping[LineAt, Price],
) -> tuple[Decimal | None, str]:
    """The leg's fair chance to eight places and its source; None and ``none`` where no book has the whole market."""
    sides = sides_of(leg, siblings)

    def at(book: int) -> Fraction | None:
        closing = {
            side: prices.get(LineAt(leg.game_id, selection, book, point_of(leg, side), leg.start))
            for side, selection in sides.items()
        }
        return fair_at(closing, leg.side)

    if not sides:
        return None, FairSource.NONE
    sharp = [(key, weight, chance) for pk, (key, weight) in books.items() if (chance := at(pk)) is not None]
    for key, _, chance in sharp:
        if key == SHARPEST:
            return shown(chance), FairSource.SHARP
    if len(sharp) >= FEWEST_SHARP:
        return shown(weighted(sharp)), FairSource.CONSENSUS
    own = None if leg.bookmaker_id is None else at(leg.bookmaker_id)
    return (None, FairSource.NONE) if own is None else (shown(own), FairSource.OWN)


def fair_at(closing: Mapping[str, Price | None], side: str) -> Fraction | None:
    """One book's fair chance of a side; None if a price is missing, or if they hold no margin, as an odd set would.

    The draw may be missing: not every book prices it.
    """
    quoted = {name: price.odds for name, price in closing.items() if price is not None}
    if side not in quoted or any(name not in quoted for name in closing if name != "draw"):
        return None
    if pricing.booksum(quoted.values()) < 1:
        return None
    try:
        fair = pricing.devig(list(quoted.values()), pricing.Method.MULTIPLICATIVE)
    except pricing.NoFairPrice:
        return None
    return dict(zip(quoted, fair.probabilities, strict=True))[side]


def weighted(sharp: Sequence[tuple[str, Fraction, Fraction]]) -> Fraction:
    """Mean of the chances, weighted by the sharpness of their books."""
    total = sum((weight for _, weight, _ in sharp), Fraction(0))
    return sum((weight * chance for _, weight, chance in sharp), Fraction(0)) / total


def shown(chance: Fraction) -> Decimal:
    return Decimal(round(chance * 10**8)).scaleb(-8)
