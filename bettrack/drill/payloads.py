"""What the drill's provider says: games, prices and results as pure functions of a step, in the feeds' own shapes.

At every step a third of the prices is another, and at some a book withdraws a market; the first game's price at the
first book tells the step itself, so that whoever reads the board knows how far the ingest has come.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

BOOKS: Final = (("draftkings", "DraftKings"), ("fanduel", "FanDuel"), ("pinnacle", "Pinnacle"))
LINES: Final = (
    ("h2h", (None, None)),
    ("spreads", (-3.5, 3.5)),
    ("totals", (205.5, 205.5)),
)
ESPN_IDS: Final = 700_000_000
WITHDRAWN_EVERY: Final = 4


@dataclass(frozen=True, slots=True)
class Fixture:
    """A game of the drill; `number` is its own among all sports."""

    number: int
    sport: str
    kickoff: dt.datetime

    @property
    def event_id(self) -> str:
        return f"{0xD1:x}{self.number:030x}"

    @property
    def home(self) -> str:
        return f"Harbour {self.number}"

    @property
    def away(self) -> str:
        return f"Wanderers {self.number}"

    @property
    def score(self) -> tuple[int, int]:
        """Final points, home and away; never level."""
        home, away = 96 + self.number * 7 % 23, 94 + self.number * 11 % 29
        return (home + 1 if home == away else home), away

    def moved(self, kickoff: dt.datetime) -> Fixture:
        return replace(self, kickoff=kickoff)


def price_of(number: int, book: int, market: int, side: int, step: int) -> int:
    """American odds of a line at a step; another one every third step."""
    version = (step + number + book + market) // 3
    size = 101 + (number * 37 + book * 7 + market * 3 + side * 11 + version * 13) % 90
    return size if (number + side + market) % 2 else -size


def beacon(step: int) -> int:
    """The price by which the first game's home side at the first book tells the step."""
    return 100 + step


def odds(fixtures: Iterable[Fixture], *, sport: str, step: int, stamp: dt.datetime) -> bytes:
    """The bulk endpoint's answer: a list of events with their bookmakers."""
    listed = [fixture for fixture in fixtures if fixture.sport == sport]
    return msgspec.json.encode(
        [_event(fixture, step, stamp, first=place == 0) for place, fixture in enumerate(listed)]
    )


def event_without_books(fixture: Fixture) -> bytes:
    """One event's player markets: nobody offers any."""
    return msgspec.json.encode(_head(fixture) | {"bookmakers": []})


def sports(keys: Iterable[str]) -> bytes:
    """The free list of sports in season."""
    return msgspec.json.encode(
        [
            {
                "key": key,
                "group": "Drill",
                "title": key,
                "description": "",
                "active": True,
                "has_outrights": False,
            }
            for key in keys
        ]
    )


def scoreboard(fixtures: Iterable[Fixture], *, slug: str, finished: set[int]) -> bytes:
    """ESPN's scoreboard of these games; the others than `finished` have not begun."""
    return msgspec.json.encode(
        {
            "leagues": [{"slug": slug}],
            "events": [_result(fixture, final=fixture.number in finished) for fixture in fixtures],
        }
    )


def _head(fixture: Fixture) -> dict[str, Any]:
    return {
        "id": fixture.event_id,
        "sport_key": fixture.sport,
        "sport_title": fixture.sport,
        "commence_time": _iso(fixture.kickoff),
        "home_team": fixture.home,
        "away_team": fixture.away,
    }


def _event(fixture: Fixture, step: int, stamp: dt.datetime, *, first: bool) -> dict[str, Any]:
    told = _iso(stamp)
    books = [
        {
            "key": key,
            "title": title,
            "last_update": told,
            "markets": list(_markets(fixture, book, step, told, first=first and book == 0)),
        }
        for book, (key, title) in enumerate(BOOKS)
    ]
    return _head(fixture) | {"bookmakers": books}


def _markets(fixture: Fixture, book: int, step: int, told: str, *, first: bool) -> Iterator[dict[str, Any]]:
    for market, (key, points) in enumerate(LINES):
        is_withdrawn = step % WITHDRAWN_EVERY == 3 and fixture.number % 2 == 0 and book == step % len(BOOKS)
        if key == "totals" and is_withdrawn:
            continue
        names = ("Over", "Under") if key == "totals" else (fixture.home, fixture.away)
        outcomes: list[dict[str, Any]] = [
            {"name": name, "price": price_of(fixture.number, book, market, side, step)}
            | ({} if point is None else {"point": point})
            for side, (name, point) in enumerate(zip(names, points, strict=True))
        ]
        if first and key == "h2h":
            outcomes[0]["price"] = beacon(step)
        yield {"key": key, "last_update": told, "outcomes": outcomes}


def _result(fixture: Fixture, *, final: bool) -> dict[str, Any]:
    kind = (
        {"name": "STATUS_FINAL", "state": "post", "completed": True, "detail": "Final"}
        if final
        else {"name": "STATUS_SCHEDULED", "state": "pre", "completed": False, "detail": "Scheduled"}
    )
    sides = zip(("home", "away"), (fixture.home, fixture.away), fixture.score, strict=True)
    competitors = [
        {
            "homeAway": where,
            "team": {
                "id": str(ESPN_IDS + 2 * fixture.number + (where == "away")),
                "displayName": name,
                "abbreviation": name[:1] + str(fixture.number),
            },
            "score": str(points if final else 0),
            "winner": final and points == max(fixture.score),
            "linescores": [
                {"value": float(points - 75 if period == 4 else 25), "period": period}
                for period in range(1, 5 if final else 1)
            ],
        }
        for where, name, points in sides
    ]
    return {
        "id": str(ESPN_IDS + fixture.number),
        "date": _iso(fixture.kickoff),
        "name": f"{fixture.away} at {fixture.home}",
        "competitions": [
            {
                "date": _iso(fixture.kickoff),
                "competitors": competitors,
                "status": {"type": kind, "period": 4 if final else 0},
            }
        ],
    }


def _iso(instant: dt.datetime) -> str:
    return instant.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
