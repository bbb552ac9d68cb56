"""Who asks the API in tests, and whether an answer is as the API's description says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from jsonschema import Draft202012Validator, FormatChecker

from accounts.models import User
from accounts.tests.factories import ApiKeyFactory, UserFactory, text_of
from bettrack.api_pages import api_description

READ_SCOPES = ["odds:read", "bets:read"]
WRITE_SCOPES = ["bets:write"]


def with_key(user: User, scopes: list[str]) -> Client:
    """A program with a key of the person's."""
    key = ApiKeyFactory(user=user, scopes=scopes)
    return Client(headers={"Authorization": f"Bearer {text_of(key)}"}, raise_request_exception=True)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def callers(owner: User) -> dict[str, Client]:
    """Everyone who may ask, by name."""
    staff = UserFactory(staff=True)
    return {
        "anonymous": Client(),
        "stranger": signed_in(UserFactory()),
        "owner": signed_in(owner),
        "read key": with_key(owner, READ_SCOPES),
        "write key": with_key(owner, WRITE_SCOPES),
        "staff": signed_in(staff),
        "staff's read key": with_key(staff, READ_SCOPES),
        "staff's admin key": with_key(staff, ["admin"]),
    }


def routes() -> Iterator[tuple[str, str, str]]:
    """Name, method and path template of every operation of the API."""
    api = next(
        entry
        for entry in get_resolver().url_patterns
        if isinstance(entry, URLResolver) and str(entry.pattern) == "api/"
    )
    yield from walk(api, "/api/")


def walk(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, str, str]]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from walk(entry, path)
        elif isinstance(entry, URLPattern) and (actions := getattr(entry.callback, "actions", None)):
            for method in actions:
                if method != "head":
                    yield str(entry.name), method.upper(), path


def described(path: str) -> str:
    """The path as the description writes it: /api/v1/games/{id}/."""
    return re.sub(
        r"<(?:\w+:)?(\w+)>", lambda match: "{" + ("id" if match[1] == "pk" else match[1]) + "}", path
    )


def assert_as_described(method: str, path: str, response: Any) -> None:
    """The status is documented and the body has the shape that is documented for it."""
    description = api_description()
    operation = description["paths"][described(path)][method.lower()]
    documented = operation["responses"]
    assert str(response.status_code) in documented, f"{method} {path}: {response.status_code} is undocumented"
    content = documented[str(response.status_code)].get("content")
    if content is None:
        assert not response.content
        return
    media = response.headers["Content-Type"].partition(";")[0]
    assert media in content, f"{method} {path}: {media} is undocumented"
    if response.streaming:
        b"".join(response).decode()
        return
    schema = {**content[media]["schema"], "components": description["components"]}
    faults = list(Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(response.json()))
    assert not faults, f"{method} {path}: {faults[0].json_path}: {faults[0].message}"
