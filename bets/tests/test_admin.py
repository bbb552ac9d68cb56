from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.tests.factories import UserFactory
from bets.models import Bet, BetStatus, LedgerEntry
from bets.settlement import settle_due
from bets.tests.factories import FAR, ended, funded_bankroll, offered, place
from bets.verification import verify
from games.models import Game
from games.tests.factories import GameFactory

pytestmark = pytest.mark.django_db
MODELS = ["bet", "betleg", "betevent", "bankroll", "ledgerentry"]


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(UserFactory(staff=True))
    return client


def some_bets(count: int) -> list[Bet]:
    bets = [place(offered(GameFactory(commence_time=FAR), "h2h"), funded_bankroll()) for _ in range(count)]
    for bet in bets[::2]:
        ended(bet.legs.get().game, 1, 0)
    settle_due()
    return bets


def act(client: Client, model: str, action: str, rows: list[Any], reason: str) -> str:
    url = reverse(f"admin:{model}_changelist")
    data = {"action": action, "_selected_action": [row.pk for row in rows], "reason": reason}
    return client.post(url, data, follow=True).content.decode()


@pytest.mark.parametrize("model", MODELS)
def test_a_list_takes_the_same_number_of_queries_whatever_its_length(staff: Client, model: str) -> None:
    url = reverse(f"admin:bets_{model}_changelist")
    taken = []
    for count in (2, 6):
        some_bets(count)
        with CaptureQueriesContext(connection) as queries:
            assert staff.get(url).status_code == 200
        taken.append(len(queries))
    assert taken[0] == taken[1]


def test_a_bets_page_shows_why_it_was_graded_so(staff: Client) -> None:
    bet = some_bets(1)[0]
    page = staff.get(reverse("admin:bets_bet_change", args=[bet.pk])).content.decode()
    assert "wins by 1" in page
    assert "−100" in page or "-100.00" in page


@pytest.mark.parametrize("model", MODELS)
def test_nobody_adds_changes_or_deletes_by_hand(staff: Client, model: str) -> None:
    some_bets(1)
    assert staff.get(reverse(f"admin:bets_{model}_add")).status_code == 403
    row = {"bet": Bet, "ledgerentry": LedgerEntry}.get(model, Bet)._default_manager.all()[0]
    if model in ("bet", "ledgerentry"):
        assert staff.post(reverse(f"admin:bets_{model}_delete", args=[row.pk])).status_code == 403
        assert staff.post(reverse(f"admin:bets_{model}_change", args=[row.pk]), {}).status_code == 403


@pytest.mark.parametrize("model", MODELS)
def test_lists_can_be_searched(staff: Client, model: str) -> None:
    bet = some_bets(1)[0]
    url = reverse(f"admin:bets_{model}_changelist")
    assert staff.get(url, {"q": str(bet.pk)}).status_code == 200
    assert staff.get(url, {"q": "no such thing"}).status_code == 200


def test_the_review_queue_holds_what_needs_review(staff: Client) -> None:
    some_bets(2)
    game = GameFactory(commence_time=FAR)
    reviewed = place(offered(game, "player_points", "over"))
    ended(game, 1, 0)
    settle_due()
    listed = staff.get(reverse("admin:bets_bet_changelist"), {"queue": "review"})
    assert [bet.pk for bet in listed.context["cl"].queryset] == [reviewed.pk]
    for queue, count in (("open", 2), ("settled", 1), ("", 3)):
        listed = staff.get(reverse("admin:bets_bet_changelist"), {"queue": queue})
        assert listed.context["cl"].queryset.count() == count


def test_staff_void_a_bet_with_a_reason(staff: Client) -> None:
    bet = some_bets(2)[1]
    assert "Give a reason" in act(staff, "bets_bet", "void", [bet], "")
    assert Bet.objects.get(pk=bet.pk).status == BetStatus.PENDING
    assert "1 voided." in act(staff, "bets_bet", "void", [bet], "Wrong line")
    assert Bet.objects.get(pk=bet.pk).status == BetStatus.VOID
    assert verify()[1] == []


def test_staff_send_a_reviewed_bet_back_to_grading(staff: Client) -> None:
    game = GameFactory(commence_time=FAR)
    bet = place(offered(game, "h2h"))
    ended(game, 1, 0, status="abandoned")
    settle_due()
    ended(game, 1, 0)
    assert "1 sent back to grading." in act(staff, "bets_bet", "send_back_to_grading", [bet], "Score stands")
    assert settle_due() == {"won": 1}


def test_staff_delete_a_game_only_with_a_reason_and_refund_its_bets(staff: Client) -> None:
    bet = some_bets(2)[1]
    game = bet.legs.get().game
    assert "Give a reason" in act(staff, "games_game", "delete_games", [game], "")
    assert Game.objects.filter(pk=game.pk).exists()
    assert "1 deleted." in act(staff, "games_game", "delete_games", [game], "Listed twice")
    assert not Game.objects.filter(pk=game.pk).exists()
    assert Bet.objects.get(pk=bet.pk).status == BetStatus.VOID
    assert staff.get(reverse("admin:bets_bet_change", args=[bet.pk])).status_code == 200
    assert verify()[1] == []


def test_staff_without_the_permission_see_no_action(client: Client) -> None:
    client.force_login(UserFactory(is_staff=True))
    assert client.get(reverse("admin:bets_bet_changelist")).status_code == 403


def test_a_stranger_is_sent_to_sign_in(client: Client) -> None:
    for model in MODELS:
        assert client.get(reverse(f"admin:bets_{model}_changelist")).status_code == 302


def test_a_bets_page_leads_to_the_pages_where_staff_decide(staff: Client) -> None:
    bet = some_bets(1)[0]
    page = staff.get(reverse("admin:bets_bet_change", args=[bet.pk])).content.decode()
    assert reverse("bets:decide", args=[bet.pk, "settle"]) in page
    assert reverse("bets:decide", args=[bet.pk, "void"]) in page
    assert reverse("bets:decide", args=[bet.pk, "cash-out"]) not in page
    assert reverse("bets:review") in page
