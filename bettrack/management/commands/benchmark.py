from __future__ import annotations

import json
import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from bets.settlement import BATCH
from bettrack.benchmarks import settle


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

    def handle(self, *args: object, subject: str, **options: Any) -> None:
        bets, games, workers, batch = (options[name] for name in ("bets", "games", "workers", "batch"))
        if not (1 <= batch < bets and games >= 1 and 1 <= workers <= 32):
            raise CommandError("Give at least one game, more bets than one batch, and 1 to 32 workers.")
        try:
            found = settle.measure(bets=bets, games=games, workers=workers, batch=batch)
        except DatabaseError as error:
            raise CommandError(f"The database refused: {str(error).strip().splitlines()[0]}") from error
        if found.faults:
            raise CommandError(f"The ledger is wrong afterwards. {found.faults[0]}")
        if options["json"]:
            keys = ("bets_per_s", "ratio_to_raw_update", "statements_per_batch", "peak_mb")
            self.stdout.write(json.dumps({key: getattr(found, key) for key in keys}))
            return
        statuses = ", ".join(f"{count:,} {status}" for status, count in sorted(found.statuses.items()))
        self.stdout.write(
            f"{found.bets_per_s:,.0f} bets/s with {workers} workers: {found.ratio_to_raw_update:.2f} of one UPDATE\n"
            f"{found.statements_per_batch} statements a batch of {batch}, {found.peak_mb:.0f} MB at most\n"
            f"{statuses}; the ledger is right"
        )
