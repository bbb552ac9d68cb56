"""Responses made in the odds feed's own shape: as many games, books and featured markets as wanted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

MARKETS: Final = ("h2h", "spreads", "totals")
KICKOFF: Final = dt.timedelta(days=4)
CHANGED: Final = 12
"""Of a hundred markets of a book, how many have another price at a poll with changes; both sides move together."""


@dataclass(frozen=True, slots=True)
class Slate:
    """``games`` games, at most ``per_sport`` of them a sport: the feed answers one response a sport.

    They begin on so many ``days`` in turn, at midnight UTC.
    """

    name: str
    games: int
    books: int
    per_sport: int
    days: int = 1

    @property
    def quotes(self) -> int:
        return self.games * self.books * len(MARKETS) * 2

    def responses(self, at: dt.datetime, *, changed: bool = False) -> Iterator[tuple[str, bytes]]:
        """Each sport's key and body as sent at the instant; ``changed``: some prices are others than before."""
        for number, start in enumerate(range(0, self.games, self.per_sport)):
            sport = f"basketball_{number or 'nba'}"
            games = range(start, min(start + self.per_sport, self.games))
            stamp = at.isoformat().replace("+00:00", "Z")
            first = (at + KICKOFF).date()
            events = [
                self._event(n, sport, stamp, first + dt.timedelta(days=n % self.days), changed) for n in games
            ]
            yield sport, msgspec.json.encode(events)

    def _event(self, game: int, sport: str, stamp: str, day: dt.date, changed: bool) -> dict[str, Any]:
        pair = game % self.per_sport
        home, away = f"Home Town {pair}", f"Visiting Town {pair}"
        return {
            "id": f"{self.name}{game:0{32 - len(self.name)}x}",
            "sport_key": sport,
            "sport_title": sport.upper(),
            "commence_time": f"{day.isoformat()}T00:00:00Z",
            "home_team": home,
            "away_team": away,
            "bookmakers": [
                {
                    "key": f"book{book}",
                    "title": f"Book {book}",
                    "last_update": stamp,
                    "markets": [
                        {
                            "key": market,
                            "last_update": stamp,
                            "outcomes": _outcomes(market, home, away, game, book, changed=changed),
                        }
                        for market in MARKETS
                    ],
                }
                for book in range(self.books)
            ],
        }


def _outcomes(
    market: str, home: str, away: str, game: int, book: int, *, changed: bool
) -> list[dict[str, Any]]:
    number = MARKETS.index(market)
    seed = game * 37 + book * 7 + number * 3
    if changed and (game * 7919 + book * 104_729 + number * 1_299_709) % 100 < CHANGED:
        seed += 1
    point = game % 14 + 0.5
    sides: dict[str, tuple[tuple[str, float | None], ...]] = {
        "h2h": ((home, None), (away, None)),
        "spreads": ((home, -point), (away, point)),
        "totals": (("Over", 200 + point), ("Under", 200 + point)),
    }
    return [
        {"name": name, "price": _price(seed + side * 41)} | ({} if at is None else {"point": at})
        for side, (name, at) in enumerate(sides[market])
    ]


def _price(number: int) -> int:
    step = number % 90
    return -110 - step if step < 60 else 100 + step
