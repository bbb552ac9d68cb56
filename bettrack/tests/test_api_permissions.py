"""Every route of the API × everyone who may ask. A route without an expectation fails."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import override_settings

from accounts.models import User
from accounts.tests.factories import UserFactory
from bettrack.tests.api_callers import assert_as_described, callers, routes
from bettrack.tests.api_world import ids_of_world
from bettrack.tests.api_writes import CALLERS, WRITES

pytestmark = pytest.mark.django_db

PUBLIC = dict(zip(CALLERS, (200, 200, 200, 200, 403, 200, 200, 403), strict=True))
ANYBODY = dict.fromkeys(CALLERS, 200)
OWN_LIST = dict(zip(CALLERS, (401, 200, 200, 200, 403, 200, 200, 403), strict=True))
OWN_ONE = dict(zip(CALLERS, (401, 404, 200, 200, 403, 404, 404, 403), strict=True))
STAFF = dict(zip(CALLERS, (401, 403, 403, 403, 403, 200, 403, 200), strict=True))

EXPECTED: dict[tuple[str, str], dict[str, int]] = {
    ("sport-list", "GET"): PUBLIC,
    ("sport-detail", "GET"): PUBLIC,
    ("team-list", "GET"): PUBLIC,
    ("team-detail", "GET"): PUBLIC,
    ("player-list", "GET"): PUBLIC,
    ("player-detail", "GET"): PUBLIC,
    ("status-list", "GET"): ANYBODY,
    ("game-list", "GET"): PUBLIC,
    ("game-detail", "GET"): PUBLIC,
    ("game-readings", "GET"): PUBLIC,
    ("game-starts", "GET"): PUBLIC,
    ("game-stats", "GET"): PUBLIC,
    ("game-placings", "GET"): PUBLIC,
    ("bookmaker-list", "GET"): PUBLIC,
    ("bookmaker-detail", "GET"): PUBLIC,
    ("selection-list", "GET"): PUBLIC,
    ("selection-detail", "GET"): PUBLIC,
    ("odds-list", "GET"): PUBLIC,
    ("odds-board", "GET"): PUBLIC,
    ("odds-best", "GET"): PUBLIC,
    ("odds-upcoming", "GET"): PUBLIC,
    ("selection-movement", "GET"): PUBLIC,
    ("bookmaker-report", "GET"): PUBLIC,
    ("snapshot-list", "GET"): PUBLIC,
    ("stream-list", "GET"): PUBLIC,
    ("closing-line-list", "GET"): PUBLIC,
    ("fair-price-list", "GET"): PUBLIC,
    ("edge-list", "GET"): PUBLIC,
    ("future-list", "GET"): PUBLIC,
    ("future-detail", "GET"): PUBLIC,
    ("future-runners", "GET"): PUBLIC,
    ("bet-list", "GET"): OWN_LIST,
    ("bet-detail", "GET"): OWN_ONE,
    ("bet-events", "GET"): OWN_ONE,
    ("bet-ledger", "GET"): OWN_ONE,
    ("bet-summary", "GET"): OWN_LIST,
    ("bet-by-sport", "GET"): OWN_LIST,
    ("bankroll-list", "GET"): OWN_LIST,
    ("bankroll-detail", "GET"): OWN_ONE,
    ("bankroll-ledger", "GET"): OWN_ONE,
    ("ledger-list", "GET"): OWN_LIST,
    ("operation-list", "GET"): OWN_LIST,
    ("operation-detail", "GET"): OWN_ONE,
    ("tag-list", "GET"): OWN_LIST,
    ("tag-edit-list", "GET"): OWN_LIST,
    ("tag-edit-detail", "GET"): OWN_ONE,
    ("filter-list", "GET"): OWN_LIST,
    ("filter-detail", "GET"): OWN_ONE,
    ("limit-list", "GET"): OWN_LIST,
    ("import-list", "GET"): OWN_LIST,
    ("import-detail", "GET"): OWN_ONE,
    ("import-plan", "GET"): OWN_ONE,
    ("import-rows", "GET"): OWN_ONE,
    ("job-list", "GET"): OWN_LIST,
    ("job-detail", "GET"): OWN_ONE,
    ("job-file", "GET"): OWN_ONE,
    ("webhook-list", "GET"): OWN_LIST,
    ("webhook-detail", "GET"): OWN_ONE,
    ("webhook-deliveries", "GET"): OWN_ONE,
    ("statistics-list", "GET"): OWN_ONE,
    ("review-list", "GET"): STAFF,
    ("review-detail", "GET"): STAFF,
    ("quota-list", "GET"): STAFF,
    ("feed-list", "GET"): STAFF,
    ("call-list", "GET"): STAFF,
    **{operation: expected for operation, (expected, _) in WRITES.items()},
}
QUERIES = {
    "stream-list": "?game={games}&seconds=0",
    "snapshot-list": "?game={games}",
    "closing-line-list": "?game={begun}",
    "fair-price-list": "?game={games}",
    "odds-best": "?game={games}",
    "bet-detail": "?expand=evidence,events,ledger",
    "game-detail": "?expand=sport,home_team,away_team,readings,starts",
    "edge-list": "?kind=value&least=-50&age=1440",
}
"""What an operation must be told, or is told so that it has something to show."""
MAY_BE_EMPTY = {
    "job-file",  # no rows, but a file
    "stream-list",  # without a Last-Event-ID and without waiting
    "game-placings",  # of a match
    "odds-board",  # towards midnight no game of the world is today's
}
ROUTES = sorted(set(routes()))


@pytest.fixture
def owner() -> User:
    cache.clear()
    return UserFactory()


def test_every_route_has_an_expectation_and_every_expectation_a_route() -> None:
    assert {(name, method) for name, method, _ in ROUTES} == set(EXPECTED)


@pytest.mark.parametrize(
    ("name", "method", "path"), ROUTES, ids=[f"{route[1]} {route[0]}" for route in ROUTES]
)
def test_who_may_ask(owner: User, name: str, method: str, path: str) -> None:
    ids = ids_of_world(owner)
    if (name, method) in WRITES:
        ids |= {"bets": ids["open"], "review": ids["open"]}
    address = concrete(name, method, path, ids)
    expected = EXPECTED[name, method]
    body = json.dumps(WRITES[name, method][1](ids)) if (name, method) in WRITES else ""
    answers = {}
    for who, client in callers(owner).items():
        with transaction.atomic():
            response = client.generic(method, address, body, content_type="application/json")
            transaction.set_rollback(True)  # each finds the world as it was
        answers[who] = response.status_code
        assert_as_described(method, path, response)
        if who == viewer(name, method) and name not in MAY_BE_EMPTY and response.status_code == 200:
            assert response.json().get("results", True), f"nothing to see at {address}"
        if who == "stranger" and EXPECTED[name, method] is OWN_LIST:
            assert response.json()["results"] == [], f"{address} shows a stranger what is not his"
        if "key" in who:
            assert not response.cookies
            assert "Set-Cookie" not in response.headers
    assert answers == expected


@pytest.mark.parametrize(
    ("name", "method", "path"),
    [route for route in ROUTES if EXPECTED.get(route[:2]) is PUBLIC],
    ids=[f"{route[1]} {route[0]}" for route in ROUTES if EXPECTED.get(route[:2]) is PUBLIC],
)
def test_public_reading_can_be_switched_off(owner: User, name: str, method: str, path: str) -> None:
    address = concrete(name, method, path, ids_of_world(owner))
    with override_settings(PUBLIC_ODDS=False):
        responses = {
            who: client.generic(method, address)
            for who, client in callers(owner).items()
            if who in ("anonymous", "owner", "read key")
        }
    for response in responses.values():
        b"".join(response)  # to its end, where it is a stream
    answers = {who: response.status_code for who, response in responses.items()}
    assert answers == {"anonymous": 401, "owner": 200, "read key": 200}


@pytest.mark.parametrize(
    ("name", "method", "path"), ROUTES, ids=[f"{route[1]} {route[0]}" for route in ROUTES]
)
def test_what_does_not_exist_is_not_found(owner: User, name: str, method: str, path: str) -> None:
    if "<" not in path:
        return
    nothing = {"uuid": "01a1fbd5-52dd-759d-9a42-33c8b80fcb88", "int": "999999999", "str": "nothing"}
    address = re.sub(r"<(\w+):\w+>", lambda match: nothing[match[1]], path)
    client = callers(owner)["staff"]
    response = client.generic(method, address, content_type="application/json")
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"
    assert_as_described(method, path, response)


def viewer(name: str, method: str) -> str:
    """Who sees something there in any case."""
    return "staff" if EXPECTED[name, method] is STAFF else "owner"


def concrete(name: str, method: str, path: str, ids: dict[str, Any]) -> str:
    """The address with the ids of what it is about: that of the word before them."""
    filled = re.sub(r"(\w[\w-]*)/<(?:\w+:)?\w+>", lambda match: f"{match[1]}/{ids[match[1]]}", path)
    return filled + ("" if (name, method) in WRITES else QUERIES.get(name, "").format(**ids))
