"""``manage.py verify_backup``: prove a backup by restoring it into a scratch database."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from bettrack.backups.errors import BackupError
from bettrack.backups.terminal import bar, ending_cleanly, size
from bettrack.backups.verifying import verify_backup


class Command(BaseCommand):
    help = "Restore the newest backup, or the one named, into a scratch database and prove it; status 1 if it fails."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="default: the newest in BACKUP_DIR")
        parser.add_argument(
            "--trust", action="store_true", help="also when another SECRET_KEY signed the backup"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        file = options["file"].absolute() if options["file"] else None
        try:
            with ending_cleanly(), bar() as progress:
                done = verify_backup(now=timezone.now(), path=file, trust=options["trust"], progress=progress)
        except BackupError as error:
            raise CommandError(str(error)) from error
        proof = done.proof
        self.stdout.write(
            f"{done.path.name} is good: restored in a scratch database, {proof.rows:,} rows in {proof.tables} tables "
            f"counted and equal, definitions and sequences right ({size(done.manifest.size)}, {done.seconds:.1f} s)."
        )
        self.stdout.write(proof.ledger)
