"""What is watched, how it stood when, and what people said of it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Self

import pgtrigger
from django.db import models
from django.db.models import F, Q

from feeds.monitoring.transitions import Status

STATUSES = [(str(status), status.words) for status in Status]
VALUES = [str(status) for status in Status]


class Pulse(models.Model):
    """When something that runs by itself last did its work: a task, a worker, the nightly backup."""

    name = models.CharField(primary_key=True, max_length=120)
    at = models.DateTimeField(null=True, blank=True, help_text="When it last succeeded.")
    failed_at = models.DateTimeField(null=True, blank=True, help_text="When it last failed.")
    since = models.DateTimeField(help_text="When it was first heard of.")

    class Meta:
        db_table = "pulses"
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(name=""),
                name="pulse_has_a_name",
                violation_error_message="A pulse needs a name.",
            ),
            models.CheckConstraint(
                condition=Q(at__isnull=False) | Q(failed_at__isnull=False),
                name="pulse_succeeded_or_failed",
                violation_error_message="A pulse is of something that succeeded or failed.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class MonitorQuerySet(models.QuerySet["Monitor"]):
    def watched(self) -> Self:
        """Those that some check still tells of, in the order of the page."""
        return self.filter(retired_at=None).order_by("position", "name", "id")


class Monitor(models.Model):
    """One thing that is watched.

    ``status`` is that of the last flip; what it is *now* follows from ``checked_at`` too, since nobody knows how a
    thing does that was not looked at (`transitions.status_at`). The counters are of checks in a row.
    """

    key = models.CharField(max_length=100, unique=True)
    group = models.CharField(max_length=40)
    name = models.CharField(max_length=100, help_text="Shown to everybody.")
    source = models.CharField(max_length=40, help_text="The check that tells of it.")
    position = models.PositiveSmallIntegerField(default=0)
    status = models.CharField(max_length=11, choices=STATUSES, default=Status.UNKNOWN.value)
    reason = models.CharField(max_length=200, blank=True, help_text="What the last check said.")
    checked_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    successes = models.PositiveIntegerField(default=0)
    succeeding_since = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True, help_text="Since when no check tells of it.")

    objects = models.Manager.from_queryset(MonitorQuerySet)()

    class Meta:
        db_table = "monitors"
        ordering = ["position", "name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(key="") & ~Q(name="") & ~Q(group=""),
                name="monitor_is_named",
                violation_error_message="A monitor needs a key, a name and a group.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=VALUES),
                name="monitor_status_is_known",
                violation_error_message="The status is not one we know.",
            ),
            models.CheckConstraint(
                condition=Q(failures=0, failing_since=None) | Q(failures__gt=0, failing_since__isnull=False),
                name="monitor_fails_since_a_moment",
                violation_error_message="Failures have a beginning, and only they.",
            ),
            models.CheckConstraint(
                condition=Q(successes=0, succeeding_since=None)
                | Q(successes__gt=0, succeeding_since__isnull=False),
                name="monitor_succeeds_since_a_moment",
                violation_error_message="Successes have a beginning, and only they.",
            ),
            models.CheckConstraint(
                condition=Q(failures=0) | Q(successes=0),
                name="monitor_fails_or_succeeds",
                violation_error_message="A check fails or succeeds, not both.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Flip(models.Model):
    """A monitor's change from one status to another. Only ever added.

    ``at`` is when it began to be so, ``noticed_at`` when the watcher was sure of it.
    """

    id = models.BigAutoField(primary_key=True)
    monitor = models.ForeignKey(Monitor, on_delete=models.PROTECT, related_name="flips", db_index=False)
    at = models.DateTimeField()
    noticed_at = models.DateTimeField()
    old = models.CharField(max_length=11, choices=STATUSES)
    new = models.CharField(max_length=11, choices=STATUSES)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "flips"
        ordering = ["-at", "-id"]
        # the page's ninety days of all monitors
        indexes = [models.Index(fields=["at"], name="flips_in_time")]
        constraints = [
            models.UniqueConstraint(
                fields=["monitor", "at"],
                name="one_flip_at_a_time",
                violation_error_message="The monitor has flipped at that instant already.",
            ),
            models.CheckConstraint(
                condition=Q(old__in=VALUES) & Q(new__in=VALUES) & ~Q(old=F("new")),
                name="flip_changes_a_known_status",
                violation_error_message="A flip leads from one known status to another.",
            ),
            models.CheckConstraint(
                condition=Q(noticed_at__gte=F("at")),
                name="flip_noticed_not_before_it_was",
                violation_error_message="A flip cannot be noticed before it was.",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="never_emptied",
                level=pgtrigger.Statement,
                operation=pgtrigger.Truncate,
                when=pgtrigger.Before,
                func="RAISE EXCEPTION 'flips is append-only: TRUNCATE is refused' "
                "USING ERRCODE = 'integrity_constraint_violation';",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.old} to {self.new} at {self.at:%Y-%m-%d %H:%M:%SZ}"


class IncidentQuerySet(models.QuerySet["Incident"]):
    def open(self) -> Self:
        """Those that are not over."""
        return self.filter(resolved_at=None)

    def recent(self, since: dt.datetime) -> Self:
        """Those that began after that, and those that are not over."""
        return self.filter(Q(resolved_at=None) | Q(started_at__gte=since))

    def newest_first(self) -> Self:
        return self.order_by("-started_at", "-id")


class Incident(models.Model):
    """From a monitor's going down until it is up, or off, again; times without a watcher in between do not end it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    monitor = models.ForeignKey(Monitor, on_delete=models.PROTECT, related_name="incidents", db_index=False)
    started_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=200)

    objects = models.Manager.from_queryset(IncidentQuerySet)()

    class Meta:
        db_table = "incidents"
        ordering = ["-started_at", "-id"]
        indexes = [models.Index(fields=["-started_at", "-id"], name="incidents_newest_first")]
        constraints = [
            models.UniqueConstraint(
                fields=["monitor"],
                condition=Q(resolved_at=None),
                name="one_open_incident_per_monitor",
                violation_error_message="The monitor has an open incident already.",
            ),
            models.CheckConstraint(
                condition=Q(resolved_at=None) | Q(resolved_at__gt=F("started_at")),
                name="incident_ends_after_it_began",
                violation_error_message="An incident ends after it began.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.monitor_id}: {self.reason}"


class IncidentNote(models.Model):
    """What staff tell everybody about an incident."""

    id = models.BigAutoField(primary_key=True)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="notes")
    at = models.DateTimeField()
    text = models.CharField(max_length=1000, help_text="Shown to everybody, without your name.")

    class Meta:
        db_table = "incident_notes"
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(text=""),
                name="incident_note_says_something",
                violation_error_message="Write what happened.",
            )
        ]

    def __str__(self) -> str:
        return self.text[:60]
