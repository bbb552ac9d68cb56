from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from fractions import Fraction

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from bets.bankrolls import open_bankroll
from bets.models import Bankroll, Bet, BetStatus
from bets.settlement import settle_due
from bets.stats import totals_of
from bets.tests.factories import ended, place
from bets.tests.scenes import person
from bets.tests.test_slip_page import words
from games.models import Game
from games.tests.factories import GameFactory
from odds.tests.factories import BookmakerFactory, CurrentOddsFactory, SelectionFactory

pytestmark = pytest.mark.django_db


def bet_on(bankroll: Bankroll, side: str = "home", stake: str = "10", price: str = "100") -> Bet:
    """Place a moneyline bet on a game of its own."""
    line = CurrentOddsFactory.create(
        selection=SelectionFactory.create(game=another_game(), side=side),
        bookmaker=BookmakerFactory.create(key="fanduel", title="FanDuel"),
        price=Decimal(price),
    )
    return place(line, bankroll, stake=Decimal(stake))


def another_game() -> Game:
    """A game whose teams have names of their own."""
    game: Game = GameFactory.create(commence_time=timezone.now() + dt.timedelta(hours=3))
    return game


def finish(bet: Bet, home: int, away: int) -> None:
    """End the game of a bet; the bet is settled."""
    ended(bet.legs.get().game, home, away)


@pytest.fixture
def ada() -> tuple[User, Bankroll]:
    return person("ada", "1000")


def test_totals_count_settled_bets_and_never_an_open_stake_as_lost(ada: tuple[User, Bankroll]) -> None:
    user, bankroll = ada
    won, lost = bet_on(bankroll, stake="10", price="150"), bet_on(bankroll, stake="20")
    bet_on(bankroll, stake="400")
    finish(won, 3, 1)
    finish(lost, 1, 3)
    settle_due()
    (pot,) = totals_of(user, Bet.objects.owned_by(user)).pots
    assert (pot.sums.staked, pot.sums.returned, pot.sums.net) == (3000, 2500, -500)
    assert (pot.exposure, pot.open, pot.sums.bets) == (40000, 1, 2)
    assert pot.sums.yield_ == Fraction(-1, 6)


def test_currencies_are_summed_apart(ada: tuple[User, Bankroll]) -> None:
    user, dollars = ada
    euros = open_bankroll(user=user, name="Euros", currency="EUR", opening_deposit=Decimal(50))
    bet_on(dollars, stake="10")
    bet_on(euros, stake="20")
    pots = totals_of(user, Bet.objects.owned_by(user)).pots
    assert [(pot.currency, pot.exposure) for pot in pots] == [("EUR", 2000), ("USD", 1000)]


def test_paper_and_real_money_are_summed_apart(ada: tuple[User, Bankroll]) -> None:
    user, paper = ada
    real = open_bankroll(user=user, name="Real", kind="real", opening_deposit=Decimal(50))
    bet_on(paper, stake="10")
    bet_on(real, stake="20")
    pots = totals_of(user, Bet.objects.owned_by(user)).pots
    assert [(pot.kind, pot.exposure) for pot in pots] == [("real", 2000), ("paper", 1000)]


def test_the_list_shows_bets_with_price_stake_status_and_totals(
    client: Client, ada: tuple[User, Bankroll]
) -> None:
    user, bankroll = ada
    won, _ = bet_on(bankroll, stake="10", price="150"), bet_on(bankroll, stake="40")
    finish(won, 3, 1)
    settle_due()
    client.force_login(user)
    text = words(client.get(reverse("bets:history")))
    assert "+$15.00 Yield +150.0% Staked $10.00 Returned $25.00 Won–lost–push–void 1–0–0–0" in text
    assert "Open exposure $40.00 in 1 bet" in text
    assert "All 2 Open 1 Settled 1" in text
    assert "+150 FanDuel , price verified $10.00 $25.00 +$15.00 Won" in text


@pytest.mark.parametrize(("state", "number"), [("", 3), ("open", 2), ("settled", 1), ("needs_review", 1)])
def test_the_list_is_narrowed_to_a_state(
    client: Client, ada: tuple[User, Bankroll], state: str, number: int
) -> None:
    user, bankroll = ada
    won, reviewed, _ = bet_on(bankroll), bet_on(bankroll), bet_on(bankroll)
    finish(won, 3, 1)
    ended(reviewed.legs.get().game, 1, 0, status="abandoned")
    settle_due()
    client.force_login(user)
    response = client.get(reverse("bets:history"), {"status": state})
    assert len(response.context["rows"]) == number
    assert {row.bet.status for row in response.context["rows"]} <= set(BetStatus.values)


def test_an_empty_list_says_what_to_do(client: Client, ada: tuple[User, Bankroll]) -> None:
    client.force_login(ada[0])
    assert "No bets yet" in words(client.get(reverse("bets:history")))


def test_the_list_takes_the_same_queries_for_one_bet_and_for_many(
    client: Client, ada: tuple[User, Bankroll], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    user, bankroll = ada
    client.force_login(user)
    for number in (1, 10):
        for _ in range(number):
            bet_on(bankroll, stake="1")
        # session, user, bankrolls, what can be filtered by, saved filters, bets, legs, imported legs,
        # changed figures, totals, slip, bankrolls of the top bar
        with django_assert_num_queries(12):
            client.get(reverse("bets:history"))


def test_htmx_gets_the_list_alone(client: Client, ada: tuple[User, Bankroll]) -> None:
    client.force_login(ada[0])
    response = client.get(reverse("bets:history"), headers={"HX-Request": "true", "HX-Target": "bets"})
    assert b"<html" not in response.content
    assert "HX-Target" in response.headers["Vary"]


def test_nobody_sees_the_bets_of_another(client: Client, ada: tuple[User, Bankroll]) -> None:
    bet_on(ada[1])
    eve, _ = person("eve")
    client.force_login(eve)
    assert "No bets yet" in words(client.get(reverse("bets:history")))


@pytest.mark.parametrize("name", ["bets:history", "bets:bankrolls"])
def test_a_stranger_is_asked_to_sign_in(client: Client, name: str) -> None:
    response = client.get(reverse(name))
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/accounts/login/?next=")


def test_a_stranger_learns_nothing_of_a_bet(client: Client, ada: tuple[User, Bankroll]) -> None:
    for key in (bet_on(ada[1]).pk, uuid.uuid4()):
        response = client.get(reverse("bets:bet", args=[key]))
        assert response.headers["Location"].startswith("/accounts/login/")


def test_a_refresh_after_signing_out_leads_the_whole_page_to_sign_in(client: Client) -> None:
    response = client.get(
        reverse("bets:history"),
        headers={
            "HX-Request": "true",
            "HX-Target": "bets",
            "HX-Current-URL": "http://testserver/bets/?status=open",
        },
    )
    assert response.headers["HX-Redirect"] == "/accounts/login/?next=%2Fbets%2F%3Fstatus%3Dopen"
