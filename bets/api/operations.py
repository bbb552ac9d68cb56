"""Deposits, withdrawals, bonuses, adjustments and transfers, and taking them back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.authentication import owner_of
from accounts.api.idempotency import once
from accounts.models import User
from bets.api.bets import BetsView
from bets.api.refusals import refusals
from bets.api.repeats import lasting_key
from bets.api.rows import ROLL_ID, money
from bets.bankrolls.operations import MAX_NOTE, adjust, credit_bonus, deposit, transfer, undo, withdraw
from bets.models import Bankroll, Operation, OperationKind
from rest.bodies import AmountIn, Body, IdIn, InstantIn, SignedIn, TextIn
from rest.fields import AmountField, UtcField
from rest.filters import InstantFilter
from rest.problems import unfit
from rest.shaping import Row

DONE_ALONE = {
    OperationKind.DEPOSIT: deposit,
    OperationKind.WITHDRAWAL: withdraw,
    OperationKind.BONUS: credit_bonus,
}
KINDS = [(kind.value, kind.label) for kind in OperationKind if kind != OperationKind.UNDO]


class OperationRow(Row):
    """What an owner did with money outside bets. Amounts are signed: what each bankroll got."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=OperationKind.choices)
    bankroll_id = serializers.UUIDField()
    amount = AmountField()
    to_bankroll_id = serializers.UUIDField(allow_null=True, help_text="Of a transfer.")
    to_amount = AmountField(allow_null=True)
    undoes_id = serializers.UUIDField(allow_null=True)
    is_undone = serializers.BooleanField()
    note = serializers.CharField(allow_blank=True)
    happened_at = UtcField(help_text="When it happened, as its owner says.")
    recorded_at = UtcField()

    class Meta:
        example: ClassVar = {
            "id": "0195f1a0-0000-7000-8000-0000000000f1", "kind": "deposit", "bankroll_id": ROLL_ID,
            "amount": "500.00", "to_bankroll_id": None, "to_amount": None, "undoes_id": None, "is_undone": False,
            "note": "", "happened_at": "2026-11-20T18:22:00Z", "recorded_at": "2026-11-20T18:22:00Z",
        }  # fmt: skip


def operation_out(done: Operation) -> dict[str, Any]:
    """An operation of ``with_undoing``."""
    return {
        "id": done.pk,
        "kind": done.kind,
        "bankroll_id": done.bankroll_id,
        "amount": money(done.amount),
        "to_bankroll_id": done.to_bankroll_id,
        "to_amount": money(done.to_amount),
        "undoes_id": done.undoes_id,
        "is_undone": hasattr(done, "undone_by"),
        "note": done.note,
        "happened_at": done.happened_at,
        "recorded_at": done.recorded_at,
    }


class OperationIn(Body):
    """What is to be done; the amount is positive, an adjustment's signed."""

    kind = serializers.ChoiceField(choices=KINDS)
    bankroll_id = IdIn(help_text="Of a transfer, where the money comes from.")
    amount = SignedIn(help_text="In the bankroll's currency.")
    to_bankroll_id = IdIn(required=False, help_text="Of a transfer.")
    arrives = AmountIn(required=False, help_text="Of a transfer to another currency: what arrives there.")
    note = TextIn(
        required=False,
        allow_blank=True,
        default="",
        max_length=MAX_NOTE,
        help_text="An adjustment needs one.",
    )
    happened_at = InstantIn(required=False, help_text="Now, if left out; not in the future.")

    class Meta:
        example: ClassVar = {"kind": "deposit", "bankroll_id": ROLL_ID, "amount": "500.00"}


class OperationFilter(filters.FilterSet):
    kind = filters.MultipleChoiceFilter(choices=OperationKind.choices)
    bankroll = filters.UUIDFilter(field_name="bankroll_id", help_text="The bankroll that it began in.")
    since = InstantFilter(field_name="recorded_at", lookup_expr="gte")
    until = InstantFilter(field_name="recorded_at", lookup_expr="lt")

    class Meta:
        model = Operation
        fields: list[str] = []


class OperationViewSet(BetsView):
    """What you did with money outside bets."""

    queryset = Operation.objects.none()
    serializer_class = OperationRow
    filterset_class = OperationFilter
    body_classes: ClassVar = {"create": OperationIn}
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Operation]:
        if getattr(self, "swagger_fake_view", False):
            return Operation.objects.none()
        mine = Operation.objects.filter(user=owner_of(self.request)).select_related("undone_by")
        return mine.order_by("-recorded_at", "-id")

    def list(self, request: Request) -> Response:
        """Deposits, withdrawals, bonuses, adjustments, transfers and undoings, the newest first."""
        return self.listed_rows(self.filter_queryset(self.get_queryset()), operation_out)

    def retrieve(self, request: Request, pk: Any = None) -> Response:
        """One of your operations."""
        return self.one(operation_out(self.get_object()))

    @once
    def create(self, request: Request) -> Response:
        """Put money into a bankroll, take it out, correct its balance, or move it to another of yours."""
        body = self.body()
        with refusals("amount"):
            done = do(body, by=owner_of(request), key=lasting_key(request))
        where = {"Location": reverse("api:operation-detail", args=[done.pk])}
        return Response(operation_out(self.get_queryset().get(pk=done.pk)), status=201, headers=where)

    @action(detail=True, methods=["post"])
    @once
    def undo(self, request: Request, pk: Any = None) -> Response:
        """Take an operation back by counter-entries in every bankroll that it touched; twice is once."""
        operation: Operation = self.get_object()
        with refusals():
            undone = undo(operation=operation, by=owner_of(request))
        return Response(operation_out(self.get_queryset().get(pk=undone.pk)))


def do(body: Mapping[str, Any], *, by: User, key: str) -> Operation:
    """Do what a checked body says. Raises ApiProblem, Refused."""
    kind, amount, note = OperationKind(body["kind"]), body["amount"], body["note"]
    bankroll = roll_of(by, body["bankroll_id"], "bankroll_id")
    shared: dict[str, Any] = {"by": by, "key": key, "happened_at": body.get("happened_at")}
    if kind == OperationKind.TRANSFER:
        return move(body, bankroll, amount, note, **shared)
    for name in ("to_bankroll_id", "arrives"):
        if name in body:
            raise unfit(name, "Only a transfer has one.")
    if kind == OperationKind.ADJUSTMENT:
        return adjust(bankroll=bankroll, amount=amount, reason=note, **shared)
    return DONE_ALONE[kind](bankroll=bankroll, amount=amount, note=note, **shared)


def move(body: Mapping[str, Any], source: Bankroll, amount: Decimal, note: str, **shared: Any) -> Operation:
    if "to_bankroll_id" not in body:
        raise unfit("to_bankroll_id", "Say where the money goes.", "required")
    target = roll_of(source.user, body["to_bankroll_id"], "to_bankroll_id")
    return transfer(
        source=source, target=target, amount=amount, arrives=body.get("arrives"), note=note, **shared
    )


def roll_of(user: User, key: uuid.UUID, field: str) -> Bankroll:
    """Return the person's bankroll. Raises ApiProblem naming the field."""
    found = Bankroll.objects.owned_by(user).select_related("user").filter(pk=key).first()
    if found is None:
        raise unfit(field, "You have no such bankroll.", "unknown")
    return found
