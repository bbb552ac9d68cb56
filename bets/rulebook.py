"""Which house rule a leg is graded by: the most specific row, laid over what most books do."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from accounts.models import User
from bets.exceptions import NotAllowed, NotPossible
from bets.models import SettlementRule
from bets.rules import FULL_GAME, Rule, default_rule, family_of, with_parameters
from games.models import Sport
from games.seeding import SEED_LOCK, Counts, Line, checked, read_lines
from odds.models import Bookmaker

SEEDS = Path(__file__).resolve().parent / "seeds"
COLUMNS = ("bookmaker", "sport", "family", "parameters", "source", "source_url", "read_on", "note")
Scope = tuple[int | None, str | None, str]


@dataclass(frozen=True, slots=True)
class Row:
    """A stored rule: its scope and version in words, what it changes, and who says so."""

    name: str
    parameters: dict[str, Any]
    source: str


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules in force, by (bookmaker's id, sport's key, family)."""

    rows: dict[Scope, Row]
    found: dict[tuple[object, ...], Rule] = field(default_factory=dict)

    def rule(self, *, bookmaker_id: int | None, sport: str, market: str, draw_offered: bool) -> Rule:
        """Return the rule for a leg: its book's for the sport, its book's, the sport's, everybody's, or the usual.

        Legs of the same kind get the same object.
        """
        key = (bookmaker_id, sport, market, draw_offered)
        rule = self.found.get(key)
        if rule is None:
            rule = default_rule(sport, market, draw_offered=draw_offered)
            row = self.row(bookmaker_id, sport, family_of(market))
            if row is not None:
                rule = with_parameters(rule, row.parameters, name=row.name, source=row.source, sport=sport)
            self.found[key] = rule
        return rule

    def ticket_rule(self, *, bookmaker_id: int | None, sport: str) -> Rule:
        """Return the rule by which legs combine; ``sport`` is '' for legs of several sports."""
        row = self.row(bookmaker_id, sport, "ticket")
        if row is None:
            return FULL_GAME
        return with_parameters(FULL_GAME, row.parameters, name=row.name, source=row.source, sport=sport)

    def row(self, bookmaker_id: int | None, sport: str, family: str) -> Row | None:
        """Return the most specific row for a family of markets; one without parameters stands for no row."""
        scopes: list[Scope] = [(None, sport, family), (None, None, family)]
        if bookmaker_id is not None:
            scopes = [(bookmaker_id, sport, family), (bookmaker_id, None, family), *scopes]
        found = (self.rows.get(scope) for scope in scopes)
        return next((row for row in found if row is not None and row.parameters), None)


def rulebook() -> Rulebook:
    """Return the rules in force. They are read anew when a version has been added."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM settlement_rules")
        return rulebook_at(cursor.fetchone()[0])


@lru_cache(maxsize=2)
def rulebook_at(last_id: int | None) -> Rulebook:
    """Return the rules as of a row; rows are only added, so that the last one's id names the state of all."""
    if last_id is None:
        return Rulebook({})
    rules = SettlementRule.objects.filter(pk__lte=last_id).order_by("version").select_related("bookmaker")
    return Rulebook(
        {
            (rule.bookmaker_id, rule.sport_id, rule.family): Row(str(rule), rule.parameters, rule.source)
            for rule in rules
        }
    )


@transaction.atomic
def amend_rule(*, rule: SettlementRule, by: User, now: dt.datetime) -> SettlementRule:
    """Store an edited or new rule as the next version of its scope; grades made so far stay as they are.

    ``by`` and ``now`` (UTC) go into the note. Raises NotAllowed unless by staff, NotPossible for what is not valid.
    """
    if not by.is_staff:
        raise NotAllowed("Only staff may change a rule of settlement.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEED_LOCK])
    older = SettlementRule.objects.filter(bookmaker=rule.bookmaker, sport=rule.sport, family=rule.family)
    last = older.order_by("-version").first()
    signature = f"by {by.get_username()} on {now:%Y-%m-%d}"
    version = SettlementRule(
        bookmaker=rule.bookmaker,
        sport=rule.sport,
        family=rule.family,
        version=last.version + 1 if last else 1,
        parameters=rule.parameters or {},
        source=rule.source,
        source_url=rule.source_url,
        read_on=rule.read_on,
        note=f"{rule.note.split(' (by ')[0]} ({signature})".strip()[:300],
    )
    try:
        version.full_clean()
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise NotPossible(f"{name}: {messages[0]}") from error
    version.save(force_insert=True)
    return version


@transaction.atomic
def seed_rules(*, folder: Path = SEEDS) -> Counts:
    """Add the rules of the folder's file whose scope has none yet; those staff have, in any version, stay.

    Raises SeedError, which names file and row, when the file cannot be used. Seed sports and bookmakers first.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEED_LOCK])
    books = dict(Bookmaker.objects.values_list("key", "pk"))
    sports = set(Sport.objects.values_list("key", flat=True))
    known = set(SettlementRule.objects.values_list("bookmaker_id", "sport_id", "family"))
    new: dict[Scope, SettlementRule] = {}
    lines = read_lines(folder / "settlement_rules.csv", COLUMNS)
    for line in lines:
        row = seeded_rule(line, books, sports)
        scope = (row.bookmaker_id, row.sport_id, row.family)
        if scope in new:
            raise line.error("an earlier row has the same bookmaker, sport and family")
        new[scope] = row
    created = SettlementRule.objects.bulk_create(row for scope, row in new.items() if scope not in known)
    return Counts(created=len(created), unchanged=len(new) - len(created))


def seeded_rule(line: Line, books: dict[str, int], sports: set[str]) -> SettlementRule:
    """Return a line of the seed file as an unsaved rule. Raises SeedError."""
    for column, keys in (("bookmaker", books.keys()), ("sport", sports)):
        if line[column] and line[column] not in keys:
            raise line.error(f"{column} {line[column]!r} is not known")
    try:
        parameters = json.loads(line["parameters"])
    except json.JSONDecodeError:
        raise line.error("parameters are not JSON") from None
    try:
        read_on = dt.date.fromisoformat(line["read_on"]) if line["read_on"] else None
    except ValueError:
        raise line.error(f"read_on is {line['read_on']!r}; write 2026-11-20") from None
    rule = SettlementRule(
        bookmaker_id=books.get(line["bookmaker"]),
        sport_id=line["sport"] or None,
        family=line["family"],
        parameters=parameters,
        source=line["source"],
        source_url=line["source_url"],
        read_on=read_on,
        note=line["note"],
    )
    return checked(line, rule, exclude=["bookmaker", "sport"])
