"""What a file's outcome, profit and payout come to."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from bets.imports.rows import BadRow
from bets.models import BankrollKind, BetStatus
from bets.money import LARGEST, LARGEST_BALANCE, round_money
from odds.pricing import decimal_odds

CENT = Decimal("0.01")
NONE_EARLY = (Decimal(0), Decimal(0))


def money(amount: Decimal, *, what: str) -> tuple[Decimal, str]:
    """Return an amount in cents, and a doubt when it had to be rounded. Raises BadRow when it is too large."""
    if abs(amount) > LARGEST:
        raise BadRow(f"{what}: {amount:f} is more than can be recorded.")
    rounded = round_money(amount, "USD")
    return rounded, "" if rounded == amount else f"{what} {amount:f} was rounded to {rounded:f}."


def expected(status: str, stake: Decimal, odds: Decimal, *, is_bonus: bool, commission: Decimal) -> Decimal:
    """Return what an outcome pays by the price: the stake comes back unless it was a bonus."""
    profit = Fraction(stake) * (decimal_odds(odds) - 1) * (1 - Fraction(commission) / 100)
    back = Fraction(0) if is_bonus else Fraction(stake)
    pays = {
        BetStatus.WON: back + profit,
        BetStatus.HALF_WON: back + profit / 2,
        BetStatus.HALF_LOST: back / 2,
        BetStatus.PUSH: back,
        BetStatus.VOID: back,
    }
    return round_money(pays.get(BetStatus(status), Fraction(0)), "USD")


def settle(
    status: str,
    stake: Decimal,
    odds: Decimal,
    *,
    payout: Decimal | None,
    profit: Decimal | None,
    is_bonus: bool = False,
    commission: Decimal = Decimal(0),
    early: tuple[Decimal, Decimal] = NONE_EARLY,
) -> tuple[Decimal | None, list[str]]:
    """Return what the bet paid (None while pending) and what is doubtful about it.

    What the file says it paid counts more than what follows from the price. ``early`` is the part of the stake that
    was cashed out before, and what that paid. Raises BadRow for a contradiction.
    """
    if status == BetStatus.PENDING:
        if payout:
            raise BadRow(f"result: the bet is pending but has paid {payout:f}.")
        return None, []
    if payout is None and profit is not None:
        payout = profit if is_bonus else stake + profit
    if payout is None:
        if status == BetStatus.CASHED_OUT:
            raise BadRow("payout: a cash-out needs what was paid; the price does not say it.")
        rest = expected(status, stake - early[0], odds, is_bonus=is_bonus, commission=commission)
        return early[1] + rest, []
    paid, doubt = money(payout, what="payout")
    doubts = [doubt] if doubt else []
    if paid < 0:
        raise BadRow(f"profit: a loss of {stake - paid:f} is more than the stake of {stake:f}.")
    if paid > LARGEST_BALANCE:
        raise BadRow("payout: more than can be recorded.")
    return paid, doubts + contradiction(status, stake - early[0], paid - early[1], is_bonus=is_bonus)


def contradiction(status: str, stake: Decimal, paid: Decimal, *, is_bonus: bool) -> list[str]:
    """Return doubts about an outcome and what was paid. Raises BadRow when one cannot be the other's."""
    if is_bonus:
        return []
    wrong = {
        BetStatus.WON: paid < stake,
        BetStatus.HALF_WON: paid < stake,
        BetStatus.PUSH: paid != stake,
        BetStatus.VOID: paid != stake,
        BetStatus.HALF_LOST: paid > stake,
        BetStatus.LOST: paid > stake,
    }
    if wrong.get(BetStatus(status), False):
        label = BetStatus(status).label.lower()
        raise BadRow(f"result: the bet is {label}, but {paid:f} came back for {stake:f}.")
    if status == BetStatus.LOST and paid:
        return [f"Lost, yet {paid:f} of {stake:f} came back; recorded as the file has it."]
    if status == BetStatus.WON and paid == stake:
        return ["Won, yet nothing was won beyond the stake; recorded as the file has it."]
    return []


def cashed_part(stake: Decimal, part: Decimal | None, paid: Decimal | None) -> tuple[Decimal, Decimal]:
    """Return the part of a stake that was cashed out before the end, and what it paid; zeros without. Raises BadRow."""
    if not part and not paid:
        return NONE_EARLY
    if not part or not paid or not 0 < part < stake or paid < 0:
        raise BadRow("cashed_stake: a part cashed out is below the stake, and the file says what it paid.")
    return money(part, what="cashed_stake")[0], money(paid, what="cashed_paid")[0]


def early_terms(early: tuple[Decimal, Decimal]) -> dict[str, Decimal]:
    """The bet's columns of a part cashed out."""
    return dict(zip(("cashed_stake", "cashed_out"), early, strict=True)) if any(early) else {}


def kind_of_money(text: str) -> str:
    """Read "real" or "paper"; '' for nothing. Raises BadRow."""
    said = text.strip().casefold()
    if said and said not in BankrollKind.values:
        raise BadRow(f"money: “{text.strip()[:20]}” is neither real nor paper.")
    return said
