"""Grading a ticket by the terms it is stored with. Pure: no Django, no database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from bets.grading import SYSTEMS, EachWay, LegGrade, TicketGrade, grade_ticket, win_factor
from bets.money import round_money
from bets.rules import FULL_GAME, Rule

OWN_PRICE_KINDS = ("same_game_parlay", "teaser")
"""Kinds paid by the price of the whole ticket, which is not the product of its legs'."""


class StoredTicket(Protocol):
    """What a bet agrees on beside its legs; see ``bets.models.Bet``."""

    @property
    def kind(self) -> str: ...
    @property
    def stake(self) -> Decimal: ...
    @property
    def unit_stake(self) -> Decimal | None: ...
    @property
    def sizes(self) -> Sequence[int]: ...
    @property
    def teaser_points(self) -> Decimal | None: ...
    @property
    def is_lay(self) -> bool: ...
    @property
    def commission_pct(self) -> Decimal: ...
    @property
    def odds(self) -> Decimal: ...
    @property
    def is_bonus(self) -> bool: ...
    @property
    def boost_pct(self) -> Decimal: ...
    @property
    def boost_cap(self) -> Decimal | None: ...


def is_system(kind: str) -> bool:
    """Tell whether a ticket is several combinations, each with a stake of its own."""
    return kind == "round_robin" or kind in SYSTEMS


def liability(backers_stake: Decimal, odds: Decimal) -> Fraction:
    """Return what a lay loses when the selection wins: (o − 1) × the backer's stake; American odds."""
    return Fraction(backers_stake) * (win_factor(odds) - 1)


def each_way_of(places: int | None, fraction: Fraction | str | None) -> EachWay | None:
    """Return the terms of the place part of an each-way bet, None for others."""
    if places is None or fraction is None:
        return None
    return EachWay(Fraction(fraction), places)


def grade_stored(
    bet: StoredTicket, legs: Sequence[LegGrade], *, currency: str, sport: str = "", rule: Rule = FULL_GAME
) -> TicketGrade:
    """Grade a stored ticket from its legs' grades. ``sport`` finds a teaser's payout, ``rule`` combines legs."""
    unit = bet.stake if bet.unit_stake is None else bet.unit_stake
    per_combination = is_system(bet.kind) or bet.is_lay
    return grade_ticket(
        kind=bet.kind,
        stake=unit if per_combination else bet.stake,
        currency=currency,
        legs=legs,
        is_bonus=bet.is_bonus,
        boost_pct=bet.boost_pct,
        boost_cap=bet.boost_cap,
        sizes=bet.sizes,
        sport=sport,
        teaser_points=bet.teaser_points,
        ticket_odds=win_factor(bet.odds) if bet.kind in OWN_PRICE_KINDS else None,
        commission_pct=bet.commission_pct,
        rule=rule,
        at_risk=liability(unit, bet.odds) if bet.is_lay else None,
    )


def bonus_credit(status: str, stake: Decimal, insured_up_to: Decimal | None, currency: str) -> Decimal:
    """Return what an insured bet of that status is credited as a bonus: its lost stake up to the limit."""
    if insured_up_to is None or status != "lost":
        return Decimal(0)
    return round_money(min(stake, insured_up_to), currency)


@dataclass(frozen=True, slots=True)
class CreditChange:
    """What is added to an insured bet's bonus credit, below zero where it ends, in the bankroll's currency."""

    amount: Decimal
    currency: str

    @property
    def reason(self) -> str:
        if self.amount < 0:
            return "The bet has not lost after all: the bonus credit ends."
        return "The bet is insured: its loss is credited as a bonus, not as cash."

    @property
    def data(self) -> dict[str, str]:
        return {"amount": str(self.amount), "currency": self.currency}


def credit_change(
    before: str, after: str, stake: Decimal, insured_up_to: Decimal | None, currency: str
) -> CreditChange | None:
    """Return what going from one status to the other does to an insured bet's bonus credit; None if nothing."""
    was, now = (bonus_credit(status, stake, insured_up_to, currency) for status in (before, after))
    return None if was == now else CreditChange(now - was, currency)


def won_leg(bet: StoredTicket, odds: Decimal, each_way: EachWay | None = None) -> LegGrade:
    """Return the grade of a leg of the bet that wins at American odds."""
    factor = win_factor(odds)
    if bet.is_lay:
        factor = factor / (factor - 1)
    elif each_way is not None:
        factor = (factor + 1 + (factor - 1) * each_way.fraction) / 2
    return LegGrade("won", factor)


def if_all_win(
    bet: StoredTicket,
    leg_odds: Sequence[Decimal],
    *,
    currency: str,
    sport: str,
    each_way: EachWay | None = None,
) -> TicketGrade:
    """Grade the ticket as if every leg won: the most it can return. ``leg_odds`` are American."""
    return grade_stored(
        bet, [won_leg(bet, odds, each_way) for odds in leg_odds], currency=currency, sport=sport
    )
