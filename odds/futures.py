"""Futures: the best price of every runner, what the field costs at each book, and where each price came from."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from django.db import connection

from games.models import Game, GameQuerySet
from odds import pricing, shards
from odds.best_prices import Quote, short_code
from odds.board import LONGEST_EVENT

OUTRIGHTS: Final = "outrights"
FIRST_SHOWN: Final = 12
STALE_AFTER: Final = dt.timedelta(hours=36)
"""Fields move slowly and are pulled once a day; a book not seen for longer has most likely left the market."""

LEAST_SUM: Final = Fraction(9, 10)
"""Where the best prices of all runners add up to less, runners are missing: no book gives a tenth away."""

FIELD: Final = """
SELECT c.game_id, c.selection_id, s.participant, c.price, c.changed_at, b.key, b.title, b.short,
       coalesce(h.seen_at, c.updated_at) AS seen_at
  FROM current_odds c
  JOIN selections s ON s.game_id = c.game_id AND s.id = c.selection_id
  JOIN bookmakers b ON b.id = c.bookmaker_id
  LEFT JOIN heartbeats h ON h.game_id = c.game_id AND h.bookmaker_id = c.bookmaker_id AND h.scope = 'featured'
 WHERE c.game_id = ANY(%(games)s) AND s.market = %(market)s AND s.side = 'win' AND b.active
 ORDER BY c.game_id, s.participant, c.price DESC, c.changed_at, b.key
"""
FIRST_SEEN: Final = """
SELECT w.selection_id, w.key, f.price, f.captured_at
  FROM unnest(%(games)s::uuid[], %(selections)s::bigint[], %(books)s::text[]) AS w (game_id, selection_id, key)
  JOIN bookmakers b ON b.key = w.key
 CROSS JOIN LATERAL (
     SELECT price, captured_at FROM odd_snapshots o
      WHERE o.game_id = w.game_id AND o.selection_id = w.selection_id AND o.bookmaker_id = b.id
        AND o.price IS NOT NULL
      ORDER BY o."timestamp", o.id LIMIT 1
 ) f
"""
FIRST_SEEN_SLICE: Final = """game_id = ANY(%(games)s::uuid[]) AND selection_id = ANY(%(selections)s::bigint[])
    AND price IS NOT NULL"""


class FieldPrice(NamedTuple):
    """A row of ``FIELD``: one book's price of one runner."""

    game_id: uuid.UUID
    selection_id: int
    runner: str
    price: Decimal
    changed_at: dt.datetime
    book_key: str
    book_title: str
    book_short: str
    seen_at: dt.datetime


class FirstSeen(NamedTuple):
    """The oldest price the archive has of a runner at the book that is best now."""

    price: Decimal
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Runner:
    """Who can win, at the best price of the books seen lately; ``fair`` is what is left of it without the margin."""

    name: str
    best: Quote
    books: int
    fair: Fraction | None
    first: FirstSeen | None

    @property
    def moved(self) -> Fraction | None:
        """By how much the chance this book gives the runner, margin included, has grown since first seen."""
        if self.first is None:
            return None
        return pricing.implied(self.best.price) - pricing.implied(self.first.price)


@dataclass(frozen=True, slots=True)
class BookField:
    """A book's field: how many of the runners it prices and the hold over them, None unless it prices all."""

    key: str
    title: str
    runners: int
    hold: Fraction | None
    seen_at: dt.datetime
    stale: bool


@dataclass(frozen=True, slots=True)
class Field:
    """An outright with its runners, the shortest first. ``hold`` is that of the best prices together."""

    game: Game
    runners: list[Runner]
    books: list[BookField]
    hold: Fraction | None
    bettable: bool

    @property
    def leading(self) -> list[Runner]:
        return self.runners[:FIRST_SHOWN]

    @property
    def rest(self) -> list[Runner]:
        return self.runners[FIRST_SHOWN:]


def read_fields(*, now: dt.datetime, among: GameQuerySet | None = None) -> list[Field]:
    """The open outrights that have prices, the soonest first, of all or ``among`` some; three statements in all."""
    games_of = Game.objects.all() if among is None else among
    outrights = games_of.outrights().open().filter(commence_time__gte=now - LONGEST_EVENT)
    games = list(outrights.with_names().in_start_order())
    prices = read_prices([game.pk for game in games])
    best = best_prices(prices, now=now)
    first = read_first([(price.game_id, price.selection_id, price.book_key) for price in best.values()])
    by_game: dict[uuid.UUID, list[FieldPrice]] = {game.pk: [] for game in games}
    for price in prices:
        by_game[price.game_id].append(price)
    return [field_of(game, by_game[game.pk], best, first, now=now) for game in games if by_game[game.pk]]


def read_prices(games: Sequence[uuid.UUID]) -> list[FieldPrice]:
    if not games:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            shards.sliced(FIELD, board="game_id = ANY(%(games)s)"),
            {"games": list(games), "market": OUTRIGHTS},
        )
        return list(map(FieldPrice._make, cursor.fetchall()))


def read_first(wanted: Sequence[tuple[uuid.UUID, int, str]]) -> dict[int, FirstSeen]:
    if not wanted:
        return {}
    games, selections, books = (list(column) for column in zip(*wanted, strict=True))
    with connection.cursor() as cursor:
        statement = shards.sliced(FIRST_SEEN, archive=FIRST_SEEN_SLICE)
        cursor.execute(statement, {"games": games, "selections": selections, "books": books})
        return {selection: FirstSeen(price, at) for selection, _, price, at in cursor.fetchall()}


def best_prices(prices: Iterable[FieldPrice], *, now: dt.datetime) -> dict[int, FieldPrice]:
    """The best price of each runner (by selection) among books seen lately, among all where none was."""
    best: dict[int, FieldPrice] = {}
    for price in prices:  # the highest first
        known = best.get(price.selection_id)
        if known is None or (is_stale(known, now) and not is_stale(price, now)):
            best[price.selection_id] = price
    return best


def is_stale(price: FieldPrice, now: dt.datetime) -> bool:
    return price.seen_at < now - STALE_AFTER


def field_of(
    game: Game,
    prices: Sequence[FieldPrice],
    best: dict[int, FieldPrice],
    first: dict[int, FirstSeen],
    *,
    now: dt.datetime,
) -> Field:
    """Put the prices of one outright together."""
    runners = list({price.selection_id: price.runner for price in prices})
    quoted = Counter(price.selection_id for price in prices)
    offers = [best[runner] for runner in runners]
    bests = [offer.price for offer in offers]
    fair = fair_of(bests)
    listed = [
        Runner(offer.runner, quote_of(offer), quoted[runner], chance, first.get(runner))
        for runner, offer, chance in zip(runners, offers, fair, strict=True)
    ]
    by_book: dict[str, list[FieldPrice]] = {}
    for price in prices:
        by_book.setdefault(price.book_key, []).append(price)
    books = [book_field(members, len(runners), now) for members in by_book.values()]
    return Field(
        game=game,
        runners=sorted(listed, key=lambda runner: (pricing.decimal_odds(runner.best.price), runner.name)),
        books=sorted(books, key=lambda book: (book.hold is None, book.hold or 0, book.title)),
        hold=pricing.hold(bests) if is_whole(bests) else None,
        bettable=game.commence_time > now,
    )


def fair_of(prices: Sequence[Decimal]) -> list[Fraction | None]:
    """Each runner's share of the best prices, by the power method, which takes more of the margin from long shots.

    None of a field with runners missing.
    """
    if not is_whole(prices):
        return [None] * len(prices)
    try:
        return list(pricing.devig(prices, pricing.Method.POWER).probabilities)
    except pricing.NoFairPrice:
        return [None] * len(prices)


def is_whole(prices: Sequence[Decimal]) -> bool:
    """Tell whether the best prices of the runners can be those of a whole field."""
    return len(prices) > 1 and sum(map(pricing.implied, prices)) >= LEAST_SUM


def quote_of(price: FieldPrice) -> Quote:
    short = short_code(price.book_title, price.book_short)
    return Quote(
        price.selection_id,
        OUTRIGHTS,
        "win",
        None,
        price.price,
        None,
        price.changed_at,
        price.book_key,
        price.book_title,
        short,
    )


def book_field(prices: Sequence[FieldPrice], field: int, now: dt.datetime) -> BookField:
    """A book's part of the field; with runners missing its prices add up to no whole."""
    whole = len(prices) == field and is_whole([price.price for price in prices])
    first = prices[0]
    return BookField(
        key=first.book_key,
        title=first.book_title,
        runners=len(prices),
        hold=pricing.hold([price.price for price in prices]) if whole else None,
        seen_at=max(price.seen_at for price in prices),
        stale=is_stale(first, now),
    )
