"""What lists of bookmakers, selections, prices and snapshots can be asked for."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters

from games.models import Game, GameQuerySet
from odds.futures import Field
from odds.models import Bookmaker, CurrentOdds, OddSnapshot, Selection, Side
from rest.filters import IdsFilter, InstantFilter, NumbersFilter, RowFilters, TrueFalseFilter, WordsFilter

BOOKS = "Keys of books, separated by commas."
MARKETS = "Market keys, separated by commas."
PARTICIPANT = "Part of the name of a team, player or runner."
GAMES = "Ids of games, separated by commas."


class BookmakerFilter(filters.FilterSet):
    search = filters.CharFilter(
        field_name="title", lookup_expr="icontains", max_length=100, help_text="Part of the name."
    )
    region = filters.CharFilter(
        field_name="regions", lookup_expr="icontains", max_length=16, help_text="Such as us or eu."
    )
    is_exchange = TrueFalseFilter(help_text="Exchanges, where bets can be laid too.")
    active = TrueFalseFilter(help_text="Books whose prices are shown.")

    class Meta:
        model = Bookmaker
        fields: list[str] = []


class SelectionFilter(filters.FilterSet):
    game = IdsFilter(field_name="game_id", help_text=GAMES)
    market = WordsFilter(
        help_text="The feed's market keys, separated by commas: h2h, spreads, player_points."
    )
    side = filters.MultipleChoiceFilter(choices=Side.choices)
    participant = filters.CharFilter(lookup_expr="icontains", max_length=160, help_text=PARTICIPANT)

    class Meta:
        model = Selection
        fields: list[str] = []


class PriceFilter(filters.FilterSet):
    """What prices now and in the archive have in common."""

    game = IdsFilter(field_name="game_id", help_text=GAMES)
    bookmaker = WordsFilter(field_name="bookmaker__key", help_text=BOOKS)
    market = WordsFilter(field_name="selection__market", help_text=MARKETS)
    selection = NumbersFilter(
        field_name="selection_id",
        method="of_selections",
        help_text="Numbers of selections.",
    )
    side = filters.MultipleChoiceFilter(field_name="selection__side", choices=Side.choices)
    participant = filters.CharFilter(
        field_name="selection__participant",
        lookup_expr="icontains",
        max_length=160,
        help_text=PARTICIPANT,
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


class UpcomingFilter(filters.FilterSet):
    sport = filters.CharFilter(field_name="sport_id", max_length=64, help_text="The feed's key.")
    team = filters.UUIDFilter(method="of_team", help_text="Home or away.")

    class Meta:
        model = Game
        fields: list[str] = []

    def of_team(self, games: GameQuerySet, name: str, value: object) -> GameQuerySet:
        return games.filter(Q(home_team=value) | Q(away_team=value))


class FutureFilter(RowFilters):
    """Of ``futures.Field``."""

    sport = filters.CharFilter(field_name="game__sport_id", max_length=64, help_text="The feed's key.")
    search = filters.CharFilter(
        field_name="game__title", lookup_expr="icontains", max_length=100, help_text="Part of the title."
    )
    participant = filters.CharFilter(method="with_runner", max_length=160, help_text=PARTICIPANT)
    bookmaker = WordsFilter(
        method="priced_at", help_text="Outrights that one of these books prices: keys, separated by commas."
    )
    starts_from = InstantFilter(field_name="game__commence_time", lookup_expr="gte")
    starts_before = InstantFilter(field_name="game__commence_time", lookup_expr="lt")

    def with_runner(self, fields: Iterable[Field], name: str, value: str) -> list[Field]:
        wanted = value.casefold()
        return [
            field for field in fields if any(wanted in runner.name.casefold() for runner in field.runners)
        ]

    def priced_at(self, fields: Iterable[Field], name: str, value: list[str]) -> list[Field]:
        return [field for field in fields if not {book.key for book in field.books}.isdisjoint(value)]


class RunnerFilter(RowFilters):
    """Of ``futures.Runner``."""

    participant = filters.CharFilter(
        field_name="name", lookup_expr="icontains", max_length=160, help_text="Part of a runner's name."
    )
    bookmaker = WordsFilter(
        field_name="best__book_key", help_text="Whose best price it is: keys of books, separated by commas."
    )


class ClosingFilter(RowFilters):
    """Of ``api.archive.Closed``."""

    bookmaker = WordsFilter(field_name="offer__book_key", help_text=BOOKS)
    market = WordsFilter(field_name="selection__market", help_text=MARKETS)
    selection = NumbersFilter(field_name="selection__pk", help_text="Numbers of selections.")
    side = filters.MultipleChoiceFilter(field_name="selection__side", choices=Side.choices)
    participant = filters.CharFilter(
        field_name="selection__participant",
        lookup_expr="icontains",
        max_length=160,
        help_text=PARTICIPANT,
    )


class BestFilter(RowFilters):
    """Of rows as the API writes them, and so are those of fair prices."""

    market = WordsFilter(field_name="market_type", help_text=MARKETS)
    side = filters.MultipleChoiceFilter(field_name="side", choices=Side.choices)
    bookmaker = WordsFilter(field_name="bookmaker", help_text=BOOKS)


class FairFilter(RowFilters):
    side = filters.MultipleChoiceFilter(field_name="side", choices=Side.choices)
    participant = filters.CharFilter(
        field_name="participant", lookup_expr="icontains", max_length=160, help_text=PARTICIPANT
    )


class LineFilter(RowFilters):
    """Of ``edges.offers.Line``."""

    game = IdsFilter(field_name="game_id", help_text=GAMES)
    participant = filters.CharFilter(
        field_name="participant", lookup_expr="icontains", max_length=160, help_text=PARTICIPANT
    )


class ReportFilter(RowFilters):
    """Of ``books_page.BookRow``."""

    bookmaker = WordsFilter(field_name="now__key", help_text=BOOKS)
    search = filters.CharFilter(
        field_name="now__title", lookup_expr="icontains", max_length=100, help_text="Part of the name."
    )
