from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from odds.closing import BookCoverage, SportCoverage, closing_coverage
from odds.wording import duration

MOST_DAYS = 3_650


class Command(BaseCommand):
    help = "Show for how many games each book has a closing line, by sport."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=30, help="days back from now (default 30)")

    def handle(self, *args: Any, **options: Any) -> None:
        days: int = options["days"]
        if not 1 <= days <= MOST_DAYS:
            raise CommandError(f"--days must be between 1 and {MOST_DAYS:,}, not {days}.")
        now = timezone.now()
        sports = closing_coverage(since=now - dt.timedelta(days=days), until=now)
        if not sports:
            self.stdout.write(f"No match has begun in the last {days} days.")
        for sport in sports:
            self.stdout.write(f"{sport.title}: {sport.games:,} games")
            for book in sport.books:
                self.stdout.write(_row(sport, book))
            if not sport.books:
                self.stdout.write("  no book was seen before the start")


def _row(sport: SportCoverage, book: BookCoverage) -> str:
    age = "none" if book.median_age is None else duration(book.median_age)
    return (
        f"  {book.title:<24} {sport.share(book):>6.1f} % of games  {book.closed:>8,} of {book.lines:>8,} lines  "
        f"{book.fresh:>8,} within the hour  median age {age}"
    )
