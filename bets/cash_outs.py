"""Money of a ticket of which a part was cashed out early: that part is paid, the rest rides on and is graded."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from bets.due import DueBet
from bets.grading import TicketGrade
from bets.grading.tickets import after_extras
from bets.money import round_money


def with_cash_out(bet: DueBet, ticket: TicketGrade) -> TicketGrade:
    """Return the grade with what was paid early for a part of the stake; only the rest is paid by the grade."""
    if not bet.cashed_stake or ticket.payout is None or ticket.factor is None:
        return ticket
    staked = Fraction(bet.stake - bet.cashed_stake)
    returned = after_extras(
        staked * ticket.factor, staked, bet.is_bonus, bet.boost_pct, bet.boost_cap, bet.commission_pct
    )
    rest = round_money(returned, bet.currency)
    payout = bet.cashed_out + rest
    return replace(ticket, payout=payout, profit=payout - bet.stake)


def riding(bet: DueBet, ticket: TicketGrade) -> TicketGrade:
    """Return the grade of the stake that was not cashed out early."""
    if not bet.cashed_stake or ticket.payout is None:
        return ticket
    rest = ticket.payout - bet.cashed_out
    return replace(ticket, payout=rest, profit=rest - (bet.stake - bet.cashed_stake))
