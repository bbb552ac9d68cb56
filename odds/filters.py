"""What lists of bookmakers, selections, prices and snapshots can be asked for."""

from __future__ import annotations

from django import forms
from django.db import models
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field

from odds.models import Bookmaker, CurrentOdds, OddSnapshot, Selection, Side
from rest.filters import InstantFilter, TrueFalseFilter


class WordsFilter(filters.BaseInFilter, filters.CharFilter):
    """Several words, separated by commas."""


class IdsFilter(filters.BaseInFilter, filters.UUIDFilter):
    """Several ids, separated by commas."""


@extend_schema_field({"type": "integer", "minimum": 1, "maximum": models.BigIntegerField.MAX_BIGINT})
class NumbersFilter(filters.BaseInFilter, filters.Filter):
    """Several whole numbers, separated by commas."""

    field_class = forms.IntegerField


class BookmakerFilter(filters.FilterSet):
    region = filters.CharFilter(field_name="regions", lookup_expr="icontains", max_length=16)
    is_exchange = TrueFalseFilter()
    active = TrueFalseFilter()

    class Meta:
        model = Bookmaker
        fields: list[str] = []


class SelectionFilter(filters.FilterSet):
    game = IdsFilter(field_name="game_id", help_text="Ids of games, separated by commas.")
    market = WordsFilter(
        help_text="The feed's market keys, separated by commas: h2h, spreads, player_points."
    )
    side = filters.MultipleChoiceFilter(choices=Side.choices)
    participant = filters.CharFilter(lookup_expr="icontains", max_length=160)

    class Meta:
        model = Selection
        fields: list[str] = []


class PriceFilter(filters.FilterSet):
    """What prices now and in the archive have in common."""

    game = IdsFilter(field_name="game_id", help_text="Ids of games, separated by commas.")
    bookmaker = WordsFilter(field_name="bookmaker__key", help_text="Keys of books, separated by commas.")
    market = WordsFilter(field_name="selection__market", help_text="Market keys, separated by commas.")
    selection = NumbersFilter(
        field_name="selection_id",
        method="of_selections",
        min_value=1,
        max_value=models.BigIntegerField.MAX_BIGINT,
        help_text="Numbers of selections.",
    )
    side = filters.MultipleChoiceFilter(field_name="selection__side", choices=Side.choices)
    participant = filters.CharFilter(
        field_name="selection__participant", lookup_expr="icontains", max_length=160
    )

    def of_selections(self, rows: QuerySet, name: str, value: list[int]) -> QuerySet:
        """The rows of these selections, with their games: both tables are kept by game."""
        games = Selection.objects.filter(pk__in=value).values_list("game_id", flat=True)
        return rows.filter(selection_id__in=value, game_id__in=set(games))


class OddsFilter(PriceFilter):
    sport = filters.CharFilter(field_name="game__sport_id", max_length=64, help_text="The feed's key.")

    class Meta:
        model = CurrentOdds
        fields: list[str] = []


class SnapshotFilter(PriceFilter):
    since = InstantFilter(field_name="timestamp", lookup_expr="gte", help_text="By the book's time.")
    until = InstantFilter(field_name="timestamp", lookup_expr="lt", help_text="By the book's time.")
    captured_since = InstantFilter(field_name="captured_at", lookup_expr="gte")
    captured_until = InstantFilter(field_name="captured_at", lookup_expr="lt")
    order = filters.ChoiceFilter(
        method="in_order", choices=[("time", "earliest first"), ("-time", "latest first")]
    )

    class Meta:
        model = OddSnapshot
        fields: list[str] = []

    def in_order(self, rows: object, name: str, value: str) -> object:
        order = ("-timestamp", "-id") if value == "-time" else ("timestamp", "id")
        return rows.order_by(*order)  # type: ignore[attr-defined] # a queryset
