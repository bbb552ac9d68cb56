"""What people keep of their history, in the admin: read only."""

from __future__ import annotations

from django.contrib import admin

from bets.models import SavedFilter, TagEdit
from bets.read_only_admin import ReadOnly


@admin.register(SavedFilter)
class SavedFilterAdmin(ReadOnly):
    list_display = ["name", "user", "query", "created_at", "deleted_at"]
    list_select_related = ["user"]
    search_fields = ["name", "user__username"]


@admin.register(TagEdit)
class TagEditAdmin(ReadOnly):
    list_display = ["at", "user", "added", "removed", "undone_at"]
    list_select_related = ["user"]
    search_fields = ["user__username"]
