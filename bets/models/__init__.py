from __future__ import annotations

from bets.models.bankrolls import (
    Bankroll,
    BankrollKind,
    Currency,
)
from bets.models.checks import ResultCheck
from bets.models.ledger import (
    LedgerEntry,
    LedgerKind,
)
from bets.models.rules import (
    RuleFamily,
    SettlementRule,
)
from bets.models.tickets import (
    OPEN_STATUSES,
    Bet,
    BetEvent,
    BetEventKind,
    BetKind,
    BetLeg,
    BetLegQuerySet,
    BetQuerySet,
    BetStatus,
    BetType,
    append_only,
)

__all__ = [
    "OPEN_STATUSES",
    "Bankroll",
    "BankrollKind",
    "Bet",
    "BetEvent",
    "BetEventKind",
    "BetKind",
    "BetLeg",
    "BetLegQuerySet",
    "BetQuerySet",
    "BetStatus",
    "BetType",
    "Currency",
    "LedgerEntry",
    "LedgerKind",
    "ResultCheck",
    "RuleFamily",
    "SettlementRule",
    "append_only",
]
