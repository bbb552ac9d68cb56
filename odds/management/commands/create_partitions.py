from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from odds.partitions import MONTHS_AHEAD, create_months, months_ahead

MOST_AHEAD = 120


class Command(BaseCommand):
    help = "Create the monthly partitions of the price archive that are missing, this month and some ahead."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--ahead", type=int, default=MONTHS_AHEAD, help=f"months after this one (default {MONTHS_AHEAD})"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        ahead: int = options["ahead"]
        if not 0 <= ahead <= MOST_AHEAD:
            raise CommandError(f"--ahead must be between 0 and {MOST_AHEAD}, not {ahead}.")
        created = create_months(months_ahead(timezone.now(), count=ahead))
        if created:
            self.stdout.write(f"Created {len(created)}: {', '.join(created)}.")
        else:
            self.stdout.write("Every partition is there already.")
