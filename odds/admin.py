"""Bookmakers are curated here; prices, selections and heartbeats are looked at, never edited."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Model, QuerySet, URLField
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property

from odds import markets
from odds.models import Bookmaker, CurrentOdds, Heartbeat, OddSnapshot, PriceImport, Selection, Side
from odds.pricing import format_odds, format_point

MOST_COUNTED = 10_000
WINDOWS = {"hour": dt.timedelta(hours=1), "day": dt.timedelta(days=1), "week": dt.timedelta(days=7)}
TEAMS = ("game__home_team", "game__away_team")


class EstimatingPaginator(Paginator):
    """Never counts a large table: the planner's estimate without conditions, at most 10,000 rows with them."""

    @cached_property
    def count(self) -> int:
        rows = cast("QuerySet[Model]", self.object_list).order_by()
        if not rows.query.where:
            estimate = estimated_rows(rows.model)
            if estimate > MOST_COUNTED:
                return estimate
        return rows.values("pk")[:MOST_COUNTED].count()


def estimated_rows(model: type[Model]) -> int:
    """The planner's row count of a table with its partitions; 0 before the first analysis."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(greatest(reltuples, 0)), 0)::bigint FROM pg_class "
            "WHERE relkind = 'r' AND (oid = %s::regclass OR oid IN "
            "(SELECT inhrelid FROM pg_inherits WHERE inhparent = %s::regclass))",
            [model._meta.db_table, model._meta.db_table],
        )
        (count,) = cursor.fetchone()
    return int(count)


class WindowFilter(admin.SimpleListFilter):
    """The last day unless told otherwise: only the archive's newest months are read."""

    title = "time"
    parameter_name = "within"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("hour", "Last hour"), ("week", "Last 7 days"), ("all", "All")]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        first, *rest = super().choices(changelist)
        yield first | {"display": "Last 24 hours"}
        yield from rest

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        window = WINDOWS.get(self.value() or "day")
        return queryset.filter(timestamp__gte=timezone.now() - window) if window else queryset


class ReadOnlyAdmin(admin.ModelAdmin):
    show_full_result_count = False
    paginator = EstimatingPaginator
    list_per_page = 50
    list_display_links = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class PricedAdmin(ReadOnlyAdmin):
    """A price row, flat: what its selection stands for is spelled out in columns."""

    list_select_related = ("selection", "bookmaker", *TEAMS)
    search_fields = ("=game__external_id", "game__title", "selection__participant")
    search_help_text = "Teams, event id, player or runner."

    @admin.display(description="game")
    def game_title(self, row: OddSnapshot | CurrentOdds) -> str:
        return str(row.game)

    @admin.display(description="market type")
    def market_type(self, row: OddSnapshot | CurrentOdds) -> str:
        return markets.title(row.selection.market)

    @admin.display(description="team")
    def team(self, row: OddSnapshot | CurrentOdds) -> str:
        if row.selection.side == Side.HOME:
            return str(row.game.home_team or "")
        if row.selection.side == Side.AWAY:
            return str(row.game.away_team or "")
        is_player = markets.bet_type(row.selection.market) == "player_prop"
        return "" if is_player else row.selection.participant

    @admin.display(description="player")
    def player(self, row: OddSnapshot | CurrentOdds) -> str:
        is_player = markets.bet_type(row.selection.market) == "player_prop"
        return row.selection.participant if is_player else ""

    @admin.display(description="prop type")
    def prop_type(self, row: OddSnapshot | CurrentOdds) -> str:
        return markets.prop_type(row.selection.market)

    @admin.display(description="side", ordering="selection__side")
    def side(self, row: OddSnapshot | CurrentOdds) -> str:
        return row.selection.get_side_display()

    @admin.display(description="price")
    def american(self, row: OddSnapshot | CurrentOdds) -> str:
        return "withdrawn" if row.price is None else format_odds(row.price)

    @admin.display(description="point")
    def line(self, row: OddSnapshot | CurrentOdds) -> str:
        return format_point(row.point, signed=markets.is_signed(row.selection.market))


@admin.register(Bookmaker)
class BookmakerAdmin(admin.ModelAdmin):
    list_display = ("title", "key", "short", "regions", "is_exchange", "commission", "sharpness", "active")
    list_editable = ("active",)
    list_filter = ("active", "is_exchange")
    search_fields = ("title", "key", "regions")
    ordering = ("title", "id")
    formfield_overrides = {URLField: {"assume_scheme": "https"}}

    def get_readonly_fields(self, request: HttpRequest, obj: Bookmaker | None = None) -> tuple[str, ...]:
        """The key is the feed's: fixed once the bookmaker exists."""
        return ("key",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Bookmaker | None = None) -> bool:
        """A bookmaker with prices stays in the archive; take it out of use by ``active``."""
        return False


@admin.register(Selection)
class SelectionAdmin(ReadOnlyAdmin):
    list_display = ("game_title", "market", "participant", "side")
    list_select_related = ("game",)
    list_filter = ("side",)
    search_fields = ("=game__external_id", "game__title", "=market", "participant")
    ordering = ("-id",)

    @admin.display(description="game", ordering="game__commence_time")
    def game_title(self, selection: Selection) -> str:
        return str(selection.game)


@admin.register(OddSnapshot)
class OddSnapshotAdmin(PricedAdmin):
    list_display = (
        "game_title",
        "bookmaker",
        "market_type",
        "team",
        "player",
        "prop_type",
        "side",
        "american",
        "line",
        "timestamp",
        "captured_at",
    )
    list_filter = (WindowFilter, "bookmaker")
    ordering = ("-timestamp", "-id")


@admin.register(CurrentOdds)
class CurrentOddsAdmin(PricedAdmin):
    list_display = (
        "game_title",
        "bookmaker",
        "market_type",
        "team",
        "player",
        "prop_type",
        "side",
        "american",
        "line",
        "previous",
        "timestamp",
        "changed_at",
    )
    list_filter = ("bookmaker",)
    ordering = ("-id",)

    @admin.display(description="before")
    def previous(self, row: CurrentOdds) -> str:
        return format_odds(row.previous_price)


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("game_title", "bookmaker", "scope", "seen_at", "polled_at", "missed")
    list_select_related = ("game", "bookmaker")
    list_filter = ("bookmaker",)
    search_fields = ("=game__external_id", "game__title", "=scope")
    ordering = ("-id",)

    @admin.display(description="game", ordering="game__commence_time")
    def game_title(self, beat: Heartbeat) -> str:
        return str(beat.game)


@admin.register(PriceImport)
class PriceImportAdmin(ReadOnlyAdmin):
    list_display = ("game", "bookmaker", "source", "file_name", "imported_at")
    list_select_related = ("game", "bookmaker")
    list_filter = ("source", "bookmaker")
    search_fields = ("=game__external_id", "game__title", "=file_name")
    ordering = ("-id",)
