from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from odds.archive import FORMATS, ArchiveError, export_archive, import_archive
from odds.retention import apply_retention

MOST_MONTHS = 1_200


def _day(text: str) -> dt.datetime:
    try:
        return dt.datetime.combine(dt.date.fromisoformat(text), dt.time(), dt.UTC)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-11-20.") from None


class Command(BaseCommand):
    help = (
        "Export price changes to files, import them in another installation, or drop months beyond retention."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        export = actions.add_parser(
            "export", help="write a span of the archive to a folder; run it again after an interruption"
        )
        export.add_argument(
            "folder", type=Path, help="a new or empty folder, or one in which an export was interrupted"
        )
        export.add_argument("--from", dest="since", type=_day, required=True, help="first day (UTC)")
        export.add_argument("--to", dest="until", type=_day, required=True, help="day after the last (UTC)")
        export.add_argument("--format", choices=FORMATS, default="csv")
        load = actions.add_parser("import", help="read an exported folder; twice is as good as once")
        load.add_argument("folder", type=Path, help="a folder that export wrote")
        retention = actions.add_parser("retention", help="show, or with --drop drop, months beyond retention")
        retention.add_argument("--months", type=int, help="whole months to keep; default: the setting")
        retention.add_argument("--drop", action="store_true", help="drop them; what is dropped is lost")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(options)
        except ArchiveError as error:
            raise CommandError(f"{error}.") from error

    def _export(self, options: dict[str, Any]) -> None:
        manifest = export_archive(
            folder=options["folder"],
            since=options["since"],
            until=options["until"],
            file_format=options["format"],
            on_file=lambda name, rows: self.stdout.write(f"{name:<24} {rows:>12,} rows"),
        )
        prices = sum(file["rows"] for file in manifest["files"] if file["kind"] == "prices")
        self.stdout.write(f"{prices:,} price changes in {options['folder']}.")

    def _import(self, options: dict[str, Any]) -> None:
        counts = import_archive(
            folder=options["folder"],
            now=timezone.now(),
            on_batch=lambda name, rows: self.stdout.write(f"{name:<24} {rows:>12,} rows"),
        )
        self.stdout.write(
            f"{counts.prices:,} price changes read, {counts.prices_new:,} of them new; "
            f"{counts.games:,} games, {counts.games_new:,} of them new."
        )

    def _retention(self, options: dict[str, Any]) -> None:
        months = settings.ARCHIVE_RETENTION_MONTHS if options["months"] is None else options["months"]
        if not 0 <= months <= MOST_MONTHS:
            raise CommandError(f"--months must be between 0 and {MOST_MONTHS:,}, not {months}.")
        if not months:
            self.stdout.write("Retention is off: every month is kept.")
            return
        report = apply_retention(now=timezone.now(), months=months, dry_run=not options["drop"])
        verb = "dropped" if options["drop"] else "would be dropped"
        for name in report.dropped:
            self.stdout.write(f"{name} {verb}")
        for name, reason in report.kept.items():
            self.stdout.write(f"{name} kept: {reason}")
        if not report.dropped and not report.kept:
            self.stdout.write(f"No month is older than {months} months.")
        elif report.dropped and not options["drop"]:
            self.stdout.write("Export them first; then drop them with --drop.")
