"""What people keep of their bets' list: tags put on many at once, and filters by name."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.authentication import owner_of
from accounts.api.idempotency import once
from bets.api.bets import BetsView
from bets.api.filters import SavedFilterFilter, TagEditFilter
from bets.api.refusals import refusals
from bets.api.rows import BET_ID
from bets.history.filters import BetFilter
from bets.history.saved import delete_filter, rename_filter, restore_filter, save_filter
from bets.history.tagging import retag, undo_retag
from bets.models import Bet, SavedFilter, TagEdit
from bets.placement.asked import MAX_TAG, MAX_TAGS
from rest.bodies import Body, IdIn, TextIn
from rest.fields import UtcField
from rest.problems import ApiProblem, unfit
from rest.shaping import ModelRow, Row
from rest.views import ListMixin, RetrieveMixin

MOST_BETS = 1000


def tags_in() -> serializers.ListField:
    return serializers.ListField(
        child=TextIn(max_length=MAX_TAG), required=False, default=list, max_length=MAX_TAGS
    )


class TagEditIn(Body):
    """Tags to put on bets and to take off."""

    bets = serializers.ListField(child=IdIn(), min_length=1, max_length=MOST_BETS)
    add = tags_in()
    remove = tags_in()

    class Meta:
        example: ClassVar = {"bets": [BET_ID], "add": ["model-a"], "remove": ["model"]}


class TagEditRow(Row):
    """What you did to the tags of several bets at once."""

    id = serializers.UUIDField()
    added = serializers.ListField(child=serializers.CharField())
    removed = serializers.ListField(child=serializers.CharField())
    bets = serializers.IntegerField(help_text="Bets that it changed.")
    at = UtcField()
    undone_at = UtcField(allow_null=True)

    class Meta:
        example: ClassVar = {
            "id": "0195f1a0-0000-7000-8000-000000000111", "added": ["model-a"], "removed": ["model"], "bets": 12,
            "at": "2026-11-20T18:22:00Z", "undone_at": None,
        }  # fmt: skip


def edit_out(edit: TagEdit) -> dict[str, Any]:
    return {
        "id": edit.pk,
        "added": edit.added,
        "removed": edit.removed,
        "bets": len(edit.bet_ids),
        "at": edit.at,
        "undone_at": edit.undone_at,
    }


class TagEditViewSet(BetsView):
    """Tags put on many of your bets at once."""

    queryset = TagEdit.objects.none()
    serializer_class = TagEditRow
    filterset_class = TagEditFilter
    body_classes: ClassVar = {"create": TagEditIn}
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[TagEdit]:
        if getattr(self, "swagger_fake_view", False):
            return TagEdit.objects.none()
        return TagEdit.objects.filter(user=owner_of(self.request)).order_by("-at", "-id")

    def list(self, request: Request) -> Response:
        """Your changes of tags of many bets, the newest first."""
        return self.listed_rows(self.filter_queryset(self.get_queryset()), edit_out)

    def retrieve(self, request: Request, pk: Any = None) -> Response:
        """One of your changes of tags."""
        return self.one(edit_out(self.get_object()))

    @once
    def create(self, request: Request) -> Response:
        """Put tags on up to 1,000 bets and take others off, as one change that can be undone."""
        body, by = self.body(), owner_of(request)
        bets = own_bets(Bet.objects.owned_by(by), body["bets"])
        with refusals():
            edit = retag(bets=bets, by=by, add=body["add"], remove=body["remove"])
        if edit is None:
            raise ApiProblem("not_possible", "The tags of these bets are so already.")
        where = {"Location": reverse("api:tag-edit-detail", args=[edit.pk])}
        return Response(edit_out(self.get_queryset().get(pk=edit.pk)), status=201, headers=where)

    @action(detail=True, methods=["post"])
    @once
    def undo(self, request: Request, pk: Any = None) -> Response:
        """Put the tags back; what was changed since stays."""
        edit: TagEdit = self.get_object()
        with refusals():
            undo_retag(edit_id=edit.pk, by=owner_of(request))
        return Response(edit_out(self.get_object()))


def own_bets(mine: QuerySet[Bet], wanted: Sequence[uuid.UUID]) -> QuerySet[Bet]:
    """Return the bets of these keys. Raises ApiProblem naming the first that is not among the person's."""
    found = mine.filter(pk__in=wanted)
    known = set(found.values_list("pk", flat=True))
    for place, key in enumerate(wanted):
        if key not in known:
            raise unfit(f"bets.{place}", "You have no such bet.", "unknown")
    return found


class SavedFilterRow(ModelRow):
    """A filter of bets under a name."""

    class Meta:
        model = SavedFilter
        fields = ("id", "name", "query", "created_at")
        example: ClassVar = {
            "id": "0195f1a0-0000-7000-8000-000000000121", "name": "Dogs", "query": "status=won&min_odds=%2B100",
            "created_at": "2026-11-20T18:22:00Z",
        }  # fmt: skip


class SavedFilterIn(Body):
    """A filter to keep."""

    name = TextIn(max_length=60)
    query = TextIn(max_length=2000, help_text="As in the address of the list of bets: status=won&sport=…")

    class Meta:
        example: ClassVar = {"name": "Won", "query": "status=won"}


class RenameIn(Body):
    name = TextIn(max_length=60)

    class Meta:
        example: ClassVar = {"name": "Winners"}


class SavedFilterViewSet(ListMixin, RetrieveMixin, BetsView):
    """Filters of bets that you keep by name."""

    queryset = SavedFilter.objects.none()
    serializer_class = SavedFilterRow
    filterset_class = SavedFilterFilter
    body_classes: ClassVar = {"create": SavedFilterIn, "partial_update": RenameIn}
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[SavedFilter]:
        if getattr(self, "swagger_fake_view", False):
            return SavedFilter.objects.none()
        return SavedFilter.objects.owned_by(owner_of(self.request)).order_by("name", "id")

    @once
    def create(self, request: Request) -> Response:
        """Keep a filter under a name."""
        body, by = self.body(), owner_of(request)
        asked = BetFilter(QueryDict(body["query"]), Bet.objects.owned_by(by), request=request)
        if not asked.form.is_valid():
            raise unfit("query", " ".join(asked.form.sentences()))
        if not asked.query:
            raise unfit("query", "This lets every bet through; name what it narrows, such as status=won.")
        with refusals():
            kept = save_filter(by=by, name=body["name"], query=asked.query)
        where = {"Location": reverse("api:filter-detail", args=[kept.pk])}
        return Response(SavedFilterRow(kept).data, status=201, headers=where)

    @once
    def partial_update(self, request: Request, pk: Any = None) -> Response:
        """Give a filter another name."""
        kept: SavedFilter = self.get_object()
        body = self.body()
        with refusals():
            renamed = rename_filter(filter_id=kept.pk, by=owner_of(request), name=body["name"])
        return Response(SavedFilterRow(renamed).data)

    @once
    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Delete a filter; for a day it can be restored."""
        with refusals():
            delete_filter(filter_id=self.get_object().pk, by=owner_of(request))
        return Response(status=204)

    @action(detail=True, methods=["post"])
    @once
    def restore(self, request: Request, pk: Any = None) -> Response:
        """Bring a deleted filter back."""
        kept = get_object_or_404(SavedFilter.objects.filter(user=owner_of(request)), pk=pk)
        with refusals():
            return Response(SavedFilterRow(restore_filter(filter_id=kept.pk, by=owner_of(request))).data)
