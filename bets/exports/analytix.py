"""Bets as CSV in Bet-Analytix' columns."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from django.db.models import QuerySet

from bets.exports.reading import Leg, Progress, book_of, exported, legs_of, money, text
from bets.exports.tables import type_in_words, written
from bets.models import Bet, BetKind, BetStatus
from odds.pricing import american_from_decimal, decimal_odds

ANALYTIX: Final = [
    "Date",
    "Type",
    "Sport",
    "Label",
    "Odds",
    "Stake",
    "State",
    "Bookmaker",
    "Tipster",
    "Category",
    "Competition",
    "BetType",
    "Closing",
    "EstimatedProbability",
    "Commission",
    "Bonus",
    "Live",
    "Freebet",
    "Cashout",
    "Eachway",
    "Comment",
    "Payout",
    "Settled",
    "Currency",
    "Tags",
    "CashedStake",
    "CashedPaid",
    "Bankroll",
    "Money",
]
STATES: Final = {
    BetStatus.WON: "W",
    BetStatus.LOST: "L",
    BetStatus.PUSH: "Push",
    BetStatus.VOID: "V",
    BetStatus.HALF_WON: "HW",
    BetStatus.HALF_LOST: "HL",
    BetStatus.CASHED_OUT: "Cashed out",
}


def as_bet_analytix(bets: QuerySet[Bet], progress: Progress | None = None) -> Iterator[str]:
    """Bet-Analytix' 21 columns, then eight of our own; a row for each selection of a combined bet."""
    rows = (row for bet in exported(bets, progress) for row in analytix_rows(bet))
    return written(ANALYTIX, rows, delimiter=";", quoting=csv.QUOTE_ALL)


def analytix_rows(bet: Bet) -> Iterator[dict[str, str]]:
    legs = legs_of(bet)
    state = STATES.get(BetStatus(bet.status), "Pending")
    head = {
        "Date": f"{bet.placed_at:%Y-%m-%d %H:%M:%S} UTC",
        "Type": analytix_type(bet, len(legs)),
        "Label": bet.get_kind_display() if len(legs) != 1 else "",
        "Odds": short_decimal(bet.odds),
        "Stake": f"{bet.stake:.2f}",
        "State": state,
        "Bookmaker": book_of(bet),
        "Freebet": "Yes" if bet.is_bonus else "",
        "Cashout": money(bet.payout) or "" if bet.status == BetStatus.CASHED_OUT else "",
        "Eachway": "Yes" if bet.each_way_places else "",
        "Commission": str(text(bet.commission_pct)) if bet.commission_pct else "",
        "Comment": bet.note,
        "Payout": money(bet.payout) or "",
        "Settled": "" if bet.settled_at is None else f"{bet.settled_at:%Y-%m-%d %H:%M:%S} UTC",
        "Currency": bet.bankroll.currency,
        "Tags": ", ".join(bet.tags),
        "CashedStake": f"{bet.cashed_stake:.2f}" if bet.cashed_stake else "",
        "CashedPaid": f"{bet.cashed_out:.2f}" if bet.cashed_out else "",
        "Bankroll": bet.bankroll.name,
        "Money": bet.bankroll.kind,
    }
    if len(legs) == 1:
        closing = {"Closing": ""} if bet.is_lay or bet.each_way_places else {}
        yield head | leg_cells(legs[0]) | {"Odds": head["Odds"], "State": state} | closing
        return
    yield head
    for leg in legs:
        yield leg_cells(leg) | {"Bookmaker": book_of(bet)}


def leg_cells(leg: Leg) -> dict[str, str]:
    status = STATES.get(BetStatus(leg.status), "Pending") if leg.status else ""
    description = leg.description
    if leg.event and leg.event not in description:
        description = f"{description} ({leg.event})"
    return {
        "Sport": leg.sport,
        "Label": description,
        "Odds": "" if leg.odds is None else short_decimal(leg.odds),
        "State": status,
        "Competition": leg.league,
        "BetType": leg.market,
        "Closing": "" if leg.closing_odds is None else short_decimal(leg.closing_odds),
        "Live": "Yes" if leg.is_live else "",
    }


def analytix_type(bet: Bet, legs: int) -> str:
    if bet.kind == BetKind.STRAIGHT:
        return "Simple"
    if bet.kind == BetKind.PARLAY:
        return "Combined"
    return f"{bet.sizes[0]}/{legs}" if len(bet.sizes) == 1 and legs >= bet.sizes[0] else type_in_words(bet)


def short_decimal(odds: Decimal) -> str:
    """Return decimal odds with as few places, three at least, as bring the American odds back: −110 → 1.9090909."""
    exact = decimal_odds(odds)
    for places in range(3, 20):
        found = Decimal(round(exact * 10**places)).scaleb(-places)
        if found > 1 and american_from_decimal(found) == odds:
            return f"{found:f}"
    return f"{found:f}"
