"""Tickets of several legs out of the slip: what is shown is what is placed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from bets.models import Bet, SlipLeg
from bets.tests.scenes import Scene, scene, upcoming_game
from bets.tests.slips import HTMX, SUMS, add, key_in, words
from games.models import Game
from odds.models import Bookmaker, CurrentOdds
from odds.tests.factories import BookmakerFactory, CurrentOddsFactory, SelectionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def at() -> Scene:
    return scene()


@pytest.fixture
def ada(at: Scene, client: Client) -> Client:
    client.force_login(at.user)
    return client


def price(
    at: Scene,
    market: str = "h2h",
    side: str = "home",
    odds: int = -110,
    point: str | None = None,
    game: Game | None = None,
    book: Bookmaker | None = None,
) -> CurrentOdds:
    """A price on a game of its own, unless ``game`` says which."""
    n = Game.objects.count()
    on = game or upcoming_game(f"Home {n}", f"Visitors {n}")
    selection = SelectionFactory.create(game=on, market=market, side=side)
    made: CurrentOdds = CurrentOddsFactory.create(
        selection=selection,
        bookmaker=book or at.book,
        price=Decimal(odds),
        point=None if point is None else Decimal(point),
    )
    return made


def choose(client: Client, key: str, **fields: Any) -> Any:
    return client.post(reverse("bets:slip_update"), {"key": key, **fields}, **HTMX)


def place(client: Client, key: str, **fields: Any) -> Any:
    return client.post(reverse("bets:slip_place"), {"key": key, **fields}, **HTMX)


def test_a_parlay_of_three_games_is_placed_at_the_return_shown(ada: Client, at: Scene) -> None:
    add(ada, at)
    add(ada, at, price(at, odds=-110))
    key = add(ada, at, price(at, odds=150))
    shown = words(choose(ada, key, kind="parlay", stake="10"))
    # 2.3 × 21/11 × 2.5 = 10.977 …
    assert "Odds +998" in shown
    assert "Place bet, returns $109.77" in shown
    placed = place(ada, key, kind="parlay", stake="10")
    assert "Placed Parlay, 3 legs +998" in words(placed)
    bet = Bet.objects.get()
    assert (bet.kind, bet.stake, bet.legs.count(), bet.own_price) == ("parlay", 10, 3, False)
    assert not SlipLeg.objects.exists()


def test_straight_bets_are_placed_together_and_those_without_a_stake_stay(ada: Client, at: Scene) -> None:
    add(ada, at)
    add(ada, at, price(at))
    key = add(ada, at, price(at, odds=150))
    one, two, three = SlipLeg.objects.order_by("id")
    stakes = {f"stake-{one.pk}": "10", f"stake-{three.pk}": "20"}
    shown = words(choose(ada, key, kind="straight", **stakes))
    assert "Place 2 bets, returns $73.00" in shown
    placed = words(place(ada, key, kind="straight", **stakes))
    assert placed.count("Placed") == 2
    assert sorted(Bet.objects.values_list("kind", "stake", "odds")) == [
        ("straight", 10, 130),
        ("straight", 20, 150),
    ]
    assert SlipLeg.objects.get() == two


def test_straight_bets_are_all_placed_or_none(ada: Client, at: Scene) -> None:
    add(ada, at)
    key = add(ada, at, price(at))
    one, two = SlipLeg.objects.order_by("id")
    refused = place(ada, key, **{f"stake-{one.pk}": "60", f"stake-{two.pk}": "60"})
    assert refused.status_code == 422
    assert "$100.00 is available in Main." in words(refused)
    assert not Bet.objects.exists()


def test_a_round_robin_shows_its_combinations_and_all_that_it_risks(ada: Client, at: Scene) -> None:
    for odds in (100, 100):
        add(ada, at, price(at, odds=odds))
    key = add(ada, at)
    shown = words(choose(ada, key, kind="round_robin", sized="1", sizes=["2", "3"], stake="5"))
    assert "By 2s, 3 bets" in shown
    assert "By 3s, 1 bet" in shown
    assert "Combinations 4" in shown
    assert "Total stake $20.00" in shown
    # 2·2 + 2·2.3 + 2·2.3 + 2·2·2.3 = 22.4
    assert "returns $112.00" in shown
    place(ada, key, kind="round_robin", sized="1", sizes=["2", "3"], stake="5")
    bet = Bet.objects.get()
    assert (bet.stake, bet.unit_stake, bet.combinations, bet.sizes) == (20, 5, 4, [2, 3])


def test_a_round_robin_without_a_size_is_made_of_pairs(ada: Client, at: Scene) -> None:
    add(ada, at, price(at))
    add(ada, at, price(at))
    key = add(ada, at)
    assert "Combinations 3" in words(choose(ada, key, kind="round_robin", stake="5"))


def test_a_teaser_is_paid_by_the_table_or_at_the_books_own_price(ada: Client, at: Scene) -> None:
    add(ada, at, at.spread_odds)
    key = add(ada, at, price(at, market="totals", side="over", point="221.5"))
    shown = words(choose(ada, key, kind="teaser", stake="12"))
    assert "Odds −120" in shown
    assert "Teased to +7.5" in shown
    assert "Teased to 217.5" in shown
    assert "returns $22.00" in shown
    shown = words(choose(ada, key, kind="teaser", teaser_points="5", ticket_price="-150", stake="12"))
    assert "returns $20.00" in shown
    place(ada, key, kind="teaser", teaser_points="5", ticket_price="-150", stake="12")
    bet = Bet.objects.get()
    assert (bet.kind, bet.teaser_points, bet.odds) == ("teaser", 5, -150)


def test_a_tickets_stake_that_is_too_long_is_said_instead_of_what_was_wrong_before(
    ada: Client, at: Scene
) -> None:
    add(ada, at)
    key = add(ada, at, price(at))
    assert "“fifty”" in words(choose(ada, key, kind="parlay", stake="fifty"))
    sums = ada.post(reverse("bets:slip_update"), {"key": key, "kind": "parlay", "stake": "1" * 25}, **SUMS)
    assert words(sums).count("at most 24 characters") == 1
    assert "fifty" not in words(sums)
    assert f'value="{"1" * 25}"' in place(ada, key, kind="parlay", stake="1" * 25).content.decode()
    assert not Bet.objects.exists()


def test_legs_that_cannot_be_teased_are_said(ada: Client, at: Scene) -> None:
    add(ada, at)
    key = add(ada, at, price(at))
    assert "h2h cannot be teased" in words(choose(ada, key, kind="teaser", stake="12"))
    assert place(ada, key, kind="teaser", stake="12").status_code == 422


def test_two_legs_of_a_game_are_led_to_a_same_game_parlay(ada: Client, at: Scene) -> None:
    add(ada, at)
    key = add(ada, at, price(at, market="totals", side="over", point="221.5", game=at.game))
    shown = words(choose(ada, key, kind="parlay", stake="10"))
    assert "Two legs are on Los Angeles Lakers at Boston Celtics." in shown
    assert "Make it a same-game parlay" in shown
    assert place(ada, key, kind="parlay", stake="10").status_code == 422
    made = choose(ada, key, kind="parlay", make="same_game_parlay", stake="10")
    assert "The book’s price" in words(made)
    refused = place(ada, key, kind="same_game_parlay", stake="10")
    assert "needs the price of the whole ticket" in words(refused)
    assert not Bet.objects.exists()
    place(ada, key, kind="same_game_parlay", stake="10", ticket_price="+240")
    assert Bet.objects.get().odds == 240


def test_a_same_game_parlay_is_offered_only_when_all_legs_are_on_one_game(ada: Client, at: Scene) -> None:
    add(ada, at)
    add(ada, at, price(at, market="totals", side="over", point="221.5", game=at.game))
    key = add(ada, at, price(at))
    shown = words(choose(ada, key, kind="parlay", stake="10"))
    assert "Two legs are on Los Angeles Lakers at Boston Celtics." in shown
    assert "the product of their prices is not the ticket’s. Remove one." in shown
    assert "Make it a same-game parlay" not in shown
    assert place(ada, key, kind="parlay", stake="10").status_code == 422


def test_both_sides_of_a_game_are_named_and_refused_in_a_parlay(ada: Client, at: Scene) -> None:
    add(ada, at)
    key = add(ada, at, price(at, odds=-150, game=at.game))
    shown = choose(ada, key, kind="parlay", stake="10")
    assert "Los Angeles Lakers and Boston Celtics cannot both win. Remove one." in words(shown)
    assert place(ada, key, kind="parlay", stake="10").status_code == 422
    singles = words(choose(ada, key, kind="straight"))
    assert "cannot both win: one of the stakes is lost." in singles
    one, two = SlipLeg.objects.order_by("id")
    place(ada, key, kind="straight", **{f"stake-{one.pk}": "1", f"stake-{two.pk}": "1"})
    assert Bet.objects.count() == 2


def test_a_parlay_is_brought_to_one_book(ada: Client, at: Scene) -> None:
    fanduel = BookmakerFactory.create(key="fanduel", title="FanDuel")
    elsewhere = price(at, odds=-105, book=fanduel)
    CurrentOddsFactory.create(selection=elsewhere.selection, bookmaker=at.book, price=Decimal(-112))
    add(ada, at)
    clicked = at.clicked(elsewhere) | {"bookmaker": "fanduel"}
    key = key_in(ada.post(reverse("bets:slip_add"), clicked, **HTMX))
    shown = words(choose(ada, key, kind="parlay", stake="10"))
    assert "these legs are at DraftKings and FanDuel. Choose one for all." in shown
    # 2.3 × 1.892857 = 4.353571
    assert "DraftKings +335" in shown
    assert "FanDuel, 1 of 2 legs" in shown
    moved = words(choose(ada, key, kind="parlay", stake="10", ticket_book="draftkings"))
    assert "returns $43.54" in moved
    place(ada, key, kind="parlay", stake="10")
    assert Bet.objects.get().bookmaker == at.book


def test_a_started_leg_closes_the_parlay(ada: Client, at: Scene) -> None:
    add(ada, at)
    late = price(at)
    key = add(ada, at, late)
    late.selection.game.commence_time = at.game.commence_time.replace(year=2020)
    late.selection.game.save()
    shown = place(ada, key, kind="parlay", stake="10")
    assert shown.status_code == 422
    assert "This game has started; bets on it are closed." in words(shown)
    assert not Bet.objects.exists()
