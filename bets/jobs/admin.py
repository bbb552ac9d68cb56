"""Staff pages of jobs: that they are and how they ended, not what is in them."""

from __future__ import annotations

from django.contrib import admin

from bets.models import Job, JobChunk
from bets.read_only_admin import ReadOnly


@admin.register(Job)
class JobAdmin(ReadOnly):
    list_display = [
        "id",
        "user",
        "kind",
        "state",
        "created_at",
        "started_at",
        "finished_at",
        "attempts",
        "size",
    ]
    list_filter = ["kind", "state"]
    search_fields = ["user__username"]
    list_select_related = ["user"]
    ordering = ["-created_at"]


@admin.register(JobChunk)
class JobChunkAdmin(ReadOnly):
    """That there are pieces, not what people have bet."""

    list_display = ["job", "position"]
    fields = ["job", "position"]
    ordering = ["-id"]
