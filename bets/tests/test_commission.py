"""The commission of exchanges: agreed when placing, taken off the bet's own profit, kept when a part is cashed out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from bets.decisions.cashing import cash_out_part
from bets.exceptions import IdempotencyConflict
from bets.ledger import balance
from bets.models import Bet
from bets.settlement import settle_due
from bets.tests.factories import funded_bankroll
from bets.tests.test_placing_tickets import asked, finish, games, line, placed, settled
from games.models import Game
from odds.models import Bookmaker, CurrentOdds
from odds.tests.factories import BookmakerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def exchange() -> Bookmaker:
    return BookmakerFactory(key="betfair_ex_uk", is_exchange=True, commission=Decimal("0.05"))


def at(exchange: Bookmaker, game: Game, market: str = "h2h", odds: str = "3.0") -> CurrentOdds:
    return line(game, market, odds=odds, bookmaker=exchange)


def test_a_bet_at_an_exchange_pays_its_commission_without_being_asked(exchange: Bookmaker) -> None:
    (game,) = games(1)
    bet = placed("straight", asked(at(exchange, game)), bookmaker=exchange)
    assert bet.commission_pct == 5
    finish([game], "W")
    settle_due()
    assert settled(bet) == ("won", "29.00")
    assert "commission of 5 %" in str(bet.events.last().data)  # type: ignore[union-attr]


@pytest.mark.parametrize(("pct", "payout"), [("0", "30.00"), ("2", "29.60")])
def test_another_commission_that_was_agreed_counts(exchange: Bookmaker, pct: str, payout: str) -> None:
    (game,) = games(1)
    bet = placed("straight", asked(at(exchange, game)), bookmaker=exchange, commission_pct=Decimal(pct))
    finish([game], "W")
    settle_due()
    assert settled(bet) == ("won", payout)


def test_what_a_placed_bet_agreed_on_does_not_follow_the_bookmaker(exchange: Bookmaker) -> None:
    (game,) = games(1)
    bankroll = funded_bankroll()
    price = at(exchange, game)
    bet = placed("straight", asked(price), bankroll, bookmaker=exchange, idempotency_key="once")
    exchange.commission = Decimal("0.02")
    exchange.save()
    assert placed("straight", asked(price), bankroll, bookmaker=exchange, idempotency_key="once") == bet
    with pytest.raises(IdempotencyConflict):
        placed(
            "straight",
            asked(price),
            bankroll,
            bookmaker=exchange,
            idempotency_key="once",
            commission_pct=Decimal(2),
        )
    finish([game], "W")
    settle_due()
    assert settled(bet) == ("won", "29.00")


def test_only_an_exchange_takes_commission() -> None:
    (game,) = games(1)
    Bookmaker.objects.filter(pk=line(game).bookmaker_id).update(commission=Decimal("0.05"))
    bet = placed("straight", asked(CurrentOdds.objects.get()), bookmaker=Bookmaker.objects.get())
    assert bet.commission_pct == 0


def test_a_lay_pays_the_commission_of_its_exchange(exchange: Bookmaker) -> None:
    """Reference: lay 107.91 at 2.8 with 2 % against a back of 100 at 3.0: the backer's stake less commission."""
    exchange.commission = Decimal("0.02")
    exchange.save()
    (game,) = games(1)
    lay = at(exchange, game, "h2h_lay", "2.8")
    bet = placed("straight", asked(lay), bookmaker=exchange, stake=Decimal("107.91"))
    finish([game], "L")
    settle_due()
    assert settled(bet) == ("won", "299.99")
    assert balance(bet.bankroll) == Decimal("1105.75")


def test_two_winning_bets_on_one_market_each_pay_their_own_commission(exchange: Bookmaker) -> None:
    """+20 and −10 on one market: bet by bet 5 % of 20; of the net, which the exchange takes, it would be 0.50."""
    (game,) = games(1)
    bankroll = funded_bankroll()
    home, away = at(exchange, game), line(game, "h2h", "away", "2.0", bookmaker=exchange)
    won = placed("straight", asked(home), bankroll, bookmaker=exchange)
    lost = placed("straight", asked(away), bankroll, bookmaker=exchange)
    finish([game], "W")
    settle_due()
    assert (settled(won), settled(lost)) == (("won", "29.00"), ("lost", "0.00"))
    assert balance(bankroll) == 1009


def test_the_bet_page_says_that_the_commission_is_this_bets_own(exchange: Bookmaker, client: Client) -> None:
    (game,) = games(1)
    bet = placed("straight", asked(at(exchange, game)), bookmaker=exchange)
    client.force_login(bet.user)
    page = client.get(reverse("bets:bet", args=[bet.pk])).content.decode()
    assert "Commission of 5 % of this bet’s own profit, not of the net of its market." in page


def part_of(bet: Bet, stake: str, offer: str) -> None:
    cash_out_part(
        bet=bet, stake=Decimal(stake), offer=Decimal(offer), by=bet.user, reason="some off the table"
    )


@pytest.mark.parametrize(
    ("outcome", "status", "payout"),
    [("W", "won", "20.40"), ("L", "lost", "3.00"), ("V", "void", "9.00")],
)
def test_after_a_cash_out_in_part_the_commission_is_on_the_rest(
    exchange: Bookmaker, outcome: str, status: str, payout: str
) -> None:
    """10 at 3.0, 4 of it cashed out for 3: the rest wins 12, less 5 %, and comes back with its 6."""
    (game,) = games(1)
    bet = placed("straight", asked(at(exchange, game)), bookmaker=exchange)
    part_of(bet, "4", "3")
    finish([game], outcome)
    settle_due()
    assert settled(bet) == (status, payout)


@pytest.mark.parametrize(
    ("kind", "fields", "outcomes", "payout"),
    [
        ("parlay", {}, "WW", "24.66"),  # 3 + 6 × 1.9²
        ("parlay", {}, "WV", "14.40"),  # 3 + 6 × 1.9
        ("parlay", {}, "WL", "3.00"),
        ("round_robin", {"sizes": (1,), "stake": Decimal(5)}, "WL", "8.70"),  # 3 + 6 × 1.9 ÷ 2
        ("round_robin", {"sizes": (1,), "stake": Decimal(5)}, "WW", "14.40"),
    ],
)
def test_the_rest_of_a_ticket_of_several_legs_is_graded_by_its_terms(
    kind: str, fields: dict[str, Any], outcomes: str, payout: str
) -> None:
    found = games(2)
    bet = placed(kind, asked(*[line(game) for game in found]), **fields)
    assert bet.stake == 10
    part_of(bet, "4", "3")
    finish(found, outcomes)
    settle_due()
    assert settled(bet)[1] == payout
    told = str(bet.events.last().data["steps"])  # type: ignore[union-attr]
    assert "$6.00" in told
    assert "$3.00 besides, paid for $4.00 of the stake" in told


def test_the_rest_of_a_teaser_is_paid_by_the_table() -> None:
    found = games(2, "americanfootball_nfl")
    legs = asked(*[line(game, "spreads", point="-3") for game in found])
    whole, part = (placed("teaser", legs, teaser_points=Decimal(6)) for _ in range(2))
    part_of(part, "4", "3")
    finish(found, "WW")
    settle_due()
    paid = Decimal(settled(whole)[1])
    assert Decimal(settled(part)[1]) == 3 + (paid * 6 / 10).quantize(Decimal("0.01"))
