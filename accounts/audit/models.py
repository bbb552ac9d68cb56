from __future__ import annotations

from typing import Any

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.audit.guards import never_emptied


class AuditAction(models.TextChoices):
    INSERT = "insert", "Added"
    UPDATE = "update", "Changed"
    DELETE = "delete", "Deleted"


ONLY_FORGOTTEN = """
    IF TG_OP = 'UPDATE' AND current_setting('bettrack.purge', true) = 'on'
        AND NEW.before IS NULL AND NEW.after IS NULL
        AND to_jsonb(NEW) - '{before,after}'::text[] = to_jsonb(OLD) - '{before,after}'::text[] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the trail is append-only' USING ERRCODE = 'integrity_constraint_violation';
"""
"""The one change there is: what a row said goes with the account of the person it was about."""


class AuditEvent(models.Model):
    """One change of one row, written by a trigger. ``context`` says who and from where.

    ``before`` and ``after`` hold the columns that changed; of a new row what identifies it, of a deleted one all but
    secrets. An event without an object stands for ``row_count`` rows that one statement added or that went with an
    account.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    context: Any = models.ForeignKey(
        "pghistory.Context",
        on_delete=models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
    )
    kind = models.CharField(max_length=63, help_text="The table.")
    action = models.CharField(max_length=6, choices=AuditAction)
    object_id = models.CharField(max_length=64, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="Whose the row is.",
    )
    before: Any = models.JSONField(null=True)
    after: Any = models.JSONField(null=True)
    row_count = models.PositiveIntegerField(default=1)

    class Meta:
        db_table = "audit_events"
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["at", "id"], name="audit_event_time"),  # the trail, page by page
            models.Index(fields=["kind", "at", "id"], name="audit_event_kind"),  # of one kind
            models.Index(fields=["object_id"], name="audit_event_object"),  # of one object
            models.Index(
                fields=["owner", "at"], name="audit_event_owner", condition=Q(owner__isnull=False)
            ),  # of one person
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(action__in=AuditAction.values),
                name="audit_action_is_known",
                violation_error_message="Choose a known action.",
            ),
            models.CheckConstraint(
                condition=~Q(object_id="") | Q(before__isnull=True, after__isnull=True),
                name="audit_summary_holds_no_row",
                violation_error_message="An event that stands for many rows holds none of them.",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="append_only",
                operation=pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func=ONLY_FORGOTTEN,
            ),
            never_emptied,
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.kind} {self.object_id}"
