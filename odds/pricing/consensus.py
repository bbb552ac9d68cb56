"""What several books say together: a fair price out of many, and the line most of them hang."""

from __future__ import annotations

import datetime as dt
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from odds.pricing.exact import Number, exact
from odds.pricing.fair import Fair, NoFairPrice

EVEN = Fraction(1, 2)


class Average(StrEnum):
    """How the books' probabilities are brought together."""

    MEAN = "mean"
    MEDIAN = "median"


@dataclass(frozen=True, slots=True)
class BookFair:
    """One book's fair probabilities of a market at one line, when they were last seen, and the book's weight.

    The weight belongs to the book in this market: no book is the sharpest everywhere. A weight of 0 leaves
    the book out.
    """

    book: str
    fair: Fair
    seen_at: dt.datetime
    weight: Number = 1


@dataclass(frozen=True, slots=True)
class Consensus:
    """Fair probabilities out of several books, and which of the books went into them.

    ``seen_at`` is when the oldest of those used was seen: the consensus is as old as that.
    """

    probabilities: tuple[Fraction, ...]
    used: tuple[str, ...]
    stale: tuple[str, ...]
    seen_at: dt.datetime


def consensus_fair(
    books: Iterable[BookFair],
    *,
    now: dt.datetime,
    max_age: dt.timedelta,
    at_least: int = 2,
    average: Average = Average.MEAN,
) -> Consensus:
    """Weighted mean or median of the books' fair probabilities, scaled to their sum.

    Books last seen more than ``max_age`` before ``now`` are left out, and named. All must price the same
    outcomes of the same line in the same order. The median of each outcome is the lowest probability at which
    half the weight is reached, or midway to the next where exactly half is. Raises NoFairPrice where fewer than
    ``at_least`` fresh books with weight remain; ValueError for a negative weight, a book given twice, and books
    that differ in their number of outcomes or winners.
    """
    weighted = sorted((book for book in books if _weight(book) > 0), key=lambda book: book.book)
    fresh = [book for book in weighted if now - book.seen_at <= max_age]
    stale = tuple(book.book for book in weighted if now - book.seen_at > max_age)
    _check_alike(weighted)
    if len(fresh) < max(at_least, 1):
        needed = f"{max(at_least, 1)} needed"
        raise NoFairPrice(f"{len(fresh)} of {len(weighted)} books are fresh, {needed} for a consensus price.")
    weights = [_weight(book) for book in fresh]
    by_outcome = list(zip(*(book.fair.probabilities for book in fresh), strict=True))
    of = _AVERAGES[average]
    averaged = [of(probabilities, weights) for probabilities in by_outcome]
    scale = sum(fresh[0].fair.probabilities, Fraction(0)) / sum(averaged, Fraction(0))
    return Consensus(
        probabilities=tuple(probability * scale for probability in averaged),
        used=tuple(book.book for book in fresh),
        stale=stale,
        seen_at=min(book.seen_at for book in fresh),
    )


def consensus_line(lines: Iterable[tuple[Number, Number]]) -> Fraction:
    """The point most books hang, out of one (point, fair probability of the first side) per book and line.

    Of points equally frequent the one whose probabilities lie on average nearest an even price, then the
    smaller one in size, then the lower. Raises ValueError without lines.
    """
    by_point: defaultdict[Fraction, list[Fraction]] = defaultdict(list)
    for point, probability in lines:
        by_point[exact(point, "point")].append(exact(probability, "probability"))
    if not by_point:
        raise ValueError("a consensus line needs at least one line")

    def rank(point: Fraction) -> tuple[int, Fraction, Fraction, Fraction]:
        probabilities = by_point[point]
        gap = statistics.mean(abs(probability - EVEN) for probability in probabilities)
        return -len(probabilities), gap, abs(point), point

    return min(by_point, key=rank)


def _weight(book: BookFair) -> Fraction:
    weight = exact(book.weight, f"weight of {book.book}")
    if weight < 0:
        raise ValueError(f"weight of {book.book} must be at least 0, not {book.weight}")
    return weight


def _check_alike(books: Sequence[BookFair]) -> None:
    names = [book.book for book in books]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice} is given twice: a consensus takes one line of each book")
    shapes = {(len(book.fair.probabilities), sum(book.fair.probabilities)) for book in books}
    if len(shapes) > 1:
        raise ValueError("a consensus takes books that price the same outcomes with as many winners")


def _mean(values: Sequence[Fraction], weights: Sequence[Fraction]) -> Fraction:
    weighted = (value * weight for value, weight in zip(values, weights, strict=True))
    return sum(weighted, Fraction(0)) / sum(weights)


def _median(values: Sequence[Fraction], weights: Sequence[Fraction]) -> Fraction:
    ordered = sorted(zip(values, weights, strict=True))
    half, reached = sum(weights, Fraction(0)) / 2, Fraction(0)
    for place, (value, weight) in enumerate(ordered):
        reached += weight
        if reached > half:
            return value
        if reached == half:
            return (value + ordered[place + 1][0]) / 2
    raise ValueError("a median needs a weight above 0")


_AVERAGES: dict[Average, Callable[[Sequence[Fraction], Sequence[Fraction]], Fraction]] = {
    Average.MEAN: _mean,
    Average.MEDIAN: _median,
}
