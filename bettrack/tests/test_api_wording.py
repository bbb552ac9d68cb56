"""What the API says of a fault is in our words, and every code that it can answer with is explained."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework import serializers

from accounts.tests.factories import UserFactory
from bettrack.api_pages import api_description
from bettrack.tests.api_callers import with_key
from rest.problems import CODES
from rest.views import ApiView

THEIRS = re.compile(r"Ensure|Expected|valid|field|dictionary|elements|required|Invalid|This list|format")
"""Words of the framework's own messages."""


def views() -> Iterator[type[ApiView]]:
    def walk(resolver: URLResolver) -> Iterator[type[ApiView]]:
        for entry in resolver.url_patterns:
            if isinstance(entry, URLResolver):
                yield from walk(entry)
            elif isinstance(entry, URLPattern) and (view := getattr(entry.callback, "cls", None)):
                yield view

    yield from dict.fromkeys(walk(get_resolver()))


def told() -> Iterator[serializers.Field]:
    """Every field of every body and query that the API reads, however deep."""

    def within(field: serializers.Field) -> Iterator[serializers.Field]:
        yield field
        for inner in getattr(field, "fields", {}).values():
            yield from within(inner)
        if (child := getattr(field, "child", None)) is not None:
            yield from within(child)

    for view in views():
        queries = [view.query_class, *view.query_classes.values()]
        for described in {*view.body_classes.values(), *filter(None, queries)}:
            yield from within(described())


def test_no_field_speaks_in_the_framework_s_words() -> None:
    fields = list(told())
    assert len(fields) > 100
    theirs = {
        (type(field).__name__, code, str(text))
        for field in fields
        for code, text in field.error_messages.items()
        if THEIRS.search(str(text))
    }
    assert not theirs


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ([], "", "Write an object: {…}."),
        ({"legs": {}}, "legs", "Write a list: […]."),
        ({"legs": []}, "legs", "At least 1 must be given."),
        ({"legs": [7]}, "legs.0", "Write an object: {…}."),
        ({}, "bankroll_id", "This is missing."),
        ({"bankroll_id": None}, "bankroll_id", "This cannot be null."),
        ({"kind": "x" * 100}, "kind", f"“{'x' * 60}” is not one of the choices."),
        ({"note": "x" * 2001}, "note", "At most 2000 characters can be kept."),
        ({"is_bonus": "yes"}, "is_bonus", "Write true or false."),
        ({"each_way": {"fraction": "x", "places": 0}}, "each_way.places", "The least is 1."),
        ({"each_way": {"fraction": "x", "places": 0}}, "each_way.fraction", "Write a fraction, such as 1/4."),
    ],
)
def test_a_fault_is_told_plainly(body: Any, field: str, words: str) -> None:
    cache.clear()
    program = with_key(UserFactory(), ["bets:write"])
    response = program.post("/api/v1/bets/", body, content_type="application/json")
    assert response.status_code == 400
    found = {fault["field"]: fault["detail"] for fault in response.json()["errors"]}
    assert found[field] == words


@pytest.mark.django_db
def test_methods_and_types_are_refused_in_our_words() -> None:
    cache.clear()
    assert Client().post("/api/v1/games/").json()["detail"] == CODES["method_not_allowed"][1]
    program = with_key(UserFactory(), ["bets:write"])
    response = program.post("/api/v1/bets/", "stake=1", content_type="text/plain")
    assert (response.status_code, response.json()["detail"]) == (415, CODES["unsupported_media_type"][1])


def test_every_code_is_in_the_documents_and_in_the_description() -> None:
    """``ApiProblem`` takes no code that is not among ``CODES``, so the server answers with no other."""
    text = Path(settings.BASE_DIR, "docs", "api.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| (\d{3}) \|", text, re.MULTILINE))
    assert rows == {code: str(status) for code, (status, _) in CODES.items()}
    described = api_description()["components"]["schemas"]["Problem"]["properties"]["code"]["description"]
    assert set(re.findall(r"`(\w+)`", described)) == set(CODES)


def test_every_status_of_a_code_is_in_the_description() -> None:
    statuses = {
        status
        for methods in api_description()["paths"].values()
        for operation in methods.values()
        for status in operation["responses"]
    }
    mentioned = {str(status) for status, _ in CODES.values()}
    assert mentioned - statuses == {"405"}, "a method that is not described has no description"
