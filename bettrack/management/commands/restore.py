"""``manage.py restore``: put a backup in the place of a database."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from bettrack.backups import servers
from bettrack.backups.databases import from_url, own
from bettrack.backups.dumping import Progress
from bettrack.backups.errors import BackupError
from bettrack.backups.offsite import fetch
from bettrack.backups.restoring import Restored, restore
from bettrack.backups.terminal import bar, ending_cleanly


class Command(BaseCommand):
    help = (
        "Restore a backup into a new database, prove it there, and let it take the place of the database by "
        "renaming both; the former one is kept."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", nargs="?", type=Path, help="a backup that `backup` made, its manifest beside it"
        )
        parser.add_argument("--into", metavar="URL", help="another database than BetTrack's own")
        parser.add_argument("--force", action="store_true", help="also when the database holds data")
        parser.add_argument(
            "--trust", action="store_true", help="also when another SECRET_KEY signed the backup"
        )
        parser.add_argument(
            "--newer-database", action="store_true", help="also when a newer BetTrack made the backup"
        )
        parser.add_argument(
            "--drop", metavar="NAME", help="instead: drop a former database that a restore has kept"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["file"]) == bool(options["drop"]):
            raise CommandError("Name either a backup, or with --drop a former database to drop.")
        if options["drop"]:
            self._drop(options["drop"], options["into"])
            return
        try:
            with ending_cleanly(), bar() as progress:
                done = restore(
                    path=self._path(str(options["file"]), progress),
                    now=timezone.now(),
                    into=from_url(options["into"], "--into") if options["into"] else None,
                    force=options["force"],
                    trust=options["trust"],
                    newer=options["newer_database"],
                    progress=progress,
                )
        except BackupError as error:
            raise CommandError(f"{error}\nNothing was changed.") from error
        self._tell(done)

    def _path(self, file: str, progress: Progress) -> Path:
        if file.startswith("s3://"):
            return fetch(file, settings.BACKUPS, progress)
        return Path(file).absolute()

    def _tell(self, done: Restored) -> None:
        proof = done.proof
        self.stdout.write(
            f"{done.database.name} is the backup of {done.manifest.made_at:%Y-%m-%d %H:%M:%S} UTC: {proof.rows:,} rows in "
            f"{proof.tables} tables, counted and equal."
        )
        self.stdout.write(proof.ledger)
        if proof.migrated:
            self.stdout.write(f"It was of an older version: {proof.migrated} migrations were applied.")
        for note in done.notes:
            self.stdout.write(note)
        if done.old:
            self.stdout.write(
                f"The former database is kept as {done.old}. When you do not need it any more: "
                f"python3 manage.py restore --drop {done.old}"
            )

    def _drop(self, name: str, into: str | None) -> None:
        try:
            servers.drop_former(from_url(into, "--into") if into else own(), name)
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Dropped {name}.")
