"""Matches that end by a retirement, bouts without contest and drawn ones: entered by staff, graded by rule."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets.models import Bet
from bets.regrading import regrade_due
from bets.settlement import settle_due
from bets.tests.factories import FAR, SettlementRuleFactory, funded_bankroll, offered, place
from bets.verification import verify
from games.exceptions import ResultRefused
from games.models import Game
from games.services import set_result
from games.tests.factories import GameFactory, SportFactory

pytestmark = pytest.mark.django_db
OVER = FAR + dt.timedelta(hours=3)


@pytest.fixture
def staff() -> User:
    return UserFactory(is_staff=True)


def match(sport: str = "tennis_atp_us_open") -> Game:
    game: Game = GameFactory(sport=SportFactory(key=sport), commence_time=FAR)
    return game


def back(game: Game, side: str, market: str = "h2h") -> Bet:
    return place(offered(game, market, side, price="100"), funded_bankroll())


def gave_up(game: Game, staff: User, sets: tuple[list[int], list[int]]) -> None:
    """The home side gives up while it leads by one set to nil."""
    set_result(game=game, status="final", home_score=1, away_score=0, retired="home", by=staff, now=OVER)
    Game.objects.filter(pk=game.pk).update(period_scores={"home": sets[0], "away": sets[1]})


@pytest.mark.parametrize(
    ("regime", "sets", "home", "away"),
    [
        ("any_voids", ([6, 2], [4, 3]), "void", "void"),
        ("first_set", ([6, 2], [4, 3]), "lost", "won"),
        ("first_set", ([4], [3]), "void", "void"),
        ("first_serve", ([4], [3]), "lost", "won"),
    ],
)
def test_a_retirement_is_graded_by_the_regime_of_the_rule(
    staff: User, regime: str, sets: tuple[list[int], list[int]], home: str, away: str
) -> None:
    game = match()
    SettlementRuleFactory(parameters={"retirement": regime})
    bets = [back(game, side) for side in ("home", "away")]
    gave_up(game, staff, sets)
    settle_due(now=OVER)
    for bet, status in zip(bets, (home, away), strict=True):
        bet.refresh_from_db()
        assert (bet.status, bet.payout) == (
            status,
            {"void": Decimal(100), "won": Decimal(200), "lost": Decimal(0)}[status],
        )
    assert verify()[1] == []


def test_a_retirement_entered_after_the_score_grades_the_bets_again(staff: User) -> None:
    game = match()
    bet = back(game, "home")
    set_result(game=game, status="final", home_score=1, away_score=0, by=staff, now=OVER)
    assert settle_due(now=OVER) == {"won": 1}
    set_result(
        game=game,
        status="final",
        home_score=1,
        away_score=0,
        retired="home",
        by=staff,
        now=OVER + dt.timedelta(hours=1),
    )
    assert regrade_due(now=OVER + dt.timedelta(hours=2)) == {"lost": 1}
    bet.refresh_from_db()
    assert bet.payout == 0
    assert verify()[1] == []


def test_staff_enter_a_retirement_in_the_admin(client: Client) -> None:
    game = match()
    bet = back(game, "away")
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    url = reverse("admin:games_game_change", args=[game.pk])
    data = {
        "status": "final",
        "home_score": "1",
        "away_score": "0",
        "retired": "home",
        "score_readings-TOTAL_FORMS": "0",
        "score_readings-INITIAL_FORMS": "0",
        "commence_times-TOTAL_FORMS": "0",
        "commence_times-INITIAL_FORMS": "0",
    }
    assert 'name="retired"' in client.get(url).content.decode()
    assert client.post(url, data).status_code == 302
    assert settle_due(now=OVER) == {"won": 1}
    bet.refresh_from_db()
    assert bet.payout == 200
    assert client.post(url, data | {"status": "live"}).status_code == 200


def test_a_bout_without_contest_is_void_and_a_draw_without_a_price_is_refunded(staff: User) -> None:
    no_contest, drawn = match("mma_mixed_martial_arts"), match("mma_mixed_martial_arts")
    bets = {one: back(one, "home") for one in (no_contest, drawn)}
    set_result(game=no_contest, status="cancelled", by=staff, now=OVER)
    set_result(game=drawn, status="final", home_score=0, away_score=0, by=staff, now=OVER)
    assert settle_due(now=OVER) == {"void": 1, "push": 1}
    for bet in bets.values():
        bet.refresh_from_db()
        assert bet.payout == 100
    assert verify()[1] == []


@pytest.mark.parametrize(("status", "side"), [("live", "home"), ("final", "draw")])
def test_only_a_side_of_a_final_match_can_have_retired(staff: User, status: str, side: str) -> None:
    with pytest.raises(ResultRefused, match="ends by a retirement"):
        set_result(game=match(), status=status, home_score=1, away_score=0, retired=side, by=staff, now=OVER)
