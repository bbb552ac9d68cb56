"""What a person's bets can be filtered by: the leagues, books, markets and tags that they have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from accounts.models import User
from bets.history.conditions import NO_BOOK
from bets.history.filters import DATES, LIVE, PERIODS, POTS, STATUSES, TYPES, BetFilter, query_of
from bets.models import Bankroll
from odds import markets
from odds.pricing import format_odds

OWN: Final = """
WITH mine AS NOT MATERIALIZED (SELECT * FROM bets WHERE user_id = %(user)s AND withdrawn_at IS NULL),
legs AS MATERIALIZED (
    SELECT DISTINCT g.sport_id, s.market FROM mine b JOIN bet_legs l ON l.bet_id = b.id
    JOIN games g ON g.id = l.game_id JOIN selections s ON s.id = l.selection_id
), words AS MATERIALIZED (
    SELECT DISTINCT i.sport, i.league, i.market FROM mine b JOIN imported_legs i ON i.bet_id = b.id WHERE b.batch_id IS NOT NULL
), kinds AS MATERIALIZED (SELECT DISTINCT bookmaker_id, book_name FROM mine)
SELECT DISTINCT * FROM (
    SELECT 'sport', s."group", s."group" FROM legs JOIN sports s ON s.key = sport_id
    UNION ALL SELECT 'sport', sport, sport FROM words
    UNION ALL SELECT 'league', s.key, s.title FROM legs JOIN sports s ON s.key = sport_id
    UNION ALL SELECT 'league', league, league FROM words
    UNION ALL SELECT 'market', market, '' FROM legs
    UNION ALL SELECT 'market', market, market FROM words
    UNION ALL SELECT 'book', k.key, k.title FROM kinds JOIN bookmakers k ON k.id = bookmaker_id
    UNION ALL SELECT 'book', book_name, book_name FROM kinds
    UNION ALL SELECT 'tag', tag, tag FROM mine CROSS JOIN LATERAL unnest(tags) AS tag
) found (field, value, name) WHERE value <> ''
"""
MANY: Final = ("status", "sport", "league", "book", "market", "type", "tag", "bankroll")
ONE: Final = ("live", "pot", "date", "period")
TYPED: Final = {"since": "date", "until": "date", "odds_from": "text", "odds_to": "text", "q": "search"}


@dataclass(frozen=True, slots=True)
class Option:
    """A value of a field: what the address has for it, what people call it, and whether it is asked for."""

    value: str
    name: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the filter with its options; ``errors`` are said beside it."""

    name: str
    label: str
    options: list[Option]
    errors: list[str]

    @property
    def chosen(self) -> list[Option]:
        return [option for option in self.options if option.is_chosen]


@dataclass(frozen=True, slots=True)
class Typed:
    """A field to type into; ``kind`` is the type of its input."""

    name: str
    label: str
    kind: str
    value: str
    errors: list[str]


@dataclass(frozen=True, slots=True)
class Chip:
    """One thing asked for, in words, and the address without it."""

    label: str
    name: str
    without: str


@dataclass(frozen=True, slots=True)
class FilterView:
    """The filter as its form and its chips show it; ``query`` is '' for all bets or where it cannot be read."""

    filter: BetFilter
    many: list[Field]
    one: dict[str, Field]
    typed: list[Typed]
    chips: list[Chip]
    query: str
    kept: list[tuple[str, str]]
    cleared: str

    @property
    def form(self) -> Any:
        return self.filter.form

    @property
    def tags(self) -> list[Option]:
        """The person's tags, to choose from."""
        return next(field.options for field in self.many if field.name == "tag")

    @property
    def is_valid(self) -> bool:
        return bool(self.filter.form.is_valid())


def own_values(user: User) -> dict[str, dict[str, str]]:
    """Return field → value → name of what the user's bets have, in one statement."""
    found: dict[str, dict[str, str]] = {"sport": {}, "league": {}, "market": {}, "book": {}, "tag": {}}
    with connection.cursor() as cursor:
        cursor.execute(OWN, {"user": user.pk})
        for field, value, name in sorted(cursor.fetchall(), key=lambda row: (row[2] or row[1]).casefold()):
            found[field].setdefault(value, name or markets.title(value))
    return found


def filter_view(
    found: BetFilter,
    rolls: Iterable[Bankroll],
    path: str,
    kept: Mapping[str, str] | None = None,
    *,
    own: Mapping[str, Mapping[str, str]] | None = None,
) -> FilterView:
    """Return the filter for a page at ``path``; ``kept`` are parameters of the page's own that links keep.

    ``own`` is what ``own_values`` gives, read if it is not given.
    """
    user, kept = found.user, kept or {}
    names: dict[str, Mapping[str, str]] = {
        **(own_values(user) if own is None else own),
        "status": STATUSES,
        "type": TYPES,
        "bankroll": {str(roll.pk): roll.name for roll in rolls},
        "period": PERIODS,
        "date": DATES,
        "live": LIVE,
        "pot": {
            key: name
            for key, name in POTS.items()
            if key in {f"{r.currency.lower()}-{r.kind}" for r in rolls}
        },
    }
    names["book"] = {**names["book"], NO_BOOK: "No bookmaker"}
    is_valid = found.form.is_valid()
    active = {name: given for name, given in found.active.items() if name not in kept} if is_valid else {}
    return FilterView(
        filter=found,
        many=[field_of(found, name, names[name]) for name in MANY],
        one={name: field_of(found, name, names[name]) for name in ONE if name not in kept},
        typed=[
            Typed(
                name, str(found.filters[name].label), kind, found.asked.get(name, ""), errors_of(found, name)
            )
            for name, kind in TYPED.items()
        ],
        chips=chips_of(found, active, names, path, kept) if is_valid else [],
        query=found.query if is_valid else "",
        kept=list(kept.items()),
        cleared=f"{path}?{query_of({name: [value] for name, value in kept.items()})}" if kept else path,
    )


def field_of(found: BetFilter, name: str, names: Mapping[str, str]) -> Field:
    asked = found.asked.getlist(name)
    strange = [value for value in asked if value and value not in names]
    options = [Option(value, label, value in asked) for value, label in names.items()]
    options += [Option(value, value[:40], True) for value in dict.fromkeys(strange)]
    if name == "date" and not asked:
        options = [Option(one.value, one.name, one.value == found.default_date) for one in options]
    return Field(name, str(found.filters[name].label), options, errors_of(found, name))


def errors_of(found: BetFilter, name: str) -> list[str]:
    return [str(error) for error in found.form.errors.get(name, [])]


def chips_of(
    found: BetFilter,
    active: Mapping[str, list[str]],
    names: Mapping[str, Mapping[str, str]],
    path: str,
    kept: Mapping[str, str],
) -> list[Chip]:
    """Return one chip for each value that is asked for."""
    chips = []
    for name, values in active.items():
        if name == "date":
            continue
        for value in values:
            rest = {
                field: [one for one in given if (field, one) != (name, value)]
                for field, given in active.items()
            }
            if not {"since", "until", "period"} & {field for field, given in rest.items() if given}:
                rest.pop("date", None)
            query = query_of(
                {field: given for field, given in rest.items() if given} | {k: [v] for k, v in kept.items()}
            )
            label, text = chip_words(found, name, value, names.get(name, {}))
            chips.append(Chip(label, text, f"{path}?{query}" if query else path))
    return chips


def chip_words(found: BetFilter, name: str, value: str, names: Mapping[str, str]) -> tuple[str, str]:
    data, label = found.form.cleaned_data, str(found.filters[name].label)
    if name in ("odds_from", "odds_to"):
        return label, format_odds(data[name], found.user.odds_format)
    if name in ("since", "until", "period"):
        which = DATES[data.get("date") or found.default_date]
        if name == "period":
            return which, PERIODS[value].lower()
        return f"{which} {'from' if name == 'since' else 'to'}", f"{data[name]:%-d %b %Y}"
    if name == "q":
        return "Notes with", f"“{value}”"
    return label, names.get(value, value)
