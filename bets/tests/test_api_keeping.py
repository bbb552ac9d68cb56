"""Limits, tags of many bets and saved filters by the API."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import ApiKeyFactory, UserFactory, text_of
from bets.models import Bet, LimitChange
from bets.tests.factories import funded_bankroll, offered, place
from games.tests.factories import GameFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    cache.clear()


@pytest.fixture
def user() -> User:
    return UserFactory()


def send(user: User, path: str, method: str = "POST", key: str | None = None, **body: Any) -> Any:
    made = ApiKeyFactory(user=user, scopes=["bets:write", "bets:read"])
    headers = {"Authorization": f"Bearer {text_of(made)}"} | ({"Idempotency-Key": key} if key else {})
    text = json.dumps(body) if method != "GET" else ""
    return Client(headers=headers).generic(method, f"/api/v1/{path}", text, content_type="application/json")


def code(response: Any) -> tuple[int, str]:
    return response.status_code, response.json().get("code", "")


def field(response: Any) -> str:
    assert code(response) in ((400, "invalid"), (422, "refused")), response.content
    return str(response.json()["errors"][0]["field"])


def bets_of(user: User, count: int) -> list[Bet]:
    bankroll = funded_bankroll("1000", user=user)
    line = offered(GameFactory(commence_time=timezone.now() + dt.timedelta(hours=5)), point="-3.5")
    return [place(line, bankroll, tags=["nba"]) for _ in range(count)]


LIMIT = {"kind": "stake", "currency": "USD", "money": "paper"}


class TestLimits:
    def test_a_stricter_limit_holds_at_once_and_a_looser_one_waits(self, user: User) -> None:
        first = send(user, "limits/set/", amount="50.00", **LIMIT).json()
        assert (first["changed"], first["limit"]["in_force"]) == (True, True)
        looser = send(user, "limits/set/", amount="500.00", **LIMIT).json()["limit"]
        assert (looser["in_force"], looser["loosens"]) == (False, True)
        rows = send(user, "limits/", "GET").json()["results"]
        assert [(row["amount"], row["in_force"]) for row in rows] == [("50.00", True), ("500.00", False)]
        same = send(user, "limits/set/", amount="500.00", **LIMIT).json()
        assert same == {"changed": False, "limit": None}

    def test_a_loosening_is_called_off(self, user: User) -> None:
        send(user, "limits/set/", amount="50.00", **LIMIT)
        waiting = send(user, "limits/set/", amount=None, **LIMIT).json()["limit"]
        assert send(user, f"limits/{waiting['id']}/cancel/").status_code == 200
        assert code(send(user, f"limits/{waiting['id']}/cancel/")) == (409, "not_possible")
        assert [row["amount"] for row in send(user, "limits/", "GET").json()["results"]] == ["50.00"]

    def test_a_time_out_refuses_bets_and_says_until_when(self, user: User) -> None:
        [bet] = bets_of(user, 1)
        until = (timezone.now() + dt.timedelta(days=7)).replace(microsecond=0)
        assert send(user, "limits/time-out/", until=until.isoformat()).json()["changed"] is True
        leg = {"selection_id": bet.legs.get().selection_id, "odds": "-110", "point": "-3.5"}
        said: dict[str, Any] = {
            "bankroll_id": str(bet.bankroll_id),
            "bookmaker": "draftkings",
            "stake": "5",
            "legs": [leg],
        }
        refused = send(user, "bets/", **said)
        assert code(refused) == (409, "limit_reached")
        assert (refused.json()["limit"], refused.json()["until"]) == (
            "time_out",
            f"{until:%Y-%m-%dT%H:%M:%SZ}",
        )
        assert Bet.objects.count() == 1

    @pytest.mark.parametrize(
        ("body", "named"),
        [
            ({**LIMIT, "amount": "0"}, "amount"),
            ({**LIMIT, "amount": 5}, "amount"),
            (LIMIT, "amount"),
            ({**LIMIT, "amount": "5", "kind": "time_out"}, "kind"),
            ({**LIMIT, "amount": "5", "currency": ""}, "currency"),
        ],
    )
    def test_a_wrong_field_is_named(self, user: User, body: dict[str, Any], named: str) -> None:
        assert field(send(user, "limits/set/", **body)) == named
        assert not LimitChange.objects.exists()

    def test_a_time_out_ends_in_the_future(self, user: User) -> None:
        assert code(send(user, "limits/time-out/", until="2020-01-01T00:00:00Z")) == (422, "refused")


class TestTags:
    def test_tags_are_put_on_many_bets_and_taken_back(self, user: User) -> None:
        bets = bets_of(user, 3)
        said: dict[str, Any] = {
            "bets": [str(bet.pk) for bet in bets[:2]],
            "add": ["model"],
            "remove": ["nba"],
        }
        first, second = (send(user, "tag-edits/", key="k", **said) for _ in range(2))
        assert first.json() == second.json()
        assert (first.status_code, first.json()["bets"]) == (201, 2)
        assert [bet.tags for bet in Bet.objects.order_by("id")] == [["model"], ["model"], ["nba"]]
        path = f"tag-edits/{first.json()['id']}/undo/"
        assert send(user, path).json()["undone_at"] is not None
        assert [bet.tags for bet in Bet.objects.order_by("id")] == [["nba"]] * 3
        assert code(send(user, path)) == (409, "not_possible")

    def test_a_bet_that_is_not_one_s_own_is_named_and_nothing_is_changed(self, user: User) -> None:
        [mine], [other] = bets_of(user, 1), bets_of(UserFactory(), 1)
        said: dict[str, Any] = {"bets": [str(mine.pk), str(other.pk)], "add": ["model"]}
        assert field(send(user, "tag-edits/", **said)) == "bets.1"
        assert [bet.tags for bet in Bet.objects.all()] == [["nba"], ["nba"]]

    def test_what_changes_nothing_is_told(self, user: User) -> None:
        ids = [str(bet.pk) for bet in bets_of(user, 1)]
        assert code(send(user, "tag-edits/", bets=ids, add=["nba"])) == (409, "not_possible")
        assert code(send(user, "tag-edits/", bets=ids)) == (422, "refused")
        assert code(send(user, "tag-edits/", bets=ids, add=["a,b"])) == (422, "refused")


class TestFilters:
    def test_a_filter_is_kept_renamed_deleted_and_brought_back(self, user: User) -> None:
        kept = send(user, "filters/", name="Won", query="status=won&page=")
        assert kept.status_code == 201, kept.content
        path = f"filters/{kept.json()['id']}/"
        assert kept.json()["query"] == "status=won"
        assert send(user, path, "PATCH", name="Winners").json()["name"] == "Winners"
        assert send(user, path, "DELETE").status_code == 204
        assert code(send(user, path, "GET")) == (404, "not_found")
        assert send(user, f"{path}restore/").json()["name"] == "Winners"
        assert send(user, path, "GET").status_code == 200

    @pytest.mark.parametrize(
        ("body", "named"),
        [
            ({"name": "A", "query": "status=fine"}, "query"),
            ({"name": "", "query": "status=won"}, "name"),
            ({"name": "A", "query": ""}, "query"),
            ({"name": "A", "query": "moon=full"}, "query"),
            ({"name": "x" * 61, "query": "status=won"}, "name"),
        ],
    )
    def test_a_wrong_field_is_named(self, user: User, body: dict[str, Any], named: str) -> None:
        assert field(send(user, "filters/", **body)) == named

    def test_a_name_in_use_is_refused(self, user: User) -> None:
        send(user, "filters/", name="Won", query="status=won")
        assert code(send(user, "filters/", name="won", query="status=lost")) == (422, "refused")

    def test_somebody_else_s_filter_does_not_exist(self, user: User) -> None:
        path = f"filters/{send(user, 'filters/', name='Won', query='status=won').json()['id']}/"
        for method in ("GET", "PATCH", "DELETE"):
            assert code(send(UserFactory(), path, method, name="Mine")) == (404, "not_found")
        assert code(send(user, f"filters/{uuid.uuid4()}/restore/")) == (404, "not_found")
