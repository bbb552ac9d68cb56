"""Filters that refuse what they cannot read, where django-filter's own would pass it over."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Final

from django import forms
from django_filters import rest_framework as filters
from django_filters.fields import IsoDateTimeField

ZONED: Final = re.compile(r"(Z|[+-]\d\d:?\d\d)\s*$", re.IGNORECASE)
"""The end of a time that says its zone."""
TRUE: Final = frozenset({"true", "1"})
FALSE: Final = frozenset({"false", "0"})


class TrueFalseField(forms.Field):
    """``true`` or ``false``, 1 or 0; anything else is an error, not "no filter"."""

    widget = forms.TextInput
    default_error_messages = {"invalid": "Write true or false."}

    def to_python(self, value: Any) -> bool | None:
        if value in self.empty_values:
            return None
        text = str(value).lower()
        if text not in TRUE | FALSE:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return text in TRUE


class TrueFalseFilter(filters.BooleanFilter):
    field_class = TrueFalseField  # type: ignore[assignment] # a field of ours instead of Django's

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, widget=forms.TextInput, **options)


class InstantField(IsoDateTimeField):
    """A time with its zone. One without could mean the program's zone, the person's or ours."""

    default_error_messages = {"invalid": "Write a time with its zone, such as 2026-11-21T18:00:00Z."}

    def to_python(self, value: Any) -> dt.datetime | None:
        if value and not ZONED.search(str(value)):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        found: dt.datetime | None = super().to_python(value)
        return found


class InstantFilter(filters.IsoDateTimeFilter):
    field_class = InstantField
