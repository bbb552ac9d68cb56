"""How much to stake: amounts as typed (50, 2%, 1.5u), and what unit, percentage and Kelly come to."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Final

from bets.bankrolls.page import BankrollRow
from bets.models import BettingPreferences
from bets.money import BadAmount, checked_amount, parse_money, round_money

SHARE: Final = re.compile(r"(?P<number>\d{1,3}(\.\d{1,2})?)\s*%")
UNITS: Final = re.compile(r"(?P<number>\d{1,3}(\.\d{1,2})?)\s*(u|units?)", re.IGNORECASE)
PERCENTAGES: Final = (1, 2, 5)


def read_stake(
    text: str, *, currency: str, bankroll: BankrollRow | None, preferences: BettingPreferences
) -> Decimal | None:
    """Read a stake: an amount, a percentage of what the bankroll has available, or units; None for no text.

    Raises BadAmount.
    """
    bare = text.strip()
    if not bare:
        return None
    if share := SHARE.fullmatch(bare):
        if bankroll is None:
            raise BadAmount("A percentage needs a bankroll to be of.")
        return rounded(bankroll.balance * Decimal(share["number"]) / 100, currency)
    if units := UNITS.fullmatch(bare):
        unit = unit_of(bankroll, preferences)
        if unit is None:
            raise BadAmount("You have not said what a unit is. Set it in your preferences.")
        return rounded(unit * Decimal(units["number"]), currency)
    return parse_money(bare, currency, what="stake")


def unit_of(bankroll: BankrollRow | None, preferences: BettingPreferences) -> Decimal | None:
    """Return the user's unit in the bankroll's currency, None if there is none."""
    return preferences.unit_in(bankroll.currency, bankroll.balance) if bankroll else None


def rounded(amount: Decimal | Fraction, currency: str) -> Decimal:
    """Return an amount in the currency's minor units. Raises BadAmount if nothing is left."""
    return checked_amount(round_money(amount, currency), currency, what="stake")
