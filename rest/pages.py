"""Pages of a list by keyset: a cursor holds the sort key of a row, so deep pages cost what the first does."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import Any, Final, NamedTuple

import msgspec
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Field, Model, Q, QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from rest.compiled import CompiledRows, Given
from rest.problems import ApiProblem, invalid

PAGE_SIZE: Final = 50
LARGEST_PAGE: Final = 200
BACK: Final = "<"
"""Begins the label of a cursor before which a page ends."""


class KeysetPages(BasePagination):
    """``{"results": […], "next": …, "previous": address or null}``. Lists that are no querysets are cut by position.

    The order is the queryset's own: columns that are never NULL, all rising or all falling, the last unique.
    """

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
        order = [str(name) for name in queryset.query.order_by]
        names = [name.removeprefix("-") for name in order]
        falling = order[0].startswith("-")
        label = ",".join(order)
        is_back, values = False, list[Any]()
        if cursor:
            columns = [column_of(queryset, name) for name in names]
            is_back, values = read_cursor(cursor, label, columns)
        if asked is not None:
            rows = asked.page(values, size + 1, is_back=is_back)
        else:
            rows = list(turned(queryset, names, values, falling=falling, is_back=is_back)[: size + 1])
        has_more, rows = len(rows) > size, rows[:size]
        if is_back:
            rows.reverse()

        def place_of(row: Any) -> list[Any]:
            return [attrgetter(name.replace("__", "."))(row) for name in names]

        if rows and (has_more or is_back):
            self.next = write_cursor(label, place_of(rows[-1]))
        if rows and (has_more if is_back else cursor):
            self.previous = write_cursor(BACK + label, place_of(rows[0]))
        return rows

    def _slice(self, rows: Sequence[Any], size: int, cursor: str) -> list[Any]:
        start = 0
        if cursor:
            _, (start,) = read_cursor(cursor, "#", [None])
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

    Its rows are named tuples of the columns ``names``.
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

    def _way(self, values: int, size: int, is_back: bool) -> CompiledRows:
        order = [str(name) for name in self.rows.query.order_by]
        names = [name.removeprefix("-") for name in order][:values]
        places: list[Any] = [Given(f"after{number}") for number in range(values)]
        found = turned(self.rows, names, places, falling=order[0].startswith("-"), is_back=is_back)
        return CompiledRows(lambda: found, self.names, limits=(0, size))


class Asked(NamedTuple):
    """A ``Listing`` with its parameters."""

    listing: Listing
    given: dict[str, Any]

    def page(self, after: Sequence[Any], size: int, *, is_back: bool) -> list[Any]:
        values = {f"after{number}": value for number, value in enumerate(after)}
        return self.listing.way(len(after), size, is_back).all(**self.given, **values)


def turned(
    rows: QuerySet[Any], names: Sequence[str], values: Sequence[Any], *, falling: bool, is_back: bool
) -> QuerySet[Any]:
    """The rows after a place, or those before it backwards; all of them without one."""
    if not values:
        return rows
    found = rows.filter(beyond(names, values, falling=falling != is_back))
    return found.reverse() if is_back else found


def read_limit(request: Request) -> int:
    """Rows on a page. Raises ApiProblem."""
    text = request.query_params.get("limit", "")
    if not text:
        return PAGE_SIZE
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= LARGEST_PAGE):
        raise invalid("limit", f"Write a whole number from 1 to {LARGEST_PAGE}.")
    return int(text)


def beyond(names: Sequence[str], values: Sequence[Any], *, falling: bool) -> Q:
    """The rows after that of these values; the first column by itself lets an index find the place."""
    compare = "lt" if falling else "gt"
    after, equal = Q(), Q()
    for name, value in zip(names, values, strict=True):
        after |= equal & Q(**{f"{name}__{compare}": value})
        equal &= Q(**{name: value})
    return Q(**{f"{names[0]}__{compare}e": values[0]}) & after


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


def read_cursor(text: str, label: str, columns: Sequence[Field[Any, Any] | None]) -> tuple[bool, list[Any]]:
    """Whether a cursor of a list in this order leads back, and the sort key that it holds. Raises ApiProblem."""
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        found = msgspec.json.decode(packed)
        if (
            not isinstance(found, list)
            or len(found) != len(columns) + 1
            or found[0] not in (label, BACK + label)
        ):
            raise bad_cursor()
        values = [
            column.to_python(value) if column is not None else value
            for column, value in zip(columns, found[1:], strict=True)
        ]
    except (binascii.Error, msgspec.DecodeError, ValidationError, ValueError, TypeError, OverflowError):
        raise bad_cursor() from None
    if any(value is None or (isinstance(value, str) and "\0" in value) for value in values):
        raise bad_cursor()
    return found[0] != label, values


def bad_cursor() -> Exception:
    text = "This cursor is of another list or order: begin without one."
    return ApiProblem("not_found", text, errors=[{"field": "cursor", "code": "bad_cursor", "detail": text}])
