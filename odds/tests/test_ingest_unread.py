"""Live polls come with unread outcomes: what has not changed is never looked into."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from feeds.payloads import OddsFormat, list_odds
from odds.ingest import IngestCounts, ingest_odds, quotes
from odds.models import CurrentOdds, Heartbeat, OddSnapshot
from odds.tests import factories as f

pytestmark = pytest.mark.django_db

T0 = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
MARKETS = ("h2h", "spreads", "totals")


def body(*, home: Any = -150, away: Any = 130, at: int = 0, books: int = 2) -> bytes:
    stamp = (T0 + dt.timedelta(minutes=at)).isoformat()
    sides = [{"name": "Boston Celtics", "price": home}, {"name": "Los Angeles Lakers", "price": away}]
    priced = {"key": "h2h", "last_update": stamp, "outcomes": sides}
    event = {
        "id": "e1",
        "sport_key": "basketball_nba",
        "sport_title": "NBA",
        "commence_time": (T0 + dt.timedelta(hours=10)).isoformat(),
        "home_team": "Boston Celtics",
        "away_team": "Los Angeles Lakers",
        "bookmakers": [{"key": f"book{n}", "title": f"Book {n}", "markets": [priced]} for n in range(books)],
    }
    return json.dumps([event]).encode()


def poll(raw: bytes, *, at: int, markets: tuple[str, ...] = MARKETS) -> IngestCounts:
    parsed = list_odds(raw, odds_format=OddsFormat.AMERICAN)
    return ingest_odds(
        events=parsed.events,
        captured_at=T0 + dt.timedelta(minutes=at),
        polled_markets=markets,
        rejected=parsed.rejected,
    )


def test_an_unchanged_poll_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    first = poll(body(), at=1)
    assert (first.quotes, first.snapshots) == (4, 4)
    monkeypatch.setattr(quotes, "read_markets", None)
    again = poll(body(at=5), at=6)
    assert (again.quotes, again.unchanged, again.snapshots) == (4, 4, 0)
    assert set(Heartbeat.objects.values_list("seen_at", flat=True)) == {T0 + dt.timedelta(minutes=6)}


def test_a_changed_price_is_read_and_written() -> None:
    poll(body(), at=1)
    counts = poll(body(home=-160, at=2), at=3)
    assert (counts.unchanged, counts.snapshots, counts.withdrawals) == (2, 2, 0)
    assert OddSnapshot.objects.count() == 6
    assert set(CurrentOdds.objects.filter(selection__side="home").values_list("price", flat=True)) == {-160}


def test_a_price_that_cannot_be_read_is_refused_once_and_withdraws_nothing() -> None:
    poll(body(), at=1)
    counts = poll(body(home="abc", at=2), at=3)
    assert (counts.snapshots, counts.withdrawals) == (0, 0)
    assert sum(counts.rejected.values()) == 2
    assert CurrentOdds.objects.count() == 4
    assert set(Heartbeat.objects.values_list("mark", flat=True)) == {None}


def test_a_late_response_changes_nothing_though_it_was_not_read() -> None:
    poll(body(), at=5)
    counts = poll(body(home=-200), at=4)
    assert (counts.stale, counts.snapshots) == (4, 0)
    assert OddSnapshot.objects.count() == 4


def test_a_new_game_and_a_known_one_come_in_one_response() -> None:
    poll(body(), at=1)
    known = json.loads(body(home=-155, at=2))
    other = json.loads(body(at=2).replace(b'"e1"', b'"e2"').replace(b"Boston Celtics", b"Utah Jazz"))
    counts = poll(json.dumps(known + other).encode(), at=3)
    assert (counts.games_new, counts.quotes, counts.snapshots, counts.unchanged) == (1, 8, 6, 2)
    assert OddSnapshot.objects.count() == 10
    assert CurrentOdds.objects.count() == 8
    assert poll(json.dumps(known + other).encode(), at=4).unchanged == 8


@pytest.mark.django_db(transaction=True)
def test_a_selection_cannot_go_while_an_offer_on_it_is_being_written() -> None:
    offer = f.CurrentOddsFactory.build(selection=f.SelectionFactory(), bookmaker=f.BookmakerFactory())
    offer.game = offer.selection.game
    other = connection.copy()
    try:
        with transaction.atomic(), other.cursor() as cursor:
            offer.save(force_insert=True)
            other.set_autocommit(False)
            cursor.execute("SET LOCAL lock_timeout = '200ms'")
            with pytest.raises(OperationalError, match="lock timeout"):
                cursor.execute("DELETE FROM selections WHERE id = %s", [offer.selection_id])
            other.rollback()
            other.set_autocommit(True)
        with other.cursor() as cursor:
            cursor.execute("DELETE FROM selections WHERE id = %s", [offer.selection_id])
    finally:
        other.close()
    assert not CurrentOdds.objects.exists()


def listed(*books: dict[str, Any]) -> dict[str, Any]:
    """The event of ``body`` with these books."""
    (event,) = json.loads(body())
    return {**event, "bookmakers": list(books)}


def priced(key: str, *markets: str, **more: Any) -> dict[str, Any]:
    """A book with these markets, as sent."""
    sides = [{"name": "Boston Celtics", "price": -110}, {"name": "Los Angeles Lakers", "price": -110}]
    return {
        "key": key,
        "title": key,
        "markets": [{"key": each, "outcomes": sides} for each in markets],
        **more,
    }


def test_a_book_listed_twice_loses_no_line_of_its_second_listing() -> None:
    poll(json.dumps([listed(priced("a", "h2h", "spreads"))]).encode(), at=1)
    twice = listed(priced("a", "h2h"), priced("a", "spreads"))
    for at in (2, 3):
        counts = poll(json.dumps([twice]).encode(), at=at)
        assert (counts.withdrawals, counts.rejected) == (0, {"bookmaker 'a' appears twice": 1})
    assert CurrentOdds.objects.count() == 4
    assert poll(json.dumps([listed(priced("a", "h2h"))]).encode(), at=4).withdrawals == 2


def test_an_event_listed_twice_misses_no_book() -> None:
    poll(json.dumps([listed(priced("a", "h2h"), priced("b", "h2h"))]).encode(), at=1)
    for at in range(2, 7):
        poll(json.dumps([listed(priced("a", "h2h")), listed(priced("b", "h2h"))]).encode(), at=at)
    assert CurrentOdds.objects.count() == 4
    assert set(Heartbeat.objects.values_list("missed", flat=True)) == {0}


def test_a_market_of_its_own_that_was_refused_once_is_withdrawn_when_it_is_gone() -> None:
    markets = ("h2h", "player_points")
    poll(json.dumps([listed(priced("a", *markets))]).encode(), at=1, markets=markets)
    half = priced("a", "h2h")
    half["markets"].append({"outcomes": "none"})
    assert poll(json.dumps([listed(half)]).encode(), at=2, markets=markets).withdrawals == 0
    assert poll(json.dumps([listed(priced("a", "h2h"))]).encode(), at=3, markets=markets).withdrawals == 2


def test_a_price_of_an_earlier_month_told_by_the_book_alone_finds_its_month() -> None:
    poll(json.dumps([listed(priced("a", "h2h", last_update="2021-03-04T05:06:07Z"))]).encode(), at=1)
    assert OddSnapshot.objects.filter(timestamp__year=2021).count() == 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tableoid::regclass::text FROM odd_snapshots")
        assert cursor.fetchall() == [("odd_snapshots_2021_03",)]
