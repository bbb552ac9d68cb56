"""From typed events to blocks of markets. Pure: no database, no Django."""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from feeds.payloads import Book, Market, OddsEvent, Rejected, UnreadMarket, read_markets
from feeds.payloads.text import instant_or_none
from odds.markets import FEATURED, FEATURED_SCOPE, scope

logger = logging.getLogger(__name__)

LONGEST: Final = {"bookmaker key": 32, "market key": 64, "participant": 160}
WITH_LAY: Final = {"h2h": "h2h_lay", "outrights": "outrights_lay"}
PRICE: Final = b'"price"'
PLACE: Final = re.compile(
    r"\((?P<event>[^()]*)\)"
    r"(?P<part>\.bookmakers\[\d+\](?:\((?P<book>[^()]*)\)(?:\.markets\[\d+\](?:\((?P<market>[^()]*)\))?)?)?)?"
)


class Block(NamedTuple):
    """What one book quotes on one event within one scope: the markets that one heartbeat stands for."""

    event: OddsEvent
    book: Book
    scope: str
    markets: Sequence[Market]
    unread: Sequence[UnreadMarket] = ()

    @property
    def size(self) -> int:
        """Number of outcomes; those that are not read are counted by their prices."""
        waiting = sum(bytes(market.outcomes).count(PRICE) for market in self.unread)
        return waiting + sum(len(market.outcomes) for market in self.markets)


@dataclass
class Response:
    """A response by blocks, with what its silence means.

    ``polled``: market keys whose absence is a withdrawal. ``present``: (event, book) pairs the response
    holds. ``unsure``: (event, book, market, or '' for all) of which a part was refused, so that the
    absence of its lines says nothing. ``repeated``: events listed once more, of which only the first listing was read.
    """

    captured_at: dt.datetime
    events: dict[str, OddsEvent] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    polled: frozenset[str] = frozenset()
    present: set[tuple[str, str]] = field(default_factory=set)
    unsure: set[tuple[str, str, str]] = field(default_factory=set)
    repeated: set[str] = field(default_factory=set)
    titles: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        events: Sequence[OddsEvent],
        *,
        captured_at: dt.datetime,
        polled_markets: Iterable[str] | None = None,
        rejected: Iterable[Rejected] = (),
    ) -> Response:
        """Sort the events' markets into blocks.

        ``polled_markets`` are those the request asked for; without them, what any book of the response
        quotes counts as asked for. ``rejected`` is what the parser refused in this response.
        """
        response = cls(captured_at, {event.id: event for event in events})
        for part in rejected:
            response._doubt(part.path)
        for event in events:
            for book in event.bookmakers:
                if response._fits("bookmaker key", book.key, f"event {event.id}"):
                    response.present.add((event.id, book.key))
                    response.titles.setdefault(book.key, book.title)
                    response.blocks.extend(response._blocks(event, book))
        if polled_markets is None:
            polled_markets = {m.key for block in response.blocks for m in block.markets if m.outcomes} | {
                m.key for block in response.blocks for m in block.unread if bytes(m.outcomes) != b"[]"
            }
        polled = frozenset(polled_markets)
        response.polled = polled | {WITH_LAY[market] for market in polled if market in WITH_LAY}
        return response

    def stamp(self, book: Book, market: Market) -> dt.datetime:
        """The market's last update as the feed tells it, never after receipt."""
        return min(market.last_update or book.last_update or self.captured_at, self.captured_at)

    def stamps(self) -> set[dt.datetime]:
        """Every instant at which the response says that a market was updated."""
        unread = {(m.last_update, block.book.last_update) for block in self.blocks for m in block.unread}
        listed = {
            min(instant_or_none(own) or of_book or self.captured_at, self.captured_at)
            for own, of_book in unread
        }
        return listed | {self.stamp(block.book, market) for block in self.blocks for market in block.markets}

    def read(self, block: Block) -> Block:
        """The block with its outcomes; what of them cannot be read is refused."""
        if not block.unread:
            return block
        markets, rejected = read_markets(block.book, {market.key for market in block.unread})
        self.rejected.extend(rejected)
        for part in rejected:
            self._doubt(part.path)
        return block._replace(markets=markets, unread=())

    def is_unsure(self, block: Block) -> bool:
        """True when a part of the block was refused."""
        if not self.unsure:
            return False
        keys = ("", *(market.key for market in block.markets))
        return any((block.event.id, block.book.key, key) in self.unsure for key in keys)

    def _blocks(self, event: OddsEvent, book: Book) -> Iterator[Block]:
        listed: Sequence[Market | UnreadMarket] = book.unread.markets if book.unread else book.markets
        of_scope: dict[str, list[Any]] = {}
        for market in listed:
            if market.key in FEATURED:
                of_scope.setdefault(FEATURED_SCOPE, []).append(market)
            elif self._fits("market key", market.key, f"event {event.id}, {book.key}"):
                of_scope.setdefault(scope(market.key), []).append(market)
        for name, markets in of_scope.items():
            yield Block(event, book, name, (), markets) if book.unread else Block(event, book, name, markets)

    def _fits(self, what: str, text: str, place: str) -> bool:
        if len(text) <= LONGEST[what]:
            return True
        self.reject(place, f"{what} is longer than {LONGEST[what]} characters")
        return False

    def reject(self, place: str, reason: str) -> None:
        self.rejected.append(Rejected(place, reason))
        logger.warning("rejected %s: %s", place, reason)

    def _doubt(self, path: str) -> None:
        match = PLACE.search(path)
        if match and match["book"]:
            self.unsure.add((match["event"], match["book"], match["market"] or ""))
        elif match and not match["part"]:
            self.repeated.add(match["event"])
