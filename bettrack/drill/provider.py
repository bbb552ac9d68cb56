"""The drill's provider: a server on the loopback that speaks the feeds' shapes, and on demand answers badly."""

from __future__ import annotations

import datetime as dt
import re
import threading
import time
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from bettrack.drill import payloads
from bettrack.drill.payloads import Fixture
from feeds.payloads.leagues import BY_SPORT_KEY

SPORTS: Final = ("basketball_nba", "icehockey_nhl")
STANDING: Final = 3
"""Games of each sport that are always ahead."""
GARBAGE: Final = (
    b"<html><body>Bad gateway</body></html>",
    b"",
    b'[{"id": "cut off',
    b'{"message": "not a list"}',
    b"\x00\xff\xfe not text",
    b"[" * 50_000,
    b'[{"id": 5}, null, "event", {"id": "x", "sport_key": [], "bookmakers": 7}]',
)
_ODDS = re.compile(r"/the-odds-api/v4/sports/(?P<sport>[a-z_]+)/odds")
_EVENT = re.compile(r"/the-odds-api/v4/sports/(?P<sport>[a-z_]+)/events/(?P<event>[0-9a-f]{32})/odds")
_BOARD = re.compile(r"/espn/apis/site/v2/sports/(?P<sport>[a-z]+)/(?P<slug>[a-z0-9.-]+)/scoreboard")


class Trouble(NamedTuple):
    """How the provider answers badly: with a status, with garbage, or after so many seconds."""

    status: int = 0
    garbage: bool = False
    delay: float = 0.0


class Provider:
    """Answers as of the step it stands at, which only `advance` moves; so every payload is told until it is taken."""

    def __init__(self) -> None:
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        self.lock = threading.Lock()
        self.fixtures = [
            Fixture(number, SPORTS[number % len(SPORTS)], now + dt.timedelta(hours=8, minutes=number))
            for number in range(STANDING * len(SPORTS))
        ]
        self.finished: set[int] = set()
        self.skew = dt.timedelta()
        self.step = 0
        self.told: list[dict[str, bytes]] = []
        self.trouble: Trouble | None = None
        self.troubled = 0
        self.requests = 0
        self.advance()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def advance(self) -> int:
        """Move the prices on by one step, stamped with the provider's own clock; return the step's number."""
        stamp = dt.datetime.now(dt.UTC).replace(microsecond=0) + self.skew
        with self.lock:
            self.step = len(self.told)
            self.told.append(
                {
                    sport: payloads.odds(self._ahead(), sport=sport, step=self.step, stamp=stamp)
                    for sport in SPORTS
                }
            )
            return self.step

    def schedule(self, count: int, kickoff: dt.datetime) -> list[Fixture]:
        """Announce games of the first sport from the next step on."""
        with self.lock:
            start = len(self.fixtures)
            fresh = [Fixture(start + place, SPORTS[0], kickoff) for place in range(count)]
            self.fixtures += fresh
            return fresh

    def move(self, games: Iterable[Fixture], kickoff: dt.datetime) -> list[Fixture]:
        """Have games begin at another time from the next step on."""
        with self.lock:
            moved = [fixture.moved(kickoff) for fixture in games]
            for fixture in moved:
                self.fixtures[fixture.number] = fixture
            return moved

    def finish(self, games: Iterable[Fixture]) -> None:
        """Have the scoreboard tell these games' final scores from now on."""
        with self.lock:
            self.finished |= {fixture.number for fixture in games}

    def _ahead(self) -> list[Fixture]:
        return [fixture for fixture in self.fixtures if fixture.number not in self.finished]

    def answer(self, path: str) -> tuple[int, bytes]:
        """The status and body of a GET."""
        with self.lock:
            self.requests += 1
            trouble, turn = self.trouble, self.troubled
            self.troubled += trouble is not None
        if trouble is not None:
            time.sleep(trouble.delay)
            if trouble.garbage:
                return 200, GARBAGE[turn % len(GARBAGE)]
            if trouble.status:
                return trouble.status, b'{"message": "drill"}'
        with self.lock:
            return self._truth(path)

    def _truth(self, path: str) -> tuple[int, bytes]:
        if path == "/the-odds-api/v4/sports":
            return 200, payloads.sports(SPORTS)
        if (found := _ODDS.fullmatch(path)) and found["sport"] in SPORTS:
            return 200, self.told[self.step][found["sport"]]
        if found := _EVENT.fullmatch(path):
            for fixture in self.fixtures:
                if fixture.event_id == found["event"]:
                    return 200, payloads.event_without_books(fixture)
        if found := _BOARD.fullmatch(path):
            games = [
                fixture for fixture in self.fixtures if BY_SPORT_KEY[fixture.sport].slug == found["slug"]
            ]
            return 200, payloads.scoreboard(games, slug=found["slug"], finished=self.finished)
        return 404, b'{"message": "no such place", "error_code": "EVENT_NOT_FOUND"}'


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, body = provider.answer(urlsplit(self.path).path)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Nothing: every call is in the instance's own record."""

    return Handler
