"""Bookmakers and selections."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from games.models import Sport
from odds.api.archive import MovementRow, movement_row
from odds.api.queries import ReportQuery
from odds.api.rows import SelectionRow, selection_row, share
from odds.api.views import OddsView
from odds.books_page import BookRow, read_books
from odds.filters import BookmakerFilter, ReportFilter, SelectionFilter
from odds.models import Bookmaker, Selection
from rest.fields import NumberField, UtcField
from rest.problems import unfit
from rest.shaping import ModelRow, Row
from rest.views import ListMixin, RetrieveMixin, lists


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


class ReportRow(Row):
    """How a bookmaker compares: its prices now, and what its closing prices were worth."""

    bookmaker = serializers.CharField()
    title = serializers.CharField()
    hold = NumberField(allow_null=True, help_text="Mean over the lines of the week ahead: 0.045 is 4.5 %.")
    best_share = NumberField(allow_null=True, help_text="Share of its prices that no other book beats.")
    compared = serializers.IntegerField(help_text="Prices that another book has too.")
    seen_at = UtcField(allow_null=True)
    moves_led = serializers.IntegerField()
    moves_joined = serializers.IntegerField()
    games_scored = serializers.IntegerField(help_text="Games whose closing prices were held against results.")
    log_loss = NumberField(allow_null=True)
    field_log_loss = NumberField(allow_null=True, help_text="Of all books on the same games.")
    brier = NumberField(allow_null=True)

    class Meta:
        identity = "bookmaker"
        example: ClassVar = {
            "bookmaker": "pinnacle", "title": "Pinnacle", "hold": "0.0241", "best_share": "0.31", "compared": 812,
            "seen_at": "2026-11-20T18:21:07Z", "moves_led": 41, "moves_joined": 120, "games_scored": 310,
            "log_loss": "0.6521", "field_log_loss": "0.6543", "brier": "0.2307",
        }  # fmt: skip


def report_row(row: BookRow) -> dict[str, Any]:
    now, past = row.now, row.accuracy
    return {
        "bookmaker": now.key,
        "title": now.title,
        "hold": share(now.hold),
        "best_share": share(now.best_share),
        "compared": now.compared,
        "seen_at": now.seen_at,
        "moves_led": row.led,
        "moves_joined": row.joined,
        "games_scored": past.games if past else 0,
        "log_loss": f"{past.log_loss:.4f}" if past else None,
        "field_log_loss": f"{past.field_log_loss:.4f}" if past else None,
        "brier": f"{past.brier:.4f}" if past else None,
    }


class BookmakerViewSet(ListMixin, RetrieveMixin, OddsView):
    """Bookmakers and exchanges, by the feed's keys."""

    queryset = Bookmaker.objects.order_by("key")
    serializer_class = BookmakerRow
    filterset_class = BookmakerFilter
    lookup_field = "key"
    row_classes: ClassVar = {"report": ReportRow}
    query_classes: ClassVar = {"report": ReportQuery}

    def read_state(self, request: Request) -> str | None:
        return None if self.action == "report" else super().read_state(request)

    @lists
    @action(detail=False, filterset_class=ReportFilter, filtered_actions=("report",))
    def report(self, request: Request) -> Response:
        """How the books compare: hold, share of best prices, who moves first, accuracy of closing lines."""
        sport = self.asked.get("sport")
        if sport is not None and not Sport.objects.filter(pk=sport).exists():
            raise unfit("sport", "There is no such sport.", "unknown")
        page = read_books(now=timezone.now(), sport=sport, days=int(self.asked["days"]), book="")
        return self.listed_rows(self.filter_queryset(page.rows), report_row)


class SelectionViewSet(OddsView):
    """What can be backed: the outcomes of the markets of games."""

    serializer_class = SelectionRow
    row_classes: ClassVar = {"movement": MovementRow}
    filterset_class = SelectionFilter
    lookup_value_converter = "int"

    def read_state(self, request: Request) -> str | None:
        return None if self.action == "movement" else super().read_state(request)

    def get_queryset(self) -> QuerySet[Selection]:
        return Selection.objects.select_related("game__home_team", "game__away_team").order_by("id")

    def list(self, request: Request) -> Response:
        """Selections, the oldest first."""
        return self.listed_rows(self.filter_queryset(self.get_queryset()), selection_row)

    def retrieve(self, request: Request, pk: Any = None) -> Response:
        """One selection."""
        return self.one(selection_row(self.get_object()))

    @action(detail=True)
    def movement(self, request: Request, pk: Any = None) -> Response:
        """How the selection moved at each book: prices, points, and chances without margin."""
        return self.one(movement_row(self.get_object()))
