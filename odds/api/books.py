"""Bookmakers and selections."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from odds.api.rows import SelectionRow, selection_row
from odds.api.views import OddsView
from odds.filters import BookmakerFilter, SelectionFilter
from odds.models import Bookmaker, Selection
from rest.fields import NumberField
from rest.shaping import ModelRow
from rest.views import ListMixin, RetrieveMixin


class BookmakerRow(ModelRow):
    commission = NumberField(help_text="Share of net winnings: 0.02 is 2 %.")
    sharpness = NumberField(help_text="Weight in the consensus price; 0 leaves the book out.")

    url = serializers.CharField(allow_blank=True)

    class Meta:
        model = Bookmaker
        fields = (
            "key",
            "title",
            "short",
            "regions",
            "is_exchange",
            "commission",
            "sharpness",
            "active",
            "url",
        )
        identity = "key"
        example: ClassVar = {
            "key": "draftkings", "title": "DraftKings", "short": "DK", "regions": "us", "is_exchange": False,
            "commission": "0", "sharpness": "1", "active": True, "url": "",
        }  # fmt: skip


class BookmakerViewSet(ListMixin, RetrieveMixin, OddsView):
    """Bookmakers and exchanges, by the feed's keys."""

    queryset = Bookmaker.objects.order_by("key")
    serializer_class = BookmakerRow
    filterset_class = BookmakerFilter
    lookup_field = "key"


class SelectionViewSet(OddsView):
    """What can be backed: the outcomes of the markets of games."""

    serializer_class = SelectionRow
    filterset_class = SelectionFilter
    lookup_value_converter = "int"

    def get_queryset(self) -> QuerySet[Selection]:
        return Selection.objects.select_related("game__home_team", "game__away_team").order_by("id")

    def list(self, request: Request) -> Response:
        """Selections, the oldest first."""
        return self.listed_rows(self.filter_queryset(self.get_queryset()), selection_row)

    def retrieve(self, request: Request, pk: Any = None) -> Response:
        """One selection."""
        return self.one(selection_row(self.get_object()))
