"""What the address of the statistics may ask, checked and turned into a scope."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from zoneinfo import ZoneInfo

from django.http import QueryDict

from bets.models import BetKind, BetType
from bets.stats import Roll, Scope, default_pot, whole
from bets.stats.breakdowns import DIMENSIONS, SORTS

PERIODS: Final = {
    "": "All time",
    "7": "Last 7 days",
    "30": "Last 30 days",
    "90": "Last 90 days",
    "365": "Last 365 days",
}
TYPES: Final = {
    **{value: label for value, label in BetType.choices if value != BetType.OTHER},
    **{value: label for value, label in BetKind.choices if value != BetKind.STRAIGHT},
}


class Unreadable(ValueError):
    """A part of the address cannot be read; the message names it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The scope, and what of it the page shows: a break-down in an order, a month of the calendar (its first day)."""

    scope: Scope
    period: str
    by: str
    sort: str
    month: dt.date | None


def pot_key(pot: tuple[str, str]) -> str:
    return f"{pot[0].lower()}-{pot[1]}"


def asked(query: QueryDict, rolls: Sequence[Roll], *, zone: ZoneInfo, now: dt.datetime) -> Asked | None:
    """Read the address; None for a person without bankrolls. Raises Unreadable."""
    pots = {pot_key(roll.pot): roll.pot for roll in rolls}
    standard = default_pot(rolls)
    if standard is None:
        return None
    pot = chosen(query, "pot", pots, pot_key(standard))
    scope = whole(rolls, pots[pot], zone.key)
    roll = query.get("bankroll", "")
    if roll:
        mine = {str(one.id): one for one in scope.rolls}
        if roll not in mine:
            raise Unreadable("bankroll: you have no such bankroll in this currency.")
        scope = replace(scope, rolls=(mine[roll],))
    period = chosen(query, "period", PERIODS, "")
    if period:
        today = dt.datetime.combine(now.astimezone(zone).date(), dt.time(), zone)
        scope = replace(scope, since=today - dt.timedelta(days=int(period) - 1))
    book = query.get("book", "")
    if book and not (book.isascii() and book.isdigit() and len(book) < 6):
        raise Unreadable("book: choose one of the list.")
    sport = query.get("sport", "")
    if "\0" in sport or len(sport) > 64:
        raise Unreadable("sport: choose one of the list.")
    scope = replace(
        scope,
        sport=sport,
        bookmaker_id=int(book) if book else None,
        bet_type=chosen(query, "type", {"": "", **TYPES}, ""),
    )
    sorts = {sign + name: name for name in SORTS for sign in ("", "-")}
    return Asked(
        scope,
        period,
        chosen(query, "by", DIMENSIONS, "sport"),
        chosen(query, "sort", {"": "", **sorts}, ""),
        month_of(query.get("month", "")),
    )


def chosen(query: QueryDict, name: str, values: Mapping[str, object], standard: str) -> str:
    value = query.get(name) or standard
    if value not in values:
        raise Unreadable(f"{name}: choose one of {', '.join(filter(None, values))}.")
    return value


def month_of(text: str) -> dt.date | None:
    if not text:
        return None
    try:
        found = dt.date.fromisoformat(f"{text}-01")
    except ValueError:
        raise Unreadable("month: write it as 2026-11.") from None
    if not 1900 < found.year < 2200:
        raise Unreadable("month: write it as 2026-11.")
    return found
