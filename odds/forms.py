"""What an address may ask of the pages, checked and turned into values."""

from __future__ import annotations

import datetime as dt
import zoneinfo

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from games.models import Sport
from odds.board import GROUPINGS, STATUSES, BoardRequest

FIRST_DAY = dt.date(2000, 1, 1)
LAST_DAY = dt.date(2099, 12, 31)


class BoardForm(forms.Form):
    """The board's address: ``?sport=&day=&status=&group=&page=``, all optional."""

    sport = forms.CharField(required=False, max_length=64)
    day = forms.DateField(required=False, input_formats=["%Y-%m-%d"])
    status = forms.ChoiceField(required=False, choices=[(name, name) for name in STATUSES])
    group = forms.ChoiceField(required=False, choices=[(name, name) for name in GROUPINGS])
    page = forms.IntegerField(required=False, min_value=1, max_value=100_000)

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

    def request(self, *, sport: Sport | None, today: dt.date, zone: zoneinfo.ZoneInfo) -> BoardRequest:
        """The wish of a valid form; ``today`` is the day when none is named."""
        asked = self.cleaned_data
        return BoardRequest(
            day=asked["day"] or today,
            zone=zone,
            sport=sport,
            status=asked["status"] or "all",
            group=asked["group"] or "sport",
            page=asked["page"] or 1,
        )


class GameForm(forms.Form):
    """The game page's address: ``?tab=&chart=``, both optional."""

    tab = forms.CharField(required=False, max_length=64)
    chart = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)

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
