from __future__ import annotations

from bets.models.bankrolls import (
    Bankroll,
    BankrollKind,
    Currency,
)
from bets.models.checks import ResultCheck
from bets.models.facts import ChangedBet, SettledBet
from bets.models.grades import Grade
from bets.models.history import (
    BetEvent,
    BetEventKind,
)
from bets.models.imports import ImportBatch, ImportedLeg, ImportFormat, ImportState
from bets.models.jobs import OPEN_JOBS, Job, JobChunk, JobKind, JobState
from bets.models.kinds import (
    OPEN_STATUSES,
    SINGLE_PRICE,
    BetKind,
    BetStatus,
    BetType,
    FairSource,
    append_only,
)
from bets.models.ledger import (
    LedgerEntry,
    LedgerKind,
)
from bets.models.legs import BetLeg, BetLegQuerySet
from bets.models.limits import COOLING_OFF, LimitChange, LimitChangeQuerySet, LimitKind
from bets.models.operations import Operation, OperationKind
from bets.models.preferences import BettingPreferences
from bets.models.records import PublishedRecord
from bets.models.rules import (
    RuleFamily,
    SettlementRule,
)
from bets.models.saved import SavedFilter, TagEdit
from bets.models.slips import SLIP_KINDS, Moves, Slip, SlipLeg
from bets.models.tickets import (
    Bet,
    BetQuerySet,
)
from bets.models.webhooks import DeliveryState, Webhook, WebhookDelivery, WebhookTopic

__all__ = [
    "COOLING_OFF",
    "OPEN_JOBS",
    "OPEN_STATUSES",
    "SINGLE_PRICE",
    "SLIP_KINDS",
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
    "BettingPreferences",
    "ChangedBet",
    "Currency",
    "DeliveryState",
    "FairSource",
    "Grade",
    "ImportBatch",
    "ImportFormat",
    "ImportState",
    "ImportedLeg",
    "Job",
    "JobChunk",
    "JobKind",
    "JobState",
    "LedgerEntry",
    "LedgerKind",
    "LimitChange",
    "LimitChangeQuerySet",
    "LimitKind",
    "Moves",
    "Operation",
    "OperationKind",
    "PublishedRecord",
    "ResultCheck",
    "RuleFamily",
    "SavedFilter",
    "SettledBet",
    "SettlementRule",
    "Slip",
    "SlipLeg",
    "TagEdit",
    "Webhook",
    "WebhookDelivery",
    "WebhookTopic",
    "append_only",
]
