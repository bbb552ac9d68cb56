"""Pages of the archive take as many statements for one game as for many."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.tests.factories import UserFactory
from games.models import Sport
from games.tests.factories import GameFactory, SportFactory
from odds.tests.factories import HeartbeatFactory
from odds.tests.quoting import book, full_market, move, selection

pytestmark = pytest.mark.django_db

PAGES = {
    "/": 12,
    "/edges/?kind=value": 8,
    "/edges/?kind=arbitrage": 8,
    "/edges/?kind=middle": 8,
    "/edges/?kind=low-hold": 8,
    "/futures/": 8,
    "/books/": 10,
    "/books/closing-lines/": 8,
    "/polling/": 10,
}


def games(sport: Sport, many: int) -> None:
    """Coming games with prices, and finished ones with closing prices."""
    now = timezone.now()
    for number in range(many):
        full_market(
            GameFactory(sport=sport, commence_time=now + dt.timedelta(hours=3 + number)), books=2 + number % 3
        )
        start = now - dt.timedelta(days=1, hours=number)
        past = GameFactory(sport=sport, final=True, commence_time=start)
        for key in ("book0", "book1"):
            for side in ("home", "away"):
                move(selection(past, "h2h", side), -110, start - dt.timedelta(minutes=5), at=key)
            HeartbeatFactory(game=past, bookmaker=book(key), seen_at=start, polled_at=start)


@pytest.mark.parametrize("address", PAGES)
def test_a_page_of_many_games_takes_the_statements_of_a_page_of_one(client: Client, address: str) -> None:
    sport = SportFactory()
    client.force_login(UserFactory(is_staff=True))
    counts = []
    for many in (2, 8):
        games(sport, many)
        cache.clear()
        client.get(address)
        cache.clear()
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1] <= PAGES[address]
