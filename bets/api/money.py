"""Bankrolls with their ledgers, and tags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

from django.db import connection
from django.db.models import QuerySet
from django.urls import reverse
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.authentication import owner_of
from accounts.api.idempotency import once
from bets.api.bets import BetsView
from bets.api.filters import BankrollFilter, RollLedgerFilter, TagFilter, WholeLedgerFilter
from bets.api.placing import book_of
from bets.api.refusals import refusals
from bets.api.rows import BankrollRow, LedgerRow, bankroll_out, ledger_out
from bets.bankrolls.keeping import (
    archive_bankroll,
    edit_bankroll,
    make_default,
    open_bankroll,
    restore_bankroll,
)
from bets.models import Bankroll, BankrollKind, Currency, LedgerEntry
from rest.bodies import AmountIn, Body, FlagIn, TextIn
from rest.shaping import Row
from rest.views import lists

LINES: Final = LedgerEntry.objects.none()
KEPT: Final = ("name", "currency", "kind", "may_go_negative")


class OpenIn(Body):
    """A bankroll to open."""

    name = TextIn(max_length=60)
    currency = serializers.ChoiceField(choices=Currency.choices, required=False, default=Currency.USD)
    kind = serializers.ChoiceField(choices=BankrollKind.choices, required=False, default=BankrollKind.PAPER)
    bookmaker = TextIn(max_length=32, required=False, allow_null=True, help_text="The book that holds it.")
    may_go_negative = FlagIn(required=False, default=False)
    opening_deposit = AmountIn(required=False)

    class Meta:
        example: ClassVar = {"name": "Main", "currency": "USD", "kind": "real", "opening_deposit": "1000.00"}


class KeepIn(Body):
    """What is to be changed; what is left out stays."""

    name = TextIn(max_length=60, required=False)
    currency = serializers.ChoiceField(choices=Currency.choices, required=False)
    kind = serializers.ChoiceField(choices=BankrollKind.choices, required=False)
    bookmaker = TextIn(max_length=32, required=False, allow_null=True)
    may_go_negative = FlagIn(required=False)

    class Meta:
        example: ClassVar = {"name": "Main account"}


class BankrollViewSet(BetsView):
    """Your bankrolls."""

    queryset = Bankroll.objects.none()
    serializer_class = BankrollRow
    row_classes: ClassVar = {"ledger": LedgerRow}
    body_classes: ClassVar = {"create": OpenIn, "partial_update": KeepIn}
    filterset_class = BankrollFilter
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset()
        mine = Bankroll.objects.owned_by(owner_of(self.request))
        return mine.select_related("bookmaker").with_balance().order_by("created_at", "id")

    def list(self, request: Request) -> Response:
        """Your bankrolls with their balances, the oldest first."""
        return self.listed_rows(self.filter_queryset(self.get_queryset()), bankroll_out)

    def retrieve(self, request: Request, pk: Any = None) -> Response:
        """One of your bankrolls."""
        return self.one(bankroll_out(self.get_object()))

    @once
    def create(self, request: Request) -> Response:
        """Open a bankroll, with a first deposit if you like."""
        body = self.body()
        with refusals("opening_deposit"):
            opened = open_bankroll(
                user=owner_of(request),
                name=body["name"],
                currency=body["currency"],
                kind=body["kind"],
                bookmaker=book_of(body.get("bookmaker")),
                opening_deposit=body.get("opening_deposit"),
                may_go_negative=body["may_go_negative"],
            )
        return self.answer(opened, status=201)

    @once
    def partial_update(self, request: Request, pk: Any = None) -> Response:
        """Change what a bankroll is called and allowed; currency and kind stay once it has been used."""
        roll: Bankroll = self.get_object()
        body = self.body()
        book = book_of(body["bookmaker"]) if "bookmaker" in body else roll.bookmaker
        kept = {name: body.get(name, getattr(roll, name)) for name in KEPT}
        with refusals():
            edit_bankroll(bankroll=roll, by=owner_of(request), bookmaker=book, **kept)
        return self.answer(roll)

    @action(detail=True, methods=["post"])
    @once
    def archive(self, request: Request, pk: Any = None) -> Response:
        """Put a bankroll away; no money moves in it until it is restored. Not while bets in it are open."""
        return self._kept(archive_bankroll)

    @action(detail=True, methods=["post"])
    @once
    def restore(self, request: Request, pk: Any = None) -> Response:
        """Take a bankroll into use again."""
        return self._kept(restore_bankroll)

    @action(detail=True, methods=["post"], url_path="make-default")
    @once
    def make_default(self, request: Request, pk: Any = None) -> Response:
        """Choose the bankroll that slips begin with, in place of any other."""
        return self._kept(make_default)

    def _kept(self, service: Callable[..., Bankroll]) -> Response:
        roll: Bankroll = self.get_object()
        with refusals():
            service(bankroll=roll, by=owner_of(self.request))
        return self.answer(roll)

    def answer(self, roll: Bankroll, *, status: int = 200) -> Response:
        """The bankroll as it is now."""
        where = {"Location": reverse("api:bankroll-detail", args=[roll.pk])} if status == 201 else None
        return Response(bankroll_out(self.get_queryset().get(pk=roll.pk)), status=status, headers=where)

    @lists
    @action(detail=True, queryset=LINES, filterset_class=RollLedgerFilter, filtered_actions=("ledger",))
    def ledger(self, request: Request, pk: Any = None) -> Response:
        """Every movement of the bankroll's money, the newest first; the balances chain."""
        lines = LedgerEntry.objects.filter(bankroll=self.get_object()).order_by("-seq")
        return self.listed_rows(self.filter_queryset(lines), ledger_out)


class LedgerViewSet(BetsView):
    """Every movement of your money."""

    queryset = LedgerEntry.objects.none()
    serializer_class = LedgerRow
    filterset_class = WholeLedgerFilter

    def list(self, request: Request) -> Response:
        """The ledger lines of all your bankrolls, the newest first."""
        mine = LedgerEntry.objects.filter(bankroll__user=owner_of(request)).order_by("-at", "-id")
        return self.listed_rows(self.filter_queryset(mine), ledger_out)


class TagRow(Row):
    """A tag of your bets."""

    tag = serializers.CharField()
    bets = serializers.IntegerField()

    class Meta:
        identity = "tag"
        example: ClassVar = {"tag": "model-a", "bets": 31}


TAGS = """
SELECT tag, count(*) FROM bets CROSS JOIN LATERAL unnest(tags) AS tag
WHERE user_id = %s AND withdrawn_at IS NULL AND tags <> '{}' GROUP BY tag ORDER BY tag
"""


class TagViewSet(BetsView):
    """Tags of your bets."""

    queryset = Bankroll.objects.none()
    serializer_class = TagRow
    filterset_class = TagFilter

    def list(self, request: Request) -> Response:
        """Your tags with the number of bets that bear them."""
        with connection.cursor() as cursor:
            cursor.execute(TAGS, [owner_of(request).pk])
            rows = [{"tag": tag, "bets": bets} for tag, bets in cursor.fetchall()]
        return self.listed_rows(self.filter_queryset(rows), dict)
