"""From typed events to flat quotes. Pure: no database, no Django."""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, NamedTuple

from feeds.payloads import Book, Market, OddsEvent, Rejected
from odds.markets import outcome_of, single_line

logger = logging.getLogger(__name__)

LONGEST: Final = {"bookmaker key": 32, "market key": 64, "participant": 160}
CENT: Final = Decimal("0.01")
WITH_LAY: Final = {"h2h": "h2h_lay", "outrights": "outrights_lay"}
OPPOSITE: Final = {"home": "away", "away": "home"}
PLACE: Final = re.compile(
    r"\((?P<event>[^()]*)\)\.bookmakers\[\d+\](?:\((?P<book>[^()]*)\)\.markets\[\d+\](?:\((?P<market>[^()]*)\))?)?"
)


class Quote(NamedTuple):
    """One price at one book. American odds; ``timestamp`` is the market's last update, never after receipt."""

    external_id: str
    bookmaker_key: str
    market: str
    participant: str
    side: str
    point: Decimal | None
    price: Decimal
    timestamp: dt.datetime

    def turned_round(self) -> Quote:
        """The same for the event with home and away exchanged."""
        return self._replace(side=OPPOSITE.get(self.side, self.side))


@dataclass
class Quotes:
    """A response laid flat, with what its silence means.

    ``polled``: market keys whose absence is a withdrawal. ``present``: (event, book) pairs the response
    holds. ``unsure``: (event, book, market, or '' for all) of which a part was refused, so that the
    absence of its lines says nothing.
    """

    rows: list[Quote] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    polled: set[str] = field(default_factory=set)
    present: set[tuple[str, str]] = field(default_factory=set)
    unsure: set[tuple[str, str, str]] = field(default_factory=set)
    titles: dict[str, str] = field(default_factory=dict)


def lay_flat(
    events: Sequence[OddsEvent],
    *,
    captured_at: dt.datetime,
    polled_markets: Iterable[str] | None = None,
    rejected: Iterable[Rejected] = (),
) -> Quotes:
    """Flatten the events' prices.

    ``polled_markets`` are those the request asked for; without them, what any book of the response
    quotes counts as asked for. ``rejected`` is what the parser refused in this response.
    """
    quotes = Quotes()
    for part in rejected:
        _doubt(quotes, part.path)
    for event in events:
        for book in event.bookmakers:
            if _fits(quotes, "bookmaker key", book.key, f"event {event.id}"):
                quotes.present.add((event.id, book.key))
                quotes.titles.setdefault(book.key, book.title)
                quotes.rows.extend(_book_rows(quotes, event, book, captured_at))
    quotes.polled.update(row.market for row in quotes.rows) if polled_markets is None else (
        quotes.polled.update(polled_markets)
    )
    quotes.polled.update(WITH_LAY[market] for market in list(quotes.polled) if market in WITH_LAY)
    return quotes


def _book_rows(quotes: Quotes, event: OddsEvent, book: Book, captured_at: dt.datetime) -> Iterator[Quote]:
    for market in book.markets:
        if not _fits(quotes, "market key", market.key, f"event {event.id}, {book.key}"):
            continue
        stamp = market.last_update or book.last_update or captured_at
        yield from _market_rows(quotes, event, book.key, market, min(stamp, captured_at))


def _market_rows(
    quotes: Quotes, event: OddsEvent, book: str, market: Market, timestamp: dt.datetime
) -> Iterator[Quote]:
    one_point = single_line(market.key)
    seen: set[tuple[str, str, Decimal | None]] = set()
    for outcome in market.outcomes:
        participant, side = outcome_of(outcome.name, outcome.description, event.home_team, event.away_team)
        key = (participant, side, None if one_point else outcome.point)
        reason = _fault(participant, outcome.point, key in seen)
        if reason:
            place = f"event {event.id}, {book}, {market.key}, {outcome.name}"
            _reject(quotes, place, reason)
            quotes.unsure.add((event.id, book, market.key))
            continue
        seen.add(key)
        yield Quote(event.id, book, market.key, participant, side, outcome.point, outcome.price, timestamp)


def _fault(participant: str, point: Decimal | None, repeated: bool) -> str:
    if repeated:
        return "a second price for the same selection"
    if len(participant) > LONGEST["participant"]:
        return f"participant is longer than {LONGEST['participant']} characters"
    if point is not None and point != point.quantize(CENT):
        return "point has more than two decimals"
    return ""


def _fits(quotes: Quotes, what: str, text: str, place: str) -> bool:
    if len(text) <= LONGEST[what]:
        return True
    _reject(quotes, place, f"{what} is longer than {LONGEST[what]} characters")
    return False


def _reject(quotes: Quotes, place: str, reason: str) -> None:
    quotes.rejected.append(Rejected(place, reason))
    logger.warning("rejected %s: %s", place, reason)


def _doubt(quotes: Quotes, path: str) -> None:
    match = PLACE.search(path)
    if match and match["book"]:
        quotes.unsure.add((match["event"], match["book"], match["market"] or ""))
