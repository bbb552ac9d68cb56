"""What people keep of their history: filters by name, and what they did to the tags of many bets at once."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from accounts.ids import uuid7


class SavedFilterQuerySet(models.QuerySet["SavedFilter"]):
    def owned_by(self, user: object) -> Self:
        """Return the user's filters that are not deleted."""
        return self.filter(user=user, deleted_at__isnull=True)


class SavedFilter(models.Model):
    """A filter of bets under a name; ``query`` is what its address has after the question mark."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_filters", db_index=False
    )
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="Until the deletion is undone.")

    objects = models.Manager.from_queryset(SavedFilterQuerySet)()

    class Meta:
        db_table = "saved_filters"
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                F("user"),
                Lower("name"),
                condition=Q(deleted_at__isnull=True),
                name="filter_name_is_unique_per_user",
                violation_error_message="You already have a filter of that name.",
            ),
            models.CheckConstraint(
                condition=~Q(name=""),
                name="filter_has_a_name",
                violation_error_message="Give the filter a name.",
            ),
            models.CheckConstraint(
                condition=~Q(query=""),
                name="filter_narrows_something",
                violation_error_message="Choose a filter before you save it.",
            ),
            models.CheckConstraint(
                condition=Q(deleted_at__isnull=True) | Q(deleted_at__gte=F("created_at")),
                name="filter_is_deleted_after_it_is_made",
                violation_error_message="A filter cannot be deleted before it was made.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TagEdit(models.Model):
    """Tags that a person put on many bets at once, or took off; ``bet_ids`` are the bets it changed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tag_edits")
    added = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    removed = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    bet_ids = ArrayField(models.UUIDField())
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "tag_edits"
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(added__len__gt=0) | Q(removed__len__gt=0),
                name="tag_edit_adds_or_removes",
                violation_error_message="Name a tag to add or to remove.",
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True) | Q(undone_at__gte=F("at")),
                name="tag_edit_is_undone_after_it_is_made",
                violation_error_message="Tags cannot be put back before they were changed.",
            ),
        ]

    def __str__(self) -> str:
        words = [f"+{tag}" for tag in self.added] + [f"-{tag}" for tag in self.removed]
        return ", ".join(words)
