"""Read-only views of calls and credits; the one thing staff may do is lift a block."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from . import monitor_admin  # noqa: F401 - registers the monitors
from .models import ApiCall, Quota
from .read_only_admin import ReadOnlyAdmin
from .services import lift_block


@admin.register(ApiCall)
class ApiCallAdmin(ReadOnlyAdmin):
    list_display = ("at", "provider", "endpoint", "status", "error_code", "cost", "remaining", "duration_ms")
    list_filter = ("provider", "status", "error_code")
    search_fields = ("endpoint", "error_code")
    date_hierarchy = "at"
    ordering = ("-at", "-id")
    show_full_result_count = False


@admin.register(Quota)
class QuotaAdmin(ReadOnlyAdmin):
    list_display = (
        "provider",
        "key_fingerprint",
        "period_start",
        "used",
        "reserved",
        "limit",
        "remaining",
        "block",
        "breaker_until",
    )
    list_filter = ("provider", "block")
    ordering = ("provider", "-period_start", "-id")
    actions = ("lift_blocks",)

    @admin.action(description="Lift the block: let calls through again", permissions=["lift"])
    def lift_blocks(self, request: HttpRequest, queryset: QuerySet[Quota]) -> None:
        """Lift the block of the chosen quotas."""
        now = timezone.now()
        lifted = sum(lift_block(quota=quota, by=request.user, now=now) for quota in queryset)
        messages.info(request, f"{lifted} blocked quota{'' if lifted == 1 else 's'} lifted.")

    def has_lift_permission(self, request: HttpRequest) -> bool:
        """Staff who may change quotas may lift a block, though the rows themselves are read-only."""
        return request.user.has_perm("feeds.change_quota")
