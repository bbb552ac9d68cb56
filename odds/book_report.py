"""How bookmakers compare now: what they keep, how often their price is the best, when they were last seen."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final

from odds import pricing
from odds.edges.offers import Line, Offer

BILLION: Final = 10**9


@lru_cache(maxsize=65536)
def hold_of(prices: tuple[Decimal, ...]) -> int:
    """The hold of a market in billionths; books repeat each other's prices often."""
    return round(pricing.hold(prices) * BILLION)


@dataclass(slots=True)
class BookNow:
    """One book's standing on the lines of coming games.

    ``hold_sum``, in billionths, is of the ``whole`` lines that it prices on every side; ``best`` of ``compared`` prices
    no other book beats, among sides that two books price at least.
    """

    key: str
    title: str
    hold_sum: int = 0
    whole: int = 0
    best: int = 0
    compared: int = 0
    seen_at: dt.datetime | None = None

    @property
    def hold(self) -> Fraction | None:
        """The mean hold over its lines: what a balanced book keeps of the turnover."""
        return Fraction(self.hold_sum, self.whole * BILLION) if self.whole else None

    @property
    def best_share(self) -> Fraction | None:
        return Fraction(self.best, self.compared) if self.compared else None


def books_now(lines: Iterable[Line]) -> list[BookNow]:
    """Compare the books on the lines given, the lowest hold first."""
    books: dict[str, BookNow] = {}
    for line in lines:
        sides: dict[str, dict[str, Offer]] = defaultdict(dict)
        for side in line.sides:
            backs = [offer for offer in line.offers[side] if not offer.is_lay]
            top = max((offer.odds for offer in backs), default=None)
            for offer in backs:
                book = books.setdefault(offer.book.key, BookNow(offer.book.key, offer.book.title))
                book.seen_at = max(filter(None, (book.seen_at, offer.seen_at)))
                sides[offer.book.key][side] = offer
                if len(backs) > 1:
                    book.compared += 1
                    book.best += offer.odds == top
        for key, offers in sides.items():
            if len(offers) == len(line.sides):
                books[key].whole += 1
                books[key].hold_sum += hold_of(tuple(offer.price for offer in offers.values()))
    return sorted(books.values(), key=lambda book: (book.hold is None, book.hold or 0, book.title))
