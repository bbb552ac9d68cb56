from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from bets.models import Bet
from bets.placement import LegAsked, place_ticket
from bets.settlement import settle_due
from bets.tests.factories import ended, offered, place
from bets.tests.scenes import Scene, person, scene
from bets.tests.test_slip_page import words
from games.models import GameStatus
from games.tests.factories import GameFactory, ScoreReadingFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def at() -> Scene:
    return scene()


@pytest.fixture
def bet(at: Scene, client: Client) -> Bet:
    client.force_login(at.user)
    return place(at.spread_odds, at.bankroll, stake=Decimal(50))


def page(client: Client, bet: Bet) -> str:
    response = client.get(reverse("bets:bet", args=[bet.pk]))
    assert response.status_code == 200
    return words(response)


def test_an_open_bet_shows_its_terms_and_what_it_waits_for(client: Client, bet: Bet) -> None:
    text = page(client, bet)
    assert "Pending Los Angeles Lakers +3.5 Spread, Los Angeles Lakers at Boston Celtics" in text
    assert "DraftKings at −110" in text
    assert "If it wins $95.45 Stake $50.00" in text
    assert "What happens next" in text
    assert "Stake, line 2 balance $50.00 −$50.00" in text


def test_a_parlay_with_one_game_over_waits_for_the_other_and_says_so(client: Client, at: Scene) -> None:
    client.force_login(at.user)
    later = GameFactory(sport=at.game.sport, commence_time=at.game.commence_time + dt.timedelta(days=1))
    legs = [at.spread_odds, offered(later, "h2h", bookmaker=at.book)]
    parlay = place_ticket(
        user=at.user, bankroll=at.bankroll, bookmaker=at.book, kind="parlay", stake=Decimal(10),
        legs=[LegAsked(selection=one.selection, price=one.price, point=one.point) for one in legs],
        idempotency_key="two games",
    )  # fmt: skip
    ended(at.game, 104, 112)
    text = page(client, parlay)
    assert "is final; its leg is graded within moments. Unless that decides the bet, it waits for its" in text
    assert "the bet is settled within moments" not in text
    settle_due()
    text = page(client, parlay)
    assert "is final and its leg graded: won. The bet waits for its other games." in text
    ended(later, 1, 0)
    text = page(client, parlay)
    assert text.count("the bet is settled within moments") == 1
    assert "its leg graded: won." in text


def test_an_open_bet_is_read_again_and_a_settled_one_is_not(client: Client, at: Scene, bet: Bet) -> None:
    url = reverse("bets:bet", args=[bet.pk])
    assert b'data-refresh-seconds="10"' in client.get(url).content
    ended(at.game, 104, 112)
    settle_due()
    part = client.get(url, headers={"HX-Request": "true", "HX-Target": "bet"})
    assert b"data-refresh-seconds" not in part.content
    assert b"<html" not in part.content
    assert "Won" in words(part)


def test_a_settled_bet_shows_score_arithmetic_and_money(client: Client, at: Scene, bet: Bet) -> None:
    game = ended(at.game, 104, 112)
    ScoreReadingFactory.create(game=game, source_event_id="401810432", home_score=104, away_score=112)
    settle_due()
    text = page(client, bet)
    assert "Why it was graded so" in text
    assert "Final score Los Angeles Lakers 112 Boston Celtics 104" in text
    assert "ESPN event 401810432, status Final, read " in text
    assert "112 − 104 + 3.5 = +11.5" in text
    assert "$50.00 × (1 + 100 ÷ 110) = $95.45" in text
    assert "Returned $95.45 Stake $50.00 Profit +$45.45" in text
    assert "Payout, line 3 balance $145.45 +$95.45" in text


def test_a_lost_bet_says_so(client: Client, at: Scene, bet: Bet) -> None:
    ended(at.game, 112, 104)
    settle_due()
    text = page(client, bet)
    assert text.count("Lost") == 1
    assert "Returned $0.00 Stake $50.00 Profit −$50.00" in text


def test_a_bet_under_review_says_why(client: Client, at: Scene, bet: Bet) -> None:
    ended(at.game, 50, 40, status=GameStatus.ABANDONED)
    settle_due()
    text = page(client, bet)
    assert "Why it needs a review" in text
    assert "abandoned" in text
    assert "Profit" not in text


def test_times_are_in_the_users_zone(client: Client, at: Scene, bet: Bet) -> None:
    at.user.time_zone = "Asia/Tokyo"
    at.user.save()
    local = bet.placed_at + dt.timedelta(hours=9)
    placed = f"Placed {local:%a %d %b %Y, %I:%M %p}".replace(" 0", " ")
    assert placed in page(client, bet)


def test_odds_are_in_the_users_format(client: Client, at: Scene, bet: Bet) -> None:
    at.user.odds_format = "decimal"
    at.user.save()
    assert "DraftKings at 1.91" in page(client, bet)


def test_the_bet_of_another_is_not_found(client: Client, bet: Bet) -> None:
    eve, _ = person("eve")
    client.force_login(eve)
    assert client.get(reverse("bets:bet", args=[bet.pk])).status_code == 404


def test_staff_have_no_page_for_the_bet_of_another(client: Client, bet: Bet) -> None:
    boss, _ = person("boss")
    boss.is_staff = boss.is_superuser = True
    boss.save()
    client.force_login(boss)
    assert client.get(reverse("bets:bet", args=[bet.pk])).status_code == 404


def test_a_bet_that_does_not_exist_is_not_found(client: Client, bet: Bet) -> None:
    assert client.get(reverse("bets:bet", args=[uuid.uuid4()])).status_code == 404


def test_a_stranger_is_asked_to_sign_in(client: Client, bet: Bet) -> None:
    client.logout()
    assert client.get(reverse("bets:bet", args=[bet.pk])).status_code == 302


def test_the_ticket_takes_few_queries(
    client: Client, bet: Bet, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # session, user, bet, legs, imported legs, ledger, events, bankrolls of the top bar
    with django_assert_num_queries(9):
        page(client, bet)
