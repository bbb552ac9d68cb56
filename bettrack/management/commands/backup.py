"""``manage.py backup``: one checked backup of the database."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from bettrack.backups.create import Backup, backup
from bettrack.backups.databases import Database
from bettrack.backups.dumping import MOST_JOBS, Source
from bettrack.backups.errors import BackupError
from bettrack.backups.folder import FORMATS
from bettrack.backups.terminal import bar, ending_cleanly, size

OFFSITE_FAILED = 3


class Command(BaseCommand):
    help = "Back up the database to a dated, checked file, and remove backups that are too old."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--format", choices=FORMATS, default="custom", help="directory is dumped in parallel"
        )
        parser.add_argument(
            "--tables", nargs="+", default=(), metavar="T", help="only these; such a backup is partial"
        )
        parser.add_argument("--output", type=Path, metavar="DIR", help="folder; default: BACKUP_DIR")
        parser.add_argument(
            "--keep-days", type=int, metavar="N", help="remove older ones (BACKUP_KEEP_DAYS: 30)"
        )
        parser.add_argument(
            "--keep-min", type=int, metavar="N", help="but never below so many (BACKUP_KEEP_MIN: 7)"
        )
        parser.add_argument(
            "--jobs", type=int, metavar="N", help=f"processes of a directory dump, at most {MOST_JOBS}"
        )
        parser.add_argument(
            "--via", choices=["docker"], help="dump the database of docker-compose.yml from outside"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for name in ("keep_days", "keep_min", "jobs"):
            if options[name] is not None and options[name] < 1:
                raise CommandError(f"--{name.replace('_', '-')} must be 1 or more.")
        if options["jobs"] is not None and options["jobs"] > MOST_JOBS:
            raise CommandError(f"--jobs must be {MOST_JOBS} or fewer: each of them takes a connection.")
        compose = Source(Database("bettrack", user="bettrack"), docker=True)
        try:
            with ending_cleanly(), bar() as progress:
                made = backup(
                    now=timezone.now(),
                    folder=options["output"].absolute() if options["output"] else None,
                    file_format=options["format"],
                    tables=options["tables"],
                    keep_days=options["keep_days"],
                    keep_min=options["keep_min"],
                    jobs=options["jobs"],
                    source=compose if options["via"] else None,
                    progress=progress,
                )
        except BackupError as error:
            raise CommandError(str(error)) from error
        self._tell(made)

    def _tell(self, made: Backup) -> None:
        found = made.manifest
        rows, tables = sum(found.rows.values()), len(found.rows)
        self.stdout.write(str(made.path))
        kind = "Partial backup" if found.partial else "Backup"
        self.stdout.write(
            f"{kind} of {tables} tables with {rows:,} rows: {size(found.size)}, checked, in {found.seconds:.1f} s."
        )
        if found.partial:
            self.stdout.write("It holds only the tables asked for and cannot be restored as a whole.")
        for path in made.pruned:
            self.stdout.write(f"Removed {path.name}, which was too old.")
        if made.prune_problem:
            self.stderr.write(f"Old backups could not be removed: {made.prune_problem}. Make room by hand.")
        if made.offsite:
            self.stdout.write(f"Copied to {made.offsite}.")
        if made.offsite_problem:
            raise CommandError(
                f"The backup is good, but the copy off-site failed: {made.offsite_problem}",
                returncode=OFFSITE_FAILED,
            )
