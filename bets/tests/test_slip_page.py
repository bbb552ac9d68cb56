from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.tests.factories import UserFactory
from bets import bankrolls
from bets.models import Bet, BettingPreferences, LedgerEntry, LedgerKind, SlipLeg
from bets.tests.scenes import Scene, person, scene, upcoming_game
from bets.tests.slips import HTMX, add, fields, key_in, place, press, update, words
from games.models import GameStatus
from odds.models import CurrentOdds
from odds.tests.factories import BookmakerFactory, CurrentOddsFactory, HeartbeatFactory, SelectionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def at() -> Scene:
    return scene()


@pytest.fixture
def ada(at: Scene, client: Client) -> Client:
    client.force_login(at.user)
    return client


def test_a_clicked_price_is_in_the_slip_with_game_book_and_price(ada: Client, at: Scene) -> None:
    response = ada.post(reverse("bets:slip_add"), at.clicked(at.spread_odds), **HTMX)
    text = words(response)
    assert "Slip, 1 straight bet" in text
    assert "Los Angeles Lakers +3.5 −110" in text
    assert "Spread, Los Angeles Lakers at Boston Celtics , DraftKings" in text
    assert "Breaks even at 52.4%" in text
    assert f'data-leg="{at.spread.pk}:draftkings"'.encode() in response.content


def test_another_click_puts_another_leg_beside_the_first(ada: Client, at: Scene) -> None:
    add(ada, at, at.spread_odds)
    text = words(ada.post(reverse("bets:slip_add"), at.clicked(), **HTMX))
    assert "Slip, 2 straight bets" in text
    assert "Los Angeles Lakers +130" in text
    assert "Los Angeles Lakers +3.5 −110" in text


def test_the_same_price_clicked_twice_is_one_leg(ada: Client, at: Scene) -> None:
    add(ada, at)
    assert "Slip, 1 straight bet" in words(ada.post(reverse("bets:slip_add"), at.clicked(), **HTMX))


def test_the_return_is_worked_out_by_the_server(ada: Client, at: Scene) -> None:
    key = add(ada, at, at.spread_odds)
    response = update(ada, key)
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
    assert sentence in words(update(ada, key, stake=stake))
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
    response = ada.post(reverse("bets:slip_place"), fields(key_in(response)), follow=True)
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
    taken = press(ada, key, take=f"{SlipLeg.objects.get().pk}:120:")
    assert "has moved" not in words(taken)
    assert place(ada, key_in(taken)).status_code == 200
    bet = Bet.objects.get()
    assert (bet.odds, bet.own_price) == (Decimal(120), False)


def test_the_clicked_price_can_be_kept_as_the_users_own(ada: Client, at: Scene) -> None:
    key = add(ada, at)
    at.moneyline_odds.price = Decimal(120)
    at.moneyline_odds.save()
    kept = press(ada, key, keep=str(SlipLeg.objects.get().pk))
    assert "Your own price, +130, not verified; DraftKings shows +120." in words(kept)
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
    sums = update(ada, key, price="+150")
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
    sums = update(ada, key, stake="200", bankroll=str(euros.pk))
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
        ({"stake": "1" * 25}, "Ensure this value has at most 24 characters (it has 25)."),
        ({"bankroll": "00000000-0000-4000-8000-000000000000"}, "Bankroll: Choose one of your bankrolls."),
    ],
)
def test_what_a_form_refuses_is_said(ada: Client, at: Scene, typed: dict[str, str], said: str) -> None:
    key = add(ada, at)
    update(ada, key)
    refused = place(ada, key, **typed)
    assert refused.status_code == 422
    assert said in words(refused)
    assert not Bet.objects.exists()


def test_a_stake_that_is_too_long_is_said_instead_of_what_was_wrong_before(ada: Client, at: Scene) -> None:
    key = add(ada, at)
    assert "“fifty”" in words(update(ada, key, stake="fifty"))
    shown = words(update(ada, key, stake="1" * 25))
    assert shown.count("Ensure this value has at most 24 characters (it has 25).") == 1
    assert "fifty" not in shown
    whole = place(ada, key, stake="1" * 25)
    assert words(whole).count("at most 24 characters") == 1
    assert f'value="{"1" * 25}"' in whole.content.decode()
    assert "To win $65.00" in words(update(ada, key, stake="50"))


def test_removing_can_be_undone(ada: Client, at: Scene) -> None:
    key = add(ada, at)
    removed = ada.post(reverse("bets:slip_remove"), {"key": key, "leg": SlipLeg.objects.get().pk}, **HTMX)
    assert "1 leg removed. Undo" in words(removed)
    assert "data-leg" not in removed.content.decode()
    back = ada.post(reverse("bets:slip_undo"), **HTMX)
    assert "Los Angeles Lakers +130" in words(back)


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


def test_a_new_leg_begins_with_the_users_usual_stake(ada: Client, at: Scene) -> None:
    BettingPreferences.objects.create(user=at.user, default_stake=Decimal("12.50"), unit_amount=Decimal(20))
    text = words(ada.post(reverse("bets:slip_add"), at.clicked(), **HTMX))
    assert "Place bet, returns $28.75" in text
    assert "1 unit $20.00" in text
    assert "2% $2.00" in text


def test_a_stake_in_units_or_per_cent_is_worked_out(ada: Client, at: Scene) -> None:
    BettingPreferences.objects.create(user=at.user, unit_amount=Decimal(20))
    key = add(ada, at)
    assert "$30.00 to win $39.00" in words(update(ada, key, stake="1.5u"))
    assert "$10.00 to win $13.00" in words(update(ada, key, stake="10%"))
    place(ada, key, stake="10%")
    assert Bet.objects.get().stake == 10


def test_units_without_a_unit_are_said(ada: Client, at: Scene) -> None:
    key = add(ada, at)
    assert "You have not said what a unit is." in words(update(ada, key, stake="2u"))


def test_a_suggested_stake_is_taken_by_a_button(ada: Client, at: Scene) -> None:
    key = add(ada, at)
    number = SlipLeg.objects.get().pk
    text = words(ada.post(reverse("bets:slip_update"), {"key": key, "fill": f"{number}:5.00"}, **HTMX))
    assert "Place bet, returns $11.50" in text


def test_the_fair_price_of_the_other_books_is_shown_with_its_kelly_stake(ada: Client, at: Scene) -> None:
    home = SelectionFactory.create(game=at.game, market="h2h", side="home")
    for key in ("one", "two"):
        book = BookmakerFactory.create(key=key, title=key.title())
        HeartbeatFactory.create(game=at.game, bookmaker=book, seen_at=timezone.now())
        for selection, price in ((at.moneyline, 110), (home, -120)):
            CurrentOddsFactory.create(selection=selection, bookmaker=book, price=Decimal(price))
    text = words(ada.post(reverse("bets:slip_add"), at.clicked(), **HTMX))
    # 1/2.1 ÷ (1/2.1 + 120/220) = 46.6%; 2.3 × 0.46610 − 1 = 7.2%; (0.07203/1.3)/4 of 100 = 1.385
    assert "Fair +115, 46.6% by 2 other books, margin taken out in proportion" in text
    assert "Expected +7.2%" in text
    assert "¼ Kelly $1.39" in text


def test_without_a_fair_price_the_reason_is_said(ada: Client, at: Scene) -> None:
    text = words(ada.post(reverse("bets:slip_add"), at.clicked(), **HTMX))
    assert "No fair price: no book prices all outcomes of this line." in text


def test_the_slip_takes_as_many_queries_for_three_legs_as_for_one(
    ada: Client, at: Scene, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # session, user, bankrolls, legs, preferences, current odds, heartbeats, prices of all books
    add(ada, at)
    with django_assert_num_queries(8):
        ada.get(reverse("bets:slip"), **HTMX)
    add(ada, at, at.spread_odds)
    add(ada, at, more_odds(at))
    with django_assert_num_queries(8):
        ada.get(reverse("bets:slip"), **HTMX)


def more_odds(at: Scene) -> CurrentOdds:
    """A price on another game."""
    selection = SelectionFactory.create(game=upcoming_game("Miami Heat", "Chicago Bulls"), market="h2h")
    odds: CurrentOdds = CurrentOddsFactory.create(selection=selection, bookmaker=at.book, price=Decimal(-120))
    return odds


def test_the_boards_price_typed_again_is_not_the_users_own(ada: Client, at: Scene) -> None:
    key = add(ada, at)
    update(ada, key, price="+150")
    place(ada, key, price="+130")
    bet = Bet.objects.get()
    assert (bet.odds, bet.own_price) == (Decimal(130), False)


@pytest.mark.parametrize("path", ["/", "/games/{game}/", "/futures/", "/edges/", "/bets/slip/"])
def test_the_slip_is_on_every_page_of_prices(ada: Client, at: Scene, path: str) -> None:
    add(ada, at)
    page = ada.get(path.format(game=at.game.pk))
    assert page.status_code == 200
    assert 'id="slip"' in page.content.decode()
    assert f'data-leg="{at.moneyline.pk}:draftkings"' in page.content.decode()


def test_going_back_after_placing_shows_the_slip_as_it_is(ada: Client, at: Scene) -> None:
    add(ada, at)
    assert "no-store" in ada.get(reverse("bets:slip")).headers["Cache-Control"]
