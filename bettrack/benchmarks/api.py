"""How many requests a second the API answers, asked over HTTP as programs ask, by a process of its own.

The server is the one that ``up`` starts, on a database of its own; the feed goes on changing prices meanwhile, so that
no answer about odds stays true for long. Answers are looked at, and in the end the ledger is proved.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bets.verification import verify
from bettrack.benchmarks import processors
from bettrack.benchmarks.api_data import DAYS, PER_SPORT, Feed, Person, fill, first_day, staked, tickets
from bettrack.benchmarks.feed import Slate
from bettrack.benchmarks.scratch import DATABASE, PREFIX, scratch_database
from bettrack.running import children
from bettrack.running.instance import Address, free_address
from bettrack.running.supervision import WITH_PARENT
from games.models import Game

PHASES: Final = ("place_bet", "board", "game_odds", "bet_list", "statistics")
PAGES: Final = 5
"""Pages of bets that a person turns."""
TICKETS: Final = 200
START: Final = 60.0
WARM_UP: Final = 3.0
"""Seconds: the processes import much of the site with their first requests."""
BOARD: Final = "/api/v1/odds/board/?day={}&zone=UTC&page={}"
BETS: Final = "/api/v1/bets/"
ODDS: Final = "/api/v1/odds/?game={}"
STATISTICS: Final = "/api/v1/statistics/"

RATES: Final = ("API_RATE_KEY_READS", "API_RATE_KEY_WRITES")

Request = dict[str, Any]
Asking = Callable[..., dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Sizes:
    """What to measure."""

    games: int = 2_000
    books: int = 12
    bets: int = 100_000
    connections: int = 10
    people: int = 10
    seconds: float = 10.0
    gzip: bool = True


@dataclass(frozen=True, slots=True)
class Phase:
    """Requests of one kind: a second, their milliseconds, and the processor's milliseconds that each took."""

    per_s: float
    p50: float
    p99: float
    statements: int
    answers: int
    server_ms: float
    database_ms: float
    asking_ms: float


@dataclass(frozen=True, slots=True)
class Measured:
    """``pulls`` are responses of the feed brought in meanwhile; ``placed`` bets were found again in the ledger."""

    phases: dict[str, Phase]
    pulls: int
    placed: int
    faults: list[str]


class Wrong(Exception):
    """An answer was not what it should be, or the server did not start."""


def measure(sizes: Sizes) -> Measured:
    """Measure all kinds of requests, one after the other. Raises Wrong."""
    name = f"{connection.settings_dict['NAME']}_benchmark"
    with scratch_database(name), own_names() as prefix:
        began = timezone.now().replace(microsecond=0)
        slate = Slate("a", sizes.games, sizes.books, PER_SPORT, DAYS)
        people = fill(slate=slate, bets=sizes.bets, people=sizes.people, now=began)
        plan = Plan(sizes, slate, people)
        before = staked()
        statements = plan.statements()
        feed = Feed(slate, began)
        with served(name, prefix) as (address, server), asker(address) as asked:
            feed.start()
            found = {}
            try:
                for kind in PHASES:
                    found[kind] = plan.run(kind, asked, server, statements[kind])
            finally:
                feed.end()
        bets, stakes = staked()
        placed = bets - before[0]
        if placed != plan.placed or stakes - before[1] != 5 * plan.placed:
            raise Wrong(f"{plan.placed} bets were answered as placed, {placed} are there.")
        _, faults = verify()
    return Measured(found, feed.pulls, placed, [f"{fault.rule}: {fault.first}" for fault in faults])


class Plan:
    """What each connection asks in each phase."""

    def __init__(self, sizes: Sizes, slate: Slate, people: Sequence[Person]) -> None:
        self.sizes = sizes
        self.callers = [people[number % len(people)] for number in range(sizes.connections)]
        self.placed = 0
        first = first_day(slate)
        ours = Game.objects.filter(external_id__startswith=slate.name).order_by("id")
        self.games = [str(key) for key in ours.values_list("pk", flat=True)]
        self.days = [
            (first + dt.timedelta(days=number), len(range(number, slate.games, slate.days)))
            for number in range(slate.days)
        ]
        self.visitor = Client(headers={"Accept-Encoding": "gzip"} if sizes.gzip else {})

    def requests(self, kind: str, number: int) -> list[Request]:
        """What connection ``number`` asks in turn; each begins elsewhere."""
        person = self.callers[number]
        if kind == "place_bet":
            bodies = tickets(person, number, wanted=TICKETS)
            return [asking("POST", BETS, '"placed_at"', 1, body=json.dumps(body)) for body in bodies]
        if kind == "statistics":
            return [asking("GET", STATISTICS, '"calibration"', 1)]
        if kind == "bet_list":
            return [asking("GET", path, '"bankroll_id"', rows) for path, rows in self.pages(person)]
        if kind == "game_odds":
            rows = min(50, self.sizes.books * 6)
            return turned(
                [asking("GET", ODDS.format(game), '"changed_at"', rows) for game in self.games], number
            )
        pages = [
            asking("GET", BOARD.format(day, page + 1), '"home_team_id"', min(50, games - 50 * page))
            for day, games in self.days
            for page in range(-(-games // 50))
        ]
        return turned(pages, number)

    def pages(self, person: Person) -> Iterator[tuple[str, int]]:
        """Addresses of the first pages of a person's bets, and how many are on each."""
        path = BETS
        for _ in range(PAGES):
            page = self.ask(asking("GET", path, "", 0), person).json()
            yield path, len(page["results"])
            if page["next"] is None:
                return
            path = page["next"].removeprefix("http://testserver")

    def ask(self, request: Request, person: Person) -> Any:
        """Answer a request in this process, middleware and all. Raises Wrong."""
        headers = {"Authorization": f"Bearer {person.key}"}
        with override_settings(DEBUG=False, ALLOWED_HOSTS=["*"]):
            if request["method"] == "POST":
                headers["Idempotency-Key"] = str(uuid.uuid4())
                answer = self.visitor.post(
                    request["path"],
                    request["body"],
                    content_type="application/json",
                    headers=headers,
                    secure=settings.SECURE_SSL_REDIRECT,
                )
                self.placed += answer.status_code == 201
            else:
                answer = self.visitor.get(
                    request["path"],
                    headers={**headers, "Accept-Encoding": ""},
                    secure=settings.SECURE_SSL_REDIRECT,
                )
        if answer.status_code != request["status"]:
            raise Wrong(f"{request['path']} was answered with status {answer.status_code}.")
        return answer

    def statements(self) -> dict[str, int]:
        """How many statements one request of each kind takes, those that begin and end transactions left out."""
        found = {}
        for kind in PHASES:
            first, again, *_ = self.requests(kind, 0) * 2
            self.ask(first, self.callers[0])
            with CaptureQueriesContext(connection) as queries:
                self.ask(again, self.callers[0])
            found[kind] = sum(query["sql"] not in ("BEGIN", "COMMIT") for query in queries)
        return found

    def run(self, kind: str, asked: Asking, server: int, statements: int) -> Phase:
        """Have a kind of request asked for the seconds wanted, after a warm-up. Raises Wrong."""
        connections = [
            {"key": caller.key, "requests": self.requests(kind, number)}
            for number, caller in enumerate(self.callers)
        ]
        self.count(kind, asked(connections, min(WARM_UP, self.sizes.seconds), gzip=self.sizes.gzip))
        before = processors.family_of(server), processors.backends()
        answer = asked(connections, self.sizes.seconds, gzip=self.sizes.gzip)
        after = processors.family_of(server), processors.backends()
        self.count(kind, answer)
        answers = answer["answers"]
        return Phase(
            per_s=round(answers / answer["seconds"], 1),
            p50=round(answer["p50"], 1),
            p99=round(answer["p99"], 1),
            statements=statements,
            answers=answers,
            server_ms=round(1000 * processors.worked(before[0], after[0]) / answers, 2),
            database_ms=round(1000 * processors.worked(before[1], after[1]) / answers, 2),
            asking_ms=round(1000 * answer["own_seconds"] / answers, 2),
        )

    def count(self, kind: str, answer: dict[str, Any]) -> None:
        if answer["faults"]:
            raise Wrong(
                f"{answer['faults']} of {answer['answers']} answers are wrong. {answer['first_fault']}"
            )
        if kind == "place_bet":
            self.placed += answer["answers"]


def asking(method: str, path: str, mark: str, times: int, *, body: str = "") -> Request:
    """A request whose answer holds ``mark`` so many times."""
    status = 201 if method == "POST" else 200
    return {"method": method, "path": path, "status": status, "mark": mark, "count": times, "body": body}


def turned(requests: list[Request], number: int) -> list[Request]:
    """The same requests, begun elsewhere by each connection."""
    start = 7 * number % len(requests)
    return requests[start:] + requests[:start]


@contextmanager
def own_names() -> Iterator[str]:
    """Use names of our own in Redis for a while, and leave none of them behind; yields what they begin with."""
    shared = settings.CACHES["default"]["KEY_PREFIX"]
    prefix = f"benchmark-{secrets.token_hex(6)}"
    settings.CACHES["default"]["KEY_PREFIX"] = cache.key_prefix = prefix
    try:
        yield prefix
    finally:
        settings.CACHES["default"]["KEY_PREFIX"] = cache.key_prefix = shared
        client = cache._cache.get_client(None, write=True)  # type: ignore[attr-defined] # of Django's Redis cache
        for key in client.scan_iter(f"{prefix}:*"):
            client.delete(key)


@contextmanager
def served(database: str, prefix: str) -> Iterator[tuple[Address, int]]:
    """Serve the database as ``up`` serves the site, at rates that count but do not hold up. Raises Wrong."""
    address = free_address("127.0.0.1", 0)
    environment = children.environment(address, "")
    environment |= dict.fromkeys(RATES, "1000000/min")
    environment |= {"DEBUG": "false", "BETTRACK_URL": address.url, DATABASE: database, PREFIX: prefix}
    command = children.web(address, "bettrack.benchmarks.api_server:application").command
    with tempfile.TemporaryFile() as words:
        server = subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", WITH_PARENT, str(os.getpid()), *command],
            env=environment,
            cwd=settings.BASE_DIR,
            stdout=words,
            stderr=words,
            start_new_session=True,
        )
        try:
            deadline = time.monotonic() + START
            while children.answer_of(address) != 200:
                if server.poll() is not None or time.monotonic() > deadline:
                    words.seek(0)
                    last = words.read()[-500:].decode(errors="replace")
                    raise Wrong(f"The web server does not start. Its last words: {last}")
                time.sleep(0.1)
            yield address, server.pid
        finally:
            end(server)


def end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


@contextmanager
def asker(address: Address) -> Iterator[Asking]:
    """A process that asks; yields what has it keep connections busy and returns what came of it."""
    command = [sys.executable, "-m", "bettrack.benchmarks.api_load", address.host, str(address.port)]
    process = subprocess.Popen(  # noqa: S603
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=settings.BASE_DIR,
        start_new_session=True,  # what is typed at the terminal is for us
    )

    def ask(connections: list[dict[str, Any]], seconds: float, *, gzip: bool) -> dict[str, Any]:
        assert process.stdin is not None  # noqa: S101
        assert process.stdout is not None  # noqa: S101
        process.stdin.write(json.dumps({"connections": connections, "seconds": seconds, "gzip": gzip}) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise Wrong("The process that asks has ended.")
        answer: dict[str, Any] = json.loads(line)
        return answer

    try:
        yield ask
    finally:
        process.kill()
        process.communicate()
