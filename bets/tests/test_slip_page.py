from __future__ import annotations

import datetime as dt
import html
import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.tests.factories import PASSWORD, UserFactory
from bets import bankrolls
from bets.models import Bet, LedgerEntry, LedgerKind
from bets.tests.scenes import Scene, person, scene
from games.models import GameStatus

HTMX: dict[str, Any] = {"headers": {"HX-Request": "true", "HX-Target": "slip"}}
SUMS: dict[str, Any] = {"headers": {"HX-Request": "true", "HX-Target": "slip-sums"}}

pytestmark = pytest.mark.django_db


@pytest.fixture
def at() -> Scene:
    return scene()


@pytest.fixture
def ada(at: Scene, client: Client) -> Client:
    client.force_login(at.user)
    return client


def words(response: Any) -> str:
    """The text of a page as a person reads it."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def add(client: Client, at: Scene, odds: Any = None) -> str:
    """Click a price and return the key of the slip."""
    response = client.post(reverse("bets:slip_add"), at.clicked(odds), **HTMX)
    assert response.status_code == 200
    return key_in(response)


def key_in(response: Any) -> str:
    found = re.search(r'name="key" value="(\w+)"', response.content.decode())
    assert found
    return found[1]


def place(client: Client, key: str, **typed: str) -> Any:
    return client.post(reverse("bets:slip_place"), {"key": key, "stake": "50", **typed}, **HTMX)


def test_a_clicked_price_is_in_the_slip_with_game_book_and_price(ada: Client, at: Scene) -> None:
    response = ada.post(reverse("bets:slip_add"), at.clicked(at.spread_odds), **HTMX)
    text = words(response)
    assert "Slip, 1 straight bet" in text
    assert "Los Angeles Lakers +3.5 −110" in text
    assert "Spread, Los Angeles Lakers at Boston Celtics , DraftKings" in text
    assert "Breaks even at 52.4%" in text
    assert f'data-leg="{at.spread.pk}:draftkings"'.encode() in response.content


def test_another_click_takes_the_place_of_the_first(ada: Client, at: Scene) -> None:
    add(ada, at, at.spread_odds)
    text = words(ada.post(reverse("bets:slip_add"), at.clicked(), **HTMX))
    assert "Los Angeles Lakers +130" in text
    assert "+3.5" not in text


def test_the_return_is_worked_out_by_the_server(ada: Client, at: Scene) -> None:
    key = add(ada, at, at.spread_odds)
    response = ada.post(reverse("bets:slip_update"), {"key": key, "stake": "50"}, **SUMS)
    assert "To win $45.45" in words(response)
    assert "Place bet, returns $95.45" in words(response)
    assert b"slip-form" not in response.content


@pytest.mark.parametrize(
    ("stake", "sentence"),
    [
        ("abc", "“abc” is not an amount for the stake."),
        ("-5", "The stake must be above zero."),
        ("0", "The stake must be above zero."),
        ("1.005", "smallest unit of USD"),
    ],
)
def test_a_stake_that_is_no_amount_is_said_beside_the_field(
    ada: Client, at: Scene, stake: str, sentence: str
) -> None:
    key = add(ada, at)
    assert sentence in words(ada.post(reverse("bets:slip_update"), {"key": key, "stake": stake}, **SUMS))
    refused = place(ada, key, stake=stake)
    assert refused.status_code == 422
    assert sentence in words(refused)
    assert not Bet.objects.exists()


def test_a_bet_is_placed_and_the_slip_says_so(ada: Client, at: Scene) -> None:
    response = place(ada, add(ada, at))
    bet = Bet.objects.get()
    assert (bet.stake, bet.odds, bet.user) == (Decimal(50), Decimal(130), at.user)
    assert "Placed Los Angeles Lakers +130 Stake $50.00 Returns if it wins $115.00" in words(response)
    assert reverse("bets:bet", args=[bet.pk]).encode() in response.content
    assert b'id="balance"' in response.content
    assert "$50.00" in words(response)
    assert "data-leg" not in ada.get(reverse("bets:slip")).content.decode()


def test_placing_twice_places_one_bet(ada: Client, at: Scene) -> None:
    key = add(ada, at)
    first, second = place(ada, key), place(ada, key)
    assert first.status_code == second.status_code == 200
    assert "Placed" in words(second)
    assert Bet.objects.count() == 1
    assert LedgerEntry.objects.filter(kind=LedgerKind.STAKE).count() == 1


def test_a_slip_changed_in_another_window_is_not_placed_from_the_first(ada: Client, at: Scene) -> None:
    old = add(ada, at)
    add(ada, at, at.spread_odds)
    response = place(ada, old)
    assert response.status_code == 422
    assert "changed in another window" in words(response)
    assert not Bet.objects.exists()


def test_without_script_placing_leads_to_the_ticket(ada: Client, at: Scene) -> None:
    response = ada.post(reverse("bets:slip_add"), at.clicked(), follow=True)
    assert response.redirect_chain == [(reverse("bets:slip"), 302)]
    response = ada.post(reverse("bets:slip_place"), {"key": key_in(response), "stake": "50"}, follow=True)
    assert response.redirect_chain == [(reverse("bets:bet", args=[Bet.objects.get().pk]), 302)]
    assert "Bet placed." in words(response)


def test_a_moved_price_is_said_and_blocks_until_one_is_chosen(ada: Client, at: Scene) -> None:
    key = add(ada, at)
    at.moneyline_odds.price = Decimal(120)
    at.moneyline_odds.save()
    response = place(ada, key)
    assert response.status_code == 422
    assert "DraftKings has moved from +130 to +120 , which pays less." in words(response)
    assert not Bet.objects.exists()
    taken = ada.post(
        reverse("bets:slip_accept"),
        {**at.clicked(), "line": f"{at.moneyline.pk}:draftkings", "price": "120"},
        **HTMX,
    )
    assert "has moved" not in words(taken)
    assert place(ada, key_in(taken)).status_code == 200
    bet = Bet.objects.get()
    assert (bet.odds, bet.own_price) == (Decimal(120), False)


def test_the_clicked_price_can_be_kept_as_the_users_own(ada: Client, at: Scene) -> None:
    key = add(ada, at)
    at.moneyline_odds.price = Decimal(120)
    at.moneyline_odds.save()
    kept = ada.post(reverse("bets:slip_keep"), {"line": f"{at.moneyline.pk}:draftkings"}, **HTMX)
    assert "Your own price, +130; DraftKings shows +120." in words(kept)
    assert place(ada, key).status_code == 200
    bet = Bet.objects.get()
    assert (bet.odds, bet.own_price) == (Decimal(130), True)


def test_a_moved_line_offers_the_new_point(ada: Client, at: Scene) -> None:
    add(ada, at, at.spread_odds)
    at.spread_odds.point = Decimal("4.5")
    at.spread_odds.price = Decimal(-120)
    at.spread_odds.save()
    text = words(ada.get(reverse("bets:slip"), **HTMX))
    assert "DraftKings has moved the line to +4.5 at −120 ." in text
    assert "Take +4.5 −120" in text


def test_a_withdrawn_line_is_said(ada: Client, at: Scene) -> None:
    key = add(ada, at)
    at.moneyline_odds.delete()
    assert "DraftKings does not offer this line any more." in words(ada.get(reverse("bets:slip")))
    assert place(ada, key).status_code == 422


def test_a_started_game_is_refused_with_a_sentence(ada: Client, at: Scene) -> None:
    key = add(ada, at)
    at.game.commence_time = timezone.now() - dt.timedelta(minutes=1)
    at.game.save()
    response = place(ada, key)
    assert response.status_code == 422
    assert "This game has started; bets on it are closed." in words(response)
    assert not Bet.objects.exists()


@pytest.mark.parametrize("status", [GameStatus.CANCELLED, GameStatus.POSTPONED])
def test_a_game_that_is_off_is_refused(ada: Client, at: Scene, status: str) -> None:
    key = add(ada, at)
    at.game.status = status
    at.game.save()
    response = place(ada, key)
    assert f"This game is {status}; bets on it are closed." in words(response)
    assert not Bet.objects.exists()


def test_a_typed_price_is_the_users_own_and_is_marked(ada: Client, at: Scene) -> None:
    key = add(ada, at)
    sums = ada.post(reverse("bets:slip_update"), {"key": key, "stake": "50", "price": "+150"}, **SUMS)
    assert "returns $125.00" in words(sums)
    place(ada, key, price="+150")
    bet = Bet.objects.get()
    assert (bet.odds, bet.own_price) == (Decimal(150), True)


def test_a_price_left_as_shown_stays_exact(ada: Client, at: Scene) -> None:
    at.moneyline_odds.price = Decimal("-109.890110")
    at.moneyline_odds.save()
    key = add(ada, at)
    place(ada, key, price="−110")
    bet = Bet.objects.get()
    assert (bet.odds, bet.own_price) == (Decimal("-109.890110"), False)


def test_a_typed_price_that_is_none_is_said_and_kept_in_the_field(ada: Client, at: Scene) -> None:
    key = add(ada, at)
    response = place(ada, key, price="fifty")
    assert response.status_code == 422
    assert "“fifty” is no price." in words(response)
    assert b'value="fifty"' in response.content
    assert not Bet.objects.exists()


def test_funds_that_do_not_suffice_are_said_with_the_way_to_deposit(ada: Client, at: Scene) -> None:
    key = add(ada, at)
    response = place(ada, key, stake="100.01")
    assert response.status_code == 422
    assert "$100.00 is available in Main. Deposit" in words(response)
    assert reverse("bets:bankroll", args=[at.bankroll.pk]).encode() in response.content
    assert not Bet.objects.exists()


def test_the_bankroll_can_be_chosen(ada: Client, at: Scene) -> None:
    euros = bankrolls.open_bankroll(user=at.user, name="Euros", currency="EUR", opening_deposit=Decimal(500))
    key = add(ada, at)
    sums = ada.post(
        reverse("bets:slip_update"), {"key": key, "stake": "200", "bankroll": str(euros.pk)}, **SUMS
    )
    assert "returns €460.00" in words(sums)
    place(ada, key, stake="200", bankroll=str(euros.pk))
    assert Bet.objects.get().bankroll == euros


def test_the_bankroll_of_another_is_not_used(ada: Client, at: Scene) -> None:
    _, theirs = person("eve", "1000")
    key = add(ada, at)
    response = place(ada, key, bankroll=str(theirs.pk))
    assert response.status_code == 422
    assert not Bet.objects.exists()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"stake": "1" * 25}, "Stake: Ensure this value has at most 24 characters (it has 25)."),
        ({"bankroll": "00000000-0000-4000-8000-000000000000"}, "Bankroll: Choose one of your bankrolls."),
    ],
)
def test_what_a_form_refuses_is_said(ada: Client, at: Scene, typed: dict[str, str], said: str) -> None:
    key = add(ada, at)
    ada.post(reverse("bets:slip_update"), {"key": key, "stake": "50"}, **HTMX)
    refused = place(ada, key, **typed)
    assert refused.status_code == 422
    assert said in words(refused)
    assert not Bet.objects.exists()


def test_removing_offers_to_put_it_back(ada: Client, at: Scene) -> None:
    add(ada, at)
    line = f"{at.moneyline.pk}:draftkings"
    response = ada.post(reverse("bets:slip_remove"), {"line": line}, **HTMX)
    assert "Los Angeles Lakers removed. Undo" in words(response)
    assert "data-leg" not in response.content.decode()


def test_a_stranger_fills_a_slip_and_finds_it_after_signing_in(client: Client, at: Scene) -> None:
    key = add(client, at)
    shown = client.get(reverse("bets:slip"))
    assert "Sign in to place" in words(shown)
    response = client.post(reverse("bets:slip_place"), {"key": key, "stake": "25"})
    assert response.status_code == 302
    target = response.headers["Location"]
    assert target == "/accounts/login/?next=/bets/slip/"
    response = client.post(target, {"login": "ada", "password": PASSWORD, "next": "/bets/slip/"}, follow=True)
    assert response.redirect_chain[-1][0] == "/bets/slip/"
    assert "Place bet, returns $57.50" in words(response)


def test_a_stranger_cannot_place(client: Client, at: Scene) -> None:
    response = place(client, add(client, at))
    assert response.headers["HX-Redirect"] == "/accounts/login/?next=/bets/slip/"
    assert not Bet.objects.exists()


def test_without_a_bankroll_the_button_leads_to_opening_one(client: Client, at: Scene) -> None:
    client.force_login(UserFactory.create())
    key = add(client, at)
    assert "Open a bankroll to place" in words(client.get(reverse("bets:slip")))
    assert "Open a bankroll first." in words(place(client, key))


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("selection", "999999999", "not on the board"),
        ("selection", "x", "whole number"),
        ("selection", "", "required"),
        ("bookmaker", "nobody", "No bookmaker has the key"),
        ("price", "50", "American odds"),
        ("price", "NaN", "number"),
        ("price", "1e400", ""),
        ("point", "half", "number"),
        ("bookmaker", "a\x00b", "Null characters"),
    ],
)
def test_a_price_that_cannot_be_is_refused_and_its_field_named(
    ada: Client, at: Scene, field: str, value: str, says: str
) -> None:
    data = {**at.clicked(), field: value}
    plain = ada.post(reverse("bets:slip_add"), data)
    assert plain.status_code == 400
    assert plain.content.decode().startswith(f"{field}: ")
    part = ada.post(reverse("bets:slip_add"), data, **HTMX)
    assert part.status_code == 422
    assert says in words(part)


def test_the_slip_takes_few_queries(
    ada: Client, at: Scene, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    add(ada, at)
    with django_assert_num_queries(6):  # session, user, bankrolls, selections, books, current odds
        ada.get(reverse("bets:slip"), **HTMX)


def test_another_site_cannot_post_to_the_slip(at: Scene) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(reverse("bets:slip_add"), at.clicked()).status_code == 403


def test_the_boards_price_typed_again_is_not_the_users_own(ada: Client, at: Scene) -> None:
    key = add(ada, at)
    ada.post(reverse("bets:slip_update"), {"key": key, "stake": "50", "price": "+150"}, **SUMS)
    place(ada, key, price="+130")
    bet = Bet.objects.get()
    assert (bet.odds, bet.own_price) == (Decimal(130), False)
