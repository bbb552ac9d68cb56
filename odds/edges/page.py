"""The edges page: what is asked for, what was found, and what was hidden because it cannot be trusted."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import Final

from games.models import Game, GameStatus
from odds import markets, pricing
from odds.best_prices import Quote
from odds.edges.finding import (
    CONSENSUS,
    Fairness,
    MiddleEdge,
    Opposed,
    ValueEdge,
    find_middles,
    find_opposed,
    find_values,
    is_phantom,
    narrowed,
)
from odds.edges.offers import Book, Line, Offer, read_lines
from odds.game_page import outcome_name

Edge = ValueEdge | Opposed | MiddleEdge
MOST_SHOWN: Final = 100
DEAREST_LOW_HOLD: Final = Fraction(-2, 100)


class EdgeKind(StrEnum):
    VALUE = "value"
    ARBITRAGE = "arbitrage"
    MIDDLE = "middle"
    LOW_HOLD = "low-hold"


LEAST: Final = {
    EdgeKind.VALUE: Fraction(1, 100),
    EdgeKind.ARBITRAGE: Fraction(0),
    EdgeKind.MIDDLE: Fraction(-5, 100),
    EdgeKind.LOW_HOLD: DEAREST_LOW_HOLD,
}
"""The smallest edge shown unless another is asked for."""


@dataclass(frozen=True, slots=True)
class EdgeRequest:
    """What is wanted. ``outlay`` and ``step`` are amounts of the reader's own currency."""

    kind: EdgeKind = EdgeKind.VALUE
    sport: str | None = None
    family: str = ""
    books: frozenset[str] = frozenset()
    reference: str = CONSENSUS
    method: pricing.Method = pricing.Method.MULTIPLICATIVE
    least: Fraction | None = None
    max_age: dt.timedelta = dt.timedelta(minutes=10)
    ahead: dt.timedelta = dt.timedelta(days=3)
    live: bool = False
    phantoms: bool = False
    outlay: Decimal = Decimal(100)
    step: Decimal = Decimal("0.01")

    @property
    def smallest(self) -> Fraction:
        return LEAST[self.kind] if self.least is None else self.least


@dataclass(frozen=True, slots=True)
class Leg:
    """One bet of an edge: whom it backs, at what price, how much of the outlay goes on it; of a lay its liability."""

    quote: Quote
    name: str
    offer: Offer
    stake: Decimal | None = None

    @property
    def lay_stake(self) -> Decimal | None:
        """What to enter at the exchange for a lay of that liability: liability ÷ (odds − 1)."""
        if self.stake is None or not self.offer.is_lay:
            return None
        return amount(Fraction(self.stake) / (pricing.decimal_odds(self.offer.price) - 1))


@dataclass(frozen=True, slots=True)
class EdgeRow:
    """An edge in words and figures. Amounts have the cents of ``outlay``; None where a stake rounds to nothing."""

    game: Game
    market: str
    edge: Edge
    legs: tuple[Leg, ...]
    phantom: bool
    outlay: Decimal | None = None
    worst: Decimal | None = None
    hit: Decimal | None = None

    @property
    def can_be_added(self) -> bool:
        """Tell whether all legs can go into the slip at once: several backs on a game still to come."""
        backs = not any(leg.offer.is_lay for leg in self.legs)
        return len(self.legs) > 1 and backs and self.game.status == GameStatus.SCHEDULED


@dataclass(frozen=True)
class EdgePage:
    request: EdgeRequest
    now: dt.datetime
    rows: list[EdgeRow]
    found: int
    phantoms: int
    lines: int
    books: list[Book]

    @cached_property
    def hidden(self) -> int:
        """How many edges are not shown because they cannot be trusted."""
        return 0 if self.request.phantoms else self.phantoms


def read_edges(
    request: EdgeRequest, *, now: dt.datetime, chosen: Callable[[list[Line]], Iterable[Line]] = list
) -> EdgePage:
    """Find the edges asked for, on all lines or the ``chosen``, in two statements, whatever the number of games."""
    lines = list(chosen(read_lines(now=now, ahead=request.ahead, sport=request.sport, live=request.live)))
    if request.family:
        lines = [line for line in lines if markets.bet_type(line.market) == request.family]
    fresh = now - request.max_age
    edges = edges_of(narrowed(lines, fresh=fresh), request)
    shown = [edge for edge in edges if not is_phantom(edge, fresh=fresh)]
    found = len(shown)
    middles = request.kind is EdgeKind.MIDDLE  # one line of a pair may be old, the other not
    with_old = lines if middles else [line for line in lines if line.oldest < fresh]
    phantoms = [edge for edge in edges if is_phantom(edge, fresh=fresh)]
    phantoms += [edge for edge in edges_of(with_old, request) if edge.oldest < fresh]
    if request.phantoms:
        shown += phantoms
    shown = shown[:MOST_SHOWN]
    games = read_games({edge.line.game_id for edge in shown})
    rows = [
        row_of(edge, games[edge.line.game_id], request, fresh=fresh)
        for edge in shown
        if edge.line.game_id in games
    ]
    return EdgePage(request, now, rows, found, len(phantoms), len(lines), books_of(lines))


def books_of(lines: list[Line]) -> list[Book]:
    """The books that have a price on any of the lines, by title."""
    books = {offer.book for line in lines for offers in line.offers.values() for offer in offers}
    return sorted(books, key=lambda book: book.title.lower())


def edges_of(lines: list[Line], request: EdgeRequest) -> list[Edge]:
    """The edges of the kind that is asked for, the best first."""
    least = request.smallest
    if request.kind is EdgeKind.VALUE:
        fairness = Fairness(request.reference, request.method)
        return list(find_values(lines, fairness, least=least, at=request.books))
    kept = narrowed(lines, at=request.books) if request.books else lines
    if request.kind is EdgeKind.MIDDLE:
        return list(find_middles(kept, least=least))
    if request.kind is EdgeKind.ARBITRAGE:
        return [edge for edge in find_opposed(kept, least=max(least, Fraction(0))) if edge.edge > 0]
    return list(find_opposed(kept, least=least, most=Fraction(0)))


def read_games(ids: set[uuid.UUID]) -> dict[uuid.UUID, Game]:
    wanted = Game.objects.filter(pk__in=ids).select_related("home_team", "away_team", "sport")
    return {game.pk: game for game in wanted}


def row_of(edge: Edge, game: Game, request: EdgeRequest, *, fresh: dt.datetime) -> EdgeRow:
    """Put an edge into words, with the stakes that the outlay is split into."""
    stakes: tuple[Decimal | None, ...] = (None,) * len(edge.legs)
    outlay = worst = hit = None
    if not isinstance(edge, ValueEdge):
        try:
            if isinstance(edge, Opposed):
                split = edge.split(request.outlay, request.step)
                stakes, worst = tuple(map(amount, split.stakes)), amount(split.guaranteed)
            else:
                both = edge.at(request.outlay, request.step)
                stakes = (amount(both.over_stake), amount(both.under_stake))
                worst, hit = amount(both.miss), amount(both.hit)
            outlay = sum((stake for stake in stakes if stake is not None), Decimal(0))
        except ValueError:
            stakes = (None,) * len(edge.legs)  # a stake rounds to nothing
    legs = tuple(
        leg_of(offer, edge.line, game, stake) for offer, stake in zip(edge.legs, stakes, strict=True)
    )
    return EdgeRow(game, edge.line.market, edge, legs, is_phantom(edge, fresh=fresh), outlay, worst, hit)


def leg_of(offer: Offer, line: Line, game: Game, stake: Decimal | None) -> Leg:
    name = outcome_name(game, line.participant, offer.side)
    if offer.is_lay:
        other = next(side for side in line.sides if side != offer.side)
        name = f"Lay {outcome_name(game, line.participant, other)}"
    book = offer.book
    quote = Quote(
        offer.selection_id,
        offer.market,
        offer.side,
        offer.point,
        offer.price,
        None,
        offer.changed_at,
        book.key,
        book.title,
        book.short,
    )
    return Leg(quote, name, offer, stake)


def amount(exact: pricing.exact.Number | Fraction) -> Decimal:
    """An exact amount to the cent, half up away from zero on display only."""
    cents = Fraction(exact) * 100
    return Decimal((abs(cents) + Fraction(1, 2)).__floor__() * (1 if cents >= 0 else -1)).scaleb(-2)
