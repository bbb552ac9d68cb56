from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.progress import Progress

from odds.history import HistoryError, HistoryFile, ImportCounts, import_file, read_file
from odds.management.progress import wide

MOST_FAULTS = 50


class Command(BaseCommand):
    help = (
        "Import seasons of the past: season files of football-data.co.uk and games files of nflverse, with "
        "results, opening and closing prices. Importing a file again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", help="a .csv, plain or .gz")
        parser.add_argument("--all-faults", action="store_true", help=f"list more than {MOST_FAULTS} faults")

    def handle(self, *args: Any, **options: Any) -> None:
        total = ImportCounts()
        read = 0
        for path in options["files"]:
            try:
                file = read_file(Path(path))
            except HistoryError as error:
                self.stderr.write(f"{error}.")
                continue
            read += 1
            with _progress(file) as on_row:
                total += import_file(file, now=timezone.now(), on_row=on_row)
        if not read:
            raise CommandError("No file could be read.")
        self._tell(total, None if options["all_faults"] else MOST_FAULTS)
        if read < len(options["files"]):
            raise CommandError(
                f"{len(options['files']) - read} of {len(options['files'])} files could not be read."
            )

    def _tell(self, counts: ImportCounts, most: int | None) -> None:
        for fault in counts.faults[:most]:
            self.stderr.write(str(fault))
        if most is not None and len(counts.faults) > most:
            self.stderr.write(f"and {len(counts.faults) - most:,} more faults; --all-faults lists them")
        if counts.new_teams:
            self.stdout.write(
                f"teams nobody knew, made as the file names them: {', '.join(sorted(set(counts.new_teams)))}"
            )
        self.stdout.write(
            wide(
                {
                    "rows": counts.rows,
                    "games": counts.games,
                    "  of them new": counts.games_new,
                    "  without a start time (noon)": counts.start_unknown,
                    "results entered": counts.results,
                    "prices read": counts.prices,
                    "snapshots written": counts.snapshots,
                    "  there already": counts.already,
                    "  of books recorded live": counts.recorded,
                    "  not yet seen": counts.not_yet,
                    "points without a price": counts.without_price,
                    "faults": len(counts.faults),
                }
            )
        )


@contextmanager
def _progress(file: HistoryFile) -> Iterator[Callable[[], None]]:
    console = Console(file=sys.stderr)
    if not console.is_terminal:
        yield lambda: None
        return
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(file.name, total=len(file.rows))
        yield lambda: progress.advance(task)
