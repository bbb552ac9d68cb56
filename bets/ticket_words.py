"""What a whole ticket comes to, as a step of evidence: stake, factors, boost, commission and bonus in words."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from bets.due import DueBet
from bets.evidence import Step, figure, step, text
from bets.grading import LegGrade, TicketGrade, win_factor
from bets.money import format_money, minor_unit
from bets.ticket_terms import StoredTicket, is_system


def is_plain(bet: StoredTicket, ticket: TicketGrade) -> bool:
    """Tell whether a bet pays its stake times the odds of its one leg, or the usual part of them, and nothing else."""
    extras = bet.is_bonus or bet.is_lay or bet.boost_pct or bet.commission_pct
    return bet.kind == "straight" and not extras and ticket.factor in usual_factors(bet.odds)


@lru_cache(maxsize=4096)
def usual_factors(odds: Decimal) -> tuple[Fraction | None, ...]:
    """Return what a plain bet at American odds can return per unit staked; None while it is open."""
    win = win_factor(odds)
    return Fraction(0), win, Fraction(1), None, (1 + win) / 2, Fraction(1, 2)


def money_note(seqs: Sequence[int], payout: Decimal | None, revision: int) -> str:
    """Name the ledger lines of a grade, by their numbers."""
    if not seqs:
        return "Paid by an earlier grade." if payout else "No money comes back."
    return f"Ledger line{'s' if len(seqs) > 1 else ''} {' and '.join(map(str, seqs))}, revision {revision}."


def ticket_step(bet: DueBet, ticket: TicketGrade, note: str) -> Step | None:
    """Return the arithmetic of a settled ticket; ``note`` names its ledger lines. None while it is open."""
    if ticket.payout is None:
        return None
    stake = format_money(bet.stake - bet.cashed_stake, bet.currency)
    factors = words_of_factors(bet, ticket)
    rest = format_money(ticket.payout - bet.cashed_out, bet.currency)
    parts = [text(f"{stake} × {factors} ="), figure(rest)]
    rounded = f"Rounded once, half up, to {format_money(minor_unit(bet.currency), bet.currency)}."
    return step(parts, " ".join(filter(None, (*terms_in_words(bet, ticket), rounded, note))))


def words_of_factors(bet: DueBet, ticket: TicketGrade) -> str:
    """Write the factor by which the stake is paid: a parlay's legs one by one, others as a whole."""
    if bet.kind == "parlay" and product(ticket.legs) == ticket.factor:
        return " × ".join(number(leg.factor) for leg in ticket.legs if leg.factor is not None)
    return number(ticket.factor)


def product(legs: Sequence[LegGrade]) -> Fraction | None:
    found = Fraction(1)
    for leg in legs:
        if leg.factor is None:
            return None
        found *= leg.factor
    return found


def number(factor: Fraction | None) -> str:
    """Write a factor as a decimal of up to four places where that is exact, else as a fraction: 1.91, 21/11."""
    if factor is None:
        return "?"
    if 10_000 % factor.denominator:
        return str(factor)
    return f"{(Decimal(factor.numerator) / factor.denominator).normalize():f}"


def terms_in_words(bet: DueBet, ticket: TicketGrade) -> list[str]:
    """Say what beside the factor decides the payout."""
    words = []
    if bet.cashed_stake:
        paid, part = (format_money(one, bet.currency) for one in (bet.cashed_out, bet.cashed_stake))
        words.append(f"{paid} besides, paid for {part} of the stake when it was cashed out.")
    if is_system(bet.kind) and bet.unit_stake is not None:
        unit = format_money(bet.unit_stake, bet.currency)
        count = int(bet.stake / bet.unit_stake)
        words.append(f"{count} combinations of {unit} each, the factor is their mean.")
        words += [f"Legs {', '.join(ticket.working)}."] if 0 < len(ticket.working) <= 12 else []
    if bet.is_lay and bet.unit_stake is not None:
        unit = format_money(bet.unit_stake, bet.currency)
        words.append(
            f"The liability of a lay of {unit}, returned with the backer’s stake if the selection loses."
        )
    if bet.teaser_points is not None:
        words.append(
            f"Every line was moved by {bet.teaser_points.normalize():f} points; the table pays the rest."
        )
    if bet.boost_pct:
        cap = f", {format_money(bet.boost_cap, bet.currency)} at most" if bet.boost_cap is not None else ""
        words.append(f"A profit is raised by {bet.boost_pct.normalize():f} %{cap}.")
    if bet.commission_pct:
        words.append(
            f"A commission of {bet.commission_pct.normalize():f} % is taken off this bet’s own profit; an exchange "
            "takes it off the net of all bets on a market, which can be less."
        )
    if bet.is_bonus:
        words.append("A bonus bet: its stake is not returned.")
    if ticket.factor == 0 and any(leg.factor is None for leg in ticket.legs):
        words.append("A lost leg settles the ticket at once; the others are graded for the record.")
    return words
