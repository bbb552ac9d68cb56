"""How fast the archive is read: the board as the archive grows, its whole page, and the movement of a market."""

from __future__ import annotations

import gzip
import statistics
import time
import zoneinfo
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bettrack.benchmarks.archive import LINES, fill_day, fill_past
from bettrack.benchmarks.scratch import scratch_database, use
from games.models import Game
from odds.board import BoardRequest, read_board
from odds.models import OddSnapshot, Selection

GAMES: Final = 50
BOOKS: Final = 12
TURNS: Final = 6
FEWEST: Final = GAMES * BOOKS * len(LINES)


@dataclass(frozen=True, slots=True)
class Measured:
    """Medians in milliseconds; ``board_growth`` is the board's query with the large archive over that with the small."""

    board_growth: float
    board_ms_small: float
    board_ms_large: float
    board_page_ms_p50: float
    board_page_gzip_kb: float
    movement_ms_p50: float
    movement_changes: int
    statements: int
    small: int
    large: int
    fill_seconds: float


def measure(*, small: int, large: int, rounds: int) -> Measured:
    """Read the same board of 50 games and 12 books with ``small`` and with ``large`` snapshots in the archive."""
    now = timezone.now().replace(microsecond=0)
    changes = small // FEWEST
    fewer = FEWEST * changes
    names = [f"{connection.settings_dict['NAME']}_{size}_benchmark" for size in ("small", "large")]
    with scratch_database(names[0]):
        fill_day(games=GAMES, books=BOOKS, changes=changes, now=now)
        with scratch_database(names[1]):
            games = fill_day(games=GAMES, books=BOOKS, changes=changes, now=now)
            wanted = _request(games[0])
            start = time.perf_counter()
            more = fill_past(snapshots=max(large - fewer, 0), books=BOOKS, changes=changes, now=now)
            filling = time.perf_counter() - start
            before, after = in_turns(names, lambda: read_board(wanted, now=now), rounds)
            page = f"/?day={wanted.day}"
            home = Selection.objects.get(game=games[0], market="h2h", side="home")
            series = f"/games/{games[0].pk}/movement.json?selection={home.pk}"
            market = OddSnapshot.objects.filter(game=games[0], selection__market="h2h").count()
            with override_settings(DEBUG=False, ALLOWED_HOSTS=["*"]):
                visitor = Client()
                statements, body = _look(visitor, page)
                page_ms = p50(lambda: get(visitor, page), rounds)
                movement_ms = p50(lambda: get(visitor, series), rounds)
    return Measured(
        board_growth=round(after / before, 3),
        board_ms_small=round(before, 2),
        board_ms_large=round(after, 2),
        board_page_ms_p50=round(page_ms, 1),
        board_page_gzip_kb=round(len(gzip.compress(body, compresslevel=6, mtime=0)) / 1000, 1),
        movement_ms_p50=round(movement_ms, 2),
        movement_changes=market,
        statements=statements,
        small=fewer,
        large=fewer + more,
        fill_seconds=round(filling, 1),
    )


def in_turns(databases: Sequence[str], action: Callable[[], object], rounds: int) -> list[float]:
    """The action's median on each of the databases, which take turns so that other load meets all of them alike."""
    taken: dict[str, list[float]] = {name: [] for name in databases}
    for _ in range(TURNS):
        for name in databases:
            use(name)
            taken[name] += times_of(action, -(-rounds // TURNS))
    return [statistics.median(taken[name]) for name in databases]


def p50(action: Callable[[], object], rounds: int) -> float:
    """Median of the milliseconds that the action takes."""
    return statistics.median(times_of(action, rounds))


def times_of(action: Callable[[], object], rounds: int) -> list[float]:
    """Milliseconds of each run, after a few that do not count."""
    for _ in range(3):
        action()
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        action()
        taken.append((time.perf_counter() - start) * 1000)
    return taken


def get(visitor: Client, path: str) -> bytes:
    """The body that the visitor is answered with, middleware and all. Raises RuntimeError."""
    response = visitor.get(path, secure=settings.SECURE_SSL_REDIRECT)
    if response.status_code != 200:
        raise RuntimeError(f"{path} was answered with status {response.status_code}.")
    return response.content


def _look(visitor: Client, path: str) -> tuple[int, bytes]:
    get(visitor, path)
    with CaptureQueriesContext(connection) as queries:
        body = get(visitor, path)
    return len(queries), body


def _request(game: Game) -> BoardRequest:
    zone = zoneinfo.ZoneInfo(settings.DEFAULT_TIME_ZONE)
    return BoardRequest(day=game.commence_time.astimezone(zone).date(), zone=zone)
