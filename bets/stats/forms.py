"""What the address of the statistics may ask, checked and turned into a scope."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.http import QueryDict
from django.urls import reverse

from accounts.http import SignedInRequest
from bets.history.filters import BetFilter, query_of
from bets.models import Bet
from bets.stats import Roll, Scope, default_pot, whole
from bets.stats.breakdowns import DIMENSIONS, SORTS


class StatisticsFilter(BetFilter):
    """The filter of bets, its days those of settlement unless it says otherwise."""

    default_date = "settled"


class Unreadable(ValueError):
    """A part of the address cannot be read; the message names it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The scope, and what of it the page shows: a break-down in an order, a month of the calendar (its first day).

    ``filter`` is what the address asks of the bets.
    """

    scope: Scope
    filter: BetFilter
    by: str
    sort: str
    month: dt.date | None


def pot_key(pot: tuple[str, str]) -> str:
    return f"{pot[0].lower()}-{pot[1]}"


def asked(request: SignedInRequest, rolls: Sequence[Roll], *, now: dt.datetime) -> Asked | None:
    """Read the address; None for a person without bankrolls. Raises Unreadable."""
    query = request.GET
    standard = default_pot(rolls)
    if standard is None:
        return None
    pots = {pot_key(roll.pot): roll.pot for roll in rolls}
    pot = chosen(query, "pot", pots, pot_key(standard))
    found = StatisticsFilter(query, Bet.objects.owned_by(request.user), request=request, now=now)
    if not found.form.is_valid():
        raise Unreadable(" ".join(found.form.sentences()))
    sorts = {sign + name: name for name in SORTS for sign in ("", "-")}
    return Asked(
        scope_of(found, rolls, pots[pot], request.user.time_zone),
        found,
        chosen(query, "by", DIMENSIONS, "sport"),
        chosen(query, "sort", {"": "", **sorts}, ""),
        month_of(query.get("month", "")),
    )


def scope_of(found: BetFilter, rolls: Sequence[Roll], pot: tuple[str, str], zone: str) -> Scope:
    """Return the bets of a valid filter in one currency with one kind of money. Raises Unreadable."""
    scope = whole(rolls, pot, zone)
    if wanted := found.form.cleaned_data["bankroll"]:
        mine = tuple(roll for roll in scope.rolls if str(roll.id) in wanted)
        if not mine:
            raise Unreadable("bankroll: you have no such bankroll in this currency.")
        scope = replace(scope, rolls=mine)
    apart = {"bankroll", "pot"}
    if set(found.active) - apart:
        everything = Bet.objects.filter(bankroll__in=[roll.id for roll in scope.rolls])
        scope = replace(scope, chosen=found.narrowed(everything.owned_by(found.user), without=apart))
    return scope


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


def days_url(wanted: Asked) -> str:
    """Return the address of the bets of a day, the day itself left to be added."""
    rest = {
        name: given
        for name, given in wanted.filter.active.items()
        if name not in ("since", "until", "period", "date", "pot")
    }
    rest |= {"pot": [pot_key((wanted.scope.currency, wanted.scope.kind))], "date": ["settled"]}
    return f"{reverse('bets:history')}?{query_of(rest)}"
