"""Settled bets of every kind for the tests of statistics, written straight into the tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from bets.models import Bankroll, Bet, BetLeg, BetStatus
from bets.stats import Record, read_record, rolls_of, whole
from bets.tests.factories import BetFactory, BetLegFactory
from games.tests.factories import GameFactory
from odds.pricing import decimal_odds
from odds.tests.factories import SelectionFactory

ZONE = "America/New_York"
START = dt.datetime(2026, 3, 1, 20, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def settled(
    bankroll: Bankroll,
    status: str = "won",
    *,
    stake: str = "100",
    odds: str = "-110",
    payout: str | None = None,
    close: str | None = None,
    fair: str | None = None,
    at: dt.datetime = START + 3 * HOUR,
    market: str = "h2h",
    bet_type: str = "moneyline",
    side: str = "home",
    point: str | None = None,
    legs: int = 1,
    live: bool = False,
    seen: bool = True,
    game: Any = None,
    **fields: Any,
) -> Bet:
    """A settled bet with alike legs of one price, each on its own game; its payout follows from its status if not given."""
    price = Decimal(odds)
    whole = price if legs == 1 else american(decimal_odds(price) ** legs)
    placed = at - (2 * HOUR if live else 8 * HOUR)
    paid = (
        Decimal(payout)
        if payout is not None
        else pays(status, Decimal(stake), whole, fields.get("is_bonus", False))
    )
    bet: Bet = BetFactory(
        bankroll=bankroll, status=status, stake=Decimal(stake), odds=whole, payout=paid, settled_at=at,
        placed_at=placed, **{"kind": "straight" if legs == 1 else "parlay", **fields},
    )  # fmt: skip
    for position in range(1, legs + 1):
        played = game or GameFactory(commence_time=at - 3 * HOUR)
        BetLegFactory(
            bet=bet, position=position, selection=SelectionFactory(game=played, market=market, side=side),
            bet_type=bet_type, odds=price, point=None if point is None else Decimal(point), status=status,
            return_factor="1/1", price_seen_at=placed if seen else None,
            closing_odds=None if close is None else Decimal(close),
            closing_point=None if close is None or point is None else Decimal(point),
            closing_seen_at=None if close is None else at - 3 * HOUR,
            closing_fair=None if fair is None else Decimal(fair),
            closing_fair_from=None if fair is None else "sharp",
        )  # fmt: skip
    return bet


def american(odds: Any) -> Decimal:
    from odds.pricing import american_from_decimal

    return american_from_decimal(odds)


def pays(status: str, stake: Decimal, odds: Decimal, is_bonus: bool) -> Decimal:
    """What a bet of this status pays at these American odds."""
    win = stake * Decimal(str(round(float(decimal_odds(odds) - 1), 6)))
    back = {
        "won": (Decimal(0) if is_bonus else stake) + win,
        "lost": Decimal(0),
        "push": stake,
        "void": stake,
        "half_won": stake + win / 2,
        "half_lost": stake / 2,
        "cashed_out": stake * Decimal("0.8"),
    }[status]
    return back.quantize(Decimal("0.01"))


def every_kind(bankroll: Bankroll) -> Sequence[Bet]:
    """A bet of each status and of each kind that statistics treat apart."""
    hour = dt.timedelta(hours=5)
    at = START + 3 * HOUR
    made = [
        settled(bankroll, "won", close="-120", fair="0.52", at=at),
        settled(bankroll, "lost", stake="50", odds="150", close="140", fair="0.41", at=at + hour),
        settled(bankroll, "push", market="spreads", bet_type="spread", point="-3", close="-105", at=at + 2 * hour),
        settled(bankroll, "void", stake="500", close="-110", fair="0.5", at=at + 3 * hour),
        settled(bankroll, "half_won", stake="40", odds="-105", fair="0.5", at=at + 4 * hour),
        settled(bankroll, "half_lost", stake="60", odds="-105", fair="0.5", at=at + 5 * hour),
        settled(bankroll, "cashed_out", stake="80", odds="200", close="210", fair="0.3", at=at + 6 * hour),
        settled(bankroll, "won", stake="25", odds="300", is_bonus=True, fair="0.22", close="320", at=at + 7 * hour),
        settled(bankroll, "lost", stake="25", odds="300", is_bonus=True, at=at + 8 * hour),
        settled(bankroll, "won", stake="10", legs=3, close="-115", fair="0.5", at=at + 9 * hour, tags=["model", "fun"]),
        settled(bankroll, "lost", stake="10", legs=2, at=at + 10 * hour, tags=["fun"]),
        settled(bankroll, "won", stake="33.33", odds="-250", live=True, close="-300", fair="0.7", at=at + 11 * hour),
        settled(bankroll, "won", stake="100", payout="170.91", cashed_stake=Decimal(50), cashed_out=Decimal("75.45"),
                fair="0.5", at=at + 12 * hour),
        settled(bankroll, "lost", stake="20", seen=False, own_price=True, at=at + 13 * hour),
    ]  # fmt: skip
    made.append(BetFactory(bankroll=bankroll, status=BetStatus.PENDING, stake=Decimal(70)))
    return made


def legs_of(bet: Bet) -> list[BetLeg]:
    return list(bet.legs.select_related("game", "selection").order_by("position"))


def record_of(bankroll: Bankroll, **narrowed: Any) -> Record:
    scope = whole(rolls_of(bankroll.user), (bankroll.currency, bankroll.kind), ZONE)
    return read_record(bankroll.user, replace(scope, **narrowed))
