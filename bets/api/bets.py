"""A person's bets: list, one bet, and two questions that are asked often."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Final

from django.db import connection
from django.db.models import Count, QuerySet, Sum
from django.urls import reverse
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.authentication import owner_of
from accounts.api.idempotency import once
from bets.api.changing import Changes, EditIn
from bets.api.deciding import BODIES
from bets.api.filters import EventFilter, LedgerFilter
from bets.api.placing import PlaceIn, place
from bets.api.quoting import QuoteRow, quote_of
from bets.api.reading import BET, bets_out, placed_out, with_columns
from bets.api.refusals import refusals
from bets.api.rows import BetOutRow, EventOutRow, LedgerRow, event_out, ledger_out, money
from bets.history.filters import BetFilter
from bets.history.paging import SORTS, STANDARD, in_order
from bets.models import Bet, BetEvent, BetStatus, LedgerEntry
from bets.stats.scope import ids_of
from rest.compiled import Given
from rest.fields import AmountField
from rest.pages import Listing
from rest.shaping import Row
from rest.views import PAGES, SHAPES, ApiView, lists


class BetsView(ApiView):
    """Base of views of what belongs to a person."""

    scope = "bets:read"
    write_scope = "bets:write"
    tag = "bets"


class OrderQuery(serializers.Serializer):
    order = serializers.ChoiceField(
        required=False, choices=list(SORTS), default=STANDARD,
        help_text="With - from the latest, largest or longest; bets without a value come last.",
    )  # fmt: skip


class StatusSums(Row):
    """Bets of one status in one currency and kind of money."""

    status = serializers.ChoiceField(choices=BetStatus.choices)
    currency = serializers.CharField()
    money = serializers.CharField(help_text="real or paper.")
    count = serializers.IntegerField()
    stake = AmountField()
    payout = AmountField(help_text="Of settled bets.")

    class Meta:
        identity = "status"
        example: ClassVar = {
            "status": "won", "currency": "USD", "money": "real", "count": 12, "stake": "300.00", "payout": "561.20",
        }  # fmt: skip


class SportSums(Row):
    """Games and average stake of one sport, in one currency and kind of money."""

    sport_key = serializers.CharField()
    sport_name = serializers.CharField()
    games = serializers.IntegerField(help_text="Games of the sport in the archive.")
    games_bet_on = serializers.IntegerField()
    bets = serializers.IntegerField(help_text="A bet with legs in several sports counts in each.")
    currency = serializers.CharField()
    money = serializers.CharField()
    average_stake = AmountField()

    class Meta:
        identity = "sport_key"
        example: ClassVar = {
            "sport_key": "basketball_nba", "sport_name": "NBA", "games": 1230, "games_bet_on": 41, "bets": 57,
            "currency": "USD", "money": "real", "average_stake": "25.40",
        }  # fmt: skip


BY_SPORT: Final = """
WITH mine AS MATERIALIZED (
    SELECT b.id, b.stake, r.currency, r.kind FROM bets b JOIN bankrolls r ON r.id = b.bankroll_id WHERE b.id IN ({bets})
), legs AS MATERIALIZED (
    SELECT DISTINCT m.id, m.stake, m.currency, m.kind, g.sport_id, g.id AS game_id
      FROM mine m JOIN bet_legs l ON l.bet_id = m.id JOIN games g ON g.id = l.game_id
), per_bet AS (SELECT DISTINCT id, stake, currency, kind, sport_id FROM legs)
SELECT s.key, s.title, (SELECT count(*) FROM games WHERE sport_id = s.key),
       (SELECT count(DISTINCT l.game_id) FROM legs l
         WHERE l.sport_id = s.key AND l.currency = p.currency AND l.kind = p.kind),
       count(*), p.currency, p.kind, avg(p.stake)
  FROM per_bet p JOIN sports s ON s.key = p.sport_id
 GROUP BY s.key, s.title, p.currency, p.kind
 ORDER BY s.title, s.key, p.currency, p.kind
"""


def whole(order: str) -> Listing:
    """All bets of a person in one of the orders by time."""
    return Listing(lambda: in_order(Bet.objects.owned_by(Given("owner")), order), BET)


WHOLE: Final = {order: whole(order) for order in ("-placed", "placed")}
UNFILTERED: Final = frozenset({*SHAPES, *PAGES, "order"})
"""Parameters that leave out no bet."""


class BetViewSet(Changes, BetsView):
    """Your bets, with the same filters as the history."""

    queryset = Bet.objects.none()
    serializer_class = BetOutRow
    filterset_class = BetFilter
    filtered_actions = ("list", "summary", "by_sport")
    query_classes: ClassVar = {"list": OrderQuery}
    body_classes: ClassVar = {"create": PlaceIn, "quote": PlaceIn, "partial_update": EditIn, **BODIES}
    row_classes: ClassVar = {
        "quote": QuoteRow, "summary": StatusSums, "by_sport": SportSums, "events": EventOutRow, "ledger": LedgerRow,
    }  # fmt: skip
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset()
        return Bet.objects.owned_by(owner_of(self.request))

    def list(self, request: Request) -> Response:
        """Your bets, the newest first."""
        order = self.asked["order"]
        if order in WHOLE and UNFILTERED.issuperset(request.query_params):
            rows = WHOLE[order].asked(owner=owner_of(request).pk)
            return self.listed_whole(rows, lambda page: bets_out(page, self.shape.expand))
        bets = in_order(self.filter_queryset(self.get_queryset()), order)
        return self.listed_whole(
            with_columns(bets, *bets.query.annotations), lambda page: bets_out(page, self.shape.expand)
        )

    def retrieve(self, request: Request, pk: Any = None) -> Response:
        """One of your bets. `expand=evidence,events,ledger` adds why it was graded so and what it moved."""
        bet = get_object_or_404(with_columns(self.get_queryset()), pk=self.kwargs["pk"])
        return self.one(bets_out([bet], self.shape.expand)[0])

    @once
    def create(self, request: Request) -> Response:
        """Place a bet: straight, parlay, same-game parlay, teaser, round robin or system.

        The price must be the book's, or worse than it, in which case the bet gets the book's; `accept` narrows or
        widens that. Bets are taken until the game begins. What refuses a bet is a 409 with a `code`: `price_moved`
        says the price now, `insufficient_funds` what is available, `limit_reached` what may still be staked.
        """
        body = self.body()
        with refusals("stake"):
            bet, legs = place(request, body)
        if legs is None:
            return self.answer(bet, status=201)
        return Response(placed_out(bet, legs), status=201, headers=where(bet))

    @action(detail=False, methods=["post"])
    def quote(self, request: Request) -> Response:
        """What a bet comes to, and whether it would be placed now; nothing is kept.

        It is judged by what places bets: price, game, funds and limits. What would refuse it is in `problem`.
        """
        return Response(quote_of(request, self.body()))

    def answer(self, bet: Bet, *, status: int = 200) -> Response:
        """The bet as it is now."""
        row = bets_out([with_columns(Bet.objects.all()).get(pk=bet.pk)])[0]
        return Response(row, status=status, headers=where(bet) if status == 201 else None)

    @lists
    @action(
        detail=True,
        queryset=BetEvent.objects.none(),
        filterset_class=EventFilter,
        filtered_actions=("events",),
    )
    def events(self, request: Request, pk: Any = None) -> Response:
        """What happened to the bet, the earliest first."""
        bet = self.get_object()
        events = BetEvent.objects.filter(bet=bet).select_related("by").order_by("at", "id")
        return self.listed_rows(self.filter_queryset(events), event_out)

    @lists
    @action(
        detail=True,
        queryset=LedgerEntry.objects.none(),
        filterset_class=LedgerFilter,
        filtered_actions=("ledger",),
    )
    def ledger(self, request: Request, pk: Any = None) -> Response:
        """The ledger lines of the bet, the earliest first."""
        bet = self.get_object()
        lines = LedgerEntry.objects.filter(bet=bet).order_by("at", "id")
        return self.listed_rows(self.filter_queryset(lines), ledger_out)

    @lists
    @action(detail=False)
    def summary(self, request: Request) -> Response:
        """Your bets grouped by status, with count, stake and payout; currencies and kinds of money apart."""
        bets = self.filter_queryset(self.get_queryset())
        groups = (
            bets.order_by()
            .values_list("status", "bankroll__currency", "bankroll__kind")
            .annotate(bets=Count("id"), staked=Sum("stake"), paid=Sum("payout"))
            .order_by("bankroll__currency", "bankroll__kind", "status")
        )

        def row_of(group: tuple[Any, ...]) -> dict[str, Any]:
            status, currency, kind, count, stake, payout = group
            return {
                "status": status,
                "currency": currency,
                "money": kind,
                "count": count,
                "stake": money(stake),
                "payout": money(payout or Decimal(0)),
            }

        return self.listed_rows(list(groups), row_of)

    @lists
    @action(detail=False, url_path="by-sport")
    def by_sport(self, request: Request) -> Response:
        """Games and average stake per sport, of your bets."""
        found, values = ids_of(self.filter_queryset(self.get_queryset()))
        with connection.cursor() as cursor:
            cursor.execute(BY_SPORT.format(bets=found), values)
            rows = cursor.fetchall()

        def row_of(row: tuple[Any, ...]) -> dict[str, Any]:
            key, title, games, bet_on, bets, currency, kind, stake = row
            return {
                "sport_key": key,
                "sport_name": title,
                "games": games,
                "games_bet_on": bet_on,
                "bets": bets,
                "currency": currency,
                "money": kind,
                "average_stake": money(stake),
            }

        return self.listed_rows(rows, row_of)


def where(bet: Bet) -> dict[str, str]:
    return {"Location": reverse("api:bet-detail", args=[bet.pk])}
