"""Which bets a list, a total, a statistic, an export or an API answer is of: one definition for all of them.

Several values of one field mean any of them; different fields must all hold. What is said of a leg (sport, league,
market) must hold of one and the same leg, be it on a game of ours or in the words of an imported file.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field

from accounts.models import User
from bets.history.conditions import NO_BOOK, conditions, ordered_odds
from bets.models import (
    Bankroll,
    BankrollKind,
    Bet,
    BetKind,
    BetStatus,
    BetType,
    Currency,
    ImportedLeg,
)
from bets.price_text import BadOdds, parse_odds
from games.models import Sport
from odds.models import Bookmaker
from rest.bodies import SOME_TEXT

STATUSES: Final = {
    "open": "Open",
    "settled": "Settled",
    **dict(BetStatus.choices),
}
TYPES: Final = {
    "straight": "Straight",
    **{value: label for value, label in BetType.choices if value != BetType.OTHER},
    **{value: label for value, label in BetKind.choices if value != BetKind.STRAIGHT},
    "other": "Other",
}
PERIODS: Final = {
    "7": "Last 7 days",
    "30": "Last 30 days",
    "90": "Last 90 days",
    "365": "Last 365 days",
}
LIVE: Final = {"live": "Live", "before": "Before the start"}
DATES: Final = {"placed": "Placed", "settled": "Settled"}
POTS: Final = {
    f"{code.lower()}-{kind}": f"{code}, {kind} money"
    for code in Currency.values
    for kind in BankrollKind.values
}
MOST_VALUES, MOST_LETTERS = 40, 80


class Words(forms.MultipleChoiceField):
    """One or several short texts, known or not; the form says which it knows."""

    def valid_value(self, value: str) -> bool:
        return True

    def validate(self, value: list[str]) -> None:
        super().validate(value)
        if len(value) > MOST_VALUES or any("\0" in one or len(one) > MOST_LETTERS for one in value):
            raise ValidationError(f"Give at most {MOST_VALUES} values of {MOST_LETTERS} letters.")


@extend_schema_field({"type": "string", "maxLength": MOST_LETTERS, "pattern": SOME_TEXT})
class WordsFilter(django_filters.MultipleChoiceFilter):
    """Any of several texts."""

    field_class = Words


class BetFilterForm(forms.Form):
    """Checks what stands in several fields, and what only the database knows. ``user`` is whose bets they are."""

    user: User

    def clean_sport(self) -> list[str]:
        given = self.cleaned_data["sport"]
        known = Sport.objects.filter(group__in=given).values_list("group", flat=True).distinct()
        return self._known(given, known, ImportedLeg.objects.filter(sport__in=given), "sport")

    def clean_league(self) -> list[str]:
        given = self.cleaned_data["league"]
        known = Sport.objects.filter(key__in=given).values_list("key", flat=True)
        return self._known(given, known, ImportedLeg.objects.filter(league__in=given), "league")

    def _known(
        self, given: list[str], known: Iterable[str], imported: QuerySet[ImportedLeg], what: str
    ) -> list[str]:
        missing = set(given).difference(known) if given else set()
        if missing:
            missing -= set(imported.filter(bet__user=self.user).values_list(what, flat=True))
        if missing:
            raise ValidationError(f"No {what} is called “{min(missing)}”.", code="unknown")
        return given

    def clean_book(self) -> list[str]:
        given: list[str] = self.cleaned_data["book"]
        missing = set(given) - {NO_BOOK}
        if missing:
            missing -= set(Bookmaker.objects.filter(key__in=missing).values_list("key", flat=True))
        if missing:
            own = Bet.objects.filter(user=self.user, book_name__in=missing)
            missing -= set(own.values_list("book_name", flat=True))
        if missing:
            raise ValidationError(f"No bookmaker is called “{min(missing)}”.", code="unknown")
        return given

    def clean_bankroll(self) -> list[str]:
        given: list[str] = self.cleaned_data["bankroll"]
        try:
            wanted = {uuid.UUID(one) for one in given}
        except ValueError:
            wanted = {uuid.UUID(int=0)}
        if wanted and Bankroll.objects.filter(user=self.user, pk__in=wanted).count() < len(wanted):
            raise ValidationError("You have no such bankroll.", code="unknown")
        return given

    def clean_odds_from(self) -> Decimal | None:
        return self._odds("odds_from")

    def clean_odds_to(self) -> Decimal | None:
        return self._odds("odds_to")

    def _odds(self, name: str) -> Decimal | None:
        text = self.cleaned_data[name]
        if not text:
            return None
        try:
            return parse_odds(text, self.user.odds_format)
        except BadOdds as error:
            raise ValidationError(str(error), code="unfit") from error

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        since, until = data.get("since"), data.get("until")
        if since and until and until < since:
            self.add_error("until", ValidationError("The last day is before the first.", code="unfit"))
        if data.get("period") and (since or until):
            self.add_error("period", ValidationError("Choose a period or days, not both.", code="unfit"))
        low, high = data.get("odds_from"), data.get("odds_to")
        if low is not None and high is not None and ordered_odds(high) < ordered_odds(low):
            text = "The longest odds are shorter than the shortest."
            self.add_error("odds_to", ValidationError(text, code="unfit"))
        return data

    def sentences(self) -> list[str]:
        """Every error with the name of its field."""
        return [f"{field}: {error}" for field, errors in self.errors.items() for error in errors]


class BetFilter(django_filters.FilterSet):
    """The filter of bets: of the pages from their address, of the API from its query.

    ``data`` is a QueryDict, ``request`` has the user whose zone and odds format it is read in, ``queryset`` are bets of
    theirs. Days are midnight to midnight in the user's zone, both included.
    """

    default_date = "placed"

    def __init__(
        self, data: QueryDict | None = None, *args: Any, now: dt.datetime | None = None, **kwargs: Any
    ) -> None:
        self.asked = without_blanks(data or QueryDict())
        super().__init__(self.asked, *args, **kwargs)
        self.is_bound = True
        self.now = now or timezone.now()

    status = django_filters.MultipleChoiceFilter(choices=list(STATUSES.items()), label="Status")
    sport = WordsFilter(label="Sport")
    league = WordsFilter(label="League")
    book = WordsFilter(label="Book")
    market = WordsFilter(label="Market")
    type = django_filters.MultipleChoiceFilter(choices=list(TYPES.items()), label="Bet type")
    tag = WordsFilter(label="Tag")
    live = django_filters.ChoiceFilter(choices=list(LIVE.items()), label="Live or before")
    date = django_filters.ChoiceFilter(choices=list(DATES.items()), label="Days are of")
    period = django_filters.ChoiceFilter(choices=list(PERIODS.items()), label="Period")
    since = django_filters.DateFilter(label="From")
    until = django_filters.DateFilter(label="To")
    odds_from = django_filters.CharFilter(label="Odds from", max_length=24)
    odds_to = django_filters.CharFilter(label="Odds to", max_length=24)
    bankroll = WordsFilter(label="Bankroll")
    pot = django_filters.ChoiceFilter(choices=list(POTS.items()), label="Money")
    q = django_filters.CharFilter(label="In the notes", max_length=200)

    class Meta:
        model = Bet
        fields: list[str] = []
        form = BetFilterForm

    @property
    def form(self) -> BetFilterForm:
        form = super().form
        assert isinstance(form, BetFilterForm)  # noqa: S101 - tells the type
        form.user = self.user
        return form

    @property
    def user(self) -> User:
        found = getattr(self.request, "user", None)
        if not isinstance(found, User):
            raise TypeError("A filter of bets needs the request of a person who is signed in.")
        return found

    def filter_queryset(self, queryset: QuerySet[Bet]) -> QuerySet[Bet]:
        return self.narrowed(queryset)

    def narrowed(self, bets: QuerySet[Bet], *, without: Iterable[str] = ()) -> QuerySet[Bet]:
        """Return the bets that the valid filter lets through, some of its fields left out."""
        left_out = set(without)
        data = {
            name: value for name, value in self.form.cleaned_data.items() if value and name not in left_out
        }
        for condition in conditions(data, self.user, self.now, self.default_date):
            bets = bets.filter(condition)
        return bets

    @property
    def active(self) -> dict[str, list[str]]:
        """What is asked, in the order of the fields, as the address writes it; odds are signed American.

        Of a valid filter. Days are always with what they are of.
        """
        data = self.form.cleaned_data
        found = {name: texts_of(data[name]) for name in self.filters if name != "date" and data.get(name)}
        if {"since", "until", "period"} & set(found):
            found["date"] = [data.get("date") or self.default_date]
        return found

    @property
    def query(self) -> str:
        """The filter as the part of an address after the question mark; '' for all bets."""
        return query_of(self.active)


def without_blanks(data: QueryDict) -> QueryDict:
    """Leave out what a form sends empty."""
    found = QueryDict(mutable=True)
    for name, values in data.lists():
        if kept := [value for value in values if value.strip()]:
            found.setlist(name, kept)
    return found


def query_of(values: Mapping[str, list[str]]) -> str:
    made = QueryDict(mutable=True)
    for name, texts in values.items():
        made.setlist(name, texts)
    return made.urlencode()


def texts_of(value: Any) -> list[str]:
    """Return a checked value as the texts that say it."""
    if isinstance(value, list):
        return value
    if isinstance(value, Decimal):
        return [f"{value.normalize():+f}"]
    return [value.isoformat() if isinstance(value, dt.date) else str(value)]
