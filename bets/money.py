"""Money: minor units, the one rounding, and amounts as people write and read them.

Amounts are ``Decimal`` in the currency's main unit (dollars, not cents).
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from functools import cache

from bets.exceptions import Refused

MINUS = "\u2212"
NO_MINOR_UNIT = frozenset({"JPY"})
SYMBOLS = {
    "AUD": "A$",
    "BRL": "R$",
    "CAD": "CA$",
    "EUR": "€",
    "GBP": "£",
    "INR": "₹",
    "JPY": "¥",
    "MXN": "MX$",
    "NZD": "NZ$",
    "USD": "$",
    "ZAR": "R",
}
LARGEST = Decimal("9999999999.99")
"""The largest stake, deposit or withdrawal: what ``numeric(12, 2)`` holds."""
LARGEST_BALANCE = Decimal("999999999999.99")
"""The largest balance or payout: what ``numeric(14, 2)`` holds."""

_GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?|[0-9]+(\.[0-9]*)?|\.[0-9]+")
_DECIMAL_COMMA = re.compile(r"[0-9.]*,[0-9]{1,2}")


class BadAmount(Refused, ValueError):
    """An amount of money that cannot be read or used; the message is meant for the person who wrote it."""


def minor_digits(currency: str) -> int:
    """Return the decimal places of a currency (ISO 4217): 2 for USD, 0 for JPY."""
    return 0 if currency in NO_MINOR_UNIT else 2


@cache
def minor_unit(currency: str) -> Decimal:
    """Return the smallest amount of a currency: 0.01 for USD, 1 for JPY."""
    return Decimal(1).scaleb(-minor_digits(currency))


def round_money(amount: Fraction | Decimal | int, currency: str) -> Decimal:
    """Round an exact amount to the currency's minor unit, halves away from zero (85.205 → 85.21).

    This is the only place where money is rounded; it is applied once, to the end of a calculation.
    """
    exact = amount if isinstance(amount, Fraction) else Fraction(amount)
    digits = minor_digits(currency)
    numerator, denominator = abs(exact.numerator) * 10**digits, exact.denominator
    units = (2 * numerator + denominator) // (2 * denominator)
    rounded = Decimal(units).scaleb(-digits)
    return -rounded if exact < 0 and units else rounded


def is_whole_minor_units(amount: Decimal, currency: str) -> bool:
    """Tell whether an amount can be paid in the currency: 10.005 USD and 10.5 JPY cannot."""
    return amount.is_finite() and amount == amount.quantize(minor_unit(currency))


def plain_money(amount: Decimal, currency: str) -> str:
    """Write an amount without symbol: ``1,250.50``, ``−50.00``."""
    text = f"{abs(amount):,.{minor_digits(currency)}f}"
    return f"{MINUS}{text}" if amount < 0 else text


def format_money(amount: Decimal, currency: str, *, signed: bool = False) -> str:
    """Write an amount with its symbol, else its code: ``$85.21``, ``−$50.00``, ``CHF 12.00``.

    ``signed`` puts a plus before what is above zero, for profit: ``+$90.91``.
    """
    symbol = SYMBOLS.get(currency, f"{currency}\N{NO-BREAK SPACE}")
    sign = MINUS if amount < 0 else "+" if signed and amount > 0 else ""
    return f"{sign}{symbol}{plain_money(abs(amount), currency)}"


def parse_money(text: str, currency: str, *, what: str = "amount") -> Decimal:
    """Read an amount above zero as a person writes it: ``100``, ``1,250.50``, ``$20``.

    The result is quantised to the minor unit. Raises BadAmount, with ``what`` (such as "stake") in the
    message, when the text is no amount, is not above zero, is too large, or has parts of a minor unit.
    """
    symbol = SYMBOLS.get(currency, currency)
    bare = text.strip().removeprefix(symbol).removesuffix(currency).removeprefix(currency)
    bare = bare.replace("\N{NO-BREAK SPACE}", "").replace(" ", "")
    if not bare:
        raise BadAmount(f"Enter the {what}.")
    if bare[0] in f"-{MINUS}":
        raise BadAmount(f"The {what} must be above zero.")
    if not _GROUPED.fullmatch(bare):
        if _DECIMAL_COMMA.fullmatch(bare):
            raise BadAmount(f"Write the {what} with a decimal point, such as 1,250.50.")
        raise BadAmount(f"“{text.strip()[:40]}” is not an {what_is(what)}. Write it as 1,250.50.")
    return checked_amount(Decimal(bare.replace(",", "")), currency, what=what)


def what_is(what: str) -> str:
    """Return ``amount`` for an amount, ``amount for the stake`` for anything else."""
    return "amount" if what == "amount" else f"amount for the {what}"


def checked_amount(amount: Decimal, currency: str, *, what: str = "amount", field: str = "") -> Decimal:
    """Return the amount quantised to the currency's minor unit.

    Raises BadAmount, for the ``field``, unless it is above zero, at most 9,999,999,999.99 and whole in minor units.
    """
    if not amount.is_finite() or amount <= 0:
        raise BadAmount(f"The {what} must be above zero.", field=field)
    if amount > LARGEST:
        raise BadAmount(f"The {what} may be {format_money(LARGEST, currency)} at most.", field=field)
    if not is_whole_minor_units(amount, currency):
        raise BadAmount(
            f"The {what} may not have parts of {format_money(minor_unit(currency), currency)}, "
            f"the smallest unit of {currency}.",
            field=field,
        )
    return amount.quantize(minor_unit(currency))
