"""Tickets of several legs and of other kinds: placed through the service, settled, and paid to the cent."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from accounts.tests.factories import UserFactory
from bets.exceptions import BadBet, IdempotencyConflict, InsufficientFunds, PriceMoved
from bets.grading import EachWay
from bets.ledger import balance
from bets.models import Bankroll, Bet, BetEventKind, BetStatus, LedgerKind
from bets.placement import LegAsked, place_ticket
from bets.regrading import regrade_due
from bets.settlement import settle_due
from bets.tests.factories import FAR, ended, funded_bankroll, offered
from bets.verification import verify
from games.models import Game
from games.services import set_result
from games.tests.factories import GameFactory, SportFactory
from odds.models import Bookmaker, CurrentOdds, Selection
from odds.pricing import american_from_decimal
from odds.tests.factories import BookmakerFactory

pytestmark = pytest.mark.django_db


def games(count: int, sport: str = "basketball_nba") -> list[Game]:
    key = SportFactory(key=sport)
    return [GameFactory(sport=key, commence_time=FAR) for _ in range(count)]


def book() -> Bookmaker:
    found: Bookmaker = BookmakerFactory(key="draftkings")
    return found


def line(
    game: Game, market: str = "h2h", side: str = "home", odds: str = "1.90", **fields: Any
) -> CurrentOdds:
    """Put a line on the board at decimal odds."""
    fields = {"bookmaker": book()} | fields
    return offered(game, market, side, price=str(american_from_decimal(Fraction(odds))), **fields)


def asked(*lines: CurrentOdds) -> list[LegAsked]:
    return [LegAsked(selection=one.selection, price=one.price, point=one.point) for one in lines]


def placed(kind: str, legs: Sequence[LegAsked], bankroll: Bankroll | None = None, **fields: Any) -> Bet:
    bankroll = bankroll or funded_bankroll()
    terms: dict[str, Any] = {"stake": Decimal(10), "bookmaker": book(), "idempotency_key": uuid.uuid4().hex}
    return place_ticket(user=bankroll.user, bankroll=bankroll, kind=kind, legs=legs, **(terms | fields))


def finish(found: Sequence[Game], outcomes: str) -> None:
    """End the games: W the home side wins, L it loses, P they tie, V cancelled."""
    for game, outcome in zip(found, outcomes, strict=True):
        if outcome == "V":
            ended(game, None, None, "cancelled")
        else:
            ended(game, *{"W": (110, 100), "L": (100, 110), "P": (100, 100)}[outcome])


def settled(bet: Bet) -> tuple[str, str]:
    bet.refresh_from_db()
    assert verify()[1] == []
    return bet.status, str(bet.payout)


def test_a_parlay_multiplies_its_legs_and_a_push_drops_out() -> None:
    found = games(3)
    lines = [line(game, odds=odds) for game, odds in zip(found, ("1.91", "2.10", "1.80"), strict=True)]
    bet = placed("parlay", asked(*lines))
    assert (bet.stake, bet.unit_stake, bet.combinations) == (Decimal(10), None, 1)
    assert bet.odds == american_from_decimal(Fraction("1.91") * Fraction("2.10") * Fraction("1.80"))
    assert balance(bet.bankroll) == Decimal(990)
    assert all(leg.price_seen_at for leg in bet.legs.all())
    assert {game.bet_count for game in Game.objects.all()} == {1}
    finish(found, "WPW")
    assert settle_due() == {"won": 1}
    assert settled(bet) == ("won", "34.38")
    assert balance(bet.bankroll) == Decimal("1024.38")


def test_an_early_loss_settles_the_ticket_and_later_legs_only_complete_the_record() -> None:
    found = games(3)
    bet = placed("parlay", asked(*[line(game) for game in found]))
    finish(found[:1], "W")
    assert settle_due() == {}
    assert [leg.status for leg in bet.legs.all()] == ["won", "pending", "pending"]
    bet.refresh_from_db()
    assert (bet.status, bet.revision) == (BetStatus.PENDING, 0)
    finish(found[1:2], "L")
    assert settle_due() == {"lost": 1}
    assert settled(bet) == ("lost", "0.00")
    assert [leg.status for leg in bet.legs.all()] == ["won", "lost", "pending"]
    finish(found[2:], "W")
    assert settle_due() == {}
    assert [leg.status for leg in bet.legs.all()] == ["won", "lost", "won"]
    assert settled(bet) == ("lost", "0.00")
    assert bet.events.count() == 2
    assert settle_due() == {}


def test_a_settled_parlay_keeps_the_arithmetic_of_the_whole_ticket() -> None:
    found = games(2)
    bet = placed(
        "parlay", asked(*[line(game, odds=odds) for game, odds in zip(found, ("1.91", "2.10"), strict=True)])
    )
    finish(found, "WW")
    settle_due()
    (step,) = bet.events.get(kind=BetEventKind.SETTLED).data["steps"]
    assert step["parts"] == [{"text": "$10.00 × 1.91 × 2.1 ="}, {"figure": "$40.11"}]
    assert step["note"] == "Rounded once, half up, to $0.01. Ledger line 3, revision 1."


def test_a_corrected_leg_regrades_the_settled_parlay_and_only_that_leg() -> None:
    found, staff = games(2), UserFactory(is_staff=True)
    bet = placed("parlay", asked(*[line(game, odds="2") for game in found]))
    finish(found, "WW")
    settle_due()
    untouched = bet.legs.get(position=1)
    set_result(game=found[1], status="final", home_score=90, away_score=99, by=staff, now=FAR)
    assert regrade_due() == {"lost": 1}
    assert settled(bet) == ("lost", "0.00")
    assert [leg.status for leg in bet.legs.all()] == ["won", "lost"]
    assert bet.legs.get(position=1).graded_on == untouched.graded_on
    assert balance(bet.bankroll) == Decimal(990)
    event = bet.events.get(kind=BetEventKind.REGRADED)
    assert [leg["status"] for leg in event.data["before"]["legs"]] == ["won", "won"]


def test_a_corrected_leg_of_an_open_parlay_may_lose_it() -> None:
    found, staff = games(2), UserFactory(is_staff=True)
    bet = placed("parlay", asked(*[line(game, odds="2") for game in found]))
    finish(found[:1], "W")
    settle_due()
    set_result(game=found[0], status="final", home_score=90, away_score=99, by=staff, now=FAR)
    assert regrade_due() == {"lost": 1}
    assert settled(bet) == ("lost", "0.00")


def test_a_round_robin_pays_every_combination_that_wins() -> None:
    found = games(3)
    bet = placed("round_robin", asked(*[line(game) for game in found]), sizes=[2])
    assert (bet.stake, bet.unit_stake, bet.combinations) == (Decimal(30), Decimal(10), 3)
    assert bet.odds == american_from_decimal(Fraction("3.61"))
    assert bet.ledger.get().amount == Decimal(-30)
    finish(found, "WWP")
    settle_due()
    assert settled(bet) == ("won", "74.10")


@pytest.mark.parametrize(("legs", "combinations"), [(3, 3), (4, 6), (5, 10), (6, 15), (7, 21), (8, 28)])
def test_a_round_robin_by_twos_counts_its_combinations(legs: int, combinations: int) -> None:
    bet = placed("round_robin", asked(*[line(game) for game in games(legs)]), sizes=[2])
    assert (bet.combinations, bet.stake) == (combinations, combinations * Decimal(10))


def test_a_patent_is_seven_bets() -> None:
    found = games(3)
    bet = placed("patent", asked(*[line(game, odds="2") for game in found]))
    assert (bet.stake, bet.combinations) == (Decimal(70), 7)
    finish(found, "WWL")
    settle_due()
    assert settled(bet) == ("won", "80.00")


@pytest.mark.parametrize(
    ("scores", "outcome"),
    [
        (((20, 21), (20, 24)), ("won", "183.33")),
        (((20, 23), (20, 24)), ("push", "100.00")),
        (((20, 27), (20, 24)), ("lost", "0.00")),
    ],
)
def test_a_teaser_moves_its_points_and_pays_by_the_table(
    scores: tuple[tuple[int, int], ...], outcome: tuple[str, str]
) -> None:
    found = games(2, "americanfootball_nfl")
    lines = [line(found[0], "spreads", point="-3"), line(found[1], "totals", "under", point="41")]
    bet = placed("teaser", asked(*lines), teaser_points=Decimal(6), stake=Decimal(100))
    assert bet.odds == -120
    ended(found[0], scores[0][0], scores[0][1])
    ended(found[1], *scores[1])
    settle_due()
    assert settled(bet) == outcome
    assert bet.legs.get(position=1).evidence["data"]["point"] == "3.00"


def test_a_same_game_parlay_pays_its_own_price_and_a_push_waits_for_the_new_one() -> None:
    game, other = games(2)
    kept = [line(one, "totals", "over", point="209.5") for one in (game, other)]
    sides = [line(one, "spreads", point="-10" if one is other else "-5") for one in (game, other)]
    won, pushed = (
        placed("same_game_parlay", asked(*pair), ticket_price=Decimal(260))
        for pair in zip(kept, sides, strict=True)
    )
    assert (won.odds, won.own_price) == (Decimal(260), True)
    finish([game, other], "WW")
    assert settle_due() == {"won": 1, "needs_review": 1}
    assert settled(won) == ("won", "36.00")
    pushed.refresh_from_db()
    assert "new price" in pushed.review_reason
    assert [leg.status for leg in pushed.legs.all()] == ["won", "push"]


def test_a_lay_risks_its_liability_and_pays_less_commission() -> None:
    """Reference: lay 107.91 at 2.8, 2 % commission, against a back of 100 at 3.0: 5.76 or 5.75 either way."""
    for home_wins, outcome, end in (
        (True, ("lost", "0.00"), "805.76"),
        (False, ("won", "299.99"), "1105.75"),
    ):
        game = games(1)[0]
        price = line(game, "h2h_lay", "home", odds="2.8")
        bet = placed("straight", asked(price), stake=Decimal("107.91"), commission_pct=Decimal(2))
        assert (bet.is_lay, bet.stake, bet.unit_stake) == (True, Decimal("194.24"), Decimal("107.91"))
        assert balance(bet.bankroll) == Decimal("805.76")
        finish([game], "W" if home_wins else "L")
        settle_due()
        assert settled(bet) == outcome
        assert balance(bet.bankroll) == Decimal(end)


def test_a_bonus_bet_risks_no_cash_and_pays_the_profit_alone() -> None:
    found = games(3)
    lines = [line(game, odds="5.0") for game in found]
    bets = [placed("straight", asked(one), is_bonus=True, stake=Decimal(50)) for one in lines]
    assert [balance(bet.bankroll) for bet in bets] == [Decimal(1000)] * 3
    finish(found, "WLV")
    settle_due()
    assert [settled(bet)[1] for bet in bets] == ["200.00", "0.00", "0.00"]


def test_a_boost_raises_the_profit_up_to_its_cap() -> None:
    found = games(2)
    lines = [line(game, odds="3.0") for game in found]
    free = placed("straight", asked(lines[0]), boost_pct=Decimal(50))
    capped = placed("straight", asked(lines[1]), boost_pct=Decimal(50), boost_cap=Decimal(5))
    finish(found, "WW")
    settle_due()
    assert (settled(free)[1], settled(capped)[1]) == ("40.00", "35.00")


def test_an_insured_loss_is_credited_as_a_bonus_and_never_as_cash() -> None:
    found = games(2)
    lost, won = (placed("straight", asked(line(game)), insured_up_to=Decimal(8)) for game in found)
    finish(found, "LW")
    settle_due()
    credit = lost.events.get(kind=BetEventKind.CREDITED)
    assert credit.data == {"amount": "8.00", "currency": "USD"}
    assert settled(lost) == ("lost", "0.00")
    assert balance(lost.bankroll) == Decimal(990)
    assert not won.events.filter(kind=BetEventKind.CREDITED).exists()


@pytest.mark.parametrize(("currency", "payout"), [("USD", "190.91"), ("JPY", "191"), ("HUF", "190.91")])
def test_a_payout_is_rounded_once_to_the_minor_unit(currency: str, payout: str) -> None:
    game = games(1)[0]
    bankroll = funded_bankroll(currency=currency)
    bet = placed("straight", asked(offered(game, "h2h", price="-110")), bankroll, stake=Decimal(100))
    finish([game], "W")
    settle_due()
    assert Decimal(settled(bet)[1]) == Decimal(payout)


def test_a_repeated_request_places_one_ticket_and_other_terms_are_a_conflict() -> None:
    legs, bankroll = asked(*[line(game) for game in games(2)]), funded_bankroll()
    first = placed("parlay", legs, bankroll, idempotency_key="k")
    assert placed("parlay", legs, bankroll, idempotency_key="k") == first
    assert first.ledger.filter(kind=LedgerKind.STAKE).count() == 1
    with pytest.raises(IdempotencyConflict):
        placed("round_robin", legs, bankroll, idempotency_key="k", sizes=[2])


def test_the_stake_of_all_combinations_must_be_there() -> None:
    legs = asked(*[line(game) for game in games(3)])
    with pytest.raises(InsufficientFunds, match=r"\$30\.00 is more"):
        placed("round_robin", legs, funded_bankroll("29"), sizes=[2])
    assert not Bet.objects.exists()


def test_a_leg_whose_price_has_moved_stops_the_ticket_and_is_named() -> None:
    good, moved = (line(game) for game in games(2))
    legs = asked(good, moved)
    CurrentOdds.objects.filter(pk=moved.pk).update(price=Decimal(-150))
    with pytest.raises(PriceMoved, match=r"for .* has moved"):
        placed("parlay", legs)
    assert not Bet.objects.exists()


def test_two_legs_of_one_game_need_a_same_game_parlay_with_a_price() -> None:
    game = games(1)[0]
    legs = asked(line(game), line(game, "totals", "over", point="200.5"))
    with pytest.raises(BadBet, match="same-game parlay"):
        placed("parlay", legs)
    with pytest.raises(BadBet, match="needs the price"):
        placed("same_game_parlay", legs)
    assert placed("same_game_parlay", legs, ticket_price=Decimal(200)).odds == 200


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        (("h2h", "home", None), ("h2h", "away", None), "cannot both win"),
        (("h2h", "home", None), ("spreads", "away", "-1.5"), "cannot both win"),
        (("totals", "over", "220.5"), ("totals", "under", "210.5"), "cannot both win"),
        (("totals", "over", "220.5"), ("alternate_totals", "over", "210.5"), "same side"),
        (("h2h", "home", None), ("h2h", "home", None), "are the same"),
    ],
)
def test_contradictory_legs_are_refused(one: Any, other: Any, why: str) -> None:
    game = games(1)[0]
    legs = []
    for market, side, point in (one, other):
        selection, _ = Selection.objects.get_or_create(game=game, market=market, participant="", side=side)
        number = None if point is None else Decimal(point)
        legs.append(LegAsked(selection=selection, price=Decimal(-110), point=number, own_price=True))
    with pytest.raises(BadBet, match=why):
        placed("same_game_parlay", legs, ticket_price=Decimal(200))


def test_a_middle_of_one_game_can_both_win_and_is_no_contradiction() -> None:
    game = games(1)[0]
    legs = asked(
        line(game, "totals", "over", point="210.5"), line(game, "alternate_totals", "under", point="220.5")
    )
    assert placed("same_game_parlay", legs, ticket_price=Decimal(200)).legs.count() == 2


@pytest.mark.parametrize(
    ("kind", "legs", "fields", "why"),
    [
        ("parlay", 1, {}, "2 to 30 legs"),
        ("straight", 2, {}, "has one leg"),
        ("trixie", 2, {}, "has 3 legs"),
        ("round_robin", 3, {}, "size of its combinations"),
        ("round_robin", 3, {"sizes": [4]}, "cannot be made"),
        ("parlay", 2, {"sizes": [2]}, "Only a round robin"),
        ("teaser", 2, {}, "needs the points"),
        ("teaser", 2, {"teaser_points": Decimal(6)}, "cannot be teased"),
        ("parlay", 2, {"ticket_price": Decimal(300)}, "price of its own"),
        ("parlay", 2, {"each_way": EachWay(Fraction(1, 4), 5)}, "each-way"),
        ("parlay", 2, {"commission_pct": Decimal(100)}, "commission"),
        ("parlay", 2, {"boost_pct": Decimal(-1)}, "boost"),
        ("parlay", 2, {"is_bonus": True, "insured_up_to": Decimal(5)}, "not insured"),
        ("lottery", 2, {}, "no kind of bet"),
    ],
)
def test_what_makes_no_ticket_is_refused_with_the_reason(
    kind: str, legs: int, fields: dict[str, Any], why: str
) -> None:
    with pytest.raises(BadBet, match=why):
        placed(kind, asked(*[line(game) for game in games(legs)]), **fields)
    assert not Bet.objects.exists()


def test_a_lay_gets_a_lower_price_and_refuses_a_higher_one() -> None:
    game = games(1)[0]
    price = line(game, "h2h_lay", odds="2.8")
    legs = asked(price)
    CurrentOdds.objects.filter(pk=price.pk).update(price=Decimal(170))
    assert placed("straight", legs).odds == 170
    CurrentOdds.objects.filter(pk=price.pk).update(price=Decimal(190))
    with pytest.raises(PriceMoved):
        placed("straight", legs)
