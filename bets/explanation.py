"""A leg's evidence as a reader sees it: the stored reason, and for a plain bet what it made of the money.

The reason is stored once for all legs that share it (``bets.grades``); stake, payout and ledger lines are read
from the bet and the ledger, which never change under a revision.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bets.evidence import add_cash_out, add_ticket
from bets.grading import LegTerms, TicketGrade
from bets.models import Bet, BetKind, BetLeg, LedgerEntry, LedgerKind
from bets.ticket_words import is_plain, money_note


def explanation(bet: Bet, leg: BetLeg, lines: Iterable[LedgerEntry]) -> dict[str, Any]:
    """Return the evidence of a leg (see ``bets.evidence``), with the money of a settled plain bet; others tell
    theirs in the event of the grade.

    ``lines`` are the bet's ledger lines in order. Select bankroll, selection and grade with bet and leg.
    """
    evidence = leg.evidence
    by_result = evidence and "market" in evidence["data"] and "payout" not in evidence["data"]
    if not by_result or bet.payout is None or bet.kind != BetKind.STRAIGHT:
        return evidence
    evidence |= {"steps": [*evidence["steps"]], "data": {**evidence["data"]}}
    stake, payout = bet.stake - bet.cashed_stake, bet.payout - bet.cashed_out
    profit = payout if bet.is_bonus else payout - stake
    ticket = TicketGrade(bet.status, (), leg.return_factor, payout, profit)  # type: ignore[arg-type]
    own = [line.seq for line in lines if line.revision == bet.revision and line.kind != LedgerKind.STAKE]
    if is_plain(bet, ticket):
        add_ticket(
            evidence,
            LegTerms(leg.selection.market, leg.selection.side, leg.odds, leg.point),
            ticket,
            stake=stake,
            currency=bet.bankroll.currency,
            note=money_note(own, bet.payout, bet.revision),
        )
    add_cash_out(evidence, bet.cashed_stake, bet.cashed_out, bet.bankroll.currency)
    return evidence
