"""The closing price that a settled leg is kept with."""

from __future__ import annotations

from collections.abc import Sequence

from bets.due import DueBet, DueLeg
from odds.prices import LineAt, Price, closing_prices


def line_of(bet: DueBet, leg: DueLeg) -> LineAt | None:
    """Return the line whose closing price belongs to the leg; None for a bet at no bookmaker."""
    if bet.bookmaker_id is None:
        return None
    return LineAt(leg.game.id, leg.selection_id, bet.bookmaker_id, leg.point, leg.game.start)


def closing_of(bets: Sequence[DueBet]) -> dict[int, Price]:
    """Return the closing price of each leg that has one, by leg id: same book, selection and point."""
    lines = {leg.id: line_of(bet, leg) for bet in bets for leg in bet.legs}
    prices = closing_prices(line for line in lines.values() if line is not None)
    return {leg: prices[line] for leg, line in lines.items() if line is not None and line in prices}
