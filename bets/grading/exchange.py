"""Exchanges and cash-out: lay stakes, commission on the net of a market, offers taken before the end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from bets.grading.terms import ONE, TicketGrade
from bets.money import round_money


def net_of_commission(profits: Iterable[Decimal | Fraction], commission_pct: Decimal) -> Fraction:
    """Return what a market pays after commission, which is due on its net profit only, not per bet."""
    net = sum((Fraction(profit) for profit in profits), Fraction(0))
    return net * (1 - Fraction(commission_pct) / 100) if net > 0 else net


def lay_stake(
    stake: Decimal, back: Fraction, lay: Fraction, commission_pct: Decimal, *, is_bonus: bool = False
) -> Fraction:
    """Return the backer's stake to lay so that both ends pay the same; odds are decimal.

    A bonus stake is not returned, so only its profit is laid.
    """
    returned = Fraction(stake) * (back - 1 if is_bonus else back)
    return returned / (lay - Fraction(commission_pct) / 100)


def cash_out(
    stake: Decimal, offer: Decimal, currency: str, *, rest: TicketGrade | None = None
) -> TicketGrade:
    """Grade a bet cashed out for ``offer``; ``rest`` is the grade of the part of the stake that rode on.

    The return of a partial cash-out is the offer and what the rest returns. Raises ValueError for an offer
    below zero or parts that are more than the stake.
    """
    if offer < 0:
        raise ValueError("The cash-out offer cannot be below zero.")
    paid = Fraction(offer)
    if rest is not None:
        if rest.payout is None:
            return replace(rest, reason=rest.reason or "Part of the stake still rides.")
        if rest.staked is not None and rest.staked >= stake:
            raise ValueError("The part that rides on must be less than the stake.")
        paid += Fraction(rest.payout)
    payout = round_money(paid, currency)
    factor = paid / Fraction(stake) if stake else ONE
    legs = rest.legs if rest else ()
    return TicketGrade("cashed_out", legs, factor, payout, payout - stake, "Cashed out.", stake)
