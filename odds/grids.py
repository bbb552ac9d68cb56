"""The price tables of a game page, made from rows in memory: books down, or lines down and books across."""

from __future__ import annotations

import datetime as dt
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from odds import markets, pricing
from odds.best_prices import Quote

STALE_AFTER: Final = dt.timedelta(minutes=10)
WIDEST_BOOK_GRID: Final = 7
OTHER_SIDES: Final = ("over", "under", "yes", "no", "win")
SIDE_ORDER: Final = {
    True: ("away", "home", "draw", *OTHER_SIDES),
    False: ("home", "draw", "away", *OTHER_SIDES),
}
"""By whether the visitor is named first: the order in which the board and the header name the sides."""


@dataclass(frozen=True, slots=True)
class Book:
    key: str
    title: str
    short: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """A selection with the name a column or row gives it; ``rank`` is its side's place among the others."""

    id: int
    market: str
    participant: str
    side: str
    name: str
    rank: int = 0

    @property
    def id_text(self) -> str:
        return str(self.id)


@dataclass(frozen=True, slots=True)
class Cell:
    quote: Quote
    best: bool
    name: str = ""


@dataclass(frozen=True, slots=True)
class BookRow:
    book: Book
    cells: list[Cell | None]
    seen_at: dt.datetime | None
    stale: bool


@dataclass(frozen=True, slots=True)
class Heading:
    """A market over its columns."""

    market: str
    title: str
    span: int


@dataclass(frozen=True, slots=True)
class BookGrid:
    """Books down, selections across: for markets in which a book quotes one line at a time."""

    headings: list[Heading]
    outcomes: list[Outcome]
    rows: list[BookRow]
    kind: str = "books"


@dataclass(frozen=True, slots=True)
class LineRow:
    outcome: Outcome
    label: str
    best: Cell
    cells: list[Cell | None]


@dataclass(frozen=True, slots=True)
class LineGroup:
    """The lines about one participant; its name is '' for the sides of the match."""

    name: str
    rows: list[LineRow]


@dataclass(frozen=True, slots=True)
class LineGrid:
    """Lines down, books across: for alternates, props and fields of runners."""

    market: str
    title: str
    books: list[tuple[Book, bool]]
    groups: list[LineGroup]
    kind: str = "lines"


Seen = dict[tuple[str, str], dt.datetime]
"""When a book (key) was last seen to quote a scope of the game."""


def grids_of(
    quotes: Sequence[Quote],
    outcomes: dict[int, Outcome],
    books: dict[str, Book],
    seen: Seen,
    fresh: dt.datetime,
) -> list[BookGrid | LineGrid]:
    """The tables of a tab. Books last seen before ``fresh`` are stale: shown, faded, never best."""
    by_market: dict[str, list[Quote]] = {}
    for quote in quotes:
        by_market.setdefault(quote.market, []).append(quote)
    grids: list[BookGrid | LineGrid] = []
    together: list[str] = []
    width = 0
    for market, members in by_market.items():
        columns = len({quote.selection_id for quote in members})
        if not markets.single_line(market) or columns > WIDEST_BOOK_GRID:
            grids.append(_line_grid(market, members, outcomes, books, seen, fresh))
            continue
        if together and width + columns > WIDEST_BOOK_GRID:
            grids.append(_book_grid(together, by_market, outcomes, books, seen, fresh))
            together, width = [], 0
        together.append(market)
        width += columns
    if together:
        grids.insert(0, _book_grid(together, by_market, outcomes, books, seen, fresh))
    return grids


def modal_point(quotes: Iterable[Quote]) -> Decimal | None:
    """The point most books quote for one selection; of equals the one whose prices lie nearest even money."""
    counted = Counter(quote.point for quote in quotes)
    most = max(counted.values())
    ties = [point for point, number in counted.items() if number == most]
    if len(ties) == 1:
        return ties[0]

    def unevenness(point: Decimal | None) -> tuple[Fraction, Decimal]:
        gaps = [
            abs(pricing.implied(quote.price) - Fraction(1, 2)) for quote in quotes if quote.point == point
        ]
        return statistics.mean(gaps), abs(point or Decimal(0))

    return min(ties, key=unevenness)


def best_of(quotes: Iterable[Quote], *, lay: bool = False) -> Quote:
    """The best price for the bettor: the highest; for a lay price, which he gives, the lowest."""
    ordered = sorted(quotes, key=lambda quote: (quote.changed_at, quote.book_key))
    return min(ordered, key=lambda quote: quote.price) if lay else max(ordered, key=lambda quote: quote.price)


def _is_stale(book: str, market: str, seen: Seen, fresh: dt.datetime) -> bool:
    at = seen.get((book, markets.scope(market)))
    return at is not None and at < fresh


def _book_grid(
    keys: list[str],
    by_market: dict[str, list[Quote]],
    outcomes: dict[int, Outcome],
    books: dict[str, Book],
    seen: Seen,
    fresh: dt.datetime,
) -> BookGrid:
    quotes = [quote for market in keys for quote in by_market[market]]
    columns = sorted(
        (outcomes[pk] for pk in {quote.selection_id for quote in quotes}),
        key=lambda outcome: (keys.index(outcome.market), outcome.participant, outcome.rank),
    )
    best = {
        outcome.id: _best_at_main_point(
            [quote for quote in quotes if quote.selection_id == outcome.id], seen, fresh
        )
        for outcome in columns
    }
    cells = {
        (quote.book_key, quote.selection_id): Cell(
            quote, best=quote is best[quote.selection_id], name=_spoken(outcomes[quote.selection_id])
        )
        for quote in quotes
    }
    rows = [
        BookRow(
            book=books[key],
            cells=[cells.get((key, outcome.id)) for outcome in columns],
            seen_at=max((at for (book, _), at in seen.items() if book == key), default=None),
            stale=all(_is_stale(key, market, seen, fresh) for market in keys),
        )
        for key in sorted({quote.book_key for quote in quotes}, key=lambda key: books[key].title)
    ]
    rows.sort(key=lambda row: row.stale)
    headings = [
        Heading(market, markets.title(market), sum(outcome.market == market for outcome in columns))
        for market in keys
    ]
    return BookGrid(headings, columns, rows)


def _best_at_main_point(quotes: list[Quote], seen: Seen, fresh: dt.datetime) -> Quote | None:
    live = [quote for quote in quotes if not _is_stale(quote.book_key, quote.market, seen, fresh)]
    if not live:
        return None
    point = modal_point(live)
    return best_of((quote for quote in live if quote.point == point), lay=markets.is_lay(live[0].market))


def _line_grid(
    market: str,
    quotes: list[Quote],
    outcomes: dict[int, Outcome],
    books: dict[str, Book],
    seen: Seen,
    fresh: dt.datetime,
) -> LineGrid:
    number = Counter(quote.book_key for quote in quotes)
    order = sorted(number, key=lambda key: (-number[key], books[key].title))
    lines: dict[tuple[int, Decimal | None], dict[str, Quote]] = {}
    for quote in quotes:
        lines.setdefault((quote.selection_id, quote.point), {})[quote.book_key] = quote
    groups: dict[str, list[LineRow]] = {}
    for (selection, _), members in lines.items():
        outcome = outcomes[selection]
        live = [quote for quote in members.values() if not _is_stale(quote.book_key, market, seen, fresh)]
        best = best_of(live or members.values(), lay=markets.is_lay(market))
        cells = [
            Cell(members[key], best=bool(live) and members[key] is best, name=_spoken(outcome))
            if key in members
            else None
            for key in order
        ]
        field = outcome.side == "win"
        name = "" if field else outcome.participant
        label = _label(outcome, best.point, market, with_name=field)
        groups.setdefault(name, []).append(LineRow(outcome, label, Cell(best, best=True), cells))
    return LineGrid(
        market=market,
        title=markets.title(market),
        books=[(books[key], _is_stale(key, market, seen, fresh)) for key in order],
        groups=[LineGroup(name, sorted(groups[name], key=_line_order)) for name in sorted(groups)],
    )


def _label(outcome: Outcome, point: Decimal | None, market: str, *, with_name: bool) -> str:
    text = pricing.format_point(point, signed=markets.is_signed(market))
    name = (
        outcome.participant
        if with_name
        else outcome.side.capitalize()
        if outcome.participant
        else outcome.name
    )
    return f"{name} {text}".strip()


def _spoken(outcome: Outcome) -> str:
    return f"{outcome.name}, {markets.title(outcome.market)}"


def _line_order(row: LineRow) -> tuple[object, ...]:
    quote = row.best.quote
    if row.outcome.side == "win":
        return (quote.price, row.label)
    side = row.outcome.rank
    if row.outcome.side in ("home", "away"):
        return (side, quote.point or Decimal(0), row.label)
    return (quote.point or Decimal(0), side, row.label)
