"""The description of the API: errors, examples and parameters that every operation has, told once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from drf_spectacular.extensions import OpenApiFilterExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from rest.bodies import A_WORD, NO_NUL, SOME_TEXT, Body, TextIn
from rest.fields import UtcField
from rest.problems import CODES, MEDIA_TYPE
from rest.shaping import expandable_of, identity_of
from rest.views import SAFE, ApiView

READ_ERRORS: Final = (400, 401, 403, 404, 406, 422, 429, 500, 503)
WRITE_ERRORS: Final = (*READ_ERRORS, 409, 413, 415)
TITLES: Final = {
    304: "What you hold is still so: `If-None-Match` named its ETag.",
    400: "The request cannot be read, or something in it is not as described here: `errors` says what.",
    401: "No key or session, or one that is not accepted.",
    403: "Not allowed: a scope is missing, or this is for staff.",
    404: "There is no such thing, or it is not yours.",
    406: "Only JSON is spoken here.",
    409: "It does not fit the state of things, or the Idempotency-Key was used for another request.",
    413: "The body is too large.",
    415: "Send JSON.",
    422: "It is well formed but cannot be: it names nothing there is, or its parts do not go together.",
    429: "Too many requests; `Retry-After` says when to come back.",
    500: "A fault of ours.",
    503: "The database does not answer, or writes cannot be counted.",
}


OFTEN: Final = "May be given several times: any of them."
TEXTS: Final = (serializers.CharField, TextIn)
ONCE: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Makes it safe to send the request again: the same key and body get the same answer for a day.",
    "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,200}$"},
}


class Fault(serializers.Serializer):
    """One thing that is wrong with a request."""

    field = serializers.CharField(help_text="Parameter, header or path into the body; empty for the whole.")
    code = serializers.CharField()
    detail = serializers.CharField()


class MovedLeg(serializers.Serializer):
    """A leg whose price moved."""

    position = serializers.IntegerField(help_text="Of the leg, from 1.")
    asked = serializers.CharField(help_text="American odds asked for.")
    asked_decimal = serializers.CharField()
    asked_point = serializers.CharField(allow_null=True)
    price = serializers.CharField(help_text="American odds now.")
    decimal = serializers.CharField()
    point = serializers.CharField(allow_null=True)


class Problem(serializers.Serializer):
    """An error (RFC 9457)."""

    type = serializers.CharField(help_text="Address of the explanation of the code.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(
        help_text="Stable; one of: " + ", ".join(f"`{code}`" for code in CODES) + "."
    )
    detail = serializers.CharField()
    price = serializers.CharField(
        required=False, help_text="Of `price_moved`: American odds now, of the first leg that moved."
    )
    decimal = serializers.CharField(required=False, help_text="Of `price_moved`: the same as decimal odds.")
    point = serializers.CharField(required=False, allow_null=True, help_text="Of `price_moved`.")
    legs = MovedLeg(many=True, required=False, help_text="Of `price_moved`: every leg that moved.")
    revision = serializers.IntegerField(required=False, help_text="Of `bet_changed`: that of now.")
    available = serializers.CharField(required=False, help_text="Of `insufficient_funds`.")
    currency = serializers.CharField(required=False, help_text="Of `insufficient_funds`.")
    limit = serializers.CharField(required=False, help_text="Of `limit_reached`: which limit.")
    left = serializers.CharField(required=False, help_text="Of `limit_reached`: what may still be staked.")
    until = UtcField(
        required=False, allow_null=True, help_text="Of `limit_reached`: when the limit begins anew."
    )
    errors = Fault(many=True)  # type: ignore[assignment] # the field, not what a serializer found wrong


class ApiSchema(AutoSchema):
    """Adds to each operation its errors, its example, ``fields`` and ``expand``, and who may call it."""

    view: Any

    def get_tags(self) -> list[str]:
        return [self.view.tag] if getattr(self.view, "tag", "") else super().get_tags()

    def get_auth(self) -> list[dict[str, list[str]]]:
        scope = self.view.scope_of(self.method)
        ways: list[dict[str, list[str]]] = [{"key": [scope] if scope else []}, {"session": []}]
        return [*ways, {}] if scope in ("", "odds:read") else ways

    def get_description(self) -> str:  # type: ignore[override] # as drf-spectacular has it
        scope = self.view.scope_of(self.method)
        text = str(super().get_description())
        return f"{text}\n\nScope: `{scope}`." if scope else text

    def get_summary(self) -> str:
        first = str(super().get_description()).strip().split("\n\n")[0]
        return re.split(r"(?<=[.;:])\s", " ".join(first.split()))[0].rstrip(".;:")

    def get_override_parameters(self) -> list[Any]:
        query = self.view.get_query_class() if isinstance(self.view, ApiView) else None
        return [*super().get_override_parameters(), *([query] if query else [])]

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        return str(super().get_serializer_name(serializer, direction)).removesuffix("Row").removesuffix("In")

    def get_paginated_name(self, serializer_name: str) -> str:
        return f"{serializer_name}Page"

    def _is_list_view(self, serializer: Any = None) -> bool:
        if isinstance(self.view, ApiView) and self.method == "GET":
            return self.view.is_listing()
        return super()._is_list_view(serializer)

    def get_filter_backends(self) -> list[Any]:
        if isinstance(self.view, ApiView) and self.view.action not in self.view.filtered_actions:
            return []
        return list(self.view.filter_backends)

    def _get_filter_parameters(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for backend in self.get_filter_backends():
            extension = OpenApiFilterExtension.get_match(backend())
            if extension is not None:
                found += extension.get_schema_operation_parameters(self)
        known = getattr(self.view.filterset_class, "base_filters", {}) if found else {}
        for parameter in found:
            schema = parameter["schema"].get("items", parameter["schema"])
            most = known[parameter["name"]].extra.get("max_length") if parameter["name"] in known else None
            if most is not None and is_bare_text(schema):
                schema["maxLength"] = most
            told = parameter.get("description") or known[parameter["name"]].extra.get("help_text")
            told = " ".join(filter(None, [told, OFTEN if parameter.get("explode") else ""]))
            if told:
                parameter["description"] = told
        return found

    def _get_parameters(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = super()._get_parameters()
        if self.method in SAFE and isinstance(self.view, ApiView):
            row = self.view.get_serializer_class()
            if known := sorted(row().fields):
                found.append(_names("fields", "Only these fields of a row", known))
            if expandable_of(row):
                found.append(_names("expand", "Also these parts of a row", sorted(expandable_of(row))))
        if getattr(self.view.action_method() if isinstance(self.view, ApiView) else None, "once", False):
            found.append(ONCE)
        return found

    def get_examples(self) -> list[OpenApiExample]:
        row = self.view.get_serializer_class() if isinstance(self.view, ApiView) else None
        answer, told = example_of(row), example_of(self.get_body_class())
        found = []
        if answer is not None:
            codes = ("200", "201", "202")
            found = [OpenApiExample("Example", value=answer, response_only=True, status_codes=codes)]
        return [*found, OpenApiExample("Body", value=told, request_only=True)] if told is not None else found

    def get_body_class(self) -> type[serializers.Serializer] | None:
        view = self.view
        return view.body_classes.get(str(view.action)) if isinstance(view, ApiView) else None

    def get_request_serializer(self) -> Any:
        body = self.get_body_class()
        return body() if body is not None else None

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        found: dict[str, Any] = super()._get_response_bodies(direction)
        problem = self.resolve_serializer(Problem, "response").ref
        safe = self.method in SAFE
        if safe:
            found["304"] = {"description": TITLES[304]}
        errors = READ_ERRORS if safe else WRITE_ERRORS
        if str(getattr(self.view, "action", "")) in getattr(self.view, "conflicting", ()):
            errors = (*errors, 409)
        for status in errors:
            found.setdefault(
                str(status), {"description": TITLES[status], "content": {MEDIA_TYPE: {"schema": problem}}}
            )
        return dict(sorted(found.items()))

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        found = super()._map_serializer_field(field, direction, bypass_extensions)
        if isinstance(field, serializers.ListSerializer):
            for name, bound in (("minItems", "min_length"), ("maxItems", "max_length")):
                if (items := getattr(field, bound)) is not None:
                    found[name] = items
        if direction == "request" and type(field) in TEXTS and is_bare_text(found):
            may_be_blank = field.allow_blank or not field.trim_whitespace
            found["pattern"] = NO_NUL if may_be_blank else SOME_TEXT
        return found

    def _map_serializer(
        self, serializer: Any, direction: Any, bypass_extensions: bool = False
    ) -> dict[str, Any]:
        found: dict[str, Any] = super()._map_serializer(serializer, direction, bypass_extensions)
        if direction == "response" and hasattr(getattr(serializer, "Meta", None), "example"):
            found["required"] = [identity_of(type(serializer))]
            found["additionalProperties"] = False
        if direction == "request" and isinstance(serializer, Body):
            found["additionalProperties"] = False
            if self.method == "PATCH" and serializer.root is serializer:
                found["minProperties"] = 1
        return found


def example_of(serializer: Any) -> Any:
    return getattr(getattr(serializer, "Meta", None), "example", None)


def is_bare_text(schema: Mapping[str, Any]) -> bool:
    """Tell whether the schema takes any text there is."""
    return "string" in schema.get("type", ()) and not schema.keys() & {"format", "pattern", "enum", "const"}


def _names(name: str, text: str, known: list[str]) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": f"{text}, separated by commas: {', '.join(known)}.",
        "style": "form",
        "explode": False,
        "schema": {"type": "array", "items": {"type": "string", "enum": known}},
    }


def describe(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Name the two ways to sign in, and say that no parameter is blank and that a change says what is changed."""
    schemes: Mapping[str, Any] = {
        "key": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "bt_…",
            "description": "An API key, made at /account/keys/.",
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "The session of a signed-in browser; writes need the header X-CSRFToken too.",
        },
    }
    result.setdefault("components", {})["securitySchemes"] = dict(schemes)
    for methods in result["paths"].values():
        for method, operation in methods.items():
            if method == "patch":
                operation["requestBody"]["required"] = True
            for parameter in operation.get("parameters", ()):
                schema = parameter["schema"].get("items", parameter["schema"])
                has_commas = schema is not parameter["schema"] and not parameter.get("explode", True)
                if has_commas:
                    parameter["schema"]["minItems"] = 1  # of none there is nothing to write
                if is_bare_text(schema):  # and none holds the byte that PostgreSQL cannot
                    schema["pattern"] = A_WORD if has_commas else SOME_TEXT
    return result
