"""Whose money it is: bankrolls."""

from __future__ import annotations

from decimal import Decimal
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Lower

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


class BankrollQuerySet(models.QuerySet["Bankroll"]):
    def owned_by(self, user: object) -> Self:
        return self.filter(user=user)

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
    may_go_negative = models.BooleanField(default=False)
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
        ]

    def __str__(self) -> str:
        return self.name
