"""What follows from prices: fair prices, edges, futures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, ClassVar

from django.utils import timezone
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from games.api import GAME_ID
from games.models import Game
from odds import markets, pricing
from odds.api.queries import EdgeQuery, FairQuery
from odds.api.rows import american, decimal, described, priced, share, sides_of
from odds.api.views import OddsView
from odds.edges.finding import CONSENSUS, LEAST_BOOKS, Fairness, MiddleEdge, ValueEdge, book_fairs
from odds.edges.offers import Line, read_lines_of
from odds.edges.page import EdgeRow, Leg, read_edges
from odds.filters import FairFilter, FutureFilter, LineFilter, RunnerFilter
from odds.futures import FIRST_SHOWN, BookField, Field, Runner, read_fields
from rest.fields import AmountField, NumberField, OddsField, PointField, UtcField, plain
from rest.shaping import Row
from rest.views import lists


class FairRow(Row):
    """The fair price of one side of a line: the books' chances with their margins taken out."""

    game_id = serializers.UUIDField()
    market_type = serializers.CharField()
    bet_type = serializers.CharField()
    side = serializers.CharField()
    team = serializers.CharField(allow_null=True)
    player = serializers.CharField(allow_null=True)
    prop_type = serializers.CharField(allow_null=True)
    participant = serializers.CharField(allow_null=True)
    point = PointField(allow_null=True)
    chance = NumberField(help_text="Fair probability; at a whole point that of bets which are not returned.")
    price = NumberField(max_digits=24, help_text="The fair price, American odds.")
    decimal = NumberField(max_digits=24)
    books = serializers.ListField(child=serializers.CharField(), help_text="Whose prices went into it.")
    oldest_at = UtcField(help_text="When the price that was seen least lately was seen.")

    class Meta:
        identity = "game_id"
        example: ClassVar = {
            "game_id": GAME_ID, "market_type": "spreads", "bet_type": "spread", "side": "home",
            "team": "Boston Celtics", "player": None, "prop_type": None, "participant": None, "point": "-3.5",
            "chance": "0.512300", "price": "-105.043", "decimal": "1.951982", "books": ["fanduel", "pinnacle"],
            "oldest_at": "2026-11-20T18:21:07Z",
        }  # fmt: skip


class FairPriceViewSet(OddsView):
    """Fair prices of the lines of a game."""

    queryset = Game.objects.none()
    serializer_class = FairRow
    query_class = FairQuery
    filterset_class = FairFilter
    changes_with_time = True

    def list(self, request: Request) -> Response:
        """The fair price of every line of a game that two books, or the one named, price on all sides."""
        asked, now = self.asked, timezone.now()
        game = Game.objects.with_names().filter(pk=asked["game"]).first()
        if game is None:
            raise NotFound
        fairness = Fairness(asked["reference"], pricing.Method(asked["method"]))
        oldest = dt.timedelta(minutes=asked["age"])
        wanted = asked.get("market")
        lines = [line for line in read_lines_of({game.pk}, now=now) if wanted in (None, line.market)]
        rows = [row for line in lines for row in fair_rows(line, game, fairness, now=now, oldest=oldest)]
        return self.listed_rows(self.filter_queryset(rows), dict)


def fair_rows(
    line: Line, game: Game, fairness: Fairness, *, now: dt.datetime, oldest: dt.timedelta
) -> Iterator[dict[str, Any]]:
    """One row a side of the line; none where too few books say anything."""
    at_least = LEAST_BOOKS if fairness.reference == CONSENSUS else 1
    try:
        found = pricing.consensus_fair(book_fairs(line, fairness), now=now, max_age=oldest, at_least=at_least)
    except pricing.NoFairPrice:
        return
    for side, chance in zip(line.sides, found.probabilities, strict=True):
        point = (
            -line.point if side == "away" and line.point and markets.is_signed(line.market) else line.point
        )
        yield {
            "game_id": game.pk,
            **described(line.market, line.participant, side, sides_of(game)),
            "point": plain(point),
            "chance": share(chance),
            **priced(pricing.price_from_quote(chance, pricing.IMPLIED)),
            "books": list(found.used),
            "oldest_at": found.seen_at,
        }


class EdgeLeg(Row):
    """One bet of an edge."""

    selection_id = serializers.IntegerField()
    name = serializers.CharField()
    side = serializers.CharField()
    point = PointField(allow_null=True)
    bookmaker = serializers.CharField()
    price = OddsField(help_text="American odds as the book shows them.")
    decimal = NumberField()
    net_decimal = NumberField(
        help_text="Decimal odds net of commission, of a lay those of the side it backs."
    )
    is_lay = serializers.BooleanField()
    stake = AmountField(allow_null=True, help_text="Of the outlay; of a lay its liability.")
    lay_stake = AmountField(allow_null=True)
    seen_at = UtcField()
    changed_at = UtcField()


class FoundEdgeRow(Row):
    """Prices that are worth more than they cost, or cost little, with all their legs."""

    kind = serializers.ChoiceField(choices=["value", "arbitrage", "middle", "low-hold"])
    game_id = serializers.UUIDField()
    sport_key = serializers.CharField()
    title = serializers.CharField()
    commence_time = UtcField()
    market_type = serializers.CharField()
    participant = serializers.CharField(allow_null=True)
    edge = NumberField(help_text="Profit per unit: 0.03 is +3 %; expected, certain, or when a middle misses.")
    oldest_at = UtcField(help_text="When the price that was seen least lately was seen.")
    phantom = serializers.BooleanField(help_text="Too good, or too old, to be believed.")
    fair = NumberField(allow_null=True, help_text="The fair chance of a price above it.")
    fair_price = NumberField(allow_null=True, max_digits=24)
    kelly = NumberField(allow_null=True, help_text="Quarter Kelly: share of a bankroll.")
    books = serializers.ListField(child=serializers.CharField(), help_text="Whose prices say what is fair.")
    break_even = NumberField(allow_null=True, help_text="Chance of landing between from which a middle pays.")
    outlay = AmountField(allow_null=True)
    worst = AmountField(allow_null=True, help_text="What is won at least, of the outlay.")
    hit = AmountField(allow_null=True, help_text="What is won if a middle lands.")
    legs = EdgeLeg(many=True)

    class Meta:
        identity = "kind"
        example: ClassVar = {
            "kind": "value", "game_id": GAME_ID, "sport_key": "basketball_nba",
            "title": "Los Angeles Lakers at Boston Celtics", "commence_time": "2026-11-21T00:30:00Z",
            "market_type": "h2h", "participant": None, "edge": "0.031250", "oldest_at": "2026-11-20T18:21:07Z",
            "phantom": False, "fair": "0.480000", "fair_price": "108.333333", "kelly": "0.006800",
            "books": ["fanduel", "pinnacle"], "break_even": None, "outlay": None, "worst": None, "hit": None,
            "legs": [{
                "selection_id": 4711, "name": "Boston Celtics", "side": "home", "point": None,
                "bookmaker": "draftkings", "price": "115", "decimal": "2.15", "net_decimal": "2.150000",
                "is_lay": False, "stake": None, "lay_stake": None, "seen_at": "2026-11-20T18:21:07Z",
                "changed_at": "2026-11-20T18:01:07Z",
            }],
        }  # fmt: skip


class EdgeViewSet(OddsView):
    """Edges: prices above the fair one, arbitrage, middles and low hold."""

    queryset = Game.objects.none()
    serializer_class = FoundEdgeRow
    query_class = EdgeQuery
    filterset_class = LineFilter
    changes_with_time = True

    def list(self, request: Request) -> Response:
        """The best hundred edges of a kind; what is too good or too old to be believed only with `phantoms`."""
        assert isinstance(self.query, EdgeQuery)  # noqa: S101 - tells the type
        wanted = self.query.request()
        page = read_edges(wanted, now=timezone.now(), chosen=self.filter_queryset)
        return self.listed_rows(page.rows, lambda row: edge_row(row, str(wanted.kind)))


def edge_row(row: EdgeRow, kind: str) -> dict[str, Any]:
    edge = row.edge
    value = edge if isinstance(edge, ValueEdge) else None
    return {
        "kind": kind,
        "game_id": row.game.pk,
        "sport_key": row.game.sport_id,
        "title": row.game.title,
        "commence_time": row.game.commence_time,
        "market_type": row.market,
        "participant": edge.line.participant or None,
        "edge": share(edge.edge),
        "oldest_at": edge.oldest,
        "phantom": row.phantom,
        "fair": share(value.fair) if value else None,
        "fair_price": american(value.fair_price) if value else None,
        "kelly": share(value.kelly) if value else None,
        "books": list(value.books) if value else [],
        "break_even": share(edge.break_even) if isinstance(edge, MiddleEdge) else None,
        "outlay": money(row.outlay),
        "worst": money(row.worst),
        "hit": money(row.hit),
        "legs": [edge_leg(leg) for leg in row.legs],
    }


def edge_leg(leg: Leg) -> dict[str, Any]:
    offer = leg.offer
    return {
        "selection_id": offer.selection_id,
        "name": leg.name,
        "side": offer.side,
        "point": plain(offer.point),
        "bookmaker": offer.book.key,
        **priced(offer.price),
        "net_decimal": share(offer.odds),
        "is_lay": offer.is_lay,
        "stake": money(leg.stake),
        "lay_stake": money(leg.lay_stake),
        "seen_at": offer.seen_at,
        "changed_at": offer.changed_at,
    }


def money(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"


class RunnerRow(Row):
    """Who can win an outright, at the best price of the books seen lately."""

    selection_id = serializers.IntegerField()
    participant = serializers.CharField()
    bookmaker = serializers.CharField()
    price = OddsField()
    decimal = NumberField()
    changed_at = UtcField()
    books = serializers.IntegerField(help_text="How many price this runner.")
    fair = NumberField(allow_null=True, help_text="Share of the best prices, by the power method.")
    first_price = OddsField(allow_null=True, help_text="The oldest in the archive at that book.")
    first_decimal = NumberField(allow_null=True)
    first_seen_at = UtcField(allow_null=True)
    moved = NumberField(
        allow_null=True, help_text="Change of the implied chance since then, margin included."
    )

    class Meta:
        identity = "selection_id"
        example: ClassVar = {
            "selection_id": 815, "participant": "Boston Celtics", "bookmaker": "fanduel", "price": "450",
            "decimal": "5.5", "changed_at": "2026-11-20T08:00:00Z", "books": 9, "fair": "0.171000",
            "first_price": "600", "first_decimal": "7", "first_seen_at": "2026-07-01T08:00:00Z",
            "moved": "0.038961",
        }  # fmt: skip


class FieldBook(Row):
    bookmaker = serializers.CharField()
    title = serializers.CharField()
    runners = serializers.IntegerField()
    hold = NumberField(allow_null=True, help_text="Over the whole field; null unless it prices all runners.")
    seen_at = UtcField()
    stale = serializers.BooleanField()


class FutureRow(Row):
    """An open outright with its leading runners; all of them are at `runners/`."""

    id = serializers.UUIDField()
    sport_key = serializers.CharField()
    sport_name = serializers.CharField()
    title = serializers.CharField()
    commence_time = UtcField()
    hold = NumberField(allow_null=True, help_text="Of the best prices together.")
    runners = serializers.IntegerField()
    leading = RunnerRow(many=True, help_text=f"The {FIRST_SHOWN} shortest.")
    books = FieldBook(many=True)

    class Meta:
        example: ClassVar = {
            "id": GAME_ID, "sport_key": "basketball_nba_championship_winner", "sport_name": "NBA Championship Winner",
            "title": "NBA Championship Winner", "commence_time": "2027-06-20T00:00:00Z", "hold": "0.081000",
            "runners": 30, "leading": [RunnerRow.Meta.example],
            "books": [{
                "bookmaker": "fanduel", "title": "FanDuel", "runners": 30, "hold": "0.214000",
                "seen_at": "2026-11-20T08:00:00Z", "stale": False,
            }],
        }  # fmt: skip


class FutureViewSet(OddsView):
    """Futures: open outrights with prices."""

    queryset = Game.objects.none()
    serializer_class = FutureRow
    filterset_class = FutureFilter
    row_classes: ClassVar = {"runners": RunnerRow}
    lookup_value_converter = "uuid"
    changes_with_time = True

    def list(self, request: Request) -> Response:
        """Every open outright that has prices, the soonest first."""
        return self.listed_rows(self.filter_queryset(read_fields(now=timezone.now())), future_row)

    def retrieve(self, request: Request, pk: Any = None) -> Response:
        """One outright with its leading runners and what its field costs at each book."""
        return self.one(future_row(self._field(pk)))

    @lists
    @action(detail=True, filterset_class=RunnerFilter, filtered_actions=("runners",))
    def runners(self, request: Request, pk: Any = None) -> Response:
        """All runners of an outright at their best prices, the shortest first."""
        return self.listed_rows(self.filter_queryset(self._field(pk).runners), runner_row)

    def _field(self, pk: Any) -> Field:
        for field in read_fields(now=timezone.now(), among=Game.objects.filter(pk=pk)):
            return field
        raise NotFound


def future_row(field: Field) -> dict[str, Any]:
    return {
        "id": field.game.pk,
        "sport_key": field.game.sport_id,
        "sport_name": field.game.sport_name,
        "title": field.game.title,
        "commence_time": field.game.commence_time,
        "hold": share(field.hold),
        "runners": len(field.runners),
        "leading": [runner_row(runner) for runner in field.leading],
        "books": [field_book(book) for book in field.books],
    }


def runner_row(runner: Runner) -> dict[str, Any]:
    first = runner.first
    return {
        "selection_id": runner.best.selection_id,
        "participant": runner.name,
        "bookmaker": runner.best.book_key,
        **priced(runner.best.price),
        "changed_at": runner.best.changed_at,
        "books": runner.books,
        "fair": share(runner.fair),
        "first_price": american(first.price) if first else None,
        "first_decimal": decimal(first.price) if first else None,
        "first_seen_at": first.at if first else None,
        "moved": share(runner.moved),
    }


def field_book(book: BookField) -> dict[str, Any]:
    return {
        "bookmaker": book.key,
        "title": book.title,
        "runners": book.runners,
        "hold": share(book.hold),
        "seen_at": book.seen_at,
        "stale": book.stale,
    }
