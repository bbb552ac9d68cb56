"""Monitors and what they found, for staff to read; notes on incidents, for staff to write."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from .models import Alert, Flip, Incident, IncidentNote, Monitor, Pulse
from .monitoring.page import forget_page
from .read_only_admin import ReadOnlyAdmin


@admin.register(Monitor)
class MonitorAdmin(ReadOnlyAdmin):
    list_display = ("name", "group", "status", "reason", "checked_at", "failures", "retired_at")
    list_filter = ("group", "status")
    search_fields = ("name", "key")
    ordering = ("position", "name", "id")


@admin.register(Flip)
class FlipAdmin(ReadOnlyAdmin):
    list_display = ("at", "monitor", "old", "new", "reason", "noticed_at")
    list_filter = ("new",)
    list_select_related = ("monitor",)
    ordering = ("-at", "-id")
    show_full_result_count = False


@admin.register(Pulse)
class PulseAdmin(ReadOnlyAdmin):
    list_display = ("name", "at", "failed_at", "since")
    ordering = ("name",)


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "incident", "kind", "channel", "state", "attempts", "note")
    list_filter = ("state", "channel", "kind")
    list_select_related = ("incident",)
    ordering = ("-created_at", "-id")


class NoteInline(admin.TabularInline):
    model = IncidentNote
    extra = 1
    fields = ("text", "at")
    readonly_fields = ("at",)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "text":
            kwargs["widget"] = forms.Textarea(attrs={"rows": 3, "cols": 80})
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(Incident)
class IncidentAdmin(admin.ModelAdmin):
    """Its times are the watcher's; what is said of it is the staff's, and everybody reads it on /status/."""

    list_display = ("started_at", "monitor", "reason", "resolved_at")
    list_filter = ("monitor__group",)
    list_select_related = ("monitor",)
    search_fields = ("monitor__name", "reason")
    ordering = ("-started_at", "-id")
    fields = ("monitor", "started_at", "resolved_at", "reason")
    readonly_fields = fields
    inlines = (NoteInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """A note gets the time at which it is written, and is on the page at once."""
        for note in formset.save(commit=False):
            note.at = note.at or timezone.now()
            note.save()
        for note in formset.deleted_objects:
            note.delete()
        formset.save_m2m()
        forget_page()


@admin.register(IncidentNote)
class IncidentNoteAdmin(ReadOnlyAdmin):
    list_display = ("at", "incident", "text")
    list_select_related = ("incident",)
    search_fields = ("text",)
    ordering = ("-at", "-id")
