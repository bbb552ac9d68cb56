"""Which fields of a row are wanted: ``?fields=`` leaves out, ``?expand=`` puts in. Unknown names are refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rest_framework import serializers
from rest_framework.fields import Field

from rest import fields as ours
from rest.problems import ApiProblem


@dataclass(frozen=True, slots=True)
class Shape:
    """``fields`` None means all but those to be expanded."""

    fields: frozenset[str] | None = None
    expand: frozenset[str] = frozenset()

    def of(self, row: dict[str, Any]) -> dict[str, Any]:
        """The wanted part of a row."""
        if self.fields is None:
            return row
        return {name: value for name, value in row.items() if name in self.fields}


def read_shape(params: Mapping[str, str], *, row: type[Any], known: Iterable[str]) -> Shape:
    """The shape asked for of a row with the fields that are ``known``; its identity is always there. Raises ApiProblem."""
    expand = _names(params, "expand", frozenset(expandable_of(row)))
    fields = _names(params, "fields", frozenset(known))
    inside = getattr(getattr(row, "Meta", None), "expands_in", {})
    needed = {identity_of(row), *(inside.get(name, name) for name in expand)}
    return Shape(fields | needed if fields else None, expand)


def _names(params: Mapping[str, str], name: str, known: frozenset[str]) -> frozenset[str]:
    wanted = frozenset(part.strip() for part in params[name].split(",")) if name in params else frozenset()
    unknown = sorted(wanted - known)
    if unknown:
        choices = ", ".join(sorted(known)) or "none"
        text = f"There is no “{unknown[0][:60]}” here; choose from: {choices}."
        raise ApiProblem("invalid", errors=[{"field": name, "code": "unknown_name", "detail": text}])
    return wanted


class Row(serializers.Serializer):
    """A row of the API, read only; it obeys the shape of its context.

    ``Meta.identity`` names the field that every row has, ``Meta.expandable`` those that come on demand (by
    ``Meta.expands_in`` inside of another), ``Meta.example`` a row for the documentation.
    """

    def get_fields(self) -> dict[str, Field]:
        found = dict(super().get_fields())
        shape: Shape | None = self.context.get("shape")
        if shape is None:  # the whole, for the description of the API
            return found
        whole = self.parent is not None and not self._is_listed()
        expand = frozenset[str]() if whole else shape.expand
        hidden = set(expandable_of(type(self))) - expand
        wanted = found.keys() if whole or shape.fields is None else shape.fields
        return {name: field for name, field in found.items() if name in wanted and name not in hidden}

    def _is_listed(self) -> bool:
        return isinstance(self.parent, serializers.ListSerializer) and self.parent.parent is None


class ModelRow(Row, serializers.ModelSerializer):
    """A row made of a model's columns."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
    }


def _adopt_fields() -> None:
    from django.db import models

    ModelRow.serializer_field_mapping[models.DateTimeField] = ours.UtcField


_adopt_fields()


def expandable_of(row: type[Any]) -> tuple[str, ...]:
    return tuple(getattr(getattr(row, "Meta", None), "expandable", ()))


def identity_of(row: type[Any]) -> str:
    return str(getattr(getattr(row, "Meta", None), "identity", "id"))
