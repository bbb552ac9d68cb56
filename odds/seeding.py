"""Seed data of the bookmakers, kept as a CSV file in ``seeds/``; see ``games.seeding`` for what seeding overwrites."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path

from django.db import connection, transaction

from games.seeding import SEED_LOCK, Counts, Line, checked, read_lines, unique, upsert
from odds.models import Bookmaker

SEEDS = Path(__file__).resolve().parent / "seeds"
COLUMNS = ("key", "title", "short", "regions", "is_exchange", "commission", "sharpness", "url")


@transaction.atomic
def seed_bookmakers(*, folder: Path = SEEDS) -> Counts:
    """Seed bookmakers from the folder's file; all or nothing.

    Raises SeedError, which names file and row, when the file cannot be used.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEED_LOCK])
    lines = unique(read_lines(folder / "bookmakers.csv", COLUMNS), lambda line: line["key"])
    rows = {
        key: checked(
            line,
            Bookmaker(
                key=key,
                title=line["title"],
                short=line["short"],
                regions=line["regions"],
                is_exchange=line.yes_no("is_exchange"),
                commission=_number(line, "commission"),
                sharpness=_number(line, "sharpness"),
                url=line["url"],
            ),
        )
        for key, line in lines.items()
    }
    known = {book.key: book for book in Bookmaker.objects.filter(key__in=rows)}
    return upsert(Bookmaker, rows, known, ("title", "short", "regions", "is_exchange", "url"))


def _number(line: Line, column: str) -> Decimal:
    try:
        return Decimal(line[column])
    except InvalidOperation:
        raise line.error(f"{column} is {line[column]!r}, which is not a number") from None
