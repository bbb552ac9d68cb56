"""Redis goes while the site serves: reads go on, writes say why they are not done, nobody sees a fault."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.tests.factories import UserFactory
from accounts.tests.test_throttling import without_redis
from bets.models import Bet
from bettrack.tests.api_callers import READ_SCOPES, signed_in, with_key
from bettrack.tests.api_world import ids_of_world
from bettrack.tests.api_writes import WRITES, bet_to_place

pytestmark = pytest.mark.django_db
READS = (
    "odds/", "odds/board/", "odds/upcoming/", "games/", "edges/", "futures/", "bookmakers/report/", "bets/",
    "bets/summary/", "bankrolls/", "ledger/", "statistics/",
)  # fmt: skip


@pytest.fixture
def world() -> tuple[User, dict[str, Any]]:
    owner: User = UserFactory()
    return owner, ids_of_world(owner)


def test_reads_go_on_for_keys_and_sessions(world: tuple[User, dict[str, Any]]) -> None:
    owner, _ = world
    program, browser = with_key(owner, READ_SCOPES), signed_in(owner)
    for path in READS:
        before = program.get(f"/api/v1/{path}").json()
        with without_redis():
            answers = [client.get(f"/api/v1/{path}") for client in (program, browser)]
        assert [answer.status_code for answer in answers] == [200, 200], path
        assert answers[0].json().keys() == before.keys()


def test_writes_are_refused_with_a_reason_and_leave_nothing_behind(
    world: tuple[User, dict[str, Any]],
) -> None:
    owner, ids = world
    program, bets = with_key(owner, ["bets:write"]), Bet.objects.count()
    body = json.dumps(bet_to_place(ids))
    with without_redis():
        refused = program.post("/api/v1/bets/", body, "application/json")
    assert (refused.status_code, refused.json()["code"]) == (503, "throttles_unavailable")
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.headers["Retry-After"] == "5"
    assert "nothing is written" in refused.json()["detail"]
    assert Bet.objects.count() == bets
    assert program.post("/api/v1/bets/", body, "application/json").status_code == 201


def test_no_write_of_any_kind_goes_uncounted(world: tuple[User, dict[str, Any]]) -> None:
    from bettrack.tests.test_api_permissions import ROUTES, concrete

    owner, ids = world
    client = signed_in(owner)
    with without_redis():
        for name, method, path in ROUTES:
            if (name, method) in WRITES:
                answer = client.generic(method, concrete(name, method, path, ids), "{}", "application/json")
                assert answer.json()["code"] == "throttles_unavailable", f"{method} {name}"


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/account/"])
def test_pages_go_on(path: str) -> None:
    with without_redis():
        assert Client().get(path).status_code in (200, 302)


def test_who_signs_in_meanwhile_is_told_in_a_sentence_and_gets_in_afterwards() -> None:
    user = UserFactory(username="ada")
    user.set_password("a long pass phrase")
    user.save()
    client, said = Client(), {"login": "ada", "password": "a long pass phrase"}
    with without_redis():
        answer = client.post("/accounts/login/", said)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    text = answer.content.decode()
    assert "Nothing has been done. Reading goes on" in text
    assert "Traceback" not in text
    assert client.post("/accounts/login/", said).status_code == 302
