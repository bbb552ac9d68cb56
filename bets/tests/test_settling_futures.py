"""Outrights end to end: staff enter placings, bets are settled on them, and again when they are corrected."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets.deductions import set_deduction
from bets.exceptions import NotAllowed
from bets.grading import EachWay
from bets.ledger import balance
from bets.models import Bankroll, Bet, BetEventKind, RuleFamily
from bets.placement import LegAsked, place_ticket
from bets.regrading import regrade_due
from bets.settlement import settle_due
from bets.tests.factories import FAR, SettlementRuleFactory, ended, funded_bankroll, offered
from bets.verification import verify
from games.exceptions import ResultRefused
from games.models import Game, Placing
from games.services import Finish, set_placings
from games.tests.factories import GameFactory
from odds.models import Selection
from odds.pricing import american_from_decimal
from odds.tests.factories import BookmakerFactory

pytestmark = pytest.mark.django_db
OVER = dt.datetime(2099, 4, 12, 22, tzinfo=dt.UTC)


@pytest.fixture
def masters() -> Game:
    game: Game = GameFactory(outright=True, commence_time=FAR)
    return game


@pytest.fixture
def staff() -> User:
    user: User = UserFactory(is_staff=True)
    return user


def runner(game: Game, name: str, odds: str = "5", market: str = "outrights") -> LegAsked:
    chosen, _ = Selection.objects.get_or_create(game=game, market=market, participant=name, side="win")
    return LegAsked(selection=chosen, price=american_from_decimal(Fraction(odds)), own_price=True)


def back(*legs: LegAsked, stake: str = "100", bankroll: Bankroll | None = None, **fields: Any) -> Bet:
    bankroll = bankroll or funded_bankroll()
    terms: dict[str, Any] = {"kind": "parlay" if len(legs) > 1 else "straight", "bookmaker": None}
    return place_ticket(
        user=bankroll.user,
        bankroll=bankroll,
        legs=legs,
        stake=Decimal(stake),
        idempotency_key=uuid.uuid4().hex,
        **(terms | fields),
    )


def finished(game: Game, by: User, *finishes: tuple[str, int | None] | tuple[str, int | None, int]) -> None:
    set_placings(game=game, finishes=[Finish(*one) for one in finishes], by=by, now=OVER)


def settled(bet: Bet) -> tuple[str, str]:
    bet.refresh_from_db()
    assert verify()[1] == []
    return bet.status, str(bet.payout)


def test_the_winner_pays_and_who_is_not_listed_has_lost(masters: Game, staff: User) -> None:
    won, lost = back(runner(masters, "Scheffler")), back(runner(masters, "McIlroy"))
    assert settle_due() == {}
    finished(masters, staff, ("Scheffler", 1))
    assert settle_due() == {"won": 1, "lost": 1}
    assert (settled(won), settled(lost)) == (("won", "500.00"), ("lost", "0.00"))
    assert won.legs.get().evidence["data"]["readings"][0]["source"] == "staff"
    assert rules_named(won) == rules_named(lost) == ["Rule: the official winner decides."]


def rules_named(bet: Bet) -> list[str]:
    """Return what the evidence of the bet's leg says of rules."""
    steps = bet.legs.get().evidence["steps"]
    return [step["note"] for step in steps if step["note"].startswith("Rule: ")]


def test_a_dead_heat_for_the_win_pays_half_the_odds(masters: Game, staff: User) -> None:
    """DraftKings: 50 at 2.50, two tie for the win: 62.50 comes back."""
    bet = back(runner(masters, "Scheffler", "2.5"), stake="50")
    finished(masters, staff, ("Scheffler", 1, 1), ("Rahm", 1, 1))
    Selection.objects.create(game=masters, market="outrights", participant="Rahm", side="win")
    settle_due()
    assert settled(bet) == ("won", "62.50")
    assert rules_named(bet) == ["Rule: a dead heat pays the odds × places ÷ tied."]


def test_an_each_way_bet_with_a_dead_heat_for_the_last_place(masters: Game, staff: User) -> None:
    """10 each way at 17.0, a quarter of the odds for five places, two tie for fifth: 25.00 on a stake of 20."""
    bet = back(runner(masters, "Lowry", "17"), stake="10", each_way=EachWay(Fraction(1, 4), 5))
    assert (bet.stake, bet.combinations) == (Decimal(20), 2)
    runner(masters, "A")
    finished(masters, staff, ("A", 1), ("B", 2), ("C", 3), ("D", 4), ("Lowry", 5, 1), ("E", 5, 1))
    settle_due()
    assert settled(bet) == ("won", "25.00")
    (named,) = rules_named(bet)
    assert named.startswith("Rule: half of the stake is on the win and half on a place, by the official")
    assert named.endswith("finishing position; a dead heat pays the odds × places ÷ tied.")


def test_an_each_way_bet_waits_for_a_person_while_too_few_places_are_listed(
    masters: Game, staff: User
) -> None:
    bet = back(runner(masters, "Lowry", "17"), stake="10", each_way=EachWay(Fraction(1, 4), 3))
    runner(masters, "A")
    finished(masters, staff, ("A", 1), ("B", 2))
    assert settle_due() == {"needs_review": 1}
    finished(masters, staff, ("A", 1), ("B", 2), ("C", 3))
    Game.objects.update(updated_at=OVER + dt.timedelta(minutes=1))
    assert regrade_due() == {"lost": 1}
    assert settled(bet) == ("lost", "0.00")


@pytest.mark.parametrize(("rule", "outcome"), [("lose", ("lost", "0.00")), ("void", ("void", "100.00"))])
def test_a_non_runner_follows_the_rule(
    masters: Game, staff: User, rule: str, outcome: tuple[str, str]
) -> None:
    SettlementRuleFactory(family=RuleFamily.OUTRIGHT, parameters={"non_runner": rule})
    bet = back(runner(masters, "Woods"))
    runner(masters, "Scheffler")
    finished(masters, staff, ("Scheffler", 1), ("Woods", None))
    settle_due()
    assert settled(bet) == outcome


def test_a_lay_of_the_winner_loses_its_liability(masters: Game, staff: User) -> None:
    bet = back(runner(masters, "Scheffler", "5", "outrights_lay"), stake="10")
    assert bet.stake == Decimal(40)
    finished(masters, staff, ("Scheffler", 1))
    settle_due()
    assert settled(bet) == ("lost", "0.00")


def test_an_outright_is_a_leg_like_any_other(masters: Game, staff: User) -> None:
    game = GameFactory(commence_time=FAR)
    match = offered(game, "h2h", price="100", bookmaker=BookmakerFactory())
    leg = LegAsked(selection=match.selection, price=match.price, own_price=True)
    bet = back(leg, runner(masters, "Scheffler"))
    ended(game, 2, 1)
    assert settle_due() == {}
    finished(masters, staff, ("Scheffler", 1))
    settle_due()
    assert settled(bet) == ("won", "1000.00")


def test_a_corrected_placing_regrades_the_bets_on_it(masters: Game, staff: User) -> None:
    won, lost = back(runner(masters, "Scheffler")), back(runner(masters, "McIlroy"))
    finished(masters, staff, ("Scheffler", 1))
    settle_due()
    set_placings(
        game=masters, finishes=[Finish("McIlroy", 1), Finish("Scheffler", 2)], by=staff,
        now=OVER + dt.timedelta(days=30),
    )  # fmt: skip
    assert regrade_due() == {"won": 1, "lost": 1}
    assert (settled(won), settled(lost)) == (("lost", "0.00"), ("won", "500.00"))
    assert balance(won.bankroll) == Decimal(900)
    assert won.events.filter(kind=BetEventKind.REGRADED).exists()


def test_a_winner_without_any_price_may_be_misspelt_and_is_looked_at(masters: Game, staff: User) -> None:
    bet = back(runner(masters, "Scheffler"))
    finished(masters, staff, ("Schefler", 1))
    assert settle_due() == {"needs_review": 1}
    bet.refresh_from_db()
    assert bet.review_reason.startswith("Schefler is entered as the winner, but no price")


@pytest.mark.parametrize("deduction", [Decimal(25)])
def test_a_deduction_is_taken_off_the_winnings(masters: Game, staff: User, deduction: Decimal) -> None:
    bet = back(runner(masters, "Scheffler"))
    bet.legs.update(deduction_pct=deduction)
    finished(masters, staff, ("Scheffler", 1))
    settle_due()
    assert settled(bet) == ("won", "400.00")


def test_a_deduction_entered_after_the_payout_regrades_the_bet(masters: Game, staff: User) -> None:
    bet = back(runner(masters, "Scheffler"))
    finished(masters, staff, ("Scheffler", 1))
    settle_due()
    regrade_due()
    with pytest.raises(NotAllowed):
        set_deduction(leg=bet.legs.get(), pct=Decimal(25), by=UserFactory(), reason="late withdrawal")
    set_deduction(leg=bet.legs.get(), pct=Decimal(25), by=staff, reason="late withdrawal")
    assert regrade_due() == {"won": 1}
    assert settled(bet) == ("won", "400.00")
    assert balance(bet.bankroll) == Decimal(1300)


@pytest.mark.parametrize(
    ("finishes", "why"),
    [
        ([Finish("A", 2)], "Enter who won"),
        ([Finish("A", 1), Finish("a", 2)], "entered twice"),
        ([Finish("A", 1), Finish("B", 1)], "tied with"),
        ([Finish("A", 1), Finish("B", None, 1)], "tied with nobody"),
    ],
)
def test_placings_that_contradict_themselves_are_refused(
    masters: Game, staff: User, finishes: list[Finish], why: str
) -> None:
    with pytest.raises(ResultRefused, match=why):
        set_placings(game=masters, finishes=finishes, by=staff, now=OVER)
    assert not Placing.objects.exists()


def test_placings_are_loaded_in_one_statement_whatever_the_number_of_outrights(staff: User) -> None:
    counts = []
    for number in (1, 5):
        for _ in range(number):
            game = GameFactory(outright=True, commence_time=FAR)
            back(runner(game, "A"))
            finished(game, staff, ("A", 1))
        with CaptureQueriesContext(connection) as queries:
            assert settle_due() == {"won": number}
        counts.append(len(queries))
    assert counts[0] == counts[1]
