"""The archive: every price change, how a selection moved, and where lines closed."""

from __future__ import annotations

from typing import Any, ClassVar, Final, NamedTuple

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from games.models import Game
from odds.api.queries import GameQuery
from odds.api.rows import (
    BACKED,
    PricedRow,
    SnapshotRow,
    american,
    decimal,
    described,
    priced,
    share,
    sides_of,
    snapshot_row,
)
from odds.api.views import OddsView
from odds.as_of import Offer, offers_at
from odds.chart_data import FEWEST_A_LINE, MOST_POINTS, thinned
from odds.filters import ClosingFilter, SnapshotFilter
from odds.game_page import read_seen
from odds.models import OddSnapshot, Selection
from odds.movement import Change, Series, moved, read_movement
from odds.prices import LONGEST_STANDING, actual_start
from rest.fields import NumberField, OddsField, PointField, UtcField, plain
from rest.problems import unfit
from rest.shaping import Row


class SnapshotViewSet(OddsView):
    """The archive: one row per price change, the earliest first. Name a `game` or a `selection`."""

    serializer_class = SnapshotRow
    filterset_class = SnapshotFilter

    def get_queryset(self) -> QuerySet[OddSnapshot]:
        joined = ("selection", "bookmaker", "game__home_team", "game__away_team")
        return OddSnapshot.objects.select_related(*joined).order_by("timestamp", "id")

    def list(self, request: Request) -> Response:
        """Every price change of a game or a selection, the earliest first; a withdrawal has no price."""
        rows = self.filter_queryset(self.get_queryset())
        asked = SnapshotFilter(request.query_params, request=request).form
        asked.is_valid()
        if not (asked.cleaned_data.get("selection") or asked.cleaned_data.get("game")):
            raise unfit("game", "Name a game or a selection: the archive is kept by game.", "game_required")
        return self.listed_rows(rows, snapshot_row)


class Tick(Row):
    """A state of the selection at a book."""

    at = UtcField(help_text="The book's time.")
    captured_at = UtcField(allow_null=True, help_text="When we knew.")
    point = PointField(allow_null=True)
    price = OddsField(allow_null=True, help_text="American odds; null: withdrawn.")
    decimal = NumberField(allow_null=True)
    fair = NumberField(allow_null=True, help_text="The chance without margin, by the multiplicative method.")
    own = serializers.BooleanField(help_text="False where only another outcome's price changed.")


TICK: Final[dict[str, Any]] = {
    "at": "2026-11-20T18:20:55Z", "captured_at": "2026-11-20T18:21:07Z", "point": "-3.5", "price": "-110",
    "decimal": "1.909091", "fair": "0.500000", "own": True,
}  # fmt: skip


class BookMovement(Row):
    bookmaker = serializers.CharField()
    title = serializers.CharField()
    seen_until = UtcField(allow_null=True)
    first = Tick()
    last = Tick()
    closing = Tick(allow_null=True, help_text="What stood at the start, once the game has begun.")
    moved = NumberField(
        allow_null=True, help_text="Change of the chance in percentage points, first to last."
    )
    ticks = Tick(many=True)


class MovementRow(Row):
    """How a selection moved at each book, downsampled above 2,000 states with extremes kept."""

    selection_id = serializers.IntegerField()
    game_id = serializers.UUIDField()
    market_type = serializers.CharField()
    point = PointField(allow_null=True, help_text="The one line shown of a market with several.")
    changes = serializers.IntegerField()
    thinned = serializers.BooleanField()
    resolution_seconds = NumberField(
        allow_null=True, help_text="Shortest time between two captures: what happened within it was not seen."
    )
    books = BookMovement(many=True)

    class Meta:
        identity = "selection_id"
        example: ClassVar = {
            "selection_id": 4711, "game_id": BACKED["game_id"], "market_type": "spreads", "point": None,
            "changes": 1, "thinned": False, "resolution_seconds": "60",
            "books": [{
                "bookmaker": "draftkings", "title": "DraftKings", "seen_until": "2026-11-20T18:21:07Z",
                "first": TICK, "last": TICK, "closing": None, "moved": "0", "ticks": [TICK],
            }],
        }  # fmt: skip


def movement_row(selection: Selection) -> dict[str, Any]:
    """The movement of a selection that is joined with its game."""
    game = selection.game
    seen = read_seen(game.pk)
    found = read_movement(game.pk, selection=selection.pk, market=selection.market, seen=seen)
    begun = game.commence_time <= timezone.now()
    start = actual_start(game) if begun else None
    total = sum(len(series.ticks) for series in found.series)
    return {
        "selection_id": selection.pk,
        "game_id": game.pk,
        "market_type": selection.market,
        "point": plain(found.point),
        "changes": found.changes,
        "thinned": total > MOST_POINTS,
        "resolution_seconds": f"{found.resolution.total_seconds():g}" if found.resolution else None,
        "books": [_book(series, start, total) for series in found.series],
    }


def _book(series: Series, start: Any, total: int) -> dict[str, Any]:
    closing = series.known_at(start) if start else None
    ticks = list(series.ticks)
    if total > MOST_POINTS:
        ticks = thinned(ticks, max(FEWEST_A_LINE, MOST_POINTS * len(ticks) // total))
    change = moved(series.first, closing or series.last)
    return {
        "bookmaker": series.book_key,
        "title": series.book_title,
        "seen_until": series.until,
        "first": _tick(series.first),
        "last": _tick(series.last),
        "closing": _tick(closing) if closing else None,
        "moved": plain(change),
        "ticks": [_tick(tick) for tick in ticks],
    }


def _tick(change: Change) -> dict[str, Any]:
    return {
        "at": change.at,
        "captured_at": change.captured_at,
        "point": plain(change.point),
        "price": american(change.price),
        "decimal": decimal(change.price),
        "fair": share(change.fair),
        "own": change.own,
    }


class ClosingRow(PricedRow):
    """A line as it stood at the actual start of its game."""

    captured_at = UtcField(help_text="When its last change was received.")
    started_at = UtcField(help_text="The actual start, up to which lines close.")
    age_seconds = serializers.IntegerField(help_text="How long the price had stood at the start.")

    class Meta:
        identity = "selection_id"
        example: ClassVar = {
            **BACKED, "bookmaker": "draftkings", "point": "-3.5", "price": "-112", "decimal": "1.892857",
            "captured_at": "2026-11-21T00:12:07Z", "started_at": "2026-11-21T00:38:18Z", "age_seconds": 1571,
        }  # fmt: skip


class Closed(NamedTuple):
    """A line as it closed, and what it backs."""

    selection: Selection
    offer: Offer


class ClosingLineViewSet(OddsView):
    """Closing lines: what each book offered at the actual start, same line and same point."""

    queryset = Game.objects.none()
    serializer_class = ClosingRow
    query_class = GameQuery
    filterset_class = ClosingFilter
    changes_with_time = True

    def list(self, request: Request) -> Response:
        """The lines of a game as they closed; none before it has begun, none that was withdrawn before."""
        game = Game.objects.with_names().filter(pk=self.asked["game"]).first()
        if game is None:
            raise NotFound
        if game.commence_time > timezone.now():
            return self.listed_rows([], dict)
        start = actual_start(game)
        selections = {each.pk: each for each in Selection.objects.filter(game=game)}
        keys = sorted({each.market for each in selections.values()})
        sides = sides_of(game)
        closed = [
            Closed(selections[offer.selection_id], offer)
            for offer in offers_at([game.pk], keys, start)
            if offer.selection_id in selections and offer.captured_at >= start - LONGEST_STANDING
        ]

        def row_of(each: Closed) -> dict[str, Any]:
            chosen, offer = each
            return {
                "selection_id": chosen.pk,
                "game_id": game.pk,
                **described(chosen.market, chosen.participant, chosen.side, sides),
                "bookmaker": offer.book_key,
                "point": plain(offer.point),
                **priced(offer.price),
                "captured_at": offer.captured_at,
                "started_at": start,
                "age_seconds": int((start - offer.captured_at).total_seconds()),
            }

        return self.listed_rows(self.filter_queryset(closed), row_of)
