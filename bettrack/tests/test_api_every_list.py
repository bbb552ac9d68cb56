"""What every list of the API can do: capped pages, sparse fields, unchanged answers, gzip; none is left out."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from accounts.tests.factories import UserFactory
from bettrack.api_pages import api_description
from bettrack.tests.api_callers import described, with_key
from bettrack.tests.api_world import ids_of_world
from bettrack.tests.api_writes import bet_to_place
from bettrack.tests.test_api_permissions import ROUTES, concrete

pytestmark = pytest.mark.django_db
ALL = ["odds:read", "bets:read", "bets:write", "admin"]


@pytest.fixture
def owner() -> User:
    cache.clear()
    made: User = UserFactory(staff=True)
    return made


def is_paged(path: str) -> bool:
    names = {
        each["name"] for each in api_description()["paths"][described(path)]["get"].get("parameters", ())
    }
    return {"cursor", "limit"} <= names


LISTS = [(name, path) for name, method, path in ROUTES if method == "GET" and is_paged(path)]


def test_every_list_is_capped_sparse_gzipped_and_unchanged_until_it_changes(owner: User) -> None:
    ids = ids_of_world(owner)
    program = with_key(owner, ALL)
    assert len(LISTS) >= 35
    for name, path in LISTS:
        address = concrete(name, "GET", path, ids)
        joint = "&" if "?" in address else "?"
        answer = program.get(address)
        body = answer.json()
        assert {"results", "next", "previous"} <= body.keys(), name
        one = program.get(f"{address}{joint}limit=1").json()
        assert len(one["results"]) <= 1, name
        assert bool(one["next"]) == (len(body["results"]) > 1), name
        assert program.get(f"{address}{joint}limit=201").status_code == 400, name
        if not body["results"]:
            continue
        field = max(body["results"][0])
        for row in program.get(f"{address}{joint}fields={field}").json()["results"]:
            assert field in row, name
            assert len(row) <= 2, name
        assert answer.headers["ETag"].startswith('W/"'), name
        packed = program.get(address, headers={"Accept-Encoding": "gzip"})
        if len(answer.content) > 1000:  # below it gzip may gain nothing
            assert packed.headers.get("Content-Encoding") == "gzip", f"{name}: {len(answer.content)}"
            assert json.loads(gzip.decompress(packed.content)).keys() == body.keys(), name


@pytest.mark.parametrize(
    "name", ["odds-list", "bet-list", "game-list", "ledger-list", "webhook-list", "tag-list"]
)
def test_an_unchanged_list_is_a_304_without_a_body(owner: User, name: str) -> None:
    address = concrete(name, "GET", dict(LISTS)[name], ids_of_world(owner))
    program = with_key(owner, ALL)
    held = {"If-None-Match": program.get(address).headers["ETag"]}
    again = program.get(address, headers=held)
    assert (again.status_code, again.content) == (304, b"")


def test_a_session_writes_with_its_token_alone_and_a_key_without_one(owner: User) -> None:
    ids: dict[str, Any] = ids_of_world(owner)
    body = json.dumps(bet_to_place(ids))
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(owner)
    refused = browser.post("/api/v1/bets/", body, "application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
    browser.cookies["csrftoken"] = token = "a" * 32
    headers = {"X-CSRFToken": token}
    assert browser.post("/api/v1/bets/", body, "application/json", headers=headers).status_code == 201
    program = with_key(owner, ALL)
    program.handler.enforce_csrf_checks = True
    placed = program.post("/api/v1/bets/", body, "application/json")
    assert placed.status_code == 201
    assert not placed.cookies
