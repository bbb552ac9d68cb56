"""Pages of a list by keyset: a cursor holds the sort key of a row, so deep pages cost what the first does."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any, Final, NamedTuple

import msgspec
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Field, Model, QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from rest.compiled import CompiledRows, Given
from rest.keyset import Order, cut, order_of, turned
from rest.problems import ApiProblem, invalid

PAGE_SIZE: Final = 50
LARGEST_PAGE: Final = 200
LARGEST_NUMBER: Final = 10**15
BACK: Final = "<"
"""Begins the label of a cursor before which a page ends."""


class KeysetPages(BasePagination):
    """``{"results": […], "next": …, "previous": address or null}``. Lists that are no querysets are cut by position."""

    def paginate_queryset(
        self,
        queryset: QuerySet[Any] | Asked | Sequence[Any],
        request: Request,
        view: APIView | None = None,
    ) -> list[Any]:
        self.request = request
        self.next = self.previous = ""
        size = read_limit(request)
        cursor = request.query_params.get("cursor", "")
        if isinstance(queryset, Asked):
            return self._keyset(queryset.listing.rows, size, cursor, queryset)
        if isinstance(queryset, QuerySet):
            return self._keyset(queryset, size, cursor)
        return self._slice(queryset, size, cursor)

    def _keyset(
        self, queryset: QuerySet[Any], size: int, cursor: str, asked: Asked | None = None
    ) -> list[Any]:
        order = order_of(queryset)
        is_back, place = read_cursor(cursor, order, queryset) if cursor else (False, None)
        if asked is not None:
            rows = asked.rows(place, size + 1, is_back=is_back)
        else:
            rows = list(turned(queryset, place, is_back=is_back)[: size + 1])
        found = cut(rows, size, has_place=place is not None, is_back=is_back)
        if found.has_after:
            self.next = write_cursor(order.label, order.place_of(found.rows[-1]))
        if found.has_before:
            self.previous = write_cursor(BACK + order.label, order.place_of(found.rows[0]))
        return found.rows

    def _slice(self, rows: Sequence[Any], size: int, cursor: str) -> list[Any]:
        start = 0
        if cursor:
            _, (start,) = unpacked(cursor, "#", 1)
            if not isinstance(start, int) or not 0 <= start <= 2**31:
                raise bad_cursor()
        self.next = write_cursor("#", [start + size]) if start + size < len(rows) else ""
        self.previous = write_cursor("#", [max(0, start - size)]) if start else ""
        return list(rows[start : start + size])

    def get_paginated_response(self, data: Any) -> Response:
        here = self.request.build_absolute_uri()
        beside = {
            name: replace_query_param(here, "cursor", cursor) if cursor else None
            for name, cursor in (("next", self.next), ("previous", self.previous))
        }
        links = ", ".join(f'<{address}>; rel="{name}"' for name, address in beside.items() if address)
        return Response({"results": data, **beside}, headers={"Link": links} if links else None)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        def address(text: str) -> dict[str, Any]:
            return {
                "type": ["string", "null"],
                "format": "uri",
                "description": text,
                "example": "https://bettrack.example/api/v1/…?cursor=WyJpZCIsN10",
            }

        return {
            "type": "object",
            "required": ["results", "next", "previous"],
            "properties": {
                "results": schema,
                "next": address("The address of the next page; null on the last."),
                "previous": address("The address of the page before; null on the first."),
            },
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        return [
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "Where the page begins: take it from `next` or `previous` of another page.",
                "schema": {"type": "string", "maxLength": 1000},
            },
            {
                "name": "limit",
                "in": "query",
                "required": False,
                "description": "Rows on a page.",
                "schema": {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE_SIZE},
            },
        ]


class Listing:
    """A list whose SQL is worked out once for each way to turn its pages; ``make()`` is its queryset in its order.

    Its rows are named tuples of the columns ``names``. No column of the order has gaps: a place without a value is
    another statement.
    """

    def __init__(self, make: Callable[[], QuerySet[Any]], names: tuple[str, ...]) -> None:
        self.make: Final = make
        self.names: Final = names
        self.way: Final = lru_cache(maxsize=64)(self._way)

    @cached_property
    def rows(self) -> QuerySet[Any]:
        return self.make()

    def asked(self, **given: Any) -> Asked:
        """The list for these parameters, for a view to page."""
        return Asked(self, given)

    def _way(self, has_place: bool, size: int, is_back: bool) -> CompiledRows:
        names = order_of(self.rows).names
        place = [Given(f"place{number}") for number in range(len(names))] if has_place else None
        found = turned(self.rows, place, is_back=is_back)
        return CompiledRows(lambda: found, self.names, limits=(0, size))


class Asked(NamedTuple):
    """A ``Listing`` with its parameters."""

    listing: Listing
    given: dict[str, Any]

    def rows(self, place: Sequence[Any] | None, size: int, *, is_back: bool) -> list[Any]:
        """Those next to a place, or the first."""
        values = {f"place{number}": value for number, value in enumerate(place or ())}
        return self.listing.way(place is not None, size, is_back).all(**self.given, **values)


def read_limit(request: Request) -> int:
    """Rows on a page. Raises ApiProblem."""
    text = request.query_params.get("limit", "")
    if not text:
        return PAGE_SIZE
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= LARGEST_PAGE):
        raise invalid("limit", f"Write a whole number from 1 to {LARGEST_PAGE}.")
    return int(text)


def column_of(queryset: QuerySet[Any], name: str) -> Field[Any, Any] | None:
    """The column of a path such as ``game__id``, or the kind of one that the query computes."""
    if name in queryset.query.annotations:
        computed: Field[Any, Any] = queryset.query.annotations[name].output_field
        return computed
    *path, last = name.split("__")
    model: type[Model] = queryset.model
    try:
        for step in path:
            found = model._meta.get_field(step).related_model
            if found is None or isinstance(found, str):
                return None
            model = found
        field = model._meta.pk if last == "pk" else model._meta.get_field(last)
    except FieldDoesNotExist:
        return None
    if isinstance(field, Field):
        return getattr(field, "target_field", field)
    return None


def write_cursor(label: str, values: Sequence[Any]) -> str:
    packed = msgspec.json.encode([label, *values])
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read_cursor(text: str, order: Order, queryset: QuerySet[Any]) -> tuple[bool, list[Any]]:
    """Whether a cursor of a list in this order leads back, and the place that it holds. Raises ApiProblem."""
    is_back, found = unpacked(text, order.label, len(order.columns))
    values = []
    for column, value in zip(order.columns, found, strict=True):
        kind = column_of(queryset, column.name)
        try:
            read = value if kind is None or value is None else kind.to_python(value)
        except (ValidationError, ValueError, TypeError, OverflowError):
            raise bad_cursor() from None
        is_odd = (
            (read is None and not column.has_gaps)
            or (isinstance(read, str) and "\0" in read)
            or (isinstance(read, Decimal) and abs(read) >= LARGEST_NUMBER)
        )
        if is_odd:
            raise bad_cursor()
        values.append(read)
    return is_back, values


def unpacked(text: str, label: str, number: int) -> tuple[bool, list[Any]]:
    """Whether a cursor of that label leads back, and the values that it holds. Raises ApiProblem."""
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        found = msgspec.json.decode(packed)
    except (binascii.Error, msgspec.DecodeError, ValueError, RecursionError):
        raise bad_cursor() from None
    if not isinstance(found, list) or len(found) != number + 1 or found[0] not in (label, BACK + label):
        raise bad_cursor()
    return found[0] != label, found[1:]


def bad_cursor() -> Exception:
    text = "This cursor is of another list or order: begin without one."
    return ApiProblem("not_found", text, errors=[{"field": "cursor", "code": "bad_cursor", "detail": text}])
