from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import UserFactory
from bets.ledger import balance
from bets.models import Bet, BetStatus
from bets.placement import LegAsked, place_ticket
from bets.tests.factories import place
from bets.tests.scenes import Scene, scene
from bets.tests.test_decisions import begun, disputed
from bets.tests.test_slip_page import words

pytestmark = pytest.mark.django_db


@pytest.fixture
def at() -> Scene:
    return scene()


@pytest.fixture
def bet(at: Scene, client: Client) -> Bet:
    client.force_login(at.user)
    return place(at.moneyline_odds, at.bankroll, stake=Decimal(50))


def url(bet: Bet, action: str) -> str:
    return reverse("bets:decide", args=[bet.pk, action])


def offered(client: Client, bet: Bet) -> list[str]:
    page = client.get(reverse("bets:bet", args=[bet.pk])).content.decode()
    return [
        key for key in ("settle", "cash-out", "reprice", "void", "send-back", "undo") if url(bet, key) in page
    ]


def send(client: Client, bet: Bet, action: str, **data: Any) -> Any:
    fields = {"revision": bet.revision, "reason": "As the book has it"}
    return client.post(url(bet, action), fields | data)


def test_the_page_offers_what_is_open_at_each_stage(client: Client, bet: Bet) -> None:
    assert offered(client, bet) == ["cash-out", "void"]
    begun(bet)
    assert offered(client, bet) == ["settle", "cash-out"]
    send(client, bet, "cash-out", offer="20", confirm="1")
    assert offered(client, bet) == ["undo"]


def test_a_decision_shows_what_it_does_before_it_is_made(client: Client, bet: Bet) -> None:
    page = send(client, begun(bet), "settle", leg_1="won")
    assert page.status_code == 200
    text = words(page)
    assert "What will happen The bet is then Won, $115.00 returned Payout balance $165.00 +$115.00" in text
    assert balance(bet.bankroll) == 50
    done = send(client, bet, "settle", leg_1="won", confirm="1")
    assert done.headers["Location"] == reverse("bets:bet", args=[bet.pk])
    assert balance(bet.bankroll) == 165
    text = words(client.get(done.headers["Location"]))
    assert "Settled by hand by you: As the book has it. Corrected results leave it alone." in text
    assert "Won By hand" in text


def test_a_part_cashed_out_shows_on_the_ticket_and_is_undone(client: Client, bet: Bet) -> None:
    send(client, bet, "cash-out", offer="$18", part="20", confirm="1")
    bet.refresh_from_db()
    assert (bet.status, bet.cashed_stake, bet.cashed_out) == ("pending", 20, 18)
    text = words(client.get(reverse("bets:bet", args=[bet.pk])))
    assert "Cashed out early $18.00 for $20.00 of the stake" in text
    assert "If it wins $69.00" in text
    assert "Corrected results leave that part alone" in text
    send(client, bet, "undo", confirm="1")
    bet.refresh_from_db()
    assert (bet.cashed_stake, balance(bet.bankroll)) == (0, 50)


@pytest.mark.parametrize(
    ("action", "data", "message"),
    [
        ("settle", {}, "Say how leg 1 ended"),
        ("settle", {"leg_1": "won", "payout": "1,5"}, "with a decimal point"),
        ("settle", {"leg_1": "won", "reason": ""}, "This field is required"),
        ("settle", {"leg_1": "won", "payout": "10"}, "choose “half lost”"),
        ("cash-out", {"offer": "0"}, "above zero"),
        ("cash-out", {"offer": "5", "part": "50"}, "cash out less than that"),
        ("settle", {"leg_1": "won", "revision": ""}, "Open it again from the bet"),
        ("settle", {"leg_1": "won", "revision": "7"}, "has changed since you looked at it"),
        ("undo", {}, "nothing to undo"),
        ("send-back", {}, "Only staff may send a bet back"),
        ("reprice", {"price": "abc"}, "abc"),
    ],
)
def test_what_cannot_be_done_is_said_beside_the_form(
    client: Client, bet: Bet, action: str, data: dict[str, str], message: str
) -> None:
    page = send(client, begun(bet), action, **data, confirm="1")
    assert page.status_code == 422
    assert message in words(page)
    assert balance(bet.bankroll) == 50


def test_a_part_of_a_bet_that_has_none_is_refused_and_not_taken_for_the_whole(
    client: Client, at: Scene
) -> None:
    client.force_login(at.user)
    line = at.moneyline_odds
    bonus = place_ticket(
        user=at.user, bankroll=at.bankroll, bookmaker=at.book, kind="straight", stake=Decimal(50), is_bonus=True,
        legs=[LegAsked(selection=line.selection, price=line.price)], idempotency_key="a bonus",
    )  # fmt: skip
    assert b'name="part"' not in client.get(url(bonus, "cash-out")).content
    page = send(client, bonus, "cash-out", offer="18", part="20", confirm="1")
    assert page.status_code == 422
    assert "can be cashed out only as a whole" in words(page)
    bonus.refresh_from_db()
    assert (bonus.status, bonus.cashed_out, balance(bonus.bankroll)) == ("pending", 0, 100)
    send(client, bonus, "cash-out", offer="18", part="", confirm="1")
    bonus.refresh_from_db()
    assert (bonus.status, balance(bonus.bankroll)) == ("cashed_out", 118)


def test_changing_the_entry_goes_back_to_the_form_with_it(client: Client, bet: Bet) -> None:
    page = send(client, begun(bet), "settle", leg_1="lost", change="1")
    assert b'<option value="lost" selected>' in page.content


def test_what_is_not_open_leads_back_to_the_bet_and_says_so(client: Client, bet: Bet) -> None:
    page = client.get(url(bet, "settle"), follow=True)
    assert page.redirect_chain[-1][0] == reverse("bets:bet", args=[bet.pk])
    assert "Settle by hand: that is not open for this bet now." in words(page)


@pytest.mark.parametrize("action", ["settle", "cash-out", "reprice", "void", "send-back", "undo", "grant"])
def test_strangers_find_no_such_page(client: Client, bet: Bet, action: str) -> None:
    begun(bet)
    client.force_login(UserFactory())
    assert client.get(url(bet, action)).status_code == 404
    assert send(client, bet, action, leg_1="won", confirm="1").status_code == 404
    client.logout()
    assert client.get(url(bet, action)).headers["Location"].startswith("/accounts/login/")
    suspended = UserFactory()
    client.force_login(suspended)
    suspended.is_active = False
    suspended.save()
    assert send(client, bet, action, confirm="1").headers["Location"].startswith("/accounts/login/")
    assert balance(bet.bankroll) == 50


def test_staff_decide_about_the_bet_of_another_and_return_to_the_queue(client: Client, bet: Bet) -> None:
    disputed(bet)
    client.force_login(UserFactory(is_staff=True))
    assert client.get(url(bet, "settle")).status_code == 200
    done = send(client, bet, "settle", leg_1="lost", confirm="1")
    assert done.headers["Location"] == reverse("bets:review")
    bet.refresh_from_db()
    assert bet.status == BetStatus.LOST
    assert client.get(reverse("bets:bet", args=[bet.pk])).status_code == 404
