"""Every operation of the API held to its description by requests that schemathesis makes of it.

Each request is sent without a key, with the session of a browser and with a key, and every check of schemathesis looks
at every answer: no server error, no status, header or shape that is not described, what fits the description is
accepted, what does not is refused, and nobody is let in who should not be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
import schemathesis
from django.conf import settings as site
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.generation.hypothesis.builder import HypothesisTestConfig, HypothesisTestMode, create_test

from accounts.models import User
from accounts.tests.factories import ApiKeyFactory, UserFactory, text_of
from bettrack.tests.api_callers import described, routes
from bettrack.tests.api_world import ids_of_world

pytestmark = pytest.mark.django_db
ROUTES = sorted(set(routes()))
FEW, MANY = 2, 60
NAMES = [f"{method} {name}" for name, method, _ in ROUTES]
BY_STATE = "422"
"""A request can be of the shape that is described and still name what does not exist, or what does not go together."""


class World(NamedTuple):
    """One of everything, all of it rolled back after each request, and who asks: name → headers."""

    ids: dict[str, Any]
    schema: Any
    callers: dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    rates = site.API_RATES
    with django_db_blocker.unblock(), transaction.atomic():
        cache.clear()
        site.API_RATES = dict.fromkeys(rates, (10**6, 60))
        for signal in (request_started, request_finished):
            signal.disconnect(close_old_connections)
        try:
            owner = UserFactory(staff=True)
            ids = ids_of_world(owner)
            schema = schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", WSGIHandler())
            schema.config.checks.positive_data_acceptance.expected_statuses += [BY_STATE]
            yield World(ids, schema, {"nobody": {}, "a session": session_of(owner), "a key": key_of(owner)})
        finally:
            for signal in (request_started, request_finished):
                signal.connect(close_old_connections)
            site.API_RATES = rates
            transaction.set_rollback(True)


def key_of(user: User) -> dict[str, str]:
    key = ApiKeyFactory(user=user, scopes=["odds:read", "bets:read", "bets:write", "admin"])
    return {"Authorization": f"Bearer {text_of(key)}"}


def session_of(user: User) -> dict[str, str]:
    client, token = Client(), "a" * 32
    client.force_login(user)
    cookies = f"sessionid={client.cookies['sessionid'].value}; csrftoken={token}"
    return {"Cookie": cookies, "X-CSRFToken": token}


def checker(world: World) -> Callable[[Any], None]:
    """What sends a request of schemathesis as each caller and checks the answers."""

    def check(case: Any) -> None:
        if case.path.endswith("/stream/") and case.query.get("seconds", 300) in range(1, 301):
            case.query["seconds"] = 0  # a stream that waits is waited for
        case.headers.pop("Authorization", None)
        for who, headers in world.callers.items():
            with transaction.atomic():
                try:
                    case.call_and_validate(headers={"Accept-Encoding": "identity", **headers})
                except BaseExceptionGroup as group:
                    group.add_note(f"asked by {who}")
                    raise
                finally:
                    transaction.set_rollback(True)

    return check


def fixed_ids(path: str, ids: dict[str, Any]) -> dict[str, str] | None:
    """The id in a path that leads to something."""
    found = re.search(r"(\w[\w-]*)/<(?:\w+:)?(\w+)>", path)
    return {"id" if found[2] == "pk" else found[2]: str(ids[found[1]])} if found else None


def has_no_comma(case: Any) -> bool:
    """Tell whether no parameter holds one: a comma within a word, which is refused, is sent like one between two."""
    return not any("," in str(given) for given in case.query.values())


def ask(strategy: Any, check: Callable[[Any], None], number: int) -> None:
    @usual(number)
    @given(case=strategy)
    def each(case: Any) -> None:
        check(case)

    each()


def usual(number: int) -> settings:
    """The same requests each time, and so many of them."""
    return settings(
        max_examples=number,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )


@pytest.mark.parametrize(("name", "method", "path"), ROUTES, ids=NAMES)
def test_an_operation_is_as_described(world: World, name: str, method: str, path: str) -> None:
    operation, check = world.schema[described(path)][method], checker(world)
    for mode in GenerationMode:
        strategy = operation.as_strategy(generation_mode=mode, path_parameters=fixed_ids(path, world.ids))
        if mode.is_positive:
            ask(strategy, check, FEW)
        else:
            ask(strategy.filter(has_no_comma), check, 1)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "method", "path"), ROUTES, ids=NAMES)
def test_an_operation_is_as_described_at_its_bounds(world: World, name: str, method: str, path: str) -> None:
    """Every bound of every parameter and field, then many at random, with ids that exist and ids that do not."""
    operation, check = world.schema[described(path)][method], checker(world)
    bounds = HypothesisTestConfig(
        project=world.schema.config, modes=[HypothesisTestMode.COVERAGE], settings=usual(1)
    )
    create_test(operation=operation, test_func=lambda case: check(case), config=bounds)()
    for mode in GenerationMode:
        for ids in {None: None, path: fixed_ids(path, world.ids)}.values():
            strategy = operation.as_strategy(generation_mode=mode, path_parameters=ids)
            ask(strategy.filter(has_no_comma) if mode.is_negative else strategy, check, MANY)
