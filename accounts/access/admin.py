from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from accounts.access.models import AccessRule


@admin.register(AccessRule)
class AccessRuleAdmin(admin.ModelAdmin):
    """Rules are added and removed, not edited."""

    list_display = ["kind", "subject", "named", "reason", "expires_at", "by", "created_at"]
    list_filter = ["kind", "subject"]
    list_select_related = ["user", "by"]
    search_fields = ["text", "user__username", "reason"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AccessRule | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AccessRule | None = None) -> bool:
        return False
