"""The board and the page of a game in a real browser, told of changed prices by a stream; they poll where there is none."""

from __future__ import annotations

import datetime as dt
import socket
import subprocess
import time
import zoneinfo
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import override_settings
from django.utils import timezone
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from bettrack.embedded.binaries import redis_server
from feeds.payloads import OddsEvent
from games.models import Game
from odds import moves
from odds.api import stream
from odds.ingest import ingest_odds
from odds.tests.test_ingest import AWAY, HOME, book, moneyline

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
START = timezone.now().replace(microsecond=0) + dt.timedelta(minutes=20)
DAY = START.astimezone(zoneinfo.ZoneInfo(settings.DEFAULT_TIME_ZONE)).date()
LIVE, POLLED = "Live", "Every 15 s"
SOON = 60_000


@pytest.fixture(autouse=True)
def soon_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No thread of the server outlives a test for long."""
    cache.clear()
    monkeypatch.setattr(stream, "HEARTBEAT", 0.5)


def price(home: int) -> None:
    offered = (book(moneyline(home)),)
    found = OddsEvent("e1", "basketball_nba", "NBA", START, HOME, AWAY, offered)
    ingest_odds(events=[found], captured_at=timezone.now(), polled_markets=["h2h"])


def says(screen: Page, words: str) -> None:
    expect(screen.locator("[data-live]")).to_have_text(words, timeout=SOON)


def test_a_changed_price_is_on_the_board_before_the_next_poll(live_server: LiveServer, screen: Page) -> None:
    price(-150)
    screen.goto(f"{live_server.url}/?day={DAY}")
    says(screen, LIVE)
    expect(screen.locator("[data-stream]")).to_have_attribute("data-refresh-seconds", "60")
    price(-187)
    expect(screen.locator("#board")).to_contain_text("187", timeout=SOON)
    says(screen, LIVE)
    screen.goto("about:blank")


def test_a_changed_price_is_on_the_page_of_its_game_before_the_next_poll(
    live_server: LiveServer, screen: Page
) -> None:
    price(-150)
    screen.goto(f"{live_server.url}/games/{Game.objects.get().pk}/")
    says(screen, LIVE)
    price(-187)
    expect(screen.locator("#grids")).to_contain_text("187", timeout=SOON)
    screen.goto("about:blank")


def test_where_all_seats_are_taken_it_polls_as_before_and_says_so(
    live_server: LiveServer, screen: Page
) -> None:
    price(-150)
    settings_before = settings.API_STREAMS
    settings.API_STREAMS = 0
    try:
        screen.clock.install()
        with screen.expect_response("**/api/v1/stream/**") as refused:
            screen.goto(f"{live_server.url}/?day={DAY}")
        assert refused.value.status == 503
        says(screen, POLLED)
        price(-187)
        screen.clock.run_for(17_000)
        expect(screen.locator("#board")).to_contain_text("187", timeout=SOON)
        expect(screen.locator("[data-stream]")).to_have_attribute("data-refresh-seconds", "15")
        says(screen, POLLED)
    finally:
        settings.API_STREAMS = settings_before


class OwnRedis:
    """A Redis of the test's own, which can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()

    def start(self) -> None:
        command = [str(redis_server()), "--port", str(self.port), "--save", "", "--dir", str(self.folder)]
        self.server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        pytest.fail("no Redis of our own")

    def kill(self) -> None:
        self.server.kill()
        self.server.wait(10)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[OwnRedis]:
    own = OwnRedis(tmp_path)
    cache_of_it = {**settings.CACHES["default"], "LOCATION": f"redis://127.0.0.1:{own.port}/0"}
    with override_settings(CACHES={"default": cache_of_it}):
        yield own
    own.kill()


def test_it_polls_and_says_so_while_redis_is_gone_and_listens_again_when_it_is_back(
    redis: OwnRedis, live_server: LiveServer, screen: Page
) -> None:
    price(-150)
    screen.clock.install()
    screen.goto(f"{live_server.url}/?day={DAY}")
    says(screen, LIVE)
    redis.kill()
    says(screen, POLLED)
    price(-187)
    screen.clock.run_for(17_000)
    expect(screen.locator("#board")).to_contain_text("187", timeout=SOON)
    says(screen, POLLED)
    redis.start()
    screen.clock.run_for(66_000)
    says(screen, LIVE)
    price(-133)
    expect(screen.locator("#board")).to_contain_text("133", timeout=SOON)
    screen.goto("about:blank")


def test_it_takes_up_a_broken_stream_where_it_was(
    live_server: LiveServer, screen: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    told: list[bytes] = []
    events = stream.events

    def watched(games: Any, last: str, seconds: int, **rest: Any) -> Iterator[bytes]:
        begun.append(last)
        for line in events(games, last, seconds, **rest):
            told.append(line)
            yield line

    def short(route: Route) -> None:
        route.continue_(url=f"{route.request.url}&seconds={0 if len(begun) < 1 else 30}")

    monkeypatch.setattr(stream, "events", watched)
    price(-150)
    screen.route("**/api/v1/stream/**", short)
    with screen.expect_event("requestfinished", lambda request: "/stream/" in request.url):
        screen.goto(f"{live_server.url}/?day={DAY}")
    price(-187)
    expect(screen.locator("#board")).to_contain_text("187", timeout=SOON)
    says(screen, LIVE)
    assert begun[1] == begun[0], "it began anew instead of where it was"
    assert begun[1] != moves.newest()
    assert [line for line in told if line.startswith(b"event: prices")]
    screen.goto("about:blank")
