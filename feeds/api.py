"""How the feeds do, for staff: credits, calls, and a summary of the last day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, ClassVar

from django.db.models import Avg, Count, Max, Q
from django.utils import timezone
from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from feeds.models import ApiCall, Block, Provider, Quota
from feeds.models.calls import QuotaQuerySet
from rest.fields import UtcField
from rest.filters import InstantFilter, RowFilters, TrueFalseFilter
from rest.shaping import ModelRow, Row
from rest.views import ApiView, ListMixin

DAY = dt.timedelta(days=1)


class StaffView(ApiView):
    """Base of views for staff."""

    scope = "admin"
    tag = "staff"


class QuotaRow(ModelRow):
    """The credits of one key of a provider in one period."""

    left = serializers.IntegerField(allow_null=True, help_text="Neither used nor reserved.")

    class Meta:
        model = Quota
        fields = (
            "id", "provider", "key_fingerprint", "period_start", "limit", "used", "reserved", "left", "remaining",
            "synced_at", "block", "blocked_at", "breaker_until",
        )  # fmt: skip
        example: ClassVar = {
            "id": 1, "provider": "the_odds_api", "key_fingerprint": "9f86d081884c",
            "period_start": "2026-11-01T00:00:00Z", "limit": 500, "used": 212, "reserved": 0, "left": 288,
            "remaining": 288, "synced_at": "2026-11-20T18:21:07Z", "block": "", "blocked_at": None,
            "breaker_until": None,
        }  # fmt: skip


class QuotaFilter(filters.FilterSet):
    provider = filters.MultipleChoiceFilter(choices=Provider.choices)
    key = filters.CharFilter(
        field_name="key_fingerprint", max_length=12, help_text="The fingerprint of a key."
    )
    blocked = TrueFalseFilter(method="only_blocked", help_text="Calls of the key are held back.")
    since = InstantFilter(
        field_name="period_start", lookup_expr="gte", help_text="Periods begun from then on."
    )
    until = InstantFilter(field_name="period_start", lookup_expr="lt", help_text="Periods begun before.")

    class Meta:
        model = Quota
        fields: list[str] = []

    def only_blocked(self, quotas: QuotaQuerySet, name: str, value: bool) -> QuotaQuerySet:
        return quotas.blocked() if value else quotas.filter(block=Block.NONE)


class QuotaViewSet(ListMixin, StaffView):
    """Credits of the odds feed's keys, the newest period first."""

    queryset = Quota.objects.with_left().order_by("-period_start", "-id")
    serializer_class = QuotaRow
    filterset_class = QuotaFilter


class CallRow(ModelRow):
    """One HTTP request to a provider."""

    class Meta:
        model = ApiCall
        fields = (
            "id", "provider", "endpoint", "cost", "status", "error_code", "duration_ms", "used", "remaining", "at",
        )  # fmt: skip
        example: ClassVar = {
            "id": 991, "provider": "the_odds_api", "endpoint": "/v4/sports/basketball_nba/odds", "cost": 3,
            "status": 200, "error_code": "", "duration_ms": 412, "used": 212, "remaining": 288,
            "at": "2026-11-20T18:21:07Z",
        }  # fmt: skip


class CallFilter(filters.FilterSet):
    provider = filters.ChoiceFilter(choices=Provider.choices)
    failed = TrueFalseFilter(method="only_failed", help_text="Without an answer, or answered with an error.")
    since = InstantFilter(field_name="at", lookup_expr="gte")
    until = InstantFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = ApiCall
        fields: list[str] = []

    def only_failed(self, calls: Any, name: str, value: bool) -> Any:
        failed = Q(status=None) | Q(status__gte=400)
        return calls.filter(failed) if value else calls.exclude(failed)


class CallViewSet(ListMixin, StaffView):
    """Requests to the providers, the newest first."""

    queryset = ApiCall.objects.newest_first()
    serializer_class = CallRow
    filterset_class = CallFilter


class FeedRow(Row):
    """How a provider did in the last 24 hours."""

    provider = serializers.ChoiceField(choices=Provider.choices)
    calls = serializers.IntegerField()
    failed = serializers.IntegerField(help_text="Without an answer, or answered with an error.")
    mean_ms = serializers.IntegerField(allow_null=True)
    last_call_at = UtcField(allow_null=True)
    last_success_at = UtcField(allow_null=True)
    block = serializers.CharField(allow_blank=True, help_text="Why calls are held back; empty: they are not.")

    class Meta:
        identity = "provider"
        example: ClassVar = {
            "provider": "espn", "calls": 1440, "failed": 2, "mean_ms": 187, "last_call_at": "2026-11-20T18:21:07Z",
            "last_success_at": "2026-11-20T18:21:07Z", "block": "",
        }  # fmt: skip


class FeedFilter(RowFilters):
    """Of rows as the API writes them."""

    provider = filters.MultipleChoiceFilter(field_name="provider", choices=Provider.choices)
    failing = TrueFalseFilter(method="only_failing", help_text="With failed calls in the last 24 hours.")
    blocked = TrueFalseFilter(method="only_blocked", help_text="Calls are held back.")

    def only_failing(self, rows: Iterable[dict[str, Any]], name: str, value: bool) -> list[dict[str, Any]]:
        return [row for row in rows if (row["failed"] > 0) is value]

    def only_blocked(self, rows: Iterable[dict[str, Any]], name: str, value: bool) -> list[dict[str, Any]]:
        return [row for row in rows if bool(row["block"]) is value]


class FeedViewSet(StaffView):
    """Health of the feeds."""

    queryset = ApiCall.objects.none()
    serializer_class = FeedRow
    filterset_class = FeedFilter

    def list(self, request: Request) -> Response:
        """How each provider did in the last 24 hours."""
        failed = Q(status=None) | Q(status__gte=400)
        recent = ApiCall.objects.filter(at__gte=timezone.now() - DAY)
        rows = (
            recent.order_by()
            .values("provider")
            .annotate(
                calls=Count("id"),
                failed=Count("id", filter=failed),
                mean_ms=Avg("duration_ms"),
                last_call_at=Max("at"),
                last_success_at=Max("at", filter=~failed),
            )
        )
        found: dict[str, dict[str, Any]] = {row["provider"]: dict(row) for row in rows}
        blocks = dict(Quota.objects.blocked().values_list("provider", "block"))

        def row_of(provider: str) -> dict[str, Any]:
            row = found.get(provider, {})
            mean = row.get("mean_ms")
            return {
                "provider": provider,
                "calls": row.get("calls", 0),
                "failed": row.get("failed", 0),
                "mean_ms": None if mean is None else round(mean),
                "last_call_at": row.get("last_call_at"),
                "last_success_at": row.get("last_success_at"),
                "block": blocks.get(provider, ""),
            }

        return self.listed_rows(self.filter_queryset([row_of(each) for each in Provider.values]), dict)
