"""Exports, and what becomes of the jobs that workers do: how far they are, why they failed, the file."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Final

from django.db.models import QuerySet
from django.http import HttpResponseNotModified, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.authentication import owner_of
from accounts.api.idempotency import once
from bets.api.bets import BetsView
from bets.api.refusals import refusals
from bets.exports import ENDINGS, FORMATS
from bets.history.filters import BetFilter
from bets.imports.progress import read_progress
from bets.jobs import asking
from bets.models import Bet, Job, JobChunk, JobKind, JobState
from rest.bodies import Body, TextIn
from rest.fields import UtcField
from rest.filters import InstantFilter
from rest.problems import ApiProblem, unfit
from rest.renderers import CsvRenderer, JsonRenderer
from rest.shaping import Row
from rest.views import held_tags

logger = logging.getLogger(__name__)
IN_VAIN: Final = "No worker has been heard of for three minutes. The job begins when one runs."
MEDIA: Final = {"json": "application/json", "csv": "text/csv; charset=utf-8"}
EXPORTED: Final = {
    "format": "bettrack",
    "version": 1,
    "odds_format": "american",
    "bets": [
        {
            "id": "01936f3e-7c2a-7d31-9f44-3f1c9a9d5e10",
            "placed_at": "2026-11-20T18:02:11+00:00",
            "settled_at": None,
            "status": "pending",
            "kind": "straight",
            "bookmaker": "draftkings",
            "bankroll": "Main",
            "currency": "USD",
            "stake": "25.00",
            "payout": None,
            "odds": "-110",
            "tags": ["model"],
            "legs": [],
        }
    ],
    "bankrolls": [],
}


class JobRow(Row):
    """An export or an import that a worker does."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=JobKind.choices)
    state = serializers.ChoiceField(choices=JobState.choices)
    note = serializers.CharField(allow_blank=True, help_text="What a job that waits is waiting for.")
    problem = serializers.DictField(allow_null=True, help_text="Why it failed, as errors are told.")
    written = serializers.IntegerField(help_text="Bets done so far.")
    of = serializers.IntegerField(help_text="0 before that is known.")
    format = serializers.CharField(allow_null=True, help_text="Of an export.")
    query = serializers.CharField(allow_null=True, help_text="The filter of an export; all bets without.")
    import_id = serializers.UUIDField(
        allow_null=True, help_text="What an import brings in; null once that is gone."
    )
    file = serializers.CharField(allow_null=True, help_text="Address of the file of an export that is done.")
    rows = serializers.IntegerField(allow_null=True, help_text="Bets in the file.")
    size = serializers.IntegerField(allow_null=True, help_text="Bytes of the file.")
    sha256 = serializers.CharField(allow_null=True, help_text="Of the file.")
    created_at = UtcField()
    started_at = UtcField(allow_null=True)
    finished_at = UtcField(allow_null=True)
    expires_at = UtcField(allow_null=True, help_text="When the file is deleted: a day after it is done.")

    class Meta:
        example: ClassVar = {
            "id": "0195f1a0-0000-7000-8000-000000000131", "kind": "export", "state": "done", "note": "",
            "problem": None, "written": 212, "of": 212, "format": "csv", "query": "status=won", "import_id": None,
            "file": "/api/v1/jobs/0195f1a0-0000-7000-8000-000000000131/file/", "rows": 212, "size": 48211,
            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "created_at": "2026-11-20T18:22:00Z", "started_at": "2026-11-20T18:22:00Z",
            "finished_at": "2026-11-20T18:22:03Z", "expires_at": "2026-11-21T18:22:03Z",
        }  # fmt: skip


class ExportIn(Body):
    """Which bets, and in which columns."""

    format = serializers.ChoiceField(
        choices=list(FORMATS), required=False, default="json", help_text="The columns of the file."
    )
    query = TextIn(
        max_length=2000, required=False, default="", allow_blank=True,
        help_text="As in the address of the list of bets: status=won&sport=…; without it all, in JSON with the "
        "bankrolls and their money.",
    )  # fmt: skip

    class Meta:
        example: ClassVar = {"format": "csv", "query": "status=won"}


def jobs_out(jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """The rows of jobs; a statement where one waits, to tell whether anybody is there to do it."""
    waits = any(job.state == JobState.QUEUED for job in jobs)
    note = IN_VAIN if waits and asking.is_waiting_in_vain(now=timezone.now()) else ""
    return [job_out(job, note if job.state == JobState.QUEUED else "") for job in jobs]


def job_out(job: Job, note: str) -> dict[str, Any]:
    is_export = job.kind == JobKind.EXPORT
    running = how_far(job)
    return {
        "id": job.pk,
        "kind": job.kind,
        "state": job.state,
        "note": note,
        "problem": job.problem,
        **running,
        "format": job.format if is_export else None,
        "query": job.query if is_export else None,
        "import_id": job.batch_id,
        "file": reverse("api:job-file", args=[job.pk]) if has_file(job) else None,
        "rows": job.rows,
        "size": job.size,
        "sha256": job.checksum or None,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "expires_at": job.expires_at,
    }


def how_far(job: Job) -> dict[str, int]:
    """What is done of what; of a job that failed or was called off what it had come to, while that is known."""
    if job.state == JobState.QUEUED:
        return {"written": 0, "of": 0}
    if job.state in (JobState.DONE, JobState.EXPIRED):
        batch = job.batch
        done = job.rows or 0 if batch is None else batch.added + batch.settled
        return {"written": done, "of": done}
    return read_progress(job.pk)


def has_file(job: Job) -> bool:
    """Tell whether the file is there; one that has expired counts as gone before it is swept up."""
    return job.state == JobState.DONE and job.expires_at is not None and job.expires_at > timezone.now()


def accepted(job: Job) -> Response:
    """202 and where to look."""
    where = {"Location": reverse("api:job-detail", args=[job.pk])}
    return Response(jobs_out([job])[0], status=202, headers=where)


class ExportViewSet(BetsView):
    """Your bets as a file."""

    queryset = Job.objects.none()
    serializer_class = JobRow
    body_classes: ClassVar = {"create": ExportIn}

    @extend_schema(responses={202: JobRow})
    @once
    def create(self, request: Request) -> Response:
        """Have a worker write your bets of a filter as a file.

        The answer is the job that does it: look at its address, `Location`, until it is done, then fetch `file`. A
        file has 128 MB at most. It is kept for a day, the five newest of yours at most. Five of your jobs may wait,
        of which one runs; beyond that the answer is `jobs_full`.
        """
        body, user = self.body(), owner_of(request)
        query = checked_query(body["query"], request)
        with refusals():
            job = asking.ask_export(user=user, format_=body["format"], query=query, now=timezone.now())
        return accepted(job)


def checked_query(text: str, request: Request) -> str:
    """The filter as ``BetFilter`` writes it. Raises ApiProblem, also for names that it does not know."""
    query = QueryDict(text)
    if unknown := sorted(set(query) - set(BetFilter.base_filters)):
        known = ", ".join(sorted(BetFilter.base_filters))
        raise unfit("query", f"There is no filter “{unknown[0][:60]}”; there are {known}.", "unknown")
    asked = BetFilter(query, Bet.objects.owned_by(owner_of(request)), request=request)
    if not asked.form.is_valid():
        raise unfit("query", " ".join(asked.form.sentences()))
    return asked.query


class JobFilter(filters.FilterSet):
    kind = filters.ChoiceFilter(choices=JobKind.choices)
    state = filters.MultipleChoiceFilter(choices=JobState.choices)
    since = InstantFilter(field_name="created_at", lookup_expr="gte")
    until = InstantFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = Job
        fields: list[str] = []


class JobViewSet(BetsView):
    """Your exports and imports that workers do, of the last seven days."""

    queryset = Job.objects.none()
    serializer_class = JobRow
    filterset_class = JobFilter
    lookup_value_converter = "uuid"
    conflicting = ("file",)

    def get_queryset(self) -> QuerySet[Job]:
        if getattr(self, "swagger_fake_view", False):
            return Job.objects.none()
        return Job.objects.owned_by(owner_of(self.request)).with_counts().order_by("-created_at", "-id")

    def list(self, request: Request) -> Response:
        """Your jobs, the newest first."""
        return self.listed_whole(self.filter_queryset(self.get_queryset()), jobs_out)

    def retrieve(self, request: Request, pk: Any = None) -> Response:
        """One of your jobs: its state, and how far it is."""
        return self.one(jobs_out([self.get_object()])[0])

    @once
    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Forget a job that has ended, and its file. What an import did stays."""
        with refusals():
            asking.delete(job=self.get_object())
        return Response(status=204)

    @action(detail=True, methods=["post"])
    @once
    def cancel(self, request: Request, pk: Any = None) -> Response:
        """Call a job off that waits or runs; nothing of what it did remains."""
        job: Job = self.get_object()
        with refusals():
            asking.cancel(job=job, now=timezone.now())
        job.refresh_from_db()
        return Response(jobs_out([job])[0])

    @extend_schema(
        responses={
            (200, "application/json"): OpenApiResponse(OpenApiTypes.OBJECT, "The file."),
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, "The file."),
        },
        examples=[
            OpenApiExample("Example", value=EXPORTED, media_type="application/json", response_only=True)
        ],
    )
    @action(
        detail=True,
        serializer_class=serializers.Serializer,
        renderer_classes=(JsonRenderer, CsvRenderer),
    )
    def file(self, request: Request, pk: Any = None) -> HttpResponseBase:
        """The file of an export that is done. Its ETag is its SHA-256."""
        job: Job = self.get_object()
        if not has_file(job):
            raise ApiProblem("no_file")
        tag = f'"{job.checksum}"'
        if held_tags(request) & {tag, f"W/{tag}"}:  # weak as it left here gzipped
            return HttpResponseNotModified(headers={"ETag": tag})
        ending = ENDINGS[job.format]
        name = f"bettrack-{job.created_at:%Y-%m-%d}-{job.format}.{ending}"
        headers = {
            "ETag": tag,
            "Content-Length": str(job.size),
            "Content-Disposition": f'attachment; filename="{name}"',
        }
        return StreamingHttpResponse(content_of(job), content_type=MEDIA[ending], headers=headers)

    def is_shaped(self) -> bool:
        return self.action != "file" and super().is_shaped()


def content_of(job: Job) -> Iterator[bytes]:
    """The file piece by piece, each read when the one before has been sent; it ends early if the file is deleted."""
    pieces = JobChunk.objects.filter(job=job).order_by("position").values_list("pk", flat=True)
    for number in list(pieces):
        content = JobChunk.objects.filter(pk=number).values_list("content", flat=True).first()
        if content is None:
            logger.warning("the file of job %s was deleted while it was sent", job.pk)
            return
        yield bytes(content)
