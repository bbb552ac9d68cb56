"""A mark stands for all that a book quotes on a game within a scope, so that an unchanged block is known by one number."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

import msgspec

from feeds.payloads import Market, OddsEvent, UnreadMarket
from odds.markets import scope

MARK_VERSION: Final = 1
"""To be raised when the same quotes come to be stored as other rows than before."""
ENCODER: Final = msgspec.json.Encoder()


class Marker:
    """Marks blocks of one response.

    A mark covers names, prices and points, what was asked for, and which side of the game is at home. It
    leaves out the time of the last update: a price that was merely confirmed is no change. Two marks that
    are equal by chance are to be expected once in some 10^19 comparisons.
    """

    def __init__(self, polled: Iterable[str]) -> None:
        self._polled: dict[str, list[str]] = {}
        for market in sorted(polled):
            self._polled.setdefault(scope(market), []).append(market)
        self._seeds: dict[tuple[str, str, bool], bytes] = {}

    def mark(
        self,
        event: OddsEvent,
        scope_name: str,
        markets: Iterable[Market] = (),
        unread: Iterable[UnreadMarket] = (),
        *,
        turned: bool,
    ) -> int:
        """The mark of the markets, which all belong to the scope; a signed 64-bit number.

        Outcomes that are not read go in as they were sent. The same quotes read and unread have different marks,
        which costs a comparison and no more.
        """
        parts = [part for market in unread for part in (market.key.encode(), market.outcomes)]
        if parts:
            content = b"".join(parts)
        else:
            content = ENCODER.encode([(market.key, market.outcomes) for market in markets])
        digest = hashlib.blake2b(self._seed(event, scope_name, turned) + content, digest_size=8).digest()
        return int.from_bytes(digest, signed=True)

    def _seed(self, event: OddsEvent, scope_name: str, turned: bool) -> bytes:
        key = (event.id, scope_name, turned)
        if key not in self._seeds:
            polled = self._polled.get(scope_name, ())
            self._seeds[key] = ENCODER.encode(
                (MARK_VERSION, event.home_team, event.away_team, turned, polled)
            )
        return self._seeds[key]
