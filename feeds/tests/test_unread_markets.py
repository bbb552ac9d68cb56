from __future__ import annotations

import json
from typing import Any

import pytest

from feeds.payloads import (
    Market,
    OddsEvent,
    OddsFormat,
    Rejected,
    list_event_odds,
    list_odds,
    parse_event_odds,
    parse_odds,
    read_markets,
)
from feeds.payloads.odds_events import Book

STAMP = "2026-08-08T19:15:21Z"
GOOD = {"name": "Home", "price": -110}
AWAY = {"name": "Away", "price": 105}


def market(*outcomes: Any, key: Any = "h2h", **changed: Any) -> dict[str, Any]:
    return {"key": key, "last_update": STAMP, "outcomes": list(outcomes)} | changed


def book(*markets: Any, key: str = "fanduel", **changed: Any) -> dict[str, Any]:
    return {"key": key, "title": key.title(), "markets": list(markets)} | changed


def body(*books: Any) -> bytes:
    found = {
        "id": "a1",
        "sport_key": "basketball_nba",
        "commence_time": STAMP,
        "home_team": "Home",
        "away_team": "Away",
        "bookmakers": list(books),
    }
    return json.dumps([found]).encode()


def read_all(book: Book) -> tuple[tuple[Market, ...], list[Rejected]]:
    if book.unread is None:
        return book.markets, []
    markets, rejected = read_markets(book, {part.key for part in book.unread.markets})
    return tuple(markets), rejected


def contents(event: OddsEvent) -> list[tuple[str, str, tuple[Market, ...]]]:
    return [(book.key, book.title, read_all(book)[0]) for book in event.bookmakers]


BODIES = [
    body(book(market(GOOD, AWAY), market(GOOD | {"point": -1.5}, AWAY | {"point": 1.5}, key="spreads"))),
    body(book(market(GOOD, AWAY)), book(market(GOOD), key="draftkings", last_update=STAMP)),
    body(book(market(GOOD, AWAY | {"price": -2147483648}))),
    body(book(market(GOOD, {"name": "Away"}), market(GOOD, key="totals"))),
    body(book(market(GOOD, GOOD))),
    body(book(market(GOOD), market(AWAY))),
    body(book(market(GOOD), market(AWAY, key=" h2h"))),
    body(book(market(GOOD), market(AWAY, key=""))),
    body(book(market(GOOD, key=7))),
    body(book(market(GOOD), "market")),
    body(book(market(GOOD, last_update="soon"))),
    body(book({"key": "h2h", "outcomes": {"a": 1}})),
    body(book({"key": "h2h"})),
    body(book()),
    body(),
    body(book(market(GOOD, AWAY)), book(market(GOOD))),
    body(book(market(GOOD | {"name": "BROKEN"}, AWAY))).replace(b"BROKEN", b"H\xffme"),
]


@pytest.mark.parametrize("raw", BODIES)
def test_what_is_listed_and_read_later_is_what_is_parsed_at_once(raw: bytes) -> None:
    at_once = parse_odds(raw, odds_format=OddsFormat.AMERICAN)
    listed = list_odds(raw, odds_format=OddsFormat.AMERICAN)
    assert [contents(event) for event in listed.events] == [contents(event) for event in at_once.events]
    later = [part for event in listed.events for book in event.bookmakers for part in read_all(book)[1]]
    assert {part.path for part in (*listed.rejected, *later)} == {part.path for part in at_once.rejected}


def test_outcomes_stay_unread_until_they_are_wanted() -> None:
    [event] = list_odds(body(book(market("nonsense", GOOD))), odds_format=OddsFormat.AMERICAN).events
    [found] = event.bookmakers
    assert found.markets == ()
    assert found.unread is not None
    assert [part.key for part in found.unread.markets] == ["h2h"]
    markets, [refused] = read_markets(found, {"h2h"})
    assert [outcome.name for outcome in markets[0].outcomes] == ["Home"]
    assert refused.path == "events[0](a1).bookmakers[0](fanduel).markets[0](h2h).outcomes[0]"


def test_only_the_wanted_markets_are_read_and_keep_their_numbers() -> None:
    raw = body(book(market(GOOD), market({"price": 1}, key="totals")))
    [found] = list_odds(raw, odds_format=OddsFormat.AMERICAN).events[0].bookmakers
    assert [m.key for m in read_markets(found, {"h2h"})[0]] == ["h2h"]
    assert "markets[1](totals)" in read_markets(found, {"totals"})[1][0].path


def test_one_events_odds_are_listed_too() -> None:
    raw = body(book(market(GOOD, AWAY)))[1:-1]
    listed = list_event_odds(raw, odds_format=OddsFormat.AMERICAN)
    assert contents(listed.events[0]) == contents(parse_event_odds(raw).events[0])
