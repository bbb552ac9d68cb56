"""Filters that refuse what they cannot read, where django-filter's own would pass it over."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from django import forms
from django.db import models
from django_filters import rest_framework as filters
from django_filters.fields import IsoDateTimeField
from drf_spectacular.utils import extend_schema_field

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


SIDES: Final = {"gte": "From then on.", "lt": "Before then."}


class InstantFilter(filters.IsoDateTimeFilter):
    field_class = InstantField

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("help_text", SIDES.get(options.get("lookup_expr", ""), ""))
        super().__init__(*args, **options)


class WordsFilter(filters.BaseInFilter, filters.CharFilter):
    """Several words, separated by commas."""


class IdsFilter(filters.BaseInFilter, filters.UUIDFilter):
    """Several ids, separated by commas."""


@extend_schema_field({"type": "integer", "minimum": 1, "maximum": models.BigIntegerField.MAX_BIGINT})
class NumbersFilter(filters.BaseInFilter, filters.Filter):
    """Several whole numbers, separated by commas."""

    field_class = forms.IntegerField

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, min_value=1, max_value=models.BigIntegerField.MAX_BIGINT, **options)


MOST: Final = 10**6


@extend_schema_field({"type": "integer", "minimum": 1, "maximum": MOST})
class CountFilter(filters.Filter):
    """A whole number from 1 to a million."""

    field_class = forms.IntegerField

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, min_value=1, max_value=MOST, **options)


class Rows(list[Any]):
    """Rows in the place of a queryset."""

    model = None

    def all(self) -> Rows:
        return self


LOOKUPS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "exact": lambda has, value: has == value,
    "in": lambda has, value: has in value,
    "icontains": lambda has, value: value.casefold() in (has or "").casefold(),
    "gte": lambda has, value: has is not None and has >= value,
    "lt": lambda has, value: has is not None and has < value,
}


class RowFilters(filters.FilterSet):
    """A filter set of rows that were computed: objects or mappings, of which ``field_name`` is the path to a value."""

    def __init__(self, data: Any = None, queryset: Iterable[Any] = (), **options: Any) -> None:
        super().__init__(data, Rows(queryset), **options)  # type: ignore[arg-type] # in its place
        for name, each in self.filters.items():
            each.label = name  # there is no model to take it from

    def filter_queryset(self, queryset: Any) -> Any:
        rows = queryset
        for name, value in self.form.cleaned_data.items():
            if value is None or value in ("", []):
                continue
            each = self.filters[name]
            if each.method is not None:
                rows = Rows(each.filter(rows, value))
                continue
            is_several = isinstance(each, filters.MultipleChoiceFilter)
            keeps = LOOKUPS["in" if is_several else each.lookup_expr]
            rows = Rows(row for row in rows if keeps(value_at(row, str(each.field_name)), value))
        return rows


def value_at(row: Any, path: str) -> Any:
    """What a row has at a path such as ``selection__market``."""
    for name in path.split("__"):
        row = row[name] if isinstance(row, Mapping) else getattr(row, name)
    return row
