"""Setting bets right, voiding, cashing out and undoing by the API."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.tests.factories import ApiKeyFactory, UserFactory, text_of
from bets import ledger
from bets.models import Bet, BetEvent
from bets.settlement import settle_due
from bets.tests.factories import ended, funded_bankroll, offered, place
from games.models import Game
from games.tests.factories import GameFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    cache.clear()


@pytest.fixture
def bet() -> Bet:
    """100 at −110 of a bankroll of 1000, on a game to come."""
    game = GameFactory(commence_time=timezone.now() + dt.timedelta(hours=5))
    return place(offered(game, point="-3.5"), funded_bankroll("1000"), tags=["nba"], note="first")


def program(user: Any) -> Client:
    key = ApiKeyFactory(user=user, scopes=["bets:write"])
    return Client(headers={"Authorization": f"Bearer {text_of(key)}"})


def send(bet: Bet, what: str, key: str | None = None, user: Any = None, **body: Any) -> Any:
    client = program(user or bet.user)
    address = f"/api/v1/bets/{bet.pk}/{what}"
    headers = {} if key is None else {"Idempotency-Key": key}
    method = client.post if what else client.patch
    return method(address, json.dumps(body), content_type="application/json", headers=headers)


def balance(bet: Bet) -> Decimal:
    return ledger.balance(bet.bankroll)


def begun(bet: Bet) -> None:
    Game.objects.update(commence_time=timezone.now() - dt.timedelta(minutes=5))


def code(response: Any) -> tuple[int, str]:
    return response.status_code, response.json().get("code", "")


class TestEditing:
    def test_words_change_at_any_time_and_what_is_left_out_stays(self, bet: Bet) -> None:
        begun(bet)
        told = send(bet, "", note="second").json()
        assert (told["note"], told["tags"]) == ("second", ["nba"])
        told = send(bet, "", tags=["model", "nba"]).json()
        assert (told["note"], told["tags"]) == ("second", ["model", "nba"])

    def test_a_changed_stake_moves_the_difference(self, bet: Bet) -> None:
        told = send(bet, "", stake="150.00", reason="typed wrong").json()
        assert (told["stake"], told["revision"], balance(bet)) == ("150.00", 1, Decimal(850))
        event = BetEvent.objects.filter(bet=bet).latest("id")
        assert (event.kind, event.reason, event.by) == ("edited", "typed wrong", bet.user)
        assert event.data["stake"] == {"from": "100", "to": "150"}

    def test_a_changed_price_is_the_person_s_own(self, bet: Bet) -> None:
        told = send(bet, "", odds="-105").json()
        assert (told["odds"], told["own_price"], told["price_verified"]) == ("-105", True, False)
        assert send(bet, "", legs=[{"position": 1, "odds": "-110"}]).json()["odds"] == "-110"

    def test_a_book_that_is_not_known_is_named(self, bet: Bet) -> None:
        response = send(bet, "", bookmaker="nobody")
        assert code(response) == (422, "refused")
        assert response.json()["errors"][0]["field"] == "bookmaker"
        assert send(bet, "", bookmaker=None).json()["bookmaker"] is None

    def test_terms_stay_once_the_game_has_begun_and_nothing_else_is_written(self, bet: Bet) -> None:
        begun(bet)
        assert code(send(bet, "", stake="150.00", note="second")) == (409, "game_closed")
        bet.refresh_from_db()
        assert (bet.note, bet.stake) == ("first", Decimal(100))

    def test_missing_money_is_told(self, bet: Bet) -> None:
        assert code(send(bet, "", stake="1000.01")) == (409, "insufficient_funds")

    def test_a_bet_that_changed_since_is_left_alone(self, bet: Bet) -> None:
        send(bet, "", stake="150.00", revision=0)
        for late in ({"stake": "160.00"}, {"note": "late"}):
            refusal = send(bet, "", revision=0, **late)
            assert code(refusal) == (409, "bet_changed")
            assert refusal.json()["revision"] == 1
        told = send(bet, "", stake="160.00", note="in time", revision=1).json()
        assert (told["stake"], told["note"]) == ("160.00", "in time")

    def test_the_same_key_changes_once(self, bet: Bet) -> None:
        first, second = (send(bet, "", key="k", stake="150.00").json() for _ in range(2))
        assert first == second
        assert Bet.objects.get().revision == 1

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"stake": "0"}, "stake"),
            ({"status": "won"}, "status"),
            ({"revision": "0"}, "revision"),
        ],
    )
    def test_a_wrong_field_is_named(self, bet: Bet, body: dict[str, Any], field: str) -> None:
        response = send(bet, "", **body)
        assert code(response) == (400, "invalid")
        assert response.json()["errors"][0]["field"] == field

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"odds": "-105", "legs": []}, "odds"),
            ({"legs": [{"position": 2, "odds": "-105"}]}, "legs.0.position"),
            ({"tags": ["a,b"]}, "tags"),
        ],
    )
    def test_what_cannot_be_is_named(self, bet: Bet, body: dict[str, Any], field: str) -> None:
        response = send(bet, "", **body)
        assert code(response) == (422, "refused")
        assert response.json()["errors"][0]["field"] == field


class TestDeciding:
    def test_a_void_gives_the_stake_back(self, bet: Bet) -> None:
        told = send(bet, "void/", reason="wrong game").json()
        assert (told["status"], told["payout"], balance(bet)) == ("void", "100.00", Decimal(1000))
        assert code(send(bet, "void/", reason="again")) == (409, "bet_decided")

    def test_a_bet_under_way_is_voided_by_staff_alone(self, bet: Bet) -> None:
        begun(bet)
        response = send(bet, "void/", reason="changed my mind")
        assert code(response) == (403, "forbidden")
        assert "Only staff" in response.json()["detail"]

    def test_a_reason_is_needed(self, bet: Bet) -> None:
        for what, body in (("void/", {}), ("cash-out/", {"offer": "1.00"}), ("undo/", {"reason": " "})):
            response = send(bet, what, **body)
            assert code(response) == (400, "invalid")
            assert [fault["field"] for fault in response.json()["errors"]] == ["reason"]

    def test_the_book_pays_early(self, bet: Bet) -> None:
        told = send(bet, "cash-out/", offer="120.00", reason="half-time").json()
        assert (told["status"], told["payout"], told["profit"]) == ("cashed_out", "120.00", "20.00")
        assert balance(bet) == Decimal(1020)

    def test_a_part_is_cashed_out_and_the_rest_rides(self, bet: Bet) -> None:
        told = send(bet, "cash-out/", offer="60.00", stake="50.00", reason="half of it").json()
        assert (told["status"], told["cashed_stake"], told["cashed_out"]) == ("pending", "50.00", "60.00")
        ended(bet.legs.get().game, 110, 100)
        settle_due()
        bet.refresh_from_db()
        assert (bet.status, bet.payout) == ("won", Decimal("155.45"))
        assert code(send(bet, "cash-out/", offer="1.00", reason="late")) == (409, "bet_decided")

    def test_more_than_rides_cannot_be_cashed_out(self, bet: Bet) -> None:
        response = send(bet, "cash-out/", offer="60.00", stake="100.00", reason="too much")
        assert code(response) == (409, "not_possible")

    def test_a_decision_is_taken_back(self, bet: Bet) -> None:
        send(bet, "cash-out/", offer="120.00", reason="half-time")
        told = send(bet, "undo/", reason="the book did not pay").json()
        assert (told["status"], told["payout"], balance(bet)) == ("pending", None, Decimal(900))
        assert code(send(bet, "undo/", reason="again")) == (409, "not_possible")

    def test_the_same_key_cashes_out_once(self, bet: Bet) -> None:
        body = {"offer": "30.00", "stake": "20.00", "reason": "a fifth"}
        first, second = (send(bet, "cash-out/", key="k", **body).json() for _ in range(2))
        assert first == second
        assert Bet.objects.get().cashed_stake == Decimal(20)

    @pytest.mark.parametrize("what", ["", "void/", "cash-out/", "undo/"])
    def test_somebody_else_s_bet_does_not_exist(self, bet: Bet, what: str) -> None:
        for stranger in (UserFactory(), UserFactory(staff=True)):
            assert code(send(bet, what, user=stranger, reason="mine")) == (404, "not_found")
