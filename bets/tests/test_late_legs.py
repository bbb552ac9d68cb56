"""Late legs of tickets that are settled already, or wait for a person: they get their grade for the record."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest

from bets.decisions.cashing import cash_out
from bets.late import settle_late
from bets.ledger import balance
from bets.models import Bet
from bets.placement import LegAsked, place_ticket
from bets.regrading import regrade_due
from bets.settlement import settle_due
from bets.tests.factories import funded_bankroll, offered
from bets.tests.lateness import PLACED, after, announced_game
from bets.verification import verify
from feeds.payloads import GameStatus as Status
from games.models import Game
from games.tests.readings import espn, from_espn

pytestmark = pytest.mark.django_db


@pytest.fixture
def played() -> Game:
    return announced_game("icehockey_nhl")


@pytest.fixture
def late() -> Game:
    return announced_game("basketball_nba")


def parlay(*games: Game) -> Bet:
    """100 on the away side of each game."""
    bankroll = funded_bankroll()
    lines = [offered(game, "h2h", "away") for game in games]
    return place_ticket(
        user=bankroll.user,
        bankroll=bankroll,
        bookmaker=lines[0].bookmaker,
        kind="parlay",
        legs=[LegAsked(selection=one.selection, price=one.price, own_price=True) for one in lines],
        stake=Decimal(100),
        idempotency_key=uuid.uuid4().hex,
        now=PLACED,
    )


def statuses(bet: Bet) -> tuple[str, ...]:
    bet.refresh_from_db()
    assert verify()[1] == []
    return (bet.status, *(leg.status for leg in bet.legs.order_by("position")))


def test_a_postponed_leg_of_a_lost_parlay_is_void_when_its_window_has_passed(
    played: Game, late: Game
) -> None:
    bet = parlay(played, late)
    from_espn(espn(late, Status.POSTPONED), now=after(0, -30))
    from_espn(espn(played, score=(3, 1)), now=after(3))
    assert settle_due(now=after(3)) == {"lost": 1}
    assert settle_late(now=after(47)) == {}
    assert statuses(bet) == ("lost", "lost", "pending")
    events, money = bet.events.count(), balance(bet.bankroll)
    assert settle_late(now=after(49)) == {}
    assert statuses(bet) == ("lost", "lost", "void")
    assert "postponed" in bet.legs.get(position=2).evidence["summary"]
    assert (bet.events.count(), balance(bet.bankroll), bet.revision) == (events, money, 1)
    assert settle_late(now=after(60)) == {}


def test_an_overdue_leg_of_a_lost_parlay_is_marked_and_graded_when_its_result_comes(
    played: Game, late: Game
) -> None:
    bet = parlay(played, late)
    from_espn(espn(played, score=(3, 1)), now=after(3))
    settle_due(now=after(3))
    assert settle_late(now=after(24)) == {}
    assert statuses(bet) == ("lost", "lost", "needs_review")
    assert Bet.objects.filter(status="needs_review").count() == 0
    from_espn(espn(late, score=(90, 99)), now=after(240))
    regrade_due(now=after(241))
    assert statuses(bet) == ("lost", "lost", "won")
    assert bet.payout == 0


def test_a_late_leg_decides_the_parlay_whose_other_leg_turns_out_to_have_won(
    played: Game, late: Game
) -> None:
    bet = parlay(played, late)
    from_espn(espn(late, Status.POSTPONED), now=after(0, -30))
    from_espn(espn(played, score=(3, 1)), now=after(3))
    settle_due(now=after(3))
    settle_late(now=after(49))
    from_espn(espn(played, score=(1, 3)), now=after(50))
    assert regrade_due(now=after(51)) == {"won": 1}
    assert statuses(bet) == ("won", "won", "void")
    assert bet.payout == Decimal("190.91")


def test_a_late_leg_of_a_cashed_out_parlay_is_graded_for_the_record(played: Game, late: Game) -> None:
    bet = parlay(played, late)
    cash_out(bet=bet, offer=Decimal(80), by=bet.user, reason="enough", now=PLACED)
    from_espn(espn(late, Status.POSTPONED), now=after(0, -30))
    settle_late(now=after(23))
    assert statuses(bet) == ("cashed_out", "pending", "pending")
    assert settle_late(now=after(49)) == {}
    assert statuses(bet) == ("cashed_out", "needs_review", "void")
    assert bet.payout == 80
    assert settle_late(now=after(60)) == {}


def test_a_late_leg_of_a_ticket_under_review_is_void_while_it_waits(played: Game, late: Game) -> None:
    third = announced_game("baseball_mlb")
    bet = parlay(played, late, third)
    from_espn(espn(late, Status.POSTPONED), now=after(0, -30))
    assert settle_late(now=after(25)) == {"needs_review": 1}
    assert statuses(bet) == ("needs_review", "needs_review", "pending", "needs_review")
    assert settle_late(now=after(49)) == {}
    assert statuses(bet) == ("needs_review", "needs_review", "void", "needs_review")
