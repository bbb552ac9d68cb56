"""Bringing bets in from a file: upload, look at what would happen, import, take back."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.authentication import owner_of
from accounts.api.idempotency import once
from bets.api.bets import BetsView
from bets.api.files import FileParser, ReadIn, UploadIn
from bets.api.filters import FATES, ImportFilter, StepFilter
from bets.api.jobs import JobRow, accepted
from bets.api.operations import roll_of
from bets.api.refusals import refusals
from bets.api.rows import money
from bets.imports.committing import undo_import
from bets.imports.drafts import keep_draft, read_draft
from bets.imports.planning import Plan, Step, plan_for
from bets.imports.reading import AUTO
from bets.imports.rows import BadFile, Reading
from bets.imports.tables import text_of
from bets.jobs.asking import ask_import, require_idle
from bets.jobs.importing import unreadable
from bets.models import Bankroll, BetStatus, ImportBatch, ImportFormat, ImportState
from odds.api.rows import american, decimal
from rest.fields import AmountField, NumberField, OddsField, UtcField
from rest.problems import ApiProblem
from rest.shaping import ModelRow, Row
from rest.views import ListMixin, RetrieveMixin, lists


class ImportRow(ModelRow):
    """A file of bets that was brought in, or is being looked at."""

    class Meta:
        model = ImportBatch
        fields = (
            "id", "format", "file_name", "checksum", "state", "added", "settled", "created_at", "undone_at",
        )  # fmt: skip
        example: ClassVar = {
            "id": "0195f1a0-0000-7000-8000-0000000000e1", "format": "pikkit", "file_name": "bets.csv",
            "checksum": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "state": "committed",
            "added": 212, "settled": 0, "created_at": "2026-11-20T18:22:00Z", "undone_at": None,
        }  # fmt: skip


class PlanRow(Row):
    """What importing the file would do."""

    format = serializers.ChoiceField(choices=ImportFormat.choices)
    rows = serializers.IntegerField()
    add = serializers.IntegerField(help_text="New bets.")
    settle = serializers.IntegerField(help_text="Pending bets that the file settles.")
    known = serializers.IntegerField(help_text="Bets that you have.")
    refuse = serializers.IntegerField(help_text="Rows that cannot be imported.")

    class Meta:
        identity = "format"
        example: ClassVar = {
            "format": "pikkit",
            "rows": 214,
            "add": 210,
            "settle": 2,
            "known": 1,
            "refuse": 1,
        }


class StepRow(Row):
    """What happens to one row of the file."""

    line = serializers.IntegerField()
    fate = serializers.ChoiceField(choices=[fate for fate, _ in FATES])
    reason = serializers.CharField(allow_blank=True)
    doubts = serializers.ListField(child=serializers.CharField())
    description = serializers.CharField(allow_blank=True)
    book = serializers.CharField(allow_blank=True)
    placed_at = UtcField(allow_null=True)
    odds = OddsField(allow_null=True)
    decimal = NumberField(allow_null=True)
    stake = AmountField(allow_null=True)
    status = serializers.ChoiceField(choices=BetStatus.choices, allow_null=True)
    payout = AmountField(allow_null=True)
    bankroll = serializers.CharField(allow_null=True)

    class Meta:
        identity = "line"
        example: ClassVar = {
            "line": 2, "fate": "add", "reason": "", "doubts": [], "description": "Celtics -3.5", "book": "draftkings",
            "placed_at": "2026-11-01T00:00:00Z", "odds": "-110", "decimal": "1.909091", "stake": "25.00",
            "status": "won", "payout": "47.73", "bankroll": "Imported bets",
        }  # fmt: skip


class ImportViewSet(ListMixin, RetrieveMixin, BetsView):
    """Imports of your bets."""

    queryset = ImportBatch.objects.none()
    serializer_class = ImportRow
    filterset_class = ImportFilter
    row_classes: ClassVar = {"plan": PlanRow, "rows": StepRow, "commit": JobRow}
    conflicting = ("plan", "rows")
    body_classes: ClassVar = {"create": UploadIn, "partial_update": ReadIn}
    lookup_value_converter = "uuid"

    def get_parsers(self) -> list[Any]:
        return [FileParser()] if self.action_map.get("post") == "create" else super().get_parsers()

    def get_queryset(self) -> QuerySet[ImportBatch]:
        if getattr(self, "swagger_fake_view", False):
            return ImportBatch.objects.none()
        mine = ImportBatch.objects.owned_by(owner_of(self.request)).defer("content")
        return mine.order_by("-created_at", "-id")

    @once
    def create(self, request: Request) -> Response:
        """Upload a file to look at. It takes the place of one that is not imported yet, unless a job is to import that."""
        body, user = self.body(), owner_of(request)
        content = body["content"].encode()
        with refusals("content"):
            text_of(content)
        with refusals():
            draft = keep_draft(user, body["file_name"], content, body.get("format", AUTO))
        return self._answer(self._read_so(draft, body), status=201)

    @once
    def partial_update(self, request: Request, pk: Any = None) -> Response:
        """Say how an uploaded file is to be read. Not while a job is to import it."""
        draft = self._idle_draft()
        return self._answer(self._read_so(draft, self.body()))

    def _read_so(self, draft: ImportBatch, body: dict[str, Any]) -> ImportBatch:
        said: dict[str, Any] = {
            name: body[name]
            for name in ("format", "dates", "odds", "time_zone", "book", "columns")
            if name in body
        }
        if "bankroll_id" in body:
            wanted = body["bankroll_id"]
            roll = None if wanted is None else roll_of(owner_of(self.request), wanted, "bankroll_id")
            said["bankroll"] = None if roll is None else str(roll.pk)
        draft.options = {**draft.options, **said}
        draft.save(update_fields=["options"])
        return draft

    @once
    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Forget an uploaded file that is not imported, and that no job is to import."""
        self._idle_draft().delete()
        return Response(status=204)

    @action(detail=True)
    def plan(self, request: Request, pk: Any = None) -> Response:
        """What importing the file would do, in numbers. A 409 says why it cannot be read."""
        plan = self._plan()
        return self.one({"format": plan.reading.format, **plan.counts})

    @lists
    @action(detail=True, filterset_class=StepFilter, filtered_actions=("rows",))
    def rows(self, request: Request, pk: Any = None) -> Response:
        """What importing the file would do to each of its rows, and why."""
        return self.listed_rows(self.filter_queryset(rows_of(self._plan())), lambda row: row)

    @extend_schema(responses={202: JobRow})
    @action(detail=True, methods=["post"])
    @once
    def commit(self, request: Request, pk: Any = None) -> Response:
        """Have a worker import the file: all that can be, in one batch that can be undone.

        The answer is the job that does it: look at its address, `Location`, until it is done or failed. A file that
        cannot be read fails it with `file_unreadable`, as `plan` would.
        """
        draft = self._draft()
        with refusals():
            job = ask_import(batch=draft, by=owner_of(request), now=timezone.now())
        return accepted(job)

    @action(detail=True, methods=["post"])
    @once
    def undo(self, request: Request, pk: Any = None) -> Response:
        """Take an import back: its bets go, what it settled is pending again, the ledger keeps and reverses its lines."""
        batch: ImportBatch = self.get_object()
        with refusals():
            undo_import(batch=batch, by=owner_of(request))
        return self._answer(batch)

    def _draft(self) -> ImportBatch:
        """The file of the address, if it is not imported yet. Raises Http404, ApiProblem."""
        batch: ImportBatch = self.get_object()
        if batch.state != ImportState.DRAFT:
            raise ApiProblem("not_possible", "This file has been imported already.")
        return batch

    def _idle_draft(self) -> ImportBatch:
        draft = self._draft()
        with refusals():
            require_idle(draft)
        return draft

    def _plan(self) -> Plan:
        reading, bankroll = self._reading(self._draft())
        return plan_for(reading, user=owner_of(self.request), now=timezone.now(), bankroll=bankroll)

    def _reading(self, draft: ImportBatch) -> tuple[Reading, Bankroll | None]:
        try:
            return read_draft(draft, owner_of(self.request))
        except BadFile as problem:
            raise unreadable(problem) from None

    def _answer(self, batch: ImportBatch, *, status: int = 200) -> Response:
        row = self.get_serializer(self.get_queryset().get(pk=batch.pk)).data
        where = {"Location": reverse("api:import-detail", args=[batch.pk])} if status == 201 else None
        return Response(row, status=status, headers=where)


def rows_of(plan: Plan) -> list[dict[str, Any]]:
    """What happens to each row of the file, in its order."""
    nothing = dict.fromkeys(("placed_at", "odds", "decimal", "stake", "status", "payout", "bankroll"))
    unread = [
        {
            "line": error.line,
            "fate": "refuse",
            "reason": error.reason,
            "doubts": [],
            "description": "",
            "book": "",
        }
        | nothing
        for error in plan.reading.errors
    ]
    return sorted([*map(step_out, plan.steps), *unread], key=lambda row: row["line"])


def step_out(step: Step) -> dict[str, Any]:
    bet = step.bet
    return {
        "line": bet.line,
        "fate": step.fate,
        "reason": step.reason,
        "doubts": list(bet.doubts),
        "description": " + ".join(leg.description for leg in bet.legs),
        "book": step.book.key if step.book else bet.book,
        "placed_at": bet.placed_at,
        "odds": american(bet.odds),
        "decimal": decimal(bet.odds),
        "stake": money(bet.stake),
        "status": bet.status,
        "payout": money(bet.payout),
        "bankroll": step.bankroll.name if step.bankroll else None,
    }
