"""What an address may ask of the pages, checked and turned into values."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from django.utils.timezone import localtime, make_aware

from games.models import Sport
from odds.board import GROUPINGS, STATUSES, BoardRequest

FIRST_DAY = dt.date(2000, 1, 1)
LAST_DAY = dt.date(2099, 12, 31)
CLOCKS_APART = dt.timedelta(minutes=1)
"""An instant so little ahead of our clock is the present of another's."""


class InstantField(forms.CharField):
    """An instant that has passed: ISO 8601, in the page's zone unless it names its own, or seconds since 1970."""

    def __init__(self) -> None:
        super().__init__(required=False, max_length=40)

    def clean(self, value: object) -> dt.datetime | None:
        text = super().clean(value).replace(" ", "+")
        if not text:
            return None
        now = timezone.now()
        instant = read_instant(text)
        if instant is None:
            raise ValidationError("write an instant such as 2026-11-20T19:30 or 2026-11-21T00:30:00Z.")
        if instant > now + CLOCKS_APART:
            raise ValidationError(f"that has not come yet; now it is {localtime(now):%Y-%m-%dT%H:%M:%S%z}.")
        if instant.date() < FIRST_DAY:
            raise ValidationError(f"choose an instant from {FIRST_DAY} on.")
        return min(instant, now)


def read_instant(text: str) -> dt.datetime | None:
    """The instant in UTC that the text names; None if it names none."""
    try:
        if re.fullmatch(r"\d{1,11}", text):
            return dt.datetime.fromtimestamp(int(text), dt.UTC)
        instant = dt.datetime.fromisoformat(text)
        return (instant if instant.tzinfo else make_aware(instant)).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


class BoardForm(forms.Form):
    """The board's address: ``?sport=&day=&status=&group=&page=&at=``, all optional."""

    sport = forms.CharField(required=False, max_length=64)
    day = forms.DateField(required=False, input_formats=["%Y-%m-%d"])
    status = forms.ChoiceField(required=False, choices=[(name, name) for name in STATUSES])
    group = forms.ChoiceField(required=False, choices=[(name, name) for name in GROUPINGS])
    page = forms.IntegerField(required=False, min_value=1, max_value=100_000)
    at = InstantField()

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        self.fields["day"].error_messages["invalid"] = "write a date such as 2026-11-20."
        self.fields["page"].error_messages["invalid"] = "write a whole number."
        for name, choices in (("status", STATUSES), ("group", GROUPINGS)):
            self.fields[name].error_messages["invalid_choice"] = f"choose one of {', '.join(choices)}."

    def clean_day(self) -> dt.date | None:
        day: dt.date | None = self.cleaned_data["day"]
        if day is not None and not FIRST_DAY <= day <= LAST_DAY:
            raise ValidationError(f"choose a day from {FIRST_DAY} to {LAST_DAY}.")
        return day

    def clean_at(self) -> dt.datetime | None:
        at: dt.datetime | None = self.cleaned_data["at"]
        if at is not None and self.cleaned_data.get("status") not in (None, "", "all"):
            raise ValidationError("a past board is shown whole; leave out status.")
        return at

    def request(self, *, sport: Sport | None, today: dt.date, zone: zoneinfo.ZoneInfo) -> BoardRequest:
        """The wish of a valid form; ``today`` is the day when none is named."""
        asked = self.cleaned_data
        return BoardRequest(
            day=asked["day"] or (asked["at"].astimezone(zone).date() if asked["at"] else today),
            zone=zone,
            sport=sport,
            status=asked["status"] or "all",
            group=asked["group"] or "sport",
            page=asked["page"] or 1,
            at=asked["at"],
        )


class GameForm(forms.Form):
    """The game page's address: ``?tab=&chart=&at=``, all optional."""

    tab = forms.CharField(required=False, max_length=64)
    chart = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    at = InstantField()

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        self.fields["chart"].error_messages["invalid"] = "write the number of a selection."


class MovementForm(forms.Form):
    """The address of a movement series: ``?market=&selection=``."""

    selection = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    market = forms.CharField(required=False, max_length=64)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        self.fields["selection"].error_messages["required"] = "name the selection to draw."
        self.fields["selection"].error_messages["invalid"] = "write the number of a selection."


def problems_of(form: forms.Form) -> list[str]:
    """One sentence per fault, each beginning with the parameter's name."""
    return [f"{name}: {error}" for name, errors in form.errors.items() for error in errors]
