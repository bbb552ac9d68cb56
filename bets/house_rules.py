"""The house rules of a bookmaker by its key, for the calculator: those stored, else those the seeds bring."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from django.db import OperationalError, ProgrammingError

from bets.calculator import House
from bets.rulebook import COLUMNS, SEEDS, Row, Rulebook, Scope, rulebook
from bets.rules import Rule
from games.seeding import read_lines
from odds.models import Bookmaker
from odds.seeding import COLUMNS as BOOKMAKER_COLUMNS
from odds.seeding import SEEDS as BOOKMAKER_SEEDS


@dataclass(frozen=True, slots=True)
class BookRules:
    """The rules in force at one book: its own, and those that hold at every book."""

    rulebook: Rulebook
    bookmaker_id: int

    def rule(self, *, sport: str, market: str, draw_offered: bool) -> Rule:
        return self.rulebook.rule(
            bookmaker_id=self.bookmaker_id, sport=sport, market=market, draw_offered=draw_offered
        )

    def ticket_rule(self, *, sport: str) -> Rule:
        return self.rulebook.ticket_rule(bookmaker_id=self.bookmaker_id, sport=sport)


def stored(key: str) -> House | None:
    """Return the stored rules of a bookmaker, None for one that is not known."""
    book = Bookmaker.objects.filter(key=key).values_list("pk", flat=True).first()
    return None if book is None else BookRules(rulebook(), book)


def seeded(key: str) -> House | None:
    """Return the rules of a bookmaker as the seeds have them, without a database; None for one not known."""
    books, rules = seeds()
    return BookRules(rules, books[key]) if key in books else None


def stored_or_seeded() -> Callable[[str], House | None]:
    """Return where to look a bookmaker up: the database if it can be read and holds any, else the seeds."""

    @cache
    def found(key: str) -> House | None:
        return stored(key) if has_stored() else seeded(key)

    @cache
    def has_stored() -> bool:
        try:
            return Bookmaker.objects.exists()
        except (OperationalError, ProgrammingError):
            return False

    return found


@cache
def seeds() -> tuple[dict[str, int], Rulebook]:
    """Return the seeded bookmakers, numbered, and the seeded rules. Raises SeedError for a file that is broken."""
    lines = read_lines(BOOKMAKER_SEEDS / "bookmakers.csv", BOOKMAKER_COLUMNS)
    books = {line["key"]: number for number, line in enumerate(lines, start=1)}
    rows: dict[Scope, Row] = {}
    for line in read_lines(SEEDS / "settlement_rules.csv", COLUMNS):
        names = (line["bookmaker"] or "all books", line["sport"] or "all sports", line["family"])
        scope = (books.get(line["bookmaker"]), line["sport"] or None, line["family"])
        rows[scope] = Row(f"{', '.join(names)} (version 1)", json.loads(line["parameters"]), line["source"])
    return books, Rulebook(rows)
