from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bets.exports import FORMATS, export_bets
from bets.management.commands.import_bets import owner


class Command(BaseCommand):
    help = "Write all bets of a person to a file that import_bets reads again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", required=True, help="Username or email address of the owner.")
        parser.add_argument("--format", choices=list(FORMATS), required=True)
        parser.add_argument("--output", type=Path, required=True, help="The file to write.")

    def handle(self, *args: Any, **options: Any) -> None:
        content = export_bets(owner(options["user"]), options["format"])
        try:
            replace_file(options["output"], content)
        except OSError as error:
            raise CommandError(f"{options['output']} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"Written to {options['output']}.")


def replace_file(path: Path, content: str) -> None:
    """Write a file whole or leave what is there as it was; a device or pipe is written to as it is. Raises OSError."""
    if path.exists() and not path.is_file():
        path.write_text(content, encoding="utf-8", newline="")
        return
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(content, encoding="utf-8", newline="")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
