"""Limits by which people protect themselves."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils import timezone
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.authentication import owner_of
from accounts.api.idempotency import once
from bets.api.bets import BetsView
from bets.api.filters import LimitFilter
from bets.api.refusals import refusals
from bets.api.rows import money
from bets.limits import cancel_change, set_limit, set_time_out
from bets.models import BankrollKind, Currency, LimitChange, LimitKind
from bets.models.limits import LimitChangeQuerySet
from rest.bodies import AmountIn, Body, InstantIn
from rest.fields import AmountField, UtcField
from rest.shaping import Row

KINDS = [(kind.value, kind.label) for kind in LimitKind if kind != LimitKind.TIME_OUT]


class LimitRow(Row):
    """A limit that is in force, or a looser one that waits for its day to be over."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=LimitKind.choices)
    currency = serializers.CharField(allow_blank=True, help_text="Empty of a time-out.")
    money = serializers.CharField(allow_blank=True, help_text="real or paper; empty of a time-out.")
    amount = AmountField(allow_null=True, help_text="null: no limit.")
    until = UtcField(allow_null=True, help_text="When a time-out ends.")
    time_zone = serializers.CharField(help_text="Whose midnight a day ends at.")
    loosens = serializers.BooleanField()
    decided_at = UtcField()
    effective_at = UtcField(help_text="A looser limit waits for a day.")
    in_force = serializers.BooleanField()

    class Meta:
        example: ClassVar = {
            "id": "0195f1a0-0000-7000-8000-000000000101", "kind": "daily_loss", "currency": "USD", "money": "real",
            "amount": "100.00", "until": None, "time_zone": "America/New_York", "loosens": False,
            "decided_at": "2026-11-20T18:22:00Z", "effective_at": "2026-11-20T18:22:00Z", "in_force": True,
        }  # fmt: skip


class DecidedLimitRow(Row):
    """What a decision came to."""

    changed = serializers.BooleanField(help_text="false: it is so already, or has been asked for.")
    limit = LimitRow(allow_null=True)

    class Meta:
        identity = "changed"
        example: ClassVar = {"changed": True, "limit": LimitRow.Meta.example}


class LimitIn(Body):
    """A limit of stakes or losses; without an amount it ends."""

    kind = serializers.ChoiceField(choices=KINDS)
    currency = serializers.ChoiceField(choices=Currency.choices)
    money = serializers.ChoiceField(choices=BankrollKind.choices)
    amount = AmountIn(allow_null=True)

    class Meta:
        example: ClassVar = {"kind": "daily_loss", "currency": "USD", "money": "real", "amount": "100.00"}


class TimeOutIn(Body):
    """When a time-out ends; null ends one."""

    until = InstantIn(allow_null=True)

    class Meta:
        example: ClassVar = {"until": "2026-12-01T00:00:00Z"}


def limit_out(change: LimitChange, *, in_force: bool) -> dict[str, Any]:
    return {
        "id": change.pk,
        "kind": change.kind,
        "currency": change.currency,
        "money": change.money,
        "amount": money(change.amount),
        "until": change.until,
        "time_zone": change.time_zone,
        "loosens": change.loosens,
        "decided_at": change.decided_at,
        "effective_at": change.effective_at,
        "in_force": in_force,
    }


class LimitViewSet(BetsView):
    """Your limits: tightened at once, loosened after a day."""

    queryset = LimitChange.objects.none()
    serializer_class = LimitRow
    filterset_class = LimitFilter
    row_classes: ClassVar = {"set": DecidedLimitRow, "time_out": DecidedLimitRow}
    body_classes: ClassVar = {"set": LimitIn, "time_out": TimeOutIn}
    lookup_value_converter = "uuid"

    def get_queryset(self) -> LimitChangeQuerySet:
        if getattr(self, "swagger_fake_view", False):
            return LimitChange.objects.none()
        return LimitChange.objects.filter(user=owner_of(self.request))

    def list(self, request: Request) -> Response:
        """What holds now, and what waits; bets beyond a limit are refused with `limit_reached`."""
        now = timezone.now()
        held = [
            one for one in self.get_queryset().in_force(now) if one.amount or (one.until and one.until > now)
        ]
        rows = [limit_out(one, in_force=True) for one in held]
        rows += [limit_out(one, in_force=False) for one in self.get_queryset().waiting(now)]
        return self.listed_rows(self.filter_queryset(rows), dict)

    @action(detail=False, methods=["post"])
    @once
    def set(self, request: Request) -> Response:
        """Limit the stake of a bet or the loss of a day or a week, or end such a limit."""
        body = self.body()
        with refusals("amount"):
            return self._decided(set_limit(user=owner_of(request), **body))

    @action(detail=False, methods=["post"], url_path="time-out")
    @once
    def time_out(self, request: Request) -> Response:
        """Place no bet until an instant, at most five years from now."""
        body = self.body()
        with refusals():
            return self._decided(set_time_out(user=owner_of(request), until=body["until"]))

    @action(detail=True, methods=["post"])
    @once
    def cancel(self, request: Request, pk: Any = None) -> Response:
        """Keep a limit as it is: call off a loosening that waits."""
        change: LimitChange = self.get_object()
        with refusals():
            kept = cancel_change(change=change, by=owner_of(request))
        return Response(limit_out(kept, in_force=False))

    def _decided(self, change: LimitChange | None) -> Response:
        row = None if change is None else limit_out(change, in_force=not change.loosens)
        return Response({"changed": change is not None, "limit": row})
