"""Whose money it is: bankrolls."""

from __future__ import annotations

from decimal import Decimal
from typing import Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Lower

from accounts.audit.tracking import audited
from accounts.ids import uuid7
from odds.models import Bookmaker


class Currency(models.TextChoices):
    """ISO 4217 codes whose minor unit is a hundredth or the unit itself (see ``bets.money``)."""

    AUD = "AUD", "Australian dollar"
    BRL = "BRL", "Brazilian real"
    CAD = "CAD", "Canadian dollar"
    CHF = "CHF", "Swiss franc"
    CZK = "CZK", "Czech koruna"
    DKK = "DKK", "Danish krone"
    EUR = "EUR", "Euro"
    GBP = "GBP", "Pound sterling"
    HUF = "HUF", "Hungarian forint"
    INR = "INR", "Indian rupee"
    JPY = "JPY", "Japanese yen"
    MXN = "MXN", "Mexican peso"
    NOK = "NOK", "Norwegian krone"
    NZD = "NZD", "New Zealand dollar"
    PLN = "PLN", "Polish złoty"
    SEK = "SEK", "Swedish krona"
    USD = "USD", "US dollar"
    ZAR = "ZAR", "South African rand"


class BankrollKind(models.TextChoices):
    REAL = "real", "Real"
    PAPER = "paper", "Paper"


USED = """
    IF EXISTS (SELECT FROM ledger_entries WHERE bankroll_id = OLD.id)
        OR EXISTS (SELECT FROM bets WHERE bankroll_id = OLD.id) THEN
        RAISE EXCEPTION 'the currency and the kind of money of a bankroll that has been used cannot be changed'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
"""


class BankrollQuerySet(models.QuerySet["Bankroll"]):
    def owned_by(self, user: object) -> Self:
        return self.filter(user=user)

    def active(self) -> Self:
        """Those that are in use, not archived."""
        return self.filter(archived_at__isnull=True)

    def default_first(self) -> Self:
        """The one that is chosen by default, then the others, oldest first."""
        return self.order_by("-is_default", "created_at", "pk")

    def with_balance(self) -> Self:
        """Annotate ``balance``: what the last ledger line left, 0 without lines."""
        from bets.models.ledger import LedgerEntry  # the ledger's model refers to this one

        last = (
            LedgerEntry.objects.filter(bankroll=models.OuterRef("pk"))
            .order_by("-seq")
            .values("balance_after")[:1]
        )
        return self.annotate(
            balance=Coalesce(models.Subquery(last), Decimal(0), output_field=models.DecimalField())
        )


class Bankroll(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="bankrolls", db_index=False
    )
    name = models.CharField(max_length=60)
    currency = models.CharField(max_length=3, choices=Currency, default=Currency.USD)
    kind = models.CharField(max_length=5, choices=BankrollKind, default=BankrollKind.PAPER)
    bookmaker = models.ForeignKey(
        Bookmaker, on_delete=models.PROTECT, null=True, blank=True, related_name="bankrolls"
    )
    may_go_negative = models.BooleanField(
        default=False, help_text="Whether stakes and withdrawals may leave less than zero."
    )
    covered_from = models.PositiveIntegerField(
        default=1,
        db_default=1,
        editable=False,
        help_text="The first ledger line since which nothing may be taken that is not there.",
    )
    is_default = models.BooleanField(default=False, db_default=False, help_text="Chosen first on the slip.")
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = models.Manager.from_queryset(BankrollQuerySet)()

    class Meta:
        db_table = "bankrolls"
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                F("user"),
                Lower("name"),
                name="bankroll_name_is_unique_per_user",
                violation_error_message="You already have a bankroll of that name.",
            ),
            models.UniqueConstraint(
                fields=["id", "user"], name="bankroll_of_user_target"
            ),  # what a bet's foreign key refers to
            models.CheckConstraint(
                condition=Q(kind__in=BankrollKind.values),
                name="bankroll_kind_is_known",
                violation_error_message="A bankroll is real or paper.",
            ),
            models.CheckConstraint(
                condition=Q(currency__in=Currency.values),
                name="bankroll_currency_is_known",
                violation_error_message="Choose a known currency.",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(is_default=True),
                name="one_default_bankroll_per_user",
                violation_error_message="Another bankroll is your default.",
            ),
            models.CheckConstraint(
                condition=Q(is_default=False) | Q(archived_at__isnull=True),
                name="default_bankroll_is_in_use",
                violation_error_message="An archived bankroll cannot be the default.",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="money_stays_what_it_is",
                operation=pgtrigger.UpdateOf("currency", "kind"),  # type: ignore[no-untyped-call] # as in kinds.py
                when=pgtrigger.Before,
                condition=pgtrigger.AnyChange("currency", "kind"),
                func=USED,
            ),
            *audited(owner="{row}.user_id"),
        ]

    def __str__(self) -> str:
        return self.name
