"""A price that is another one than that clicked: asked about, taken as allowed, or kept as the user's own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bets.bankrolls.page import bankrolls_of
from bets.exceptions import PriceMoved
from bets.models import Bet, Slip, SlipLeg
from bets.slip.contents import legs_of
from bets.slip.page import SlipView, read_slip
from bets.slip.placing import place_slip
from bets.tests.scenes import Scene, scene
from bets.tests.slips import HTMX, add, place, press, words
from odds.models import CurrentOdds
from odds.tests.factories import BookmakerFactory, CurrentOddsFactory, SelectionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def at() -> Scene:
    return scene()


@pytest.fixture
def ada(at: Scene, client: Client) -> Client:
    client.force_login(at.user)
    return client


def move(at: Scene, price: int) -> None:
    at.moneyline_odds.price = Decimal(price)
    at.moneyline_odds.save()


@pytest.mark.parametrize(
    ("moves", "now", "got"),
    [
        ("ask", 130, 130),
        ("ask", 140, None),
        ("ask", 120, None),
        ("better", 140, 140),
        ("better", 120, None),
        ("any", 140, 140),
        ("any", 120, 120),
    ],
)
def test_a_price_that_moved_is_taken_only_as_far_as_allowed(
    ada: Client, at: Scene, moves: str, now: int, got: int | None
) -> None:
    key = add(ada, at)
    press(ada, key, moves=moves)
    move(at, now)
    response = place(ada, key)
    if got is None:
        assert response.status_code == 422
        assert f"has moved from +130 to +{now}" in words(response)
        assert not Bet.objects.exists()
    else:
        bet = Bet.objects.get()
        assert (bet.odds, bet.own_price) == (got, False)


@pytest.mark.parametrize(("moves", "taken"), [("ask", False), ("better", False), ("any", True)])
def test_what_counts_is_the_price_when_placing_not_when_shown(at: Scene, moves: str, taken: bool) -> None:
    user = at.user
    client = Client()
    client.force_login(user)
    key = add(client, at)
    SlipLeg.objects.update(stake="10")
    Slip.objects.update(moves=moves)

    def read() -> SlipView:
        view = read_slip(
            legs_of(user),
            user=user,
            bankrolls=bankrolls_of(user),
            odds_format="american",
            now=timezone.now(),
        )
        move(at, 110)  # after the slip has been read, before the bet is placed
        return view

    if taken:
        assert place_slip(user=user, key=key, read=read)[0].odds == 110
    else:
        with pytest.raises(PriceMoved):
            place_slip(user=user, key=key, read=read)
        assert not Bet.objects.exists()


@pytest.mark.parametrize(
    ("odds_format", "sentence"),
    [
        ("decimal", "from 2.30 to 2.10."),
        ("fractional", "from 13/10 to 11/10."),
        ("american", "from +130 to +110."),
    ],
)
def test_a_price_that_moves_while_placing_is_said_in_the_odds_of_the_user(
    ada: Client, at: Scene, monkeypatch: pytest.MonkeyPatch, odds_format: str, sentence: str
) -> None:
    at.user.odds_format = odds_format
    at.user.save()
    key = add(ada, at)
    monkeypatch.setattr("bets.slip.placing.require_ready", lambda view: move(at, 110))
    response = place(ada, key)
    assert response.status_code == 422
    assert f"DraftKings’s price has moved {sentence}" in words(response)
    assert not Bet.objects.exists()


def test_a_line_that_moves_while_placing_is_said_in_the_odds_of_the_user(
    ada: Client, at: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    at.user.odds_format = "decimal"
    at.user.save()
    key = add(ada, at, at.spread_odds)

    def move_line(view: SlipView) -> None:
        CurrentOdds.objects.filter(pk=at.spread_odds.pk).update(point=Decimal("2.5"), price=Decimal(120))

    monkeypatch.setattr("bets.slip.placing.require_ready", move_line)
    assert "to +2.5 at 2.20." in words(place(ada, key))


def test_the_note_names_both_prices_and_every_way_on(ada: Client, at: Scene) -> None:
    add(ada, at)
    move(at, 120)
    text = words(ada.get(reverse("bets:slip"), **HTMX))
    assert "DraftKings has moved from +130 to +120 , which pays less." in text
    assert "Take +120 Keep +130 as my own price Take any price from now on" in text
    move(at, 140)
    text = words(ada.get(reverse("bets:slip"), **HTMX))
    assert "which pays more. Take +140 Keep +130 as my own price Take better prices from now on" in text


def test_an_accepted_move_is_still_said_with_its_return(ada: Client, at: Scene) -> None:
    key = add(ada, at)
    move(at, 120)
    SlipLeg.objects.update(stake="10")
    text = words(press(ada, key, accept="any"))
    assert "DraftKings has moved from +130 to +120 , which you accept." in text
    assert "Place bet, returns $22.00" in text


def test_a_line_moved_to_another_point_is_asked_about_whatever_is_accepted(ada: Client, at: Scene) -> None:
    key = add(ada, at, at.spread_odds)
    at.spread_odds.point = Decimal("2.5")
    at.spread_odds.save()
    text = words(press(ada, key, accept="any"))
    assert "DraftKings has moved the line to +2.5 at −110 ." in text
    assert place(ada, key).status_code == 422


def test_a_book_changed_in_the_slip_brings_its_price(ada: Client, at: Scene) -> None:
    fanduel = BookmakerFactory.create(key="fanduel", title="FanDuel")
    CurrentOddsFactory.create(selection=at.moneyline, bookmaker=fanduel, price=Decimal(135))
    key = add(ada, at)
    leg = SlipLeg.objects.get()
    text = words(press(ada, key, **{f"book-{leg.pk}": "fanduel", f"price-{leg.pk}": "+130"}))
    assert "Los Angeles Lakers +135" in text
    leg.refresh_from_db()
    assert (leg.bookmaker, leg.price, leg.own) == (fanduel, 135, False)


def test_a_book_that_shows_nothing_keeps_the_price_as_the_users_own(ada: Client, at: Scene) -> None:
    BookmakerFactory.create(key="fanduel", title="FanDuel")
    key = add(ada, at)
    leg = SlipLeg.objects.get()
    press(ada, key, **{f"book-{leg.pk}": "fanduel"})
    leg.refresh_from_db()
    assert (leg.bookmaker.key, leg.price, leg.own) == ("fanduel", 130, True)


def alternate(at: Scene) -> CurrentOdds:
    selection = SelectionFactory.create(game=at.game, market="alternate_spreads", side="away")
    odds: CurrentOdds = CurrentOddsFactory.create(
        selection=selection, bookmaker=at.book, price=Decimal(150), point=Decimal("-2.5")
    )
    return odds


def test_a_point_that_the_book_has_as_an_alternate_brings_that_line(ada: Client, at: Scene) -> None:
    wanted = alternate(at)
    key = add(ada, at, at.spread_odds)
    leg = SlipLeg.objects.get()
    text = words(press(ada, key, **{f"point-{leg.pk}": "-2.5"}))
    assert "Los Angeles Lakers −2.5 +150" in text
    leg.refresh_from_db()
    assert (leg.selection, leg.price, leg.own) == (wanted.selection, 150, False)


def test_a_point_that_nobody_shows_is_the_users_own(ada: Client, at: Scene) -> None:
    key = add(ada, at, at.spread_odds)
    leg = SlipLeg.objects.get()
    press(ada, key, **{f"point-{leg.pk}": "7.5"})
    leg.refresh_from_db()
    assert (leg.point, leg.price, leg.own) == (Decimal("7.5"), -110, True)


@pytest.mark.parametrize(("field", "text"), [("point", "seven"), ("price", "x"), ("stake", "x" * 30)])
def test_what_cannot_be_read_leaves_the_leg_as_it_was_and_is_said(
    ada: Client, at: Scene, field: str, text: str
) -> None:
    key = add(ada, at, at.spread_odds)
    leg = SlipLeg.objects.get()
    said: Any = press(ada, key, **{f"{field}-{leg.pk}": text})
    assert "slip-error" in said.content.decode()
    same = SlipLeg.objects.get()
    assert (same.point, same.price, same.stake, same.own) == (Decimal("3.5"), -110, "", False)


def test_all_legs_of_an_edge_go_in_at_once_with_their_stakes(ada: Client, at: Scene) -> None:
    home = SelectionFactory.create(game=at.game, market="h2h", side="home")
    beta = BookmakerFactory.create(key="beta", title="Beta")
    CurrentOddsFactory.create(selection=home, bookmaker=beta, price=Decimal(-105))
    Slip.objects.create(user=at.user, kind="parlay")
    both = {
        "selection": [at.moneyline.pk, home.pk],
        "bookmaker": ["draftkings", "beta"],
        "price": ["130", "-105"],
        "point": ["", ""],
        "stake": ["45.91", "54.09"],
        "own": ["", ""],
    }
    text = words(ada.post(reverse("bets:slip_add"), both, **HTMX))
    assert "Slip, 2 straight bets" in text
    assert "cannot both win" in text
    assert "Place 2 bets" in text


def test_more_lines_than_a_slip_holds_are_refused(ada: Client, at: Scene) -> None:
    many = {name: [value] * 13 for name, value in at.clicked().items()}
    response = ada.post(reverse("bets:slip_add"), many, **HTMX)
    assert response.status_code == 422
    assert "at most 12 lines at once" in words(response)


def test_clearing_can_be_undone(ada: Client, at: Scene) -> None:
    add(ada, at)
    add(ada, at, at.spread_odds)
    assert "2 legs removed. Undo" in words(ada.post(reverse("bets:slip_clear"), **HTMX))
    back = words(ada.post(reverse("bets:slip_undo"), **HTMX))
    assert "Slip, 2 straight bets" in back


def test_the_price_seen_leads_to_its_snapshot_on_slip_bet_and_list(ada: Client, at: Scene) -> None:
    key = add(ada, at)
    tab = f"&amp;chart={at.moneyline.pk}&amp;at="
    page = ada.get(reverse("bets:slip")).content.decode()
    assert tab in page
    place(ada, key)
    bet = Bet.objects.get()
    assert bet.legs.get().price_seen_at is not None
    page = ada.get(reverse("bets:bet", args=[bet.pk])).content.decode()
    assert tab in page
    address = page.partition('<a class="verified link-quiet" href="')[2].partition('"')[0]
    assert ada.get(address.replace("&amp;", "&")).status_code == 200
    assert ", price verified" in words(ada.get(reverse("bets:history")))


def test_a_price_of_ones_own_is_not_verified_anywhere(ada: Client, at: Scene) -> None:
    key = add(ada, at)
    leg = SlipLeg.objects.get()
    assert "not verified" in words(press(ada, key, **{f"price-{leg.pk}": "+150"}))
    place(ada, key)
    bet = Bet.objects.get()
    assert (bet.own_price, bet.legs.get().price_seen_at) == (True, None)
    assert "not seen at that book" in words(ada.get(reverse("bets:bet", args=[bet.pk])))
    assert "price verified" not in words(ada.get(reverse("bets:history")))
