"""Work that a person asks for and a worker does: a file of bets to be written, a file to be imported."""

from __future__ import annotations

from typing import Final, Self

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from accounts.ids import uuid7
from bets.models.imports import ImportBatch


class JobKind(models.TextChoices):
    EXPORT = "export", "Export"
    IMPORT = "import", "Import"


class JobState(models.TextChoices):
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"
    EXPIRED = "expired", "Done, and its file deleted"


OPEN_JOBS: Final = (JobState.QUEUED, JobState.RUNNING)


class JobQuerySet(models.QuerySet["Job"]):
    def owned_by(self, user: object) -> Self:
        return self.filter(user=user)

    def with_counts(self) -> Self:
        """With what their imports have done, not with the imported files."""
        return self.select_related("batch").defer("batch__content", "batch__options")

    def open(self) -> Self:
        """Those that wait or run."""
        return self.filter(state__in=OPEN_JOBS)


class Job(models.Model):
    """An export or an import of one person, who alone sees it. The file of an export is kept in ``chunks``."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="jobs", db_index=False
    )
    kind = models.CharField(max_length=6, choices=JobKind)
    state = models.CharField(max_length=9, choices=JobState, default=JobState.QUEUED)
    format = models.CharField(max_length=12, blank=True, help_text="Of the file that an export writes.")
    query = models.CharField(max_length=2000, blank=True, help_text="The filter of an export; all without.")
    batch = models.ForeignKey(
        ImportBatch, on_delete=models.SET_NULL, null=True, blank=True, related_name="jobs"
    )
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True, help_text="When it was begun the last time.")
    finished_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    problem = models.JSONField(
        null=True, blank=True, encoder=DjangoJSONEncoder, help_text="Why it failed, as the API tells it."
    )
    rows = models.PositiveIntegerField(null=True, blank=True, help_text="Bets in the file.")
    size = models.PositiveBigIntegerField(null=True, blank=True, help_text="Bytes of the file.")
    checksum = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the file.")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="When the file is deleted.")

    objects = models.Manager.from_queryset(JobQuerySet)()

    class Meta:
        db_table = "jobs"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="jobs_of_a_person"),  # the list
            models.Index(  # what is to be done next, and what is being done
                fields=["state", "created_at"], name="jobs_to_do", condition=Q(state__in=OPEN_JOBS)
            ),
            models.Index(fields=["created_at"], name="job_age"),  # what is to be forgotten
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(state="running"),
                name="one_job_of_a_person_runs",
                violation_error_message="Another job of this person is running.",
            ),
            models.UniqueConstraint(
                fields=["batch"],
                condition=Q(state__in=OPEN_JOBS),
                name="one_job_imports_a_file",
                violation_error_message="This file is being imported.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=JobKind.values),
                name="job_kind_is_known",
                violation_error_message="Choose a known kind of job.",
            ),
            models.CheckConstraint(
                condition=Q(state__in=JobState.values),
                name="job_state_is_known",
                violation_error_message="Choose a known state of a job.",
            ),
            models.CheckConstraint(
                condition=(~Q(kind="export") | (Q(batch__isnull=True) & ~Q(format="")))
                & (~Q(kind="import") | Q(format="", query="")),
                name="job_is_an_export_or_an_import",
                violation_error_message="An export has a format, an import a file that was uploaded.",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_JOBS, finished_at__isnull=True)
                | (~Q(state__in=OPEN_JOBS) & Q(finished_at__isnull=False)),
                name="job_is_finished_at_a_time",
                violation_error_message="A job that waits or runs is not finished; any other is.",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["running", "done", "expired"]) | Q(started_at__isnull=False),
                name="job_runs_since_a_moment",
                violation_error_message="A job that runs or is done has begun.",
            ),
            models.CheckConstraint(
                condition=Q(state="failed", problem__isnull=False)
                | (~Q(state="failed") & Q(problem__isnull=True)),
                name="job_fails_for_a_reason",
                violation_error_message="A job that failed has a reason, and only such a one.",
            ),
            models.CheckConstraint(
                condition=Q(rows__isnull=True, size__isnull=True, checksum="", expires_at__isnull=True)
                | (
                    Q(rows__isnull=False, size__isnull=False, expires_at__isnull=False)
                    & ~Q(checksum="")
                    & Q(kind="export", state__in=["done", "expired"])
                ),
                name="job_tells_all_of_its_file",
                violation_error_message="An export that is done has a file with rows, size, checksum and an end.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.created_at:%Y-%m-%d %H:%M:%SZ}"


class JobChunk(models.Model):
    """A piece of the file that an export wrote: web servers on several machines share nothing but the database."""

    id = models.BigAutoField(primary_key=True)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="chunks", db_index=False)
    position = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        db_table = "job_chunks"
        ordering = ["job", "position"]
        constraints = [
            models.UniqueConstraint(fields=["job", "position"], name="one_job_chunk_per_position"),
        ]

    def __str__(self) -> str:
        return f"{self.job_id} {self.position}"
