"""What owners do with their money outside bets."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.audit.guards import never_emptied
from accounts.audit.tracking import audited
from accounts.ids import uuid7
from bets.clock import EARLIEST
from bets.models.bankrolls import Bankroll
from bets.models.kinds import append_only


class OperationKind(models.TextChoices):
    DEPOSIT = "deposit", "Deposit"
    WITHDRAWAL = "withdrawal", "Withdrawal"
    BONUS = "bonus", "Bonus"
    ADJUSTMENT = "adjustment", "Adjustment"
    TRANSFER = "transfer", "Transfer"
    UNDO = "undo", "Undoing"


BETWEEN_LIKES = """
    IF NEW.to_bankroll_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM bankrolls a, bankrolls b WHERE a.id = NEW.bankroll_id AND b.id = NEW.to_bankroll_id
            AND a.kind = b.kind AND (a.currency <> b.currency OR NEW.to_amount = -NEW.amount)
    ) THEN
        RAISE EXCEPTION 'a transfer moves real money or paper money, within a currency the same amount'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.kind = 'undo' AND NOT EXISTS (
        SELECT FROM operations o WHERE o.id = NEW.undoes_id AND o.kind <> 'undo'
            AND o.bankroll_id = NEW.bankroll_id AND o.amount = -NEW.amount
            AND o.to_bankroll_id IS NOT DISTINCT FROM NEW.to_bankroll_id
            AND o.to_amount IS NOT DISTINCT FROM -NEW.to_amount
    ) THEN
        RAISE EXCEPTION 'an undoing takes back exactly what was done'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
"""
HAS_ITS_LINES = """
    IF (SELECT count(*) FROM ledger_entries WHERE operation_id = NEW.id)
        <> 1 + (NEW.to_bankroll_id IS NOT NULL)::int THEN
        RAISE EXCEPTION 'operation % has not all its ledger lines', NEW.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
"""


class Operation(models.Model):
    """One deposit, withdrawal, bonus, adjustment or transfer, or the undoing of one: one ledger line, of a transfer two.

    ``amount`` is what the bankroll gets, signed; ``to_amount`` what the other bankroll of a transfer gets.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="operations", db_index=False
    )
    key = models.CharField(max_length=64, help_text="Idempotency key: sent twice, it is done once.")
    kind = models.CharField(max_length=10, choices=OperationKind)
    bankroll = models.ForeignKey(Bankroll, on_delete=models.PROTECT, related_name="operations")
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    to_bankroll = models.ForeignKey(
        Bankroll, on_delete=models.PROTECT, null=True, blank=True, related_name="incoming_operations"
    )
    to_amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    undoes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="undone_by"
    )
    note = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="operations_done", db_index=False
    )
    happened_at = models.DateTimeField(help_text="When it happened, as its owner says.")
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "operations"
        ordering = ["-recorded_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "key"],
                name="operation_is_done_once",
                violation_error_message="This has been recorded already.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=OperationKind.values),
                name="operation_kind_is_known",
                violation_error_message="Choose a known kind of operation.",
            ),
            models.CheckConstraint(
                condition=~Q(key=""),
                name="operation_has_a_key",
                violation_error_message="An operation needs an idempotency key.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[OperationKind.DEPOSIT, OperationKind.BONUS], amount__gt=0)
                | Q(kind__in=[OperationKind.WITHDRAWAL, OperationKind.TRANSFER], amount__lt=0)
                | (Q(kind__in=[OperationKind.ADJUSTMENT, OperationKind.UNDO]) & ~Q(amount=0)),
                name="operation_amount_has_the_sign_of_its_kind",
                violation_error_message="The amount has the wrong sign.",
            ),
            models.CheckConstraint(
                condition=Q(to_bankroll__isnull=True, to_amount__isnull=True)
                & ~Q(kind=OperationKind.TRANSFER)
                | Q(
                    kind=OperationKind.TRANSFER,
                    to_bankroll__isnull=False,
                    to_amount__isnull=False,
                    to_amount__gt=0,
                )
                | Q(
                    kind=OperationKind.UNDO,
                    to_bankroll__isnull=False,
                    to_amount__isnull=False,
                    to_amount__lt=0,
                ),
                name="transfer_has_two_sides",
                violation_error_message="A transfer names the bankroll it goes to and what arrives there.",
            ),
            models.CheckConstraint(
                condition=~Q(to_bankroll=F("bankroll")),
                name="transfer_is_between_two_bankrolls",
                violation_error_message="Choose two different bankrolls.",
            ),
            models.CheckConstraint(
                condition=Q(kind=OperationKind.UNDO, undoes__isnull=False)
                | (~Q(kind=OperationKind.UNDO) & Q(undoes__isnull=True)),
                name="undoing_names_what_it_undoes",
                violation_error_message="Only an undoing undoes something.",
            ),
            models.CheckConstraint(
                condition=~Q(kind=OperationKind.ADJUSTMENT, note=""),
                name="adjustment_has_a_reason",
                violation_error_message="Say why the balance is adjusted.",
            ),
            models.CheckConstraint(
                condition=Q(happened_at__lte=F("recorded_at")),
                name="operation_is_not_in_the_future",
                violation_error_message="The time cannot be in the future.",
            ),
            models.CheckConstraint(
                condition=Q(happened_at__gte=EARLIEST),
                name="operation_is_not_before_1990",
                violation_error_message="The time cannot be before 1990.",
            ),
        ]
        triggers = [
            append_only,
            never_emptied,
            pgtrigger.Trigger(
                name="operation_is_between_likes",
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                condition=pgtrigger.Q(new__to_bankroll__isnull=False)
                | pgtrigger.Q(new__kind=OperationKind.UNDO),
                func=BETWEEN_LIKES,
            ),
            pgtrigger.Trigger(
                name="operation_has_its_lines",
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                timing=pgtrigger.Deferred,
                func=HAS_ITS_LINES,
            ),
            *audited(owner="{row}.user_id"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount:+f}"
