"""How fast responses of the feed become rows, measured against a raw copy of the same rows.

A response is one sport's: the feed has none for all sports together. The raw copy is what PostgreSQL does at its
best with the rows of the archive alone: binary, in one go, into a table of the same partitions, keys and indexes.
"""

from __future__ import annotations

import datetime as dt
import resource
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from django.db import connection
from django.utils import timezone

from bettrack.benchmarks.archive import fill_past, tidy
from bettrack.benchmarks.feed import MARKETS, Slate
from bettrack.benchmarks.scratch import scratch_database
from bettrack.benchmarks.storage import IDENTICAL, storage_ratio
from feeds.payloads import OddsFormat, list_odds
from games.models import Game, GameStatus
from odds.ingest import ingest_odds
from odds.models import Bookmaker

CHUNK: Final = 1 << 16
CHANGES_A_LINE: Final = 100
MINUTE: Final = dt.timedelta(minutes=1)
ROWS: Final = """
SELECT s.* FROM odd_snapshots s JOIN games g ON g.id = s.game_id
WHERE g.external_id LIKE '{}%' ORDER BY s.id
"""


@dataclass(frozen=True, slots=True)
class Sizes:
    """What to measure; ``rows`` are those in the archive before it counts as full."""

    games: int = 2_000
    books: int = 12
    per_response: int = 100
    rows: int = 10_000_000
    rounds: int = 3


@dataclass(slots=True)
class Seconds:
    """Wall clock by round."""

    copy: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    unchanged: list[float] = field(default_factory=list)
    changed: list[float] = field(default_factory=list)
    full: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Measured:
    """Ratios are of rows a second: above one is quicker than the raw copy. Storage is a share: less is better."""

    first_load_ratio_to_copy: float
    unchanged_ratio_to_copy: float
    changed_ratio_to_copy: float
    storage_ratio: float
    full_to_empty_ratio: float
    rows_per_s: float
    peak_mb: float


def measure(sizes: Sizes, *, recording: Path, say: Callable[[str], None]) -> Measured:
    """Measure all in one database of its own; ``recording`` are real responses of whole days, for the storage.

    Each round loads games nobody knows; its raw copy, a poll without and one with changes follow at once. Then its
    games end, so that the next round's responses need not list them. The median round counts. ``say`` is told of the progress.
    """
    with scratch_database(f"{connection.settings_dict['NAME']}_ingest"):
        say("replaying recorded days")
        stored = storage_ratio(recording)
        seconds = Seconds()
        start = timezone.now().replace(microsecond=0, second=0)
        for number in range(sizes.rounds):
            say(f"round {number + 1} of {sizes.rounds}: first load, raw copy, polls")
            _round(Slate(f"{number:x}", sizes.games, sizes.books, sizes.per_response), start, seconds)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        say(f"filling the archive with {sizes.rows:,} rows")
        fill_past(snapshots=sizes.rows, books=Bookmaker.objects.count(), changes=CHANGES_A_LINE, now=start)
        for number in range(sizes.rounds):
            say(f"round {number + 1} of {sizes.rounds}: first load into the full archive")
            slate = Slate(f"f{number:x}", sizes.games, sizes.books, sizes.per_response)
            seconds.full.append(poll(slate.responses(start), start))
    quotes = Slate("", sizes.games, sizes.books, sizes.per_response).quotes
    return Measured(
        first_load_ratio_to_copy=_ratio(seconds.copy, seconds.first),
        unchanged_ratio_to_copy=_ratio(seconds.copy, seconds.unchanged),
        changed_ratio_to_copy=_ratio(seconds.copy, seconds.changed),
        storage_ratio=stored,
        full_to_empty_ratio=round(min(seconds.first) / min(seconds.full), 3),
        rows_per_s=round(quotes / median(seconds.first), 1),
        peak_mb=round(peak, 1),
    )


def _round(slate: Slate, at: dt.datetime, seconds: Seconds) -> None:
    tidy()
    seconds.first.append(poll(slate.responses(at), at))
    seconds.copy.append(raw_copy(slate))
    tidy()
    seconds.unchanged.append(poll(slate.responses(at + MINUTE), at + MINUTE))
    seconds.changed.append(poll(slate.responses(at + 2 * MINUTE, changed=True), at + 2 * MINUTE))
    Game.objects.filter(external_id__startswith=slate.name).update(
        status=GameStatus.FINAL, home_score=1, away_score=0
    )


def poll(responses: Iterable[tuple[str, bytes]], at: dt.datetime) -> float:
    """Bring the responses in as a pull does, from their bytes to the commit; return the seconds it took."""
    bodies = list(responses)
    start = time.perf_counter()
    for sport, body in bodies:
        parsed = list_odds(body, odds_format=OddsFormat.AMERICAN)
        ingest_odds(
            events=parsed.events,
            captured_at=at,
            polled_markets=MARKETS,
            rejected=parsed.rejected,
            listed_sport=sport,
        )
    return time.perf_counter() - start


def raw_copy(slate: Slate) -> float:
    """Copy the slate's rows of the archive into an identical empty table; return the seconds it took."""
    with connection.cursor() as cursor:
        cursor.execute(IDENTICAL.format(name="raw_snapshots"))
        with cursor.copy(f"COPY ({ROWS.format(slate.name)}) TO STDOUT (FORMAT binary)") as copy:
            data = b"".join(bytes(block) for block in copy)
        start = time.perf_counter()
        with cursor.copy("COPY raw_snapshots FROM STDIN (FORMAT binary)") as copy:
            for offset in range(0, len(data), CHUNK):
                copy.write(data[offset : offset + CHUNK])
        seconds = time.perf_counter() - start
        cursor.execute("DROP TABLE raw_snapshots")
    return seconds


def _ratio(copy: list[float], ingest: list[float]) -> float:
    """The median over the rounds of how many times as quick as the raw copy the ingest was."""
    return round(median(one / other for one, other in zip(copy, ingest, strict=True)), 3)
