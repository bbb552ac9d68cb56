"""Every movement of money, in an unbreakable chain."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q

from accounts.audit.guards import never_emptied
from accounts.audit.tracking import audited
from bets.models.bankrolls import Bankroll
from bets.models.kinds import append_only
from bets.models.operations import Operation
from bets.models.tickets import Bet


class LedgerKind(models.TextChoices):
    DEPOSIT = "deposit", "Deposit"
    WITHDRAWAL = "withdrawal", "Withdrawal"
    STAKE = "stake", "Stake"
    PAYOUT = "payout", "Payout"
    REVERSAL = "reversal", "Reversal"
    BONUS = "bonus", "Bonus"
    ADJUSTMENT = "adjustment", "Adjustment"
    TRANSFER = "transfer", "Transfer"
    CORRECTION = "correction", "Correction"
    RESTAKE = "restake", "Stake changed"


OF_BETS = (LedgerKind.STAKE, LedgerKind.RESTAKE, LedgerKind.PAYOUT, LedgerKind.REVERSAL)
OF_OWNERS = tuple(kind for kind in LedgerKind if kind not in OF_BETS)

NOT_THERE = """
    IF NOT (SELECT may_go_negative FROM bankrolls WHERE id = NEW.bankroll_id) THEN
        RAISE EXCEPTION 'the bankroll does not hold what line % takes from it', NEW.seq
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
"""
"""A reversal is excepted: what was paid by mistake is taken back though it has been spent since."""
NOT_AGREED = """
    IF NOT EXISTS (
        SELECT FROM operations o WHERE o.id = NEW.operation_id
            AND NEW.kind = CASE o.kind WHEN 'undo' THEN 'correction' ELSE o.kind END
            AND ((NEW.bankroll_id = o.bankroll_id AND NEW.amount = o.amount)
                OR (NEW.bankroll_id = o.to_bankroll_id AND NEW.amount = o.to_amount))
    ) THEN
        RAISE EXCEPTION 'line % of the ledger is not what its operation moves', NEW.seq
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
"""


class LedgerEntry(models.Model):
    """One movement of money. Lines of a bankroll form a chain: each starts from the balance before it.

    The chain is a foreign key: (bankroll, seq − 1, balance_before) refers to the previous line's
    (bankroll, seq, balance_after), so a line can neither be left out nor start from another sum.
    """

    id = models.BigAutoField(primary_key=True)
    bankroll = models.ForeignKey(Bankroll, on_delete=models.PROTECT, related_name="ledger", db_index=False)
    seq = models.PositiveIntegerField()
    previous_seq = models.PositiveIntegerField(null=True, editable=False)
    kind = models.CharField(max_length=10, choices=LedgerKind)
    amount = models.DecimalField(max_digits=14, decimal_places=2, help_text="Signed: a stake is negative.")
    balance_before = models.DecimalField(max_digits=14, decimal_places=2)
    balance_after = models.DecimalField(max_digits=14, decimal_places=2)
    bet = models.ForeignKey(
        Bet, on_delete=models.PROTECT, null=True, blank=True, related_name="ledger", db_index=False
    )
    revision = models.PositiveSmallIntegerField(default=0)
    operation = models.ForeignKey(
        Operation, on_delete=models.PROTECT, null=True, blank=True, related_name="lines", db_index=False
    )
    note = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "ledger_entries"
        ordering = ["bankroll", "seq"]
        verbose_name_plural = "ledger entries"
        indexes = [
            models.Index(
                fields=["bankroll", "at"], name="ledger_restakes", condition=Q(kind=LedgerKind.RESTAKE)
            ),  # what stakes were raised in a day, for limits
        ]
        constraints = [
            models.UniqueConstraint(fields=["bankroll", "seq"], name="ledger_seq_is_unique"),
            models.UniqueConstraint(
                fields=["bankroll", "seq", "balance_after"], name="ledger_chain_target"
            ),  # what the next line's foreign key refers to
            models.UniqueConstraint(
                fields=["bet", "revision", "kind"],
                name="bet_is_paid_once_per_revision",
                violation_error_message="This bet already has that ledger line.",
            ),
            models.CheckConstraint(
                condition=Q(balance_after=F("balance_before") + F("amount")),
                name="ledger_line_adds_up",
                violation_error_message="The balance after is the balance before plus the amount.",
            ),
            models.CheckConstraint(
                condition=Q(seq=1, previous_seq__isnull=True, balance_before=0)
                | Q(seq__gt=1, previous_seq__isnull=False, previous_seq=F("seq") - 1),
                name="ledger_line_follows_the_one_before",
            ),
            models.CheckConstraint(condition=~Q(amount=0), name="ledger_amount_is_not_zero"),
            models.CheckConstraint(condition=Q(kind__in=LedgerKind.values), name="ledger_kind_is_known"),
            models.CheckConstraint(
                condition=Q(kind__in=[LedgerKind.DEPOSIT, LedgerKind.BONUS, LedgerKind.PAYOUT], amount__gt=0)
                | Q(kind__in=[LedgerKind.WITHDRAWAL, LedgerKind.STAKE], amount__lt=0)
                | Q(
                    kind__in=[
                        LedgerKind.REVERSAL,
                        LedgerKind.ADJUSTMENT,
                        LedgerKind.TRANSFER,
                        LedgerKind.CORRECTION,
                        LedgerKind.RESTAKE,
                    ]
                ),
                name="ledger_amount_has_the_sign_of_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=OF_BETS, bet__isnull=False) | Q(kind__in=OF_OWNERS),
                name="bet_money_names_its_bet",
            ),
            models.CheckConstraint(
                condition=Q(operation__isnull=True)
                & ~Q(kind__in=[LedgerKind.TRANSFER, LedgerKind.CORRECTION])
                | Q(operation__isnull=False, bet__isnull=True, kind__in=OF_OWNERS),
                name="transfers_and_corrections_name_their_operation",
            ),
            models.UniqueConstraint(
                fields=["operation", "bankroll"],
                condition=Q(operation__isnull=False),
                name="operation_moves_a_bankroll_once",
            ),
        ]
        triggers = [
            append_only,
            never_emptied,
            pgtrigger.Trigger(
                name="what_is_taken_is_there",
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                condition=pgtrigger.Q(new__balance_after__lt=0, new__amount__lt=0)
                & ~pgtrigger.Q(new__kind=LedgerKind.REVERSAL),
                func=NOT_THERE,
            ),
            pgtrigger.Trigger(
                name="line_is_what_its_operation_moves",
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                condition=pgtrigger.Q(new__operation__isnull=False),
                func=NOT_AGREED,
            ),
            *audited(
                object_id="coalesce({row}.bet_id, {row}.bankroll_id)",
                owner="(SELECT b.user_id FROM bankrolls b WHERE b.id = {row}.bankroll_id)",
                image=["id", "kind", "amount", "bankroll"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seq}: {self.get_kind_display()} {self.amount:+f}"
