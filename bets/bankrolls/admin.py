"""Bankrolls, what was done with their money, ledger lines and limits in the admin: read only."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from bets.models import Bankroll, LedgerEntry, LimitChange, Operation
from bets.money import format_money
from bets.read_only_admin import ReadOnly


@admin.register(Bankroll)
class BankrollAdmin(ReadOnly):
    list_display = ["name", "user", "kind", "currency", "bookmaker", "holds", "created_at"]
    list_filter = ["kind", "currency", "bookmaker"]
    list_select_related = ["user", "bookmaker"]
    search_fields = ["name", "user__username", "user__email"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Bankroll]:
        return Bankroll.objects.with_balance()

    @admin.display(description="Balance", ordering="balance")
    def holds(self, bankroll: Bankroll) -> str:
        return format_money(getattr(bankroll, "balance"), bankroll.currency)  # noqa: B009 - annotated


@admin.register(Operation)
class OperationAdmin(ReadOnly):
    list_display = ["recorded_at", "user", "kind", "bankroll", "amount", "to_bankroll", "to_amount", "note"]
    list_filter = ["kind", "recorded_at"]
    list_select_related = ["user", "bankroll", "to_bankroll"]
    search_fields = ["user__username", "bankroll__name", "note"]


@admin.register(LimitChange)
class LimitChangeAdmin(ReadOnly):
    list_display = [
        "decided_at",
        "user",
        "kind",
        "currency",
        "money",
        "amount",
        "until",
        "effective_at",
        "cancelled_at",
    ]
    list_filter = ["kind", "loosens"]
    list_select_related = ["user"]
    search_fields = ["user__username"]


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnly):
    list_display = ["at", "bankroll", "owner", "seq", "kind", "amount", "balance_after", "bet", "revision"]
    list_filter = ["kind", "at"]
    list_select_related = ["bankroll__user", "bet"]
    search_fields = ["bankroll__name", "bankroll__user__username", "=bet__id", "note"]
    ordering = ["-at", "-id"]

    @admin.display(description="Owner", ordering="bankroll__user__username")
    def owner(self, line: LedgerEntry) -> str:
        return line.bankroll.user.username
