"""Forms of the import pages: the file, and how it is to be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from accounts.models import User
from bets.imports.generic import LABELS, columns_of
from bets.imports.reading import AUTO
from bets.imports.rows import MAX_BYTES
from bets.imports.values import DATE_ORDERS, ODDS_NOTATIONS
from bets.models import Bankroll, ImportFormat

FORMATS = [(AUTO, "Found by its columns"), *ImportFormat.choices]
PREFIX = "column_"


class UploadForm(forms.Form):
    file = forms.FileField(
        label="File",
        help_text=f"CSV or JSON of at most {MAX_BYTES // 1024 // 1024} MB.",
        error_messages={
            "required": "Choose a file.",
            "empty": "The file is empty.",
            "missing": "Choose a file.",
        },
        widget=forms.FileInput(attrs={"accept": ".csv,.json,.txt,text/csv,application/json"}),
    )
    format = forms.ChoiceField(label="Format", choices=FORMATS, initial=AUTO)

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if file.size is None or file.size > MAX_BYTES:
            raise ValidationError(f"The file is larger than {MAX_BYTES // 1024 // 1024} MB; split it.")
        return file


class ReadForm(forms.Form):
    """How a draft is read; ``header`` are the columns of a file without a known format."""

    format = forms.ChoiceField(label="Format", choices=FORMATS)
    dates = forms.ChoiceField(
        label="Dates", required=False, choices=[("", "Found by the dates"), *DATE_ORDERS.items()]
    )
    odds = forms.ChoiceField(
        label="Odds", required=False, choices=[("", "Found by the prices"), *ODDS_NOTATIONS.items()]
    )
    time_zone = forms.CharField(label="Times without a zone are in", max_length=64)
    book = forms.CharField(label="Bookmaker, if the file names none", required=False, max_length=64)
    bankroll = forms.ModelChoiceField(
        label="Bankroll",
        required=False,
        queryset=Bankroll.objects.none(),
        empty_label="The one the file names, else “Imported bets”",
    )

    def __init__(self, *args: Any, user: User, header: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["bankroll"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = Bankroll.objects.owned_by(user).active()
        names = [("", "None"), *((name, name) for name in dict.fromkeys(header) if name)]
        found = columns_of(header, {})
        for key, label in LABELS.items() if header else ():
            self.fields[PREFIX + key] = forms.ChoiceField(
                label=label, required=False, choices=names, initial=found.get(key, "")
            )

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"]
        if zone not in available_timezones():
            raise ValidationError("Write a time zone such as Europe/Paris.")
        return zone

    @property
    def column_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(PREFIX)]

    @property
    def reading_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if not name.startswith(PREFIX)]

    def stored(self) -> dict[str, Any]:
        """Return what was chosen as a draft keeps it."""
        data = self.cleaned_data
        bankroll = data["bankroll"]
        columns = {name.removeprefix(PREFIX): data[name] for name in data if name.startswith(PREFIX)}
        plain = {name: data[name] for name in ("format", "dates", "odds", "time_zone", "book")}
        return plain | {"columns": columns, "bankroll": None if bankroll is None else str(bankroll.pk)}
