from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from bets.models import Bet, BetStatus
from bets.regrading import regrade_due
from bets.settlement import settle_due
from bets.tests.factories import FAR, place
from bets.verification import verify
from games.models import Game, PlayerStat
from games.tests.factories import GameFactory, PlayerFactory, SportFactory
from games.tests.readings import espn, from_espn
from odds.tests.factories import CurrentOddsFactory, SelectionFactory

pytestmark = pytest.mark.django_db
OVER = FAR + dt.timedelta(hours=3)


@pytest.fixture
def game() -> Game:
    return GameFactory(sport=SportFactory(key="basketball_nba"), commence_time=FAR)


def over(game: Game, point: str = "24.5", participant: str = "LeBron James") -> Bet:
    """A bet of 100 at −110 on a player's points."""
    selection = SelectionFactory(game=game, market="player_points", side="over", participant=participant)
    return place(CurrentOddsFactory(selection=selection, price=Decimal(-110), point=Decimal(point)))


def scored(game: Game, points: int, name: str = "LeBron James") -> PlayerStat:
    player = PlayerFactory(sport=game.sport, name=name)
    PlayerStat.objects.create(game=game, player=player, stat="minutes", value=30)
    stat: PlayerStat = PlayerStat.objects.create(game=game, player=player, stat="player_points", value=points)
    return stat


@pytest.mark.parametrize(("points", "status"), [(25, "won"), (24, "lost")])
def test_a_prop_is_settled_on_the_players_own_number(game: Game, points: int, status: str) -> None:
    bet = over(game)
    scored(game, points)
    scored(game, 99, name="Anthony Davis")
    from_espn(espn(game), now=OVER)
    assert settle_due(now=OVER) == {status: 1}
    assert str(points) in bet.legs.get().evidence["summary"]
    assert verify()[1] == []


def test_without_a_box_score_it_waits_for_one_under_review_and_is_then_settled(game: Game) -> None:
    bet = over(game)
    from_espn(espn(game), now=OVER)
    assert settle_due(now=OVER) == {"needs_review": 1}
    scored(game, 30)
    Game.objects.filter(pk=game.pk).update(updated_at=OVER + dt.timedelta(minutes=5))
    assert regrade_due(now=OVER + dt.timedelta(minutes=6)) == {"won": 1}
    bet.refresh_from_db()
    assert bet.review_reason == ""
    assert verify()[1] == []


def test_a_corrected_statistic_grades_the_prop_again(game: Game) -> None:
    bet = over(game)
    stat = scored(game, 25)
    from_espn(espn(game), now=OVER)
    settle_due(now=OVER)
    stat.value = Decimal(24)
    stat.save()
    Game.objects.filter(pk=game.pk).update(updated_at=OVER + dt.timedelta(hours=1))
    assert regrade_due(now=OVER + dt.timedelta(hours=2)) == {"lost": 1}
    bet.refresh_from_db()
    assert (bet.status, bet.payout) == (BetStatus.LOST, 0)
    assert verify()[1] == []


def test_a_player_who_is_not_in_the_box_score_sends_the_bet_to_review(game: Game) -> None:
    over(game, participant="Nobody Known")
    scored(game, 25)
    from_espn(espn(game), now=OVER)
    assert settle_due(now=OVER) == {"needs_review": 1}


def test_two_players_of_the_same_name_are_not_taken_for_one_another(game: Game) -> None:
    bet = over(game)
    scored(game, 25)
    scored(game, 3)
    from_espn(espn(game), now=OVER)
    assert settle_due(now=OVER) == {"needs_review": 1}
    bet.refresh_from_db()
    assert bet.review_reason == "The box score has 2 players named LeBron James."
