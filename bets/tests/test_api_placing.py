"""Placing bets by the API."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client, override_settings
from django.utils import timezone

from accounts.models import KeptAnswer
from accounts.tests.factories import ApiKeyFactory, UserFactory, text_of
from bets.limits import set_limit
from bets.models import Bankroll, Bet, LedgerEntry, LimitKind
from bets.settlement import settle_due
from bets.tests.factories import ended, funded_bankroll, offered
from games.models import Game, GameStatus
from games.tests.factories import GameFactory
from odds.models import CurrentOdds, Selection
from odds.tests.quoting import quote

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/bets/"


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    cache.clear()


@pytest.fixture
def bankroll() -> Bankroll:
    return funded_bankroll("1000")


@pytest.fixture
def line() -> CurrentOdds:
    return offered(coming(), point="-3.5")


def coming() -> Game:
    game: Game = GameFactory(commence_time=timezone.now() + dt.timedelta(hours=5))
    return game


def program(bankroll: Bankroll) -> Client:
    key = ApiKeyFactory(user=bankroll.user, scopes=["bets:write"])
    return Client(headers={"Authorization": f"Bearer {text_of(key)}"})


def leg(line: CurrentOdds, **changed: Any) -> dict[str, Any]:
    point = None if line.point is None else str(line.point)
    return {"selection_id": line.selection_id, "odds": f"{line.price:.0f}", "point": point} | changed


def asked(bankroll: Bankroll, *lines: CurrentOdds | dict[str, Any], **changed: Any) -> dict[str, Any]:
    legs = [one if isinstance(one, dict) else leg(one) for one in lines]
    return {
        "bankroll_id": str(bankroll.pk),
        "bookmaker": "draftkings",
        "stake": "25.00",
        "legs": legs,
    } | changed


def post(client: Client, body: Any, key: str | None = None) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post(ADDRESS, text, content_type="application/json", headers=headers)


def refused(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/problem+json"
    found: dict[str, Any] = response.json()
    assert found["code"] == code
    assert not Bet.objects.exists(), "a refused bet was placed"
    return found


def fields_of(problem: dict[str, Any]) -> list[str]:
    return [fault["field"] for fault in problem["errors"]]


class TestKinds:
    def test_a_straight_bet_is_placed_and_told_as_it_is_read_later(
        self, bankroll: Bankroll, line: CurrentOdds
    ) -> None:
        client = program(bankroll)
        response = post(client, asked(bankroll, line, note="line is soft", tags=["nba", "model"]))
        assert response.status_code == 201, response.content
        told = response.json()
        bet = Bet.objects.get()
        assert response.headers["Location"] == f"{ADDRESS}{bet.pk}/"
        assert (told["id"], told["kind"], told["status"]) == (str(bet.pk), "straight", "pending")
        assert (told["stake"], told["odds"], told["decimal"]) == ("25.00", "-110", "1.909091")
        assert (told["point"], told["side"], told["price_verified"]) == ("-3.5", "home", True)
        assert (told["note"], told["tags"]) == ("line is soft", ["nba", "model"])
        assert LedgerEntry.objects.get(bet=bet).amount == Decimal("-25.00")
        key = ApiKeyFactory(user=bankroll.user, scopes=["bets:read"])
        reader = Client(headers={"Authorization": f"Bearer {text_of(key)}"})
        assert reader.get(response.headers["Location"]).json() == told

    def test_the_book_s_better_price_is_what_the_bet_gets(
        self, bankroll: Bankroll, line: CurrentOdds
    ) -> None:
        response = post(program(bankroll), asked(bankroll, leg(line, odds="-115")))
        assert response.json()["odds"] == "-110"

    def test_a_parlay_multiplies_its_legs(self, bankroll: Bankroll) -> None:
        lines = [offered(coming(), "h2h", price="100") for _ in range(3)]
        told = post(program(bankroll), asked(bankroll, *lines, kind="parlay")).json()
        assert (told["kind"], told["decimal"], len(told["legs"])) == ("parlay", "8", 3)

    def test_a_same_game_parlay_has_the_book_s_price(self, bankroll: Bankroll) -> None:
        game = coming()
        lines = [
            quote(game, "h2h home", 100),
            quote(game, "totals over", -110, point="220.5"),
        ]
        body = asked(bankroll, *lines, kind="same_game_parlay", ticket_odds="240")
        told = post(program(bankroll), body).json()
        assert (told["kind"], told["odds"], told["own_price"]) == ("same_game_parlay", "240", True)

    def test_a_teaser_moves_its_points(self, bankroll: Bankroll) -> None:
        lines = [offered(GameFactory(sport__key="americanfootball_nfl", commence_time=coming().commence_time), point="-7.5") for _ in range(2)]  # fmt: skip
        body = asked(bankroll, *lines, kind="teaser", teaser_points="6")
        told = post(program(bankroll), body).json()
        assert (told["kind"], told["teaser_points"], len(told["legs"])) == ("teaser", "6", 2)

    def test_a_round_robin_risks_its_stake_on_each_combination(self, bankroll: Bankroll) -> None:
        lines = [offered(coming(), "h2h", price="100") for _ in range(4)]
        body = asked(bankroll, *lines, kind="round_robin", sizes=[2, 3], stake="5.00")
        told = post(program(bankroll), body).json()
        assert (told["combinations"], told["unit_stake"], told["stake"]) == (10, "5.00", "50.00")

    def test_a_price_of_one_s_own_needs_no_book(self, bankroll: Bankroll, line: CurrentOdds) -> None:
        body = asked(bankroll, leg(line, odds="+150", own_price=True), bookmaker=None)
        told = post(program(bankroll), body).json()
        assert (told["odds"], told["own_price"], told["bookmaker"]) == ("150", True, None)

    def test_an_each_way_bet_has_two_halves(self, bankroll: Bankroll) -> None:
        game = GameFactory(outright=True, commence_time=timezone.now() + dt.timedelta(days=9))
        runner = quote(game, "outrights win", 800, participant="Celtics")
        body = asked(bankroll, runner, each_way={"fraction": "1/4", "places": 4}, stake="10.00")
        told = post(program(bankroll), body).json()
        assert (told["stake"], told["unit_stake"], told["each_way_places"]) == ("20.00", "10.00", 4)

    def test_a_bonus_bet_takes_nothing(self, bankroll: Bankroll, line: CurrentOdds) -> None:
        told = post(program(bankroll), asked(bankroll, line, is_bonus=True, stake="2000")).json()
        assert told["is_bonus"] is True
        assert not LedgerEntry.objects.filter(bet=told["id"]).exists()

    def test_what_was_placed_is_settled_like_any_other(self, bankroll: Bankroll, line: CurrentOdds) -> None:
        told = post(program(bankroll), asked(bankroll, line)).json()
        ended(line.game, 110, 100)
        settle_due()
        bet = Bet.objects.get(pk=told["id"])
        assert (bet.status, bet.payout) == ("won", Decimal("47.73"))


class TestOnce:
    def test_the_same_key_places_one_bet(self, bankroll: Bankroll, line: CurrentOdds) -> None:
        client, body = program(bankroll), asked(bankroll, line)
        first, second = post(client, body, "k-1"), post(client, body, "k-1")
        assert first.json() == second.json()
        assert second.headers["Idempotency-Replayed"] == "true"
        assert Bet.objects.count() == 1

    def test_another_bet_under_the_same_key_is_a_conflict(
        self, bankroll: Bankroll, line: CurrentOdds
    ) -> None:
        client = program(bankroll)
        post(client, asked(bankroll, line), "k-1")
        second = post(client, asked(bankroll, line, stake="30.00"), "k-1")
        assert (second.status_code, second.json()["code"]) == (409, "idempotency_mismatch")
        assert Bet.objects.count() == 1

    def test_a_key_outlives_the_answer_that_was_kept(self, bankroll: Bankroll, line: CurrentOdds) -> None:
        client = program(bankroll)
        first = post(client, asked(bankroll, line), "k-1").json()
        KeptAnswer.objects.all().delete()
        assert post(client, asked(bankroll, line), "k-1").json()["id"] == first["id"]
        other = post(client, asked(bankroll, line, stake="30.00"), "k-1")
        assert (other.status_code, other.json()["code"]) == (409, "idempotency_mismatch")
        assert Bet.objects.count() == 1

    def test_without_a_key_two_requests_are_two_bets(self, bankroll: Bankroll, line: CurrentOdds) -> None:
        client = program(bankroll)
        post(client, asked(bankroll, line))
        post(client, asked(bankroll, line))
        assert Bet.objects.count() == 2

    def test_keys_of_two_people_are_two_keys(self, bankroll: Bankroll, line: CurrentOdds) -> None:
        other = funded_bankroll("1000")
        post(program(bankroll), asked(bankroll, line), "k-1")
        post(program(other), asked(other, line), "k-1")
        assert Bet.objects.count() == 2


class TestRefusals:
    def test_a_moved_price_is_told(self, bankroll: Bankroll, line: CurrentOdds) -> None:
        response = post(program(bankroll), asked(bankroll, leg(line, odds="-105")))
        problem = refused(response, 409, "price_moved")
        assert (problem["price"], problem["decimal"], problem["point"]) == ("-110", "1.909091", "-3.5")
        assert problem["legs"] == [
            {
                "position": 1, "asked": "-105", "asked_decimal": "1.952381", "asked_point": "-3.5",
                "price": "-110", "decimal": "1.909091", "point": "-3.5",
            }
        ]  # fmt: skip
        assert fields_of(problem) == ["legs.0.odds"]

    def test_a_withdrawn_line_is_gone(self, bankroll: Bankroll, line: CurrentOdds) -> None:
        CurrentOdds.objects.all().delete()
        refused(post(program(bankroll), asked(bankroll, line)), 409, "price_gone")

    def test_a_game_that_began_takes_no_bets(self, bankroll: Bankroll, line: CurrentOdds) -> None:
        Game.objects.update(commence_time=timezone.now() - dt.timedelta(minutes=1))
        refused(post(program(bankroll), asked(bankroll, line)), 409, "game_closed")
        Game.objects.update(commence_time=timezone.now() + dt.timedelta(hours=1), status=GameStatus.CANCELLED)
        refused(post(program(bankroll), asked(bankroll, line)), 409, "game_closed")

    def test_missing_money_is_told(self, bankroll: Bankroll, line: CurrentOdds) -> None:
        response = post(program(bankroll), asked(bankroll, line, stake="1000.01"))
        problem = refused(response, 409, "insufficient_funds")
        assert (problem["available"], problem["currency"]) == ("1000.00", "USD")

    def test_a_limit_is_honoured(self, bankroll: Bankroll, line: CurrentOdds) -> None:
        set_limit(
            user=bankroll.user,
            kind=LimitKind.STAKE,
            currency=bankroll.currency,
            money=bankroll.kind,
            amount=Decimal(20),
        )
        problem = refused(post(program(bankroll), asked(bankroll, line)), 409, "limit_reached")
        assert (problem["limit"], problem["left"]) == ("stake", "20.00")

    def test_somebody_else_s_bankroll_does_not_exist(self, bankroll: Bankroll, line: CurrentOdds) -> None:
        stranger = funded_bankroll("1000")
        problem = refused(post(program(stranger), asked(bankroll, line)), 422, "refused")
        assert fields_of(problem) == ["bankroll_id"]

    def test_every_missing_selection_is_named(self, bankroll: Bankroll, line: CurrentOdds) -> None:
        gone = leg(line, selection_id=Selection.objects.order_by("-id").values_list("pk", flat=True)[0] + 7)
        response = post(program(bankroll), asked(bankroll, line, gone, gone, kind="parlay"))
        named = fields_of(refused(response, 422, "refused"))
        assert named == [f"legs.{n}.selection_id" for n in (1, 2)]

    def test_legs_that_cannot_both_win_are_refused(self, bankroll: Bankroll) -> None:
        game = coming()
        lines = [quote(game, "h2h home", 100), quote(game, "h2h away", 100)]
        response = post(program(bankroll), asked(bankroll, *lines, kind="parlay"))
        assert "cannot both win" in refused(response, 422, "refused")["errors"][0]["detail"]

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"stake": 25}, "stake"),
            ({"stake": 25.5}, "stake"),
            ({"stake": "-25"}, "stake"),
            ({"stake": "0"}, "stake"),
            ({"stake": "1e2"}, "stake"),
            ({"stake": "٢٥"}, "stake"),
            ({"stake": "25.001"}, "stake"),
            ({"stake": None}, "stake"),
            ({"bankroll_id": 7}, "bankroll_id"),
            ({"bookmaker": 5}, "bookmaker"),
            ({"kind": "canadienne"}, "kind"),
            ({"accept": "worse"}, "accept"),
            ({"legs": []}, "legs"),
            ({"legs": {}}, "legs"),
            ({"legs": [5]}, "legs.0"),
            ({"is_bonus": "yes"}, "is_bonus"),
            ({"tags": "nba"}, "tags"),
            ({"tags": ["x" * 41]}, "tags.0"),
            ({"note": "x" * 2001}, "note"),
            ({"note": "a\0b"}, "note"),
            ({"each_way": {"fraction": "1/0", "places": 4}}, "each_way.fraction"),
            ({"each_way": {"fraction": "1/4", "places": "4"}}, "each_way.places"),
            ({"sizes": ["2"]}, "sizes.0"),
            ({"stakes": "25"}, "stakes"),
        ],
    )
    def test_a_wrong_field_is_named(
        self, bankroll: Bankroll, line: CurrentOdds, changed: dict[str, Any], field: str
    ) -> None:
        response = post(program(bankroll), asked(bankroll, line, **changed))
        assert fields_of(refused(response, 400, "invalid")) == [field]

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"odds": -110}, "legs.0.odds"),
            ({"odds": "1.91"}, "legs.0.odds"),
            ({"odds": "evens"}, "legs.0.odds"),
            ({"point": 3.5}, "legs.0.point"),
            ({"point": "-3.555"}, "legs.0.point"),
            ({"selection_id": "7"}, "legs.0.selection_id"),
            ({"selection_id": True}, "legs.0.selection_id"),
            ({"selection_id": 2**70}, "legs.0.selection_id"),
            ({"own_price": 1}, "legs.0.own_price"),
            ({"price": "-110"}, "legs.0.price"),
        ],
    )
    def test_a_wrong_field_of_a_leg_is_named(
        self, bankroll: Bankroll, line: CurrentOdds, changed: dict[str, Any], field: str
    ) -> None:
        response = post(program(bankroll), asked(bankroll, leg(line, **changed)))
        assert fields_of(refused(response, 400, "invalid")) == [field]

    @pytest.mark.parametrize("body", ["", "[]", "null", "7", "{", '{"stake": NaN}', '"\ud800"'])
    def test_what_is_no_object_is_refused(self, bankroll: Bankroll, body: str) -> None:
        text = body.encode("utf-8", "surrogatepass")
        response = program(bankroll).post(ADDRESS, text, content_type="application/json")
        assert response.status_code == 400
        assert response.json()["code"] in ("invalid", "malformed")


class TestWhoMay:
    def test_a_session_needs_its_csrf_token(self, bankroll: Bankroll, line: CurrentOdds) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(bankroll.user)
        refused(post(client, asked(bankroll, line)), 403, "csrf_failed")
        client.get("/accounts/email/")
        token = client.cookies.get("csrftoken")
        if token is None:  # the page has no form
            client.get("/bankrolls/")
            token = client.cookies["csrftoken"]
        response = client.post(
            ADDRESS,
            json.dumps(asked(bankroll, line)),
            content_type="application/json",
            headers={"X-CSRFToken": token.value},
        )
        assert response.status_code == 201

    def test_without_redis_nothing_is_placed_and_reads_go_on(
        self, bankroll: Bankroll, line: CurrentOdds
    ) -> None:
        gone = {
            "default": {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": "redis://127.0.0.1:1/0",
                "KEY_PREFIX": "gone",
            }
        }
        client = program(bankroll)
        with override_settings(CACHES=gone):
            problem = refused(post(client, asked(bankroll, line)), 503, "throttles_unavailable")
        assert "nothing is written" in problem["detail"]
        assert post(client, asked(bankroll, line)).status_code == 201

    def test_a_suspended_person_places_nothing(self, bankroll: Bankroll, line: CurrentOdds) -> None:
        client = program(bankroll)
        bankroll.user.is_active = False
        bankroll.user.save()
        refused(post(client, asked(bankroll, line)), 401, "account_suspended")


def test_a_stranger_s_key_places_with_the_stranger_s_money_only(line: CurrentOdds) -> None:
    bankroll = funded_bankroll("10", user=UserFactory())
    refused(post(program(bankroll), asked(bankroll, line)), 409, "insufficient_funds")
