"""Which lines hold an edge. Pure: lines in, edges out; no database and no clock.

Definitions: expected value p·o − 1 against the chosen fair probability; arbitrage where Σ1/o over the best price of
every outcome is below 1, its margin 1/Σ − 1; low hold where it is little above; a middle is over a lower point
and under a higher one. What looks too good is taken for a mistake and called a phantom.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor
from typing import Final

from odds import markets, pricing
from odds.edges.offers import Line, Offer

TOO_GOOD: Final = Fraction(1, 10)
"""A larger edge than that is a stale or mistaken price far more often than a gift."""
CONSENSUS: Final = "consensus"
LEAST_BOOKS: Final = 2
HALF: Final = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Fairness:
    """Which price counts as fair: a consensus of the other books, or one book (its key) by itself.

    ``method`` takes the margin out.
    """

    reference: str = CONSENSUS
    method: pricing.Method = pricing.Method.MULTIPLICATIVE


@dataclass(frozen=True, slots=True)
class ValueEdge:
    """A price above the fair one. ``fair`` is the fair probability of its side, from the books named.

    At a whole point the probability is that of bets which are not returned.
    """

    line: Line
    offer: Offer
    fair: Fraction
    books: tuple[str, ...]
    oldest: dt.datetime

    @property
    def edge(self) -> Fraction:
        """Expected profit per unit staked: 0.03 is +3 %."""
        return pricing.expected_value(self.offer.odds, self.fair)

    @property
    def fair_price(self) -> Decimal:
        """The fair price as American odds."""
        return pricing.price_from_quote(self.fair, pricing.IMPLIED)

    @property
    def kelly(self) -> Fraction:
        """Quarter Kelly: the share of a bankroll to stake."""
        return pricing.kelly(pricing.Proposition(self.offer.odds, self.fair))

    @property
    def legs(self) -> tuple[Offer, ...]:
        return (self.offer,)


@dataclass(frozen=True, slots=True)
class Opposed:
    """The best price of every outcome of a line, at two books or more."""

    line: Line
    legs: tuple[Offer, ...]

    @property
    def edge(self) -> Fraction:
        """Profit per unit of outlay whatever happens; below 0 what a low-hold pair costs."""
        return pricing.arbitrage_margin([leg.odds for leg in self.legs])

    @property
    def oldest(self) -> dt.datetime:
        return min(leg.seen_at for leg in self.legs)

    def split(self, outlay: Decimal, step: Decimal | None = None) -> pricing.Split:
        """Stakes that return the same whatever happens, rounded to ``step``. Raises ValueError."""
        return pricing.split_stakes([leg.odds for leg in self.legs], outlay, step=step)


@dataclass(frozen=True, slots=True)
class MiddleEdge:
    """Over a lower point at one book, under a higher one at another: a result in between wins both."""

    line: Line
    over: Offer
    under: Offer
    low: Decimal
    high: Decimal

    @property
    def legs(self) -> tuple[Offer, ...]:
        return (self.over, self.under)

    @property
    def oldest(self) -> dt.datetime:
        return min(leg.seen_at for leg in self.legs)

    @property
    def wins(self) -> range:
        """Whole results that win both bets in full: half a point from either at least, as quarter points pay half."""
        return range(ceil(self.low + HALF), floor(self.high - HALF) + 1)

    @property
    def edge(self) -> Fraction:
        """Profit per unit of outlay when it misses, 1/(1/o₁ + 1/o₂) − 1: mostly a cost, below 0."""
        return pricing.arbitrage_margin([self.over.odds, self.under.odds])

    @property
    def break_even(self) -> Fraction:
        """Probability of landing between the points from which it pays in the long run, 1/o₁ + 1/o₂ − 1."""
        return max(1 / self.over.odds + 1 / self.under.odds - 1, Fraction(0))

    def at(self, outlay: Decimal | Fraction, step: Decimal | None = None) -> pricing.Middle:
        """The middle with stakes that cost the same either way it misses. Raises ValueError."""
        return pricing.middle((self.low, self.over.odds), (self.high, self.under.odds), outlay, step=step)


def is_phantom(edge: ValueEdge | Opposed | MiddleEdge, *, fresh: dt.datetime) -> bool:
    """Tell whether an edge is too good, or one of its prices too old, to be believed."""
    return edge.edge > TOO_GOOD or edge.oldest < fresh


def find_values(
    lines: Iterable[Line], fairness: Fairness, *, least: Fraction, at: frozenset[str] = frozenset()
) -> list[ValueEdge]:
    """Prices whose expected value is at least ``least``, the largest first; a book never judges itself.

    ``at`` are the books (keys) whose prices are wanted, empty for all; the fair price is of all either way.
    """
    found: list[ValueEdge] = []
    for line in lines:
        fairs = book_fairs(line, fairness)
        most = [max(chances) for chances in zip(*(one.fair.probabilities for one in fairs), strict=True)]
        if not most:
            continue
        for place, side in enumerate(line.sides):
            wanted = [offer for offer in line.offers[side] if not at or offer.book.key in at]
            for offer in sorted(wanted, key=lambda offer: -offer.odds):
                if offer.odds * most[place] - 1 < least:
                    break
                edge = value_of(line, offer, place, fairs, fairness)
                if edge is not None and edge.edge >= least:
                    found.append(edge)
    return sorted(found, key=lambda edge: -edge.edge)


def book_fairs(line: Line, fairness: Fairness) -> list[pricing.BookFair]:
    """The fair probabilities of each book that prices all outcomes of the line and was seen lately."""
    by_book: dict[str, dict[str, Offer]] = {}
    for side in line.sides:
        for offer in line.offers[side]:
            if not offer.is_lay:
                by_book.setdefault(offer.book.key, {})[side] = offer
    fairs: list[pricing.BookFair] = []
    for key, offers in by_book.items():
        wanted = fairness.reference in (CONSENSUS, key)
        if not wanted or len(offers) < len(line.sides):
            continue
        prices = tuple(offers[side].price for side in line.sides)
        fair = fair_of(prices, fairness.method)
        if fair is not None:
            book, seen = offers[line.sides[0]].book, min(offer.seen_at for offer in offers.values())
            weight = book.weight if fairness.reference == CONSENSUS else Fraction(1)
            fairs.append(pricing.BookFair(key, fair, seen, weight))
    return fairs


@lru_cache(maxsize=65536)
def fair_of(prices: tuple[Decimal, ...], method: pricing.Method) -> pricing.Fair | None:
    """A book's fair probabilities, None where its prices have none; books repeat each other's prices often."""
    try:
        return pricing.devig(prices, method)
    except pricing.NoFairPrice:
        return None


def value_of(
    line: Line, offer: Offer, place: int, fairs: Sequence[pricing.BookFair], fairness: Fairness
) -> ValueEdge | None:
    """The offer held against what the other books say; None where too few of them say anything."""
    others = [fair for fair in fairs if fair.book != offer.book.key and fair.weight]
    if fairness.reference == CONSENSUS:
        if len(others) < LEAST_BOOKS:
            return None
    elif not others:
        return None
    total = sum((Fraction(one.weight) for one in others), Fraction(0))
    chance = sum((one.fair.probabilities[place] * Fraction(one.weight) for one in others), Fraction(0))
    oldest = min(offer.seen_at, *(one.seen_at for one in others))
    return ValueEdge(line, offer, chance / total, tuple(one.book for one in others), oldest)


def narrowed(
    lines: Iterable[Line], *, fresh: dt.datetime | None = None, at: frozenset[str] = frozenset()
) -> list[Line]:
    """The lines with only the offers seen since ``fresh`` and at the books named; incomplete ones are left out."""
    kept: list[Line] = []
    for line in lines:
        offers = {
            side: [
                offer
                for offer in line.offers[side]
                if (fresh is None or offer.seen_at >= fresh) and (not at or offer.book.key in at)
            ]
            for side in line.sides
        }
        if all(offers.values()):
            kept.append(replace(line, offers=offers))
    return kept


def find_opposed(lines: Iterable[Line], *, least: Fraction, most: Fraction | None = None) -> list[Opposed]:
    """The best prices of all outcomes whose margin is from ``least`` to ``most``, the best first.

    Legs are at two books at least: one book does not bet against itself.
    """
    found: list[Opposed] = []
    for line in lines:
        legs = tuple(best_leg(line.offers[side]) for side in line.sides)
        if len({leg.book.key for leg in legs}) < 2:
            continue
        opposed = Opposed(line, legs)
        if opposed.edge >= least and (most is None or opposed.edge <= most):
            found.append(opposed)
    return sorted(found, key=lambda edge: -edge.edge)


def best_leg(offers: Sequence[Offer]) -> Offer:
    """The highest odds; of equals the one seen last, then by the book's key."""
    return min(offers, key=lambda offer: (-offer.odds, -offer.seen_at.timestamp(), offer.book.key))


def find_middles(lines: Iterable[Line], *, least: Fraction) -> list[MiddleEdge]:
    """Pairs of lines of a market with a result between them, that miss for no less than ``least`` per unit.

    Those that need the smallest chance for each result they win on come first. Of pairs with the same gap in a
    market the best stays.
    """
    by_market: dict[tuple[object, ...], list[Line]] = {}
    for line in lines:
        if line.point is not None and len(line.sides) == 2:
            by_market.setdefault((line.game_id, line.market, line.participant), []).append(line)
    found: list[MiddleEdge] = []
    for members in by_market.values():
        signed = markets.is_signed(members[0].market)
        best: dict[tuple[int, int], MiddleEdge] = {}
        for first, second in itertools.permutations(members, 2):
            edge = middle_of(first, second, signed=signed)
            if edge is None or edge.edge < least:
                continue
            gap = (edge.wins.start, edge.wins.stop)
            if gap not in best or edge.edge > best[gap].edge:
                best[gap] = edge
        found += best.values()
    return sorted(found, key=lambda edge: (edge.break_even / len(edge.wins), -edge.edge))


def middle_of(lower: Line, higher: Line, *, signed: bool) -> MiddleEdge | None:
    """Over the lower line and under the higher one; None without a whole result in between.

    Of handicaps the result is the home side's winning margin: home at h is over −h, the visitors at a under a.
    """
    if lower.point is None or higher.point is None:
        return None
    low, high = (-lower.point, -higher.point) if signed else (lower.point, higher.point)
    if high - low < 1:
        return None
    overs, unders = lower.offers[lower.sides[0]], higher.offers[higher.sides[1]]
    over, under = best_leg(overs), best_leg(unders)
    pairs = [(over, under)]
    if over.book.key == under.book.key:  # one of them gives way to the next best
        pairs = [(over, best_leg(others)) for others in [elsewhere(unders, over)] if others]
        pairs += [(best_leg(others), under) for others in [elsewhere(overs, under)] if others]
    edges = [MiddleEdge(lower, one, other, low, high) for one, other in pairs]
    return max((edge for edge in edges if edge.wins), key=lambda edge: edge.edge, default=None)


def elsewhere(offers: Sequence[Offer], than: Offer) -> list[Offer]:
    return [offer for offer in offers if offer.book.key != than.book.key]
