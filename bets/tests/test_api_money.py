"""Keeping bankrolls and moving money by the API."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import ApiKeyFactory, UserFactory, text_of
from bets import ledger
from bets.models import Bankroll, LedgerEntry, Operation
from bets.tests.factories import funded_bankroll, offered, place
from games.tests.factories import GameFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    cache.clear()


@pytest.fixture
def bankroll() -> Bankroll:
    return funded_bankroll("1000")


def program(user: User) -> Client:
    key = ApiKeyFactory(user=user, scopes=["bets:write", "bets:read"])
    return Client(headers={"Authorization": f"Bearer {text_of(key)}"})


def send(user: User, path: str, key: str | None = None, method: str = "POST", **body: Any) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    address, text = f"/api/v1/{path}", json.dumps(body)
    return program(user).generic(method, address, text, content_type="application/json", headers=headers)


def move(bankroll: Bankroll, kind: str, amount: str, key: str | None = None, **body: Any) -> Any:
    said = {"kind": kind, "bankroll_id": str(bankroll.pk), "amount": amount} | body
    return send(bankroll.user, "operations/", key, **said)


def code(response: Any) -> tuple[int, str]:
    return response.status_code, response.json().get("code", "")


def field(response: Any) -> str:
    assert code(response) in ((400, "invalid"), (422, "refused")), response.content
    return str(response.json()["errors"][0]["field"])


class TestKeeping:
    def test_a_bankroll_is_opened_with_money(self) -> None:
        user = UserFactory()
        response = send(user, "bankrolls/", name="Main", kind="real", currency="EUR", opening_deposit="250")
        assert response.status_code == 201
        told = response.json()
        assert (told["balance"], told["currency"], told["kind"]) == ("250.00", "EUR", "real")
        assert program(user).get(response.headers["Location"]).json() == told

    def test_a_name_in_use_is_refused(self, bankroll: Bankroll) -> None:
        response = send(bankroll.user, "bankrolls/", name=bankroll.name)
        assert code(response) == (422, "refused")
        assert "name" in response.json()["errors"][0]["detail"]
        assert Bankroll.objects.count() == 1

    @pytest.mark.parametrize(
        ("body", "named"),
        [
            ({"name": ""}, "name"),
            ({"name": "x" * 61}, "name"),
            ({"name": "A", "currency": "XXX"}, "currency"),
            ({"name": "A", "kind": "fake"}, "kind"),
            ({"name": "A", "bookmaker": "nobody"}, "bookmaker"),
            ({"name": "A", "opening_deposit": "0"}, "opening_deposit"),
            ({"name": "A", "balance": "7.00"}, "balance"),
        ],
    )
    def test_a_wrong_field_is_named(self, body: dict[str, Any], named: str) -> None:
        assert field(send(UserFactory(), "bankrolls/", **body)) == named

    def test_what_is_left_out_stays(self, bankroll: Bankroll) -> None:
        path = f"bankrolls/{bankroll.pk}/"
        told = send(bankroll.user, path, method="PATCH", may_go_negative=True).json()
        assert (told["name"], told["may_go_negative"]) == (bankroll.name, True)
        assert field(send(bankroll.user, path, method="PATCH", currency="EUR")) == "currency"

    def test_it_is_put_away_and_taken_out_again(self, bankroll: Bankroll) -> None:
        path = f"bankrolls/{bankroll.pk}/"
        assert send(bankroll.user, f"{path}archive/").json()["archived_at"] is not None
        assert code(move(bankroll, "deposit", "5.00")) == (409, "not_possible")
        assert code(send(bankroll.user, f"{path}make-default/")) == (409, "not_possible")
        assert send(bankroll.user, f"{path}restore/").json()["archived_at"] is None
        assert send(bankroll.user, f"{path}make-default/").json()["is_default"] is True

    def test_not_while_bets_are_open(self, bankroll: Bankroll) -> None:
        place(
            offered(GameFactory(commence_time=timezone.now() + dt.timedelta(hours=5)), point="-3.5"), bankroll
        )
        assert code(send(bankroll.user, f"bankrolls/{bankroll.pk}/archive/")) == (409, "not_possible")


class TestMoving:
    @pytest.mark.parametrize(
        ("kind", "amount", "note", "left"),
        [
            ("deposit", "100.00", "", "1100.00"),
            ("withdrawal", "100", "", "900.00"),
            ("bonus", "25.50", "welcome", "1025.50"),
            ("adjustment", "-12.50", "the book's rounding", "987.50"),
            ("adjustment", "0.01", "found", "1000.01"),
        ],
    )
    def test_money_moves(self, bankroll: Bankroll, kind: str, amount: str, note: str, left: str) -> None:
        response = move(bankroll, kind, amount, note=note)
        assert response.status_code == 201, response.content
        assert ledger.balance(bankroll) == Decimal(left)
        row = program(bankroll.user).get(f"/api/v1/bankrolls/{bankroll.pk}/ledger/").json()["results"][0]
        assert (row["kind"], row["balance_after"]) == (kind, left)

    def test_a_transfer_has_two_sides(self, bankroll: Bankroll) -> None:
        other = funded_bankroll("10", user=bankroll.user, currency="EUR")
        told = move(bankroll, "transfer", "100", to_bankroll_id=str(other.pk), arrives="92.15").json()
        assert (told["amount"], told["to_amount"]) == ("-100.00", "92.15")
        assert (ledger.balance(bankroll), ledger.balance(other)) == (Decimal(900), Decimal("102.15"))

    def test_it_is_taken_back_once(self, bankroll: Bankroll) -> None:
        done = move(bankroll, "deposit", "100").json()
        first, second = (send(bankroll.user, f"operations/{done['id']}/undo/") for _ in range(2))
        assert first.json() == second.json()
        assert (first.json()["kind"], first.json()["undoes_id"]) == ("undo", done["id"])
        assert ledger.balance(bankroll) == Decimal(1000)
        address = f"/api/v1/operations/{done['id']}/"
        assert program(bankroll.user).get(address).json()["is_undone"] is True
        again = send(bankroll.user, f"operations/{first.json()['id']}/undo/")
        assert code(again) == (409, "not_possible")

    def test_the_same_key_moves_money_once(self, bankroll: Bankroll) -> None:
        first, second = (move(bankroll, "deposit", "100", key="k") for _ in range(2))
        assert first.json() == second.json()
        assert ledger.balance(bankroll) == Decimal(1100)
        assert code(move(bankroll, "deposit", "101", key="k")) == (409, "idempotency_mismatch")

    def test_missing_money_is_told(self, bankroll: Bankroll) -> None:
        response = move(bankroll, "withdrawal", "1000.01")
        assert code(response) == (409, "insufficient_funds")
        assert response.json()["available"] == "1000.00"

    def test_it_is_dated_by_its_owner_but_not_in_the_future(self, bankroll: Bankroll) -> None:
        told = move(bankroll, "deposit", "5", happened_at="2026-11-20T12:00:00+02:00").json()
        assert told["happened_at"] == "2026-11-20T10:00:00Z"
        later = (timezone.now() + dt.timedelta(hours=1)).isoformat()
        assert code(move(bankroll, "deposit", "5", happened_at=later)) == (422, "refused")

    @pytest.mark.parametrize(
        ("kind", "amount", "more", "named"),
        [
            ("deposit", "-5", {}, "amount"),
            ("deposit", "0", {}, "amount"),
            ("deposit", "5.001", {}, "amount"),
            ("deposit", "5", {"arrives": "5"}, "arrives"),
            ("deposit", "5", {"happened_at": "2026-11-20T12:00:00"}, "happened_at"),
            ("deposit", "5", {"happened_at": "yesterday"}, "happened_at"),
            ("adjustment", "5", {}, "note"),
            ("transfer", "5", {}, "to_bankroll_id"),
            ("transfer", "5", {"to_bankroll_id": "0195f1a0-0000-7000-8000-0000000000d1"}, "to_bankroll_id"),
            ("undo", "5", {}, "kind"),
        ],
    )
    def test_a_wrong_field_is_named(
        self, bankroll: Bankroll, kind: str, amount: str, more: dict[str, Any], named: str
    ) -> None:
        before = LedgerEntry.objects.count()
        assert field(move(bankroll, kind, amount, **more)) == named
        assert LedgerEntry.objects.count() == before

    def test_somebody_else_s_money_does_not_exist(self, bankroll: Bankroll) -> None:
        stranger = funded_bankroll("1000")
        said = {"kind": "withdrawal", "bankroll_id": str(bankroll.pk), "amount": "5"}
        assert field(send(stranger.user, "operations/", **said)) == "bankroll_id"
        said = {"kind": "transfer", "bankroll_id": str(stranger.pk), "amount": "5"}
        assert field(send(stranger.user, "operations/", to_bankroll_id=str(bankroll.pk), **said)) == "to_bankroll_id"  # fmt: skip
        first = Operation.objects.get(bankroll=bankroll)
        assert code(send(stranger.user, f"operations/{first.pk}/undo/")) == (404, "not_found")


def test_operations_are_listed_in_a_fixed_number_of_statements(
    bankroll: Bankroll, django_assert_num_queries: Any
) -> None:
    client = program(bankroll.user)
    move(bankroll, "deposit", "1")
    client.get("/api/v1/operations/")
    with django_assert_num_queries(2):
        assert len(client.get("/api/v1/operations/").json()["results"]) == 2
    for _ in range(5):
        send(bankroll.user, f"operations/{move(bankroll, 'deposit', '1').json()['id']}/undo/")
    with django_assert_num_queries(2):
        assert len(client.get("/api/v1/operations/").json()["results"]) == 12
