"""Settling by hand, by owners and by staff, with the API."""

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
from bets.models import Bankroll, Bet, BetEvent, BetStatus
from bets.tests.factories import funded_bankroll, offered, place
from games.models import Game
from games.tests.factories import GameFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    cache.clear()


@pytest.fixture
def bankroll() -> Bankroll:
    return funded_bankroll("1000")


@pytest.fixture
def staff() -> User:
    return UserFactory(staff=True)


def under_review(bankroll: Bankroll, reason: str = "Sources disagree.") -> Bet:
    """100 at −110 on a game that has begun, under review."""
    game = GameFactory(commence_time=timezone.now() + dt.timedelta(hours=5))
    bet = place(offered(game, point="-3.5"), bankroll)
    Game.objects.filter(pk=game.pk).update(commence_time=timezone.now() - dt.timedelta(hours=5))
    Bet.objects.filter(pk=bet.pk).update(status=BetStatus.NEEDS_REVIEW, review_reason=reason)
    return Bet.objects.get(pk=bet.pk)


def send(user: User, path: str, **body: Any) -> Any:
    key = ApiKeyFactory(user=user, scopes=["admin"] if user.is_staff else ["bets:write"])
    client = Client(headers={"Authorization": f"Bearer {text_of(key)}"})
    return client.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json")


def read(user: User, path: str) -> Any:
    key = ApiKeyFactory(user=user, scopes=["admin"])
    return Client(headers={"Authorization": f"Bearer {text_of(key)}"}).get(f"/api/v1/{path}")


def test_an_owner_says_how_the_leg_ended(bankroll: Bankroll) -> None:
    bet = under_review(bankroll)
    said = {"legs": [{"position": 1, "status": "won"}], "reason": "box score"}
    told = send(bankroll.user, f"bets/{bet.pk}/settle/", **said).json()
    assert (told["status"], told["payout"], told["legs"][0]["status"]) == ("won", "190.91", "won")
    assert ledger.balance(bankroll) == Decimal("1090.91")


def test_what_the_book_paid_counts(bankroll: Bankroll) -> None:
    bet = under_review(bankroll)
    told = send(bankroll.user, f"bets/{bet.pk}/settle/", payout="0.00", reason="it paid nothing").json()
    assert (told["status"], told["payout"]) == ("lost", "0.00")


def test_an_outcome_that_does_not_suit_the_payout_is_refused(bankroll: Bankroll) -> None:
    bet = under_review(bankroll)
    said = {"legs": [{"position": 1, "status": "lost"}], "payout": "190.91", "reason": "odd"}
    response = send(bankroll.user, f"bets/{bet.pk}/settle/", **said)
    assert (response.status_code, response.json()["code"]) == (409, "not_possible")
    twice = [{"position": 1, "status": "lost"}, {"position": 1, "status": "won"}]
    response = send(bankroll.user, f"bets/{bet.pk}/settle/", legs=twice, reason="odd")
    assert response.json()["errors"][0]["field"] == "legs.1.position"


def test_staff_settle_anybody_s_bet_and_are_named(bankroll: Bankroll, staff: User) -> None:
    bet = under_review(bankroll)
    assert send(staff, f"review/{bet.pk}/settle/", payout="150.00", reason="as paid").status_code == 200
    event = BetEvent.objects.filter(bet=bet).latest("id")
    assert (event.kind, event.by, event.reason) == ("settled", staff, "as paid")
    told = send(staff, f"review/{bet.pk}/undo/", reason="misread").json()
    assert (told["status"], told["username"]) == ("pending", bankroll.user.username)
    assert ledger.balance(bankroll) == Decimal(900)


def test_staff_send_a_bet_back_to_grading(bankroll: Bankroll, staff: User) -> None:
    bet = under_review(bankroll)
    told = send(staff, f"review/{bet.pk}/send-back/", reason="score set right").json()
    assert (told["status"], told["review_reason"]) == ("pending", "")
    again = send(staff, f"review/{bet.pk}/send-back/", reason="twice")
    assert (again.status_code, again.json()["code"]) == (409, "not_possible")


def test_staff_decide_about_many_and_leave_the_decided_alone(bankroll: Bankroll, staff: User) -> None:
    bets = [under_review(bankroll) for _ in range(3)]
    send(staff, f"review/{bets[0].pk}/settle/", payout="190.91", reason="won")
    ids = [str(bet.pk) for bet in bets]
    told = send(staff, "review/decide/", bets=ids, decision="void", reason="never played").json()
    assert sorted(told["decided"]) == sorted(ids[1:])
    assert ledger.balance(bankroll) == Decimal("1090.91")
    none = send(staff, "review/decide/", bets=ids, decision="send_back", reason="again")
    assert (none.status_code, none.json()["code"]) == (409, "not_possible")


def test_the_queue_and_a_bet_of_it_are_read_with_evidence(bankroll: Bankroll, staff: User) -> None:
    bet = under_review(bankroll)
    assert [row["id"] for row in read(staff, "review/?reason=Sources disagree.").json()["results"]] == [str(bet.pk)]  # fmt: skip
    row = read(staff, f"review/{bet.pk}/?expand=evidence,events,ledger").json()
    assert (row["username"], row["review_reason"]) == (bankroll.user.username, "Sources disagree.")
    assert [event["kind"] for event in row["events"]] == ["placed"]
    assert "evidence" in row["legs"][0]


def test_an_admin_key_of_one_who_is_staff_no_more_decides_nothing(bankroll: Bankroll, staff: User) -> None:
    bet = under_review(bankroll)
    key = ApiKeyFactory(user=staff, scopes=["admin"])
    User.objects.filter(pk=staff.pk).update(is_staff=False)
    client = Client(headers={"Authorization": f"Bearer {text_of(key)}"})
    response = client.post(
        f"/api/v1/review/{bet.pk}/void/", '{"reason": "x"}', content_type="application/json"
    )
    assert (response.status_code, response.json()["code"]) == (403, "staff_only")
