"""Everything a person has bet, as JSON, flat CSV or CSV in Bet-Analytix' columns; ``bets.imports`` reads each again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.db import DEFAULT_DB_ALIAS
from django.db.models import QuerySet

from accounts.models import User
from bets.exports.analytix import as_bet_analytix
from bets.exports.lossless import as_json
from bets.exports.reading import Progress
from bets.exports.tables import as_csv
from bets.models import Bankroll, Bet

FORMATS: Final = {
    "json": "JSON, lossless",
    "csv": "CSV, a row for each bet",
    "bet-analytix": "CSV for Bet-Analytix",
}
ENDINGS: Final = {"json": "json", "csv": "csv", "bet-analytix": "csv"}
TABLES: Final = {"csv": as_csv, "bet-analytix": as_bet_analytix}


def export_pieces(
    user: User,
    format_: str,
    bets: QuerySet[Bet] | None = None,
    progress: Progress | None = None,
    using: str = DEFAULT_DB_ALIAS,
) -> Iterator[str]:
    """The user's bets as text in a format of ``FORMATS``, piece by piece: all, or those of a queryset of theirs, then
    without the money of their bankrolls. ``using`` is the alias to read with, such as that of a ``snapshot``.

    Raises KeyError for another format.
    """
    chosen = (Bet.objects.owned_by(user) if bets is None else bets).using(using)
    if format_ == "json":
        rolls = Bankroll.objects.owned_by(user) if bets is None else Bankroll.objects.none()
        return as_json(chosen, rolls.using(using), progress)
    return TABLES[format_](chosen, progress)


def export_bets(user: User, format_: str, bets: QuerySet[Bet] | None = None) -> str:
    """The pieces as one text."""
    return "".join(export_pieces(user, format_, bets))
