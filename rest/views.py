"""What all views of the API have in common: who may ask, which parameters there are, shape, pages, ETag."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_cache_control, patch_vary_headers
from django_filters import BaseCSVFilter, FilterSet, MultipleChoiceFilter
from django_filters.filters import Filter
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import serializers
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from rest.bodies import reader_of
from rest.kept import Kept, as_answer, find, keep
from rest.pages import Asked, KeysetPages
from rest.problems import ApiProblem, form_faults, invalid, refusal_of
from rest.shaping import Shape, read_shape

SAFE: Final = ("GET", "HEAD")
KEPT_IN_304: Final = ("ETag", "Cache-Control", "Vary", "RateLimit", "RateLimit-Policy", "Link")
SHAPES: Final = ("fields", "expand")
PAGES: Final = ("cursor", "limit")
NAMES: Final[dict[type[Any], frozenset[str]]] = {}


class Unchanged(Exception):
    """What the client holds is still so."""


class Known(Exception):
    """The answer has been made before and is kept."""

    def __init__(self, kept: Kept) -> None:
        super().__init__()
        self.kept = kept


class Filters(DjangoFilterBackend):
    """A filter set whose faults are told in the API's shape, as its form words them."""

    def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
        if not is_filtered(view.filterset_class, frozenset(request.query_params)):
            return queryset
        filters = self.get_filterset(request, queryset, view)
        if filters is None:
            return queryset
        if not filters.is_valid():
            raise refusal_of(list(form_faults(filters.form.errors.as_data())))
        return filters.qs


def is_filtered(filters: type[FilterSet] | None, asked: frozenset[str]) -> bool:
    """Tell whether a filter set has anything to do with what is asked: a form is not made for nothing."""
    if filters is None:
        return False
    return any(name in asked or each.extra.get("required") for name, each in filters.base_filters.items())


def check_given(request: Request, filters: Mapping[str, Filter]) -> None:
    """Refuse parameters without a value, and those given several times that are read once. Raises ApiProblem."""
    for name, values in request.query_params.lists():
        each = filters.get(name)
        has_commas = name in SHAPES or isinstance(each, BaseCSVFilter)
        if len(values) > 1 and not isinstance(each, MultipleChoiceFilter):
            more = "; separate several values by commas" if has_commas else ""
            raise invalid(name[:60], f"Give the parameter once{more}.", "repeated")
        parts = values[0].split(",") if has_commas else values
        if not all(map(str.strip, parts)):
            raise invalid(name[:60], "Give the parameter a value, or leave it out.", "blank")


def names_of(described: type[Any]) -> frozenset[str]:
    """The fields of a serializer; they are copied at length whenever one is made."""
    found = NAMES.get(described)
    if found is None:
        found = NAMES[described] = frozenset(described().fields)
    return found


class ApiView(GenericViewSet):
    """A view of the API.

    ``scope`` is what reading needs, ``write_scope`` what writing needs. ``query_class`` reads parameters that are
    no filters of a queryset; what it read is ``asked``. ``body_classes`` read what writes are told. ``tag`` groups operations in the documentation.
    """

    scope: ClassVar[str] = ""
    write_scope: ClassVar[str] = ""
    tag: ClassVar[str] = ""
    query_class: type[serializers.Serializer] | None = None
    query_classes: ClassVar[Mapping[str, type[serializers.Serializer]]] = {}
    row_classes: ClassVar[Mapping[str, type[serializers.Serializer]]] = {}
    body_classes: ClassVar[Mapping[str, type[serializers.Serializer]]] = {}
    filter_backends = (Filters,)
    filterset_class: type[FilterSet] | None = None
    filtered_actions: ClassVar[Sequence[str]] = ("list",)
    conflicting: ClassVar[Sequence[str]] = ()
    """Reads that the state of things may stand against: 409."""
    pagination_class = KeysetPages
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    asked: Mapping[str, Any]
    query: serializers.Serializer
    shape: Shape

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if getattr(self, str(request.method).lower(), None) is None:
            raise MethodNotAllowed(str(request.method))
        self.format_kwarg = self.get_format_suffix(**kwargs)
        negotiated = self.perform_content_negotiation(request)
        request.accepted_renderer, request.accepted_media_type = negotiated
        request.version, request.versioning_scheme = self.determine_version(request, *args, **kwargs)
        self.perform_authentication(request)
        self.check_throttles(request)
        self.check_permissions(request)
        if request.method in SAFE:
            self.state = self.read_state(request)
            if self.state and self.state in held_tags(request):
                raise Unchanged
            if self.state and (kept := find(self.state)) is not None:
                raise Known(kept)
        self.read_parameters(request)
        if (
            reader := getattr(request._request, "reader", None)
        ) is not None:  # from another server of the data
            method = str(request.method).lower()
            setattr(self, method, reader(getattr(self, method)))

    state: str | None = None

    def read_state(self, request: Request) -> str | None:
        """A tag that changes whenever the answer does, known before it is made; None to use the answer's digest."""
        return None

    def scope_of(self, method: str) -> str:
        """The scope that a method needs."""
        return self.scope if method in SAFE else self.write_scope

    def get_serializer_class(self) -> type[Any]:
        return self.row_classes.get(str(self.action)) or super().get_serializer_class()

    def get_query_class(self) -> type[serializers.Serializer] | None:
        return self.query_classes.get(str(self.action), self.query_class)

    def body(self) -> dict[str, Any]:
        """What the write is told, checked. Raises ValidationError."""
        if self.request.data is None:
            raise invalid("", "Write an object: {…}.", "invalid")
        if self.request.method == "PATCH" and not self.request.data:
            raise invalid("", "Name a field to change at least.", "empty")
        read = reader_of(self.body_classes[str(self.action)], self.request.data, self.request)
        read.is_valid(raise_exception=True)
        return dict(read.validated_data)

    def is_listing(self) -> bool:
        """Tell whether the action answers with pages of rows."""
        return self.action == "list" or bool(getattr(self.action_method(), "lists", False))

    def action_method(self) -> Callable[..., Any] | None:
        return getattr(self, str(self.action), None)

    def known_parameters(self) -> set[str]:
        """The names of all query parameters that the action reads."""
        known = set(SHAPES) if self.is_shaped() else set()
        if self.is_listing():
            known |= set(PAGES)
        known |= self.filters().keys()
        if (query := self.get_query_class()) is not None:
            known |= names_of(query)
        return known

    def filters(self) -> Mapping[str, Filter]:
        """The filters of the action by their names."""
        if self.filterset_class is None or self.action not in self.filtered_actions:
            return {}
        found: Mapping[str, Filter] = self.filterset_class.base_filters
        return found

    def is_shaped(self) -> bool:
        return self.request is None or self.request.method in SAFE

    def read_parameters(self, request: Request) -> None:
        """Read and check the query. Raises ApiProblem or ValidationError."""
        known = self.known_parameters()
        unknown = sorted(set(request.query_params) - known)
        if unknown:
            choices = ", ".join(sorted(known)) or "none"
            raise ApiProblem(
                "invalid",
                errors=[
                    {
                        "field": unknown[0][:60],
                        "code": "unknown_parameter",
                        "detail": f"There is no such parameter here; known are: {choices}.",
                    }
                ],
            )
        check_given(request, self.filters())
        row = self.get_serializer_class()
        self.shape = Shape()
        if self.is_shaped():
            self.shape = read_shape(request.query_params, row=row, known=names_of(row))
        self.asked = {}
        if (query := self.get_query_class()) is not None:
            read = reader_of(query, request.query_params.dict(), request)
            read.is_valid(raise_exception=True)
            self.query, self.asked = read, read.validated_data

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "shape": getattr(self, "shape", None)}

    def filter_queryset(self, queryset: Any) -> Any:
        """Filter lists alone, of a queryset or of rows: a single object is found by its key, whatever the query says."""
        return super().filter_queryset(queryset) if self.action in self.filtered_actions else queryset

    def get_object(self) -> Any:
        """The object of the address. Raises Http404."""
        name = self.lookup_url_kwarg or self.lookup_field
        return get_object_or_404(self.get_queryset(), **{self.lookup_field: self.kwargs[name]})

    def listed(self, queryset: QuerySet[Any]) -> Response:
        """A page of the rows through their serializer."""
        rows = self.paginate_queryset(queryset)
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)

    def listed_rows(
        self, rows: QuerySet[Any] | Sequence[Any], row_of: Callable[[Any], dict[str, Any]]
    ) -> Response:
        """A page of rows that a function makes."""
        page = self.paginate_queryset(rows)
        return self.get_paginated_response([self.shape.of(row_of(row)) for row in page or []])

    def listed_whole(
        self, rows: QuerySet[Any] | Asked, rows_of: Callable[[list[Any]], list[dict[str, Any]]]
    ) -> Response:
        """A page of rows that a function makes of the whole page."""
        page = self.paginate_queryset(rows) or []
        return self.get_paginated_response([self.shape.of(row) for row in rows_of(page)])

    def one(self, row: dict[str, Any]) -> Response:
        return Response(self.shape.of(row))

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, Unchanged):
            return HttpResponseNotModified()
        if isinstance(exc, Known):
            return as_answer(exc.kept, self.request)
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        final = super().finalize_response(request, response, *args, **kwargs)
        for name, value in getattr(request, "answer_headers", {}).items():
            final.headers[name] = value
        patch_vary_headers(final, ("Authorization", "Cookie"))
        patch_cache_control(final, private=True, no_cache=True)
        if self.state and final.status_code in (200, 304):
            final.headers["ETag"] = state = self.state
            if isinstance(final, Response):
                final.add_post_render_callback(lambda answer: keep(state, answer, request))
        elif request.method in SAFE and final.status_code == 200 and isinstance(final, Response):
            final.add_post_render_callback(lambda answer: tagged(request, answer))
        return final


class ListMixin:
    """``list`` of the queryset, filtered, in pages."""

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.listed(self.filter_queryset(self.get_queryset()))  # type: ignore[attr-defined,no-any-return]


class RetrieveMixin:
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(self.get_serializer(self.get_object()).data)  # type: ignore[attr-defined]


def lists(method: Any) -> Any:
    """Mark an extra action whose answer is pages of rows."""
    method.lists = True
    return method


def held_tags(request: Request) -> set[str]:
    """The ETags that the client holds, as far as they are ours."""
    return {tag.strip() for tag in request.headers.get("If-None-Match", "").split(",")}


def tagged(request: Request, answer: HttpResponse) -> HttpResponse | None:
    """Give the answer the digest of its content; an empty 304 in its place where the client holds it already."""
    tag = f'W/"{hashlib.sha256(answer.content).hexdigest()[:32]}"'
    answer.headers["ETag"] = tag
    if tag not in held_tags(request):
        return None
    kept = {name: answer.headers[name] for name in KEPT_IN_304 if name in answer.headers}
    return HttpResponseNotModified(headers=kept)
