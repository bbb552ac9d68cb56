"""What a filter asks, as conditions on bets in the database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import Case, DecimalField, Exists, F, Lookup, OuterRef, Q, When
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual

from accounts.models import User
from bets.models import OPEN_STATUSES, BetKind, BetLeg, BetStatus, BetType, ImportedLeg
from odds.models import Bookmaker

Condition = Q | Lookup[Any]
NO_BOOK: Final = "none"
ORDERED_ODDS: Final = Case(
    When(odds__lt=0, then=F("odds") + 200),
    default=F("odds"),
    output_field=DecimalField(max_digits=18, decimal_places=6),
)
"""A number that is greater the more the odds pay: American −110 is 90, −100 and +100 are 100."""


def ordered_odds(american: Decimal) -> Decimal:
    """Return what ``ORDERED_ODDS`` is of a price."""
    return american + 200 if american < 0 else american


def conditions(data: Mapping[str, Any], user: User, now: dt.datetime, default_date: str) -> list[Condition]:
    """Return what must hold of a bet, field by field."""
    found: list[Condition] = []
    if statuses := data.get("status"):
        found.append(status_is(statuses))
    if legs := leg_condition(data):
        found.append(legs)
    if books := data.get("book"):
        found.append(book_is(books))
    if types := data.get("type"):
        found.append(type_is(types))
    if tags := data.get("tag"):
        found.append(Q(tags__overlap=tags))
    if live := data.get("live"):
        found.append(is_live() if live == "live" else ~is_live())
    found += days(data, ZoneInfo(user.time_zone), now, data.get("date") or default_date)
    found += odds_between(data.get("odds_from"), data.get("odds_to"))
    if rolls := data.get("bankroll"):
        found.append(Q(bankroll__in=rolls))
    if pot := data.get("pot"):
        currency, _, kind = pot.partition("-")
        found.append(Q(bankroll__currency=currency.upper(), bankroll__kind=kind))
    if text := data.get("q"):
        found.append(Q(note__icontains=text))
    return found


def status_is(wanted: Iterable[str]) -> Q:
    return Q(status__in=statuses_of(wanted) or BetStatus.values)


def leg_condition(data: Mapping[str, Any]) -> Q | None:
    """One leg of the sport, league and market, all of them."""
    ours, imported = Q(), Q()
    if sports := data.get("sport"):
        ours &= Q(game__sport__group__in=sports)
        imported &= Q(sport__in=sports)
    if leagues := data.get("league"):
        ours &= Q(game__sport__in=leagues)
        imported &= Q(league__in=leagues)
    if found := data.get("market"):
        ours &= Q(selection__market__in=found)
        imported &= Q(market__in=found)
    if not ours:
        return None
    return Q(legs_with(ours)) | Q(imported_with(imported))


def legs_with(condition: Q) -> Exists:
    return Exists(BetLeg.objects.filter(condition, bet=OuterRef("pk")))


def imported_with(condition: Q) -> Exists:
    return Exists(ImportedLeg.objects.filter(condition, bet=OuterRef("pk")))


def book_is(wanted: Iterable[str]) -> Q:
    names = set(wanted)
    condition = Q(bookmaker__in=Bookmaker.objects.filter(key__in=names)) | Q(book_name__in=names - {NO_BOOK})
    if NO_BOOK in names:
        condition |= Q(bookmaker__isnull=True, book_name="")
    return condition


def type_is(wanted: Iterable[str]) -> Q:
    """Tickets by their kind; straight bets by what they are on."""
    names = set(wanted)
    condition = Q(kind__in=names & set(BetKind.values))
    if of_legs := names & set(BetType.values):
        single = Q(legs_with(Q(bet_type__in=of_legs))) | Q(imported_with(Q(bet_type__in=of_legs)))
        condition |= Q(kind=BetKind.STRAIGHT) & single
    return condition


def is_live() -> Q:
    """Placed after a game of the bet had begun, or so the imported file says."""
    begun = BetLeg.objects.filter(bet=OuterRef("pk"), game__commence_time__lte=OuterRef("placed_at"))
    return Q(Exists(begun)) | Q(imported_with(Q(is_live=True)))


def days(data: Mapping[str, Any], zone: ZoneInfo, now: dt.datetime, which: str) -> list[Q]:
    field = "settled_at" if which == "settled" else "placed_at"
    since, until = data.get("since"), data.get("until")
    if period := data.get("period"):
        since = now.astimezone(zone).date() - dt.timedelta(days=int(period) - 1)
    found = []
    if since:
        found.append(Q(**{f"{field}__gte": midnight(since, zone)}))
    if until:
        found.append(Q(**{f"{field}__lt": midnight(until + dt.timedelta(days=1), zone)}))
    return found


def midnight(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    """Return when the day begins in the zone, in UTC."""
    return dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)


def odds_between(low: Decimal | None, high: Decimal | None) -> list[Lookup[Any]]:
    found: list[Lookup[Any]] = []
    if low is not None:
        found.append(GreaterThanOrEqual(ORDERED_ODDS, ordered_odds(low)))
    if high is not None:
        found.append(LessThanOrEqual(ORDERED_ODDS, ordered_odds(high)))
    return found


def statuses_of(wanted: Iterable[str]) -> set[str] | None:
    """Return the statuses that any of the filter's words means; None for all."""
    names = set(wanted)
    if not names:
        return None
    found = names & set(BetStatus.values)
    if "open" in names:
        found |= set(OPEN_STATUSES)
    if "settled" in names:
        found |= set(BetStatus.values) - set(OPEN_STATUSES)
    return found
