"""Bankrolls: opening and keeping them, moving their money, and their statements."""

from __future__ import annotations

from bets.bankrolls.keeping import (
    archive_bankroll,
    edit_bankroll,
    make_default,
    open_bankroll,
    restore_bankroll,
)
from bets.bankrolls.operations import adjust, credit_bonus, deposit, transfer, undo, withdraw

__all__ = [
    "adjust",
    "archive_bankroll",
    "credit_bonus",
    "deposit",
    "edit_bankroll",
    "make_default",
    "open_bankroll",
    "restore_bankroll",
    "transfer",
    "undo",
    "withdraw",
]
