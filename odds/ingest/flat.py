"""From blocks of markets to flat quotes. Pure: no database, no Django."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from feeds.payloads import Market, OddsEvent, Outcome
from odds.markets import outcome_of, single_line

from .beats import BeatKey
from .quotes import LONGEST, Block, Response

CENT: Final = Decimal("0.01")
OPPOSITE: Final = {"home": "away", "away": "home"}
NULL: Final = r"\N"
UNFIT: Final = -1

SelectionKey = tuple[int, str, str, str]
"""Number of the game within the response, market, participant, side."""
Quote = tuple[int, str, Decimal]
"""Place of the selection among those wanted; the point as COPY writes it; American odds."""


class FlatMarket(NamedTuple):
    """One market at one book laid flat."""

    beat: BeatKey
    key: str
    timestamp: dt.datetime
    quotes: list[Quote]


class Flattener:
    """Lays the blocks of a response flat; ``wanted`` are the selections they quote, each once."""

    def __init__(self, response: Response) -> None:
        self._response = response
        self._places: dict[SelectionKey, int] = {}
        self._names: dict[tuple[int, bool], dict[tuple[str, str, str], int]] = {}

    @property
    def wanted(self) -> list[SelectionKey]:
        return list(self._places)

    def lay_flat(self, key: BeatKey, block: Block, *, turned: bool = False) -> Iterator[FlatMarket]:
        """The block's quotes by markets; what no column can hold is refused.

        ``turned``: the event names home and away the other way round than its game.
        """
        names = self._names.setdefault((key.game, turned), {})
        for market in block.markets:
            quotes = [
                (
                    names.get((market.key, outcome.name, outcome.description))
                    or self._place(key.game, block.event, market.key, outcome, names, turned=turned),
                    point_text(outcome.point),
                    outcome.price,
                )
                for outcome in market.outcomes
            ]
            if not _is_sound(quotes, one_point=single_line(market.key)):
                quotes = list(self._sound(quotes, block, market))
            yield FlatMarket(key, market.key, self._response.stamp(block.book, market), quotes)

    def _place(
        self,
        game: int,
        event: OddsEvent,
        market: str,
        outcome: Outcome,
        names: dict[tuple[str, str, str], int],
        *,
        turned: bool,
    ) -> int:
        """The place of the outcome's selection, counted from one; UNFIT when its participant is too long."""
        participant, side = outcome_of(outcome.name, outcome.description, event.home_team, event.away_team)
        if len(participant) > LONGEST["participant"]:
            return UNFIT
        if turned:
            side = OPPOSITE.get(side, side)
        place = self._places.setdefault((game, market, participant, side), len(self._places) + 1)
        names[market, outcome.name, outcome.description] = place
        return place

    def _sound(self, quotes: list[Quote], block: Block, market: Market) -> Iterator[Quote]:
        """The quotes that can be stored; the others are counted, and their market is in doubt."""
        one_point = single_line(market.key)
        seen: set[tuple[int, str]] = set()
        for quote, outcome in zip(quotes, market.outcomes, strict=True):
            place, point, _ = quote
            key = (place, "" if one_point else point)
            reason = _fault(quote, repeated=key in seen)
            if reason:
                where = f"event {block.event.id}, {block.book.key}, {market.key}, {outcome.name}"
                self._response.reject(where, reason)
                self._response.unsure.add((block.event.id, block.book.key, market.key))
                continue
            seen.add(key)
            yield quote


@lru_cache(maxsize=4096)
def point_text(point: Decimal | None) -> str:
    """The point as COPY writes it; '' when it has more than two decimals."""
    if point is None:
        return NULL
    return str(point.quantize(CENT)) if point == point.quantize(CENT) else ""


def _is_sound(quotes: list[Quote], *, one_point: bool) -> bool:
    """True when all can be stored and no selection, or line of it, comes twice."""
    places = {quote[0] for quote in quotes}
    if UNFIT in places or "" in [quote[1] for quote in quotes]:
        return False
    if len(places) == len(quotes):
        return True
    return not one_point and len({(place, point) for place, point, _ in quotes}) == len(quotes)


def _fault(quote: Quote, *, repeated: bool) -> str:
    place, point, _ = quote
    if place == UNFIT:
        return f"participant is longer than {LONGEST['participant']} characters"
    if repeated:
        return "a second price for the same selection"
    if not point:
        return "point has more than two decimals"
    return ""
