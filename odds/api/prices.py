"""What is on offer: every price, the best ones, and the board of a day; now or at a past instant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from games.api import AWAY_ID, GAME_ID, HOME_ID
from games.filters import zone_of
from games.models import Game, GameStatus, Sport
from odds.api.board_rows import PlainGame, read_rows
from odds.api.queries import MOST_GAMES, AtQuery, BestQuery, BoardQuery, UpcomingQuery
from odds.api.rows import (
    OddsRow,
    before,
    described,
    game_head,
    games_by_id,
    odds_row,
    priced,
    share,
    sides_of,
)
from odds.api.upcoming import UpcomingRow, upcoming_games, upcoming_rows
from odds.api.views import OddsView
from odds.as_of import Offer, offers_at
from odds.best_prices import BestLine, Quote, best_on_main_lines
from odds.board import BoardRequest, BoardRow, read_board
from odds.filters import BestFilter, OddsFilter, UpcomingFilter
from odds.models import CurrentOdds, Selection
from rest.fields import NumberField, OddsField, PointField, UtcField, plain
from rest.problems import unfit
from rest.shaping import Row
from rest.views import lists


class BestPrice(Row):
    """The best price of one side on the main line of its market."""

    selection_id = serializers.IntegerField()
    market_type = serializers.CharField()
    side = serializers.CharField()
    point = PointField(allow_null=True)
    price = OddsField(help_text="American odds.")
    decimal = NumberField()
    previous_price = OddsField(allow_null=True)
    previous_decimal = NumberField(allow_null=True)
    bookmaker = serializers.CharField()
    changed_at = UtcField()


class BestRow(BestPrice):
    """The best price of one side on the main line of its market."""

    game_id = serializers.UUIDField()

    class Meta:
        identity = "game_id"
        example: ClassVar = {
            "game_id": GAME_ID, "selection_id": 4711, "market_type": "h2h", "side": "home", "point": None,
            "price": "-152", "decimal": "1.657895", "previous_price": "-150", "previous_decimal": "1.666667", "bookmaker": "draftkings",
            "changed_at": "2026-11-20T18:21:07Z",
        }  # fmt: skip


class BoardGame(Row):
    """A match with the best prices on its main lines."""

    id = serializers.UUIDField()
    sport_key = serializers.CharField()
    sport_name = serializers.CharField()
    title = serializers.CharField()
    home_team_id = serializers.UUIDField()
    away_team_id = serializers.UUIDField()
    home_team_name = serializers.CharField()
    away_team_name = serializers.CharField()
    commence_time = UtcField()
    status = serializers.ChoiceField(choices=GameStatus.choices)
    home_score = serializers.IntegerField(allow_null=True)
    away_score = serializers.IntegerField(allow_null=True)
    clock = serializers.CharField(allow_blank=True)
    books = serializers.IntegerField(help_text="How many books price its main lines.")
    hold = NumberField(allow_null=True, help_text="Of the best moneylines together: 0.02 is 2 %.")
    prices = BestPrice(many=True)


class BoardPage(Row):
    """The matches of a day with the best prices, in pages of 50."""

    day = serializers.DateField()
    zone = serializers.CharField(help_text="Where the day begins and ends.")
    at = UtcField(allow_null=True, help_text="The past instant shown; null for now.")
    seen_at = UtcField(allow_null=True, help_text="When any book was last seen to quote one of the games.")
    games = serializers.IntegerField(help_text="Matches on all pages.")
    next = serializers.URLField(allow_null=True)
    results = BoardGame(many=True)

    class Meta:
        identity = "results"
        example: ClassVar = {
            "day": "2026-11-20", "zone": "America/New_York", "at": None, "seen_at": "2026-11-20T18:21:07Z",
            "games": 1, "next": None,
            "results": [{
                "id": GAME_ID, "sport_key": "basketball_nba", "sport_name": "NBA",
                "title": "Los Angeles Lakers at Boston Celtics", "home_team_id": HOME_ID, "away_team_id": AWAY_ID,
                "home_team_name": "Boston Celtics", "away_team_name": "Los Angeles Lakers",
                "commence_time": "2026-11-21T00:30:00Z", "status": "scheduled", "home_score": None,
                "away_score": None, "clock": "", "books": 12, "hold": "0.0119",
                "prices": [{
                    "selection_id": 4711, "market_type": "h2h", "side": "home", "point": None, "price": "-152",
                    "decimal": "1.657895", "previous_price": "-150", "previous_decimal": "1.666667", "bookmaker": "draftkings",
                    "changed_at": "2026-11-20T18:21:07Z",
                }],
            }],
        }  # fmt: skip


class OddsViewSet(OddsView):
    """Prices on offer."""

    serializer_class = OddsRow
    filterset_class = OddsFilter
    query_classes: ClassVar = {
        "list": AtQuery, "board": BoardQuery, "best": BestQuery, "upcoming": UpcomingQuery,
    }  # fmt: skip
    row_classes: ClassVar = {"board": BoardPage, "best": BestRow, "upcoming": UpcomingRow}

    def read_state(self, request: Request) -> str | None:
        return None if self.action == "upcoming" else super().read_state(request)

    def get_queryset(self) -> QuerySet[CurrentOdds]:
        joined = ("selection", "bookmaker", "game__home_team", "game__away_team")
        rows = CurrentOdds.objects.select_related(*joined).filter(bookmaker__active=True)
        return rows.order_by("game_id", "selection_id", "bookmaker_id", "id")

    def list(self, request: Request) -> Response:
        """Every price on offer, one row per line and book; with `at` and `game` those of a past instant."""
        at = self.asked.get("at")
        rows = self.filter_queryset(self.get_queryset())
        if at is None:
            return self.listed_rows(rows, odds_row)
        return self._past(at)

    def _past(self, at: dt.datetime) -> Response:
        query = OddsFilter(self.request.query_params, request=self.request).form
        query.is_valid()
        asked = query.cleaned_data
        games: Sequence[Any] = asked.get("game") or []
        if not 1 <= len(games) <= MOST_GAMES:
            raise unfit("game", f"With at, name from 1 to {MOST_GAMES} games.", "games_required")
        chosen = Selection.objects.filter(game__in=games)
        for name in ("market", "side", "selection"):
            if asked.get(name):
                chosen = chosen.filter(**{f"{'id' if name == 'selection' else name}__in": asked[name]})
        if asked.get("participant"):
            chosen = chosen.filter(participant__icontains=asked["participant"])
        if asked.get("sport"):
            chosen = chosen.filter(game__sport_id=asked["sport"])
        selections = {each.pk: each for each in chosen}
        keys = sorted({each.market for each in selections.values()})
        sides = {pk: sides_of(game) for pk, game in games_by_id(games).items()}
        books = set(asked.get("bookmaker") or [])
        offers = [
            offer
            for offer in offers_at(games, keys, at)
            if offer.selection_id in selections
            and offer.book_is_active
            and (not books or offer.book_key in books)
        ]

        def row_of(offer: Offer) -> dict[str, Any]:
            selection = selections[offer.selection_id]
            names = sides[offer.game_id]
            return {
                "selection_id": offer.selection_id,
                "game_id": offer.game_id,
                **described(selection.market, selection.participant, selection.side, names),
                "bookmaker": offer.book_key,
                "point": plain(offer.point),
                **priced(offer.price),
                **before(None),
                "changed_at": offer.captured_at,
            }

        return self.listed_rows(offers, row_of)

    @lists
    @action(detail=False, filterset_class=BestFilter, filtered_actions=("best",))
    def best(self, request: Request) -> Response:
        """The best price of each side on the main lines of some games, now or `at` a past instant."""
        found = best_on_main_lines(self.asked["game"], at=self.asked.get("at"))
        rows = [
            {"game_id": game, **best_price(quote)}
            for game, prices in found.items()
            for quote in prices.quotes.values()
        ]
        return self.listed_rows(self.filter_queryset(rows), dict)

    @lists
    @action(
        detail=False,
        queryset=Game.objects.none(),
        filterset_class=UpcomingFilter,
        filtered_actions=("upcoming",),
    )
    def upcoming(self, request: Request) -> Response:
        """Matches to come with the latest odds of every book, the soonest first."""
        games = upcoming_games(now=timezone.now(), within=dt.timedelta(hours=self.asked["hours"]))
        page = self.paginate_queryset(self.filter_queryset(games)) or []
        rows = upcoming_rows(page, self.asked["market"], self.asked.get("bookmaker"))
        return self.get_paginated_response([self.shape.of(row) for row in rows])

    @action(detail=False)
    def board(self, request: Request) -> Response:
        """The matches of a day with the best price of each side on the main lines, now or `at` a past instant."""
        asked, now = self.asked, timezone.now()
        zone = zone_of(request, asked.get("zone", ""))
        at: dt.datetime | None = asked.get("at")
        sport = None
        if asked.get("sport"):
            sport = Sport.objects.filter(pk=asked["sport"]).first()
            if sport is None:
                raise NotFound
        wanted = BoardRequest(
            day=asked.get("day") or (at or now).astimezone(zone).date(),
            zone=zone,
            sport=sport,
            status=asked["status"],
            group=asked["order"],
            page=asked["page"],
            at=at,
        )
        here = request.build_absolute_uri()
        if at is None and (found := read_rows(wanted, now=now)) is not None:
            more = replace_query_param(here, "page", wanted.page + 1) if found.has_more(wanted.page) else None
            return self.one({
                "day": wanted.day,
                "zone": zone.key,
                "at": None,
                "seen_at": found.seen_at,
                "games": found.games,
                "next": more,
                "results": [plain_row(row) for row in found.rows],
            })  # fmt: skip
        board = read_board(wanted, now=now, with_sparklines=False)
        return self.one({
            "day": wanted.day,
            "zone": zone.key,
            "at": at,
            "seen_at": board.seen_at,
            "games": board.page.paginator.count,
            "next": replace_query_param(here, "page", board.page.number + 1) if board.page.has_next() else None,
            "results": [
                board_game(row) for group in board.groups for row in group.rows
            ] if asked["page"] == board.page.number else [],
        })  # fmt: skip


def board_game(row: BoardRow) -> dict[str, Any]:
    game = row.game
    quotes = {quote.selection_id: quote for side in row.sides for quote in side.quotes}
    return {
        **game_head(game),
        "books": row.books,
        "hold": share(row.hold),
        "prices": [best_price(quote) for quote in quotes.values()],
    }


def plain_row(row: PlainGame) -> dict[str, Any]:
    game = row.game
    return {
        "id": game.id,
        "sport_key": game.sport_id,
        "sport_name": game.sport__title,
        "title": game.title,
        "home_team_id": game.home_team_id,
        "away_team_id": game.away_team_id,
        "home_team_name": game.home_team__name,
        "away_team_name": game.away_team__name,
        "commence_time": game.commence_time,
        "status": game.status,
        "home_score": game.home_score,
        "away_score": game.away_score,
        "clock": game.clock,
        "books": row.books,
        "hold": row.hold,
        "prices": [best_price(quote) for quote in row.prices],
    }


def best_price(quote: Quote | BestLine) -> dict[str, Any]:
    return {
        "selection_id": quote.selection_id,
        "market_type": quote.market,
        "side": quote.side,
        "point": plain(quote.point),
        **priced(quote.price),
        **before(quote.previous_price),
        "bookmaker": quote.book_key,
        "changed_at": quote.changed_at,
    }
