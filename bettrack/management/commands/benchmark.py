from __future__ import annotations

import os
from argparse import ArgumentParser
from collections.abc import Callable
from json import dumps
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from bets.settlement import BATCH
from bettrack.benchmarks import api, grade, ingest, read, settle, stats
from bettrack.benchmarks.feed import CHANGED
from bettrack.benchmarks.stopping import Stopped, stops_in_order

RECORDED_DAYS = "odds_api_timeseries/dev/mlb_snapshots_2026-07-18_19_full.jsonl.gz"


class Command(BaseCommand):
    help = "Measure what this machine can do, on data made for it in a database that is dropped afterwards."

    def add_arguments(self, parser: ArgumentParser) -> None:
        subjects = parser.add_subparsers(dest="subject", required=True)
        bets = subjects.add_parser("settle", help="pending bets on games that have ended")
        bets.add_argument("--bets", type=int, default=200_000, metavar="N")
        bets.add_argument("--games", type=int, default=2_000, metavar="N")
        bets.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1), metavar="N")
        bets.add_argument("--batch", type=int, default=BATCH, metavar="N", help="bets per transaction")
        bets.add_argument("--json", action="store_true", help="print one JSON object")
        grading = subjects.add_parser("grade", help="legs graded in memory, without a database")
        grading.add_argument("--legs", type=int, default=400_000, metavar="N")
        grading.add_argument("--json", action="store_true", help="print one JSON object")
        reads = subjects.add_parser(
            "read", help="the board, its page and a market's movement as the archive grows"
        )
        reads.add_argument("--small", type=int, default=100_000, metavar="N", help="snapshots to begin with")
        reads.add_argument("--large", type=int, default=10_000_000, metavar="N", help="snapshots in the end")
        reads.add_argument("--rounds", type=int, default=31, metavar="N", help="readings whose median counts")
        reads.add_argument("--json", action="store_true", help="print one JSON object")

        records = subjects.add_parser("stats", help="all statistics of one person's settled bets, read cold")
        records.add_argument("--bets", type=int, default=100_000, metavar="N")
        records.add_argument(
            "--rounds", type=int, default=7, metavar="N", help="readings whose median counts"
        )
        records.add_argument("--json", action="store_true", help="print one JSON object")

        responses = subjects.add_parser(
            "ingest", help="responses of the feed, from their bytes to the commit"
        )
        default = ingest.Sizes()
        for name, what in (
            ("games", "games of a first load"),
            ("books", "bookmakers that quote each game"),
            ("per-response", "games of one sport, which the feed answers at once"),
            ("rows", "rows in the archive before it counts as full"),
            ("rounds", "repetitions, of which the median counts"),
        ):
            responses.add_argument(
                f"--{name}",
                type=int,
                default=getattr(default, name.replace("-", "_")),
                metavar="N",
                help=what,
            )
        responses.add_argument("--recording", type=Path, metavar="FILE", help="real responses of whole days")
        responses.add_argument("--json", action="store_true", help="print one JSON object")

        self.add_api(subjects.add_parser("api", help="requests a second that the API answers over HTTP"))

    def add_api(self, asked: ArgumentParser) -> None:
        usual = api.Sizes()
        asked.add_argument("--games", type=int, default=usual.games, metavar="N", help="games to come")
        asked.add_argument("--books", type=int, default=usual.books, metavar="N", help="that quote each game")
        asked.add_argument(
            "--bets", type=int, default=usual.bets, metavar="N", help="settled bets of all people"
        )
        asked.add_argument(
            "--people", type=int, default=usual.people, metavar="N", help="whose bets they are"
        )
        asked.add_argument("--connections", type=int, default=usual.connections, metavar="N")
        asked.add_argument("--seconds", type=float, default=usual.seconds, metavar="S", help="of each kind")
        asked.add_argument(
            "--plain", dest="gzip", action="store_false", help="ask for answers that are not gzipped"
        )
        asked.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: object, subject: str, **options: Any) -> None:
        subjects: dict[str, Callable[..., None]] = {
            "settle": self.settle,
            "grade": self.grade,
            "read": self.read,
            "stats": self.stats,
            "ingest": self.ingest,
            "api": self.api,
        }
        try:
            with stops_in_order():
                subjects[subject](**options)
        except Stopped as stopped:
            raise CommandError(
                f"Stopped by {stopped}. What was set up for the measurement is gone.",
                returncode=128 + stopped.number,
            ) from None
        except DatabaseError as error:
            raise CommandError(f"The database refused: {str(error).strip().splitlines()[0]}") from error

    def settle(self, *, json: bool, **options: Any) -> None:
        bets, games, workers, batch = (options[name] for name in ("bets", "games", "workers", "batch"))
        if not (1 <= batch < bets and games >= 1 and 1 <= workers <= 32):
            raise CommandError("Give at least one game, more bets than one batch, and 1 to 32 workers.")
        found = settle.measure(bets=bets, games=games, workers=workers, batch=batch)
        if found.faults:
            raise CommandError(f"The ledger is wrong afterwards. {found.faults[0]}")
        if json:
            self.print_json(found, "bets_per_s", "ratio_to_raw_update", "statements_per_batch", "peak_mb")
            return
        statuses = ", ".join(f"{count:,} {status}" for status, count in sorted(found.statuses.items()))
        self.stdout.write(
            f"{found.bets_per_s:,.0f} bets/s with {workers} workers: {found.ratio_to_raw_update:.2f} of one UPDATE\n"
            f"{found.statements_per_batch} statements a batch of {batch}, {found.peak_mb:.0f} MB at most\n"
            f"{statuses}; the ledger is right"
        )

    def grade(self, *, json: bool, legs: int, **_: object) -> None:
        if legs < 1:
            raise CommandError("Give at least one leg.")
        found = grade.measure(legs=legs)
        if json:
            self.print_json(found, "legs_per_s")
            return
        statuses = ", ".join(f"{count:,} {status}" for status, count in sorted(found.statuses.items()))
        self.stdout.write(f"{found.legs_per_s:,.0f} legs/s on one core; {statuses}")

    def read(self, *, json: bool, small: int, large: int, rounds: int, **_: object) -> None:
        if not (2 * read.FEWEST <= small <= large and rounds >= 1):
            raise CommandError(
                f"Give at least {2 * read.FEWEST:,} snapshots to begin with, no fewer in the end, and one round."
            )
        found = read.measure(small=small, large=large, rounds=rounds)
        if json:
            self.print_json(
                found,
                "board_growth",
                "board_page_ms_p50",
                "board_page_gzip_kb",
                "movement_ms_p50",
                "statements",
            )
            return
        self.stdout.write(
            f"board query {found.board_ms_small:.1f} ms with {found.small:,} snapshots, "
            f"{found.board_ms_large:.1f} ms with {found.large:,}: {found.board_growth:.2f} times\n"
            f"board page of {read.GAMES} games and {read.BOOKS} books {found.board_page_ms_p50:.1f} ms, "
            f"{found.board_page_gzip_kb:.1f} kB gzipped, {found.statements} statements\n"
            f"movement of a market, 7 days and {found.movement_changes:,} changes: {found.movement_ms_p50:.1f} ms\n"
            f"(medians of {rounds}; the archive was filled in {found.fill_seconds:.0f} s)"
        )

    def ingest(self, *, json: bool, recording: Path | None, **options: Any) -> None:
        sizes = ingest.Sizes(
            **{key: options[key] for key in ("games", "books", "per_response", "rows", "rounds")}
        )
        if min(sizes.games, sizes.per_response) < 15 or min(sizes.books, sizes.rows, sizes.rounds) < 1:
            raise CommandError("Give at least 15 games, 15 of them a response, and one book, row and round.")
        recording = recording or Path(os.environ.get("BETTRACK_TEST_DATA", "")) / RECORDED_DAYS
        if not recording.is_file():
            raise CommandError(
                f"There is no recording {recording}. Name a file of real responses by --recording, "
                "or the folder of recorded data by BETTRACK_TEST_DATA."
            )
        found = ingest.measure(sizes, recording=recording, say=self.stderr.write)
        if json:
            self.print_json(found, *ingest.Measured.__slots__)
            return
        self.stdout.write(
            f"first load {found.rows_per_s:,.0f} rows/s: {found.first_load_ratio_to_copy:.2f} of a raw copy, "
            f"{found.full_to_empty_ratio:.2f} of that with {sizes.rows:,} rows in the archive\n"
            f"a poll without changes {found.unchanged_ratio_to_copy:.2f}, with {CHANGED} % of the prices changed "
            f"{found.changed_ratio_to_copy:.2f} of a raw copy\n"
            f"recorded days take {found.storage_ratio:.3f} of a row an outcome and poll; {found.peak_mb:.0f} MB at most"
        )

    def stats(self, *, json: bool, bets: int, rounds: int, **_: object) -> None:
        if not (100 <= bets <= 5_000_000 and rounds >= 1):
            raise CommandError("Give 100 to 5,000,000 bets and at least one round.")
        found = stats.measure(bets=bets, rounds=rounds)
        if json:
            self.print_json(found, "ms", "best_ms", "all_ms", "python_ms", "statements", "bets", "derive_ms")
            return
        self.stdout.write(
            f"statistics of {found.bets:,} bets: {found.ms:.0f} ms of SQL and Python, {found.best_ms:.0f} at best, "
            f"{found.python_ms:.0f} of them Python; {found.all_ms:.0f} with every break-down; "
            f"{found.chart_ms:.0f} its chart\n"
            f"{found.statements} statements; a new connection each time, median of {rounds}\n"
            f"(their figures were derived in {found.derive_ms / 1000:.1f} s, once)"
        )

    def api(self, *, json: bool, **options: Any) -> None:
        names = ("games", "books", "bets", "connections", "people", "seconds", "gzip")
        sizes = api.Sizes(**{name: options[name] for name in names})
        if min(sizes.games, sizes.bets) < 100 or sizes.books < 1 or sizes.seconds <= 0:
            raise CommandError("Give at least 100 games and bets, one book, and some time.")
        if not (1 <= sizes.people <= sizes.bets and 1 <= sizes.connections <= 100):
            raise CommandError("Give 1 to 100 connections, and no more people than bets.")
        try:
            found = api.measure(sizes)
        except api.Wrong as problem:
            raise CommandError(str(problem)) from problem
        if found.faults:
            raise CommandError(f"The ledger is wrong afterwards. {found.faults[0]}")
        if json:
            self.stdout.write(dumps(as_figures(found)))
            return
        for kind, phase in found.phases.items():
            self.stdout.write(
                f"{kind.replace('_', ' '):<12}{phase.per_s:8.1f} /s   p50 {phase.p50:6.1f} ms   p99 {phase.p99:6.1f} ms   "
                f"{phase.statements:3} statements   processor: server {phase.server_ms:.2f} ms, "
                f"database {phase.database_ms:.2f} ms, asking {phase.asking_ms:.2f} ms"
            )
        self.stdout.write(
            f"{sizes.connections} connections of {sizes.people} people; {found.pulls} responses of the feed meanwhile; "
            f"{found.placed:,} bets placed and found again, the ledger is right"
        )

    def print_json(self, found: object, *keys: str) -> None:
        self.stdout.write(dumps({key: getattr(found, key) for key in keys}))


def as_figures(found: api.Measured) -> dict[str, float]:
    """The API's figures flat: ``board_per_s``, ``board_p50_ms`` and so on."""
    figures: dict[str, float] = {}
    for kind, phase in found.phases.items():
        figures |= {
            f"{kind}_per_s": phase.per_s,
            f"{kind}_p50_ms": phase.p50,
            f"{kind}_p99_ms": phase.p99,
            f"{kind}_statements": phase.statements,
        }
    return figures
