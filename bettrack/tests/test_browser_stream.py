"""The board in a real browser, told of changed prices by a stream; it polls where there is none."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from feeds.payloads import OddsEvent
from odds.api import stream
from odds.ingest import ingest_odds
from odds.tests.test_ingest import AWAY, HOME, book, moneyline

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
START = timezone.now().replace(microsecond=0) + dt.timedelta(minutes=20)
DAY = START.astimezone(zoneinfo.ZoneInfo(settings.DEFAULT_TIME_ZONE)).date()


@pytest.fixture(autouse=True)
def soon_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No thread of the server outlives a test for long."""
    cache.clear()
    monkeypatch.setattr(stream, "HEARTBEAT", 0.5)


def price(home: int) -> None:
    offered = (book(moneyline(home)),)
    found = OddsEvent("e1", "basketball_nba", "NBA", START, HOME, AWAY, offered)
    ingest_odds(events=[found], captured_at=timezone.now(), polled_markets=["h2h"])


def test_a_changed_price_is_on_the_board_before_the_next_poll(live_server: LiveServer, screen: Page) -> None:
    price(-150)
    screen.goto(f"{live_server.url}/?day={DAY}")
    expect(screen.locator("[data-stream]")).to_have_attribute("data-refresh-seconds", "60", timeout=20_000)
    price(-187)
    expect(screen.locator("#board")).to_contain_text("187", timeout=12_000)
    expect(screen.locator("[data-stream]")).to_have_attribute("data-refresh-seconds", "60", timeout=12_000)
    screen.goto("about:blank")


def test_where_all_seats_are_taken_it_polls_as_before(live_server: LiveServer, screen: Page) -> None:
    price(-150)
    settings_before = settings.API_STREAMS
    settings.API_STREAMS = 0
    try:
        with screen.expect_response("**/api/v1/stream/**") as refused:
            screen.goto(f"{live_server.url}/?day={DAY}")
        assert refused.value.status == 503
        price(-187)
        expect(screen.locator("#board")).to_contain_text("187", timeout=30_000)
        expect(screen.locator("[data-stream]")).to_have_attribute("data-refresh-seconds", "15")
    finally:
        settings.API_STREAMS = settings_before
