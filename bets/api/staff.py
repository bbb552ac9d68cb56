"""Bets that wait for a person, for staff."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.authentication import owner_of
from accounts.api.idempotency import once
from bets.api.deciding import BODIES, DecisionIn, Decisions
from bets.api.filters import ReviewFilter
from bets.api.reading import OWNER, bets_out, with_columns
from bets.api.refusals import refusals
from bets.api.rows import BET_ID, BetOutRow
from bets.decisions.many import MOST, grade_many_again, void_many
from bets.models import Bet
from bets.review import Filters, matching
from bets.voiding import MAX_REASON, grade_again
from rest.bodies import Body, IdIn, TextIn
from rest.shaping import Row
from rest.views import ApiView


class ReviewQuery(serializers.Serializer):
    state = serializers.ChoiceField(
        required=False, choices=["review", "overdue"], default="review", help_text="Under review, or overdue."
    )
    sport = serializers.CharField(required=False, max_length=64, help_text="The feed's key.")
    reason = serializers.CharField(
        required=False, max_length=200, help_text="Why it waits, as `review_reason` says."
    )
    days = serializers.IntegerField(
        required=False, min_value=1, max_value=3650, help_text="Older than so many days."
    )
    game = serializers.UUIDField(required=False, help_text="With a leg on this game.")


class ReviewRow(BetOutRow):
    """A bet that waits for a person."""

    username = serializers.CharField()

    class Meta(BetOutRow.Meta):
        example: ClassVar = {
            **{name: value for name, value in BetOutRow.Meta.example.items() if name not in ("payout", "profit")},
            "username": "ada", "status": "needs_review", "review_reason": "The sources disagree on the score.",
        }  # fmt: skip


class DecideIn(Body):
    """Bets under review to be decided alike."""

    bets = serializers.ListField(child=IdIn(), min_length=1, max_length=MOST)
    decision = serializers.ChoiceField(choices=["void", "send_back"])
    reason = TextIn(max_length=MAX_REASON)

    class Meta:
        example: ClassVar = {"bets": [BET_ID], "decision": "void", "reason": "The game was never played."}


class DecidedRow(Row):
    """The bets that were decided."""

    decided = serializers.ListField(child=serializers.UUIDField())

    class Meta:
        identity = "decided"
        example: ClassVar = {"decided": [BET_ID]}


class ReviewViewSet(Decisions, ApiView):
    """The review queue, and what staff decide about anybody's bets."""

    scope = "admin"
    write_scope = "admin"
    tag = "staff"
    queryset = Bet.objects.none()
    serializer_class = ReviewRow
    filterset_class = ReviewFilter
    query_classes: ClassVar = {"list": ReviewQuery}
    body_classes: ClassVar = {**BODIES, "send_back": DecisionIn, "decide": DecideIn}
    row_classes: ClassVar = {"decide": DecidedRow}
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Any]:
        return Bet.objects.all()

    def retrieve(self, request: Request, pk: Any = None) -> Response:
        """Anybody's bet. `expand=evidence,events,ledger` adds why it was graded so and what it moved."""
        bet = get_object_or_404(with_columns(self.get_queryset(), OWNER), pk=pk)
        return self.one(review_rows([bet], self.shape.expand)[0])

    def answer(self, bet: Bet) -> Response:
        """The bet as it is now."""
        return Response(review_rows([with_columns(Bet.objects.all(), OWNER).get(pk=bet.pk)])[0])

    @action(detail=True, methods=["post"], url_path="send-back")
    @once
    def send_back(self, request: Request, pk: Any = None) -> Response:
        """Send a bet under review back to grading, for example after its result has been set right."""
        return self.decided(grade_again, *self.told())

    @action(detail=False, methods=["post"])
    @once
    def decide(self, request: Request) -> Response:
        """Void many bets under review, or send them back to grading; those no longer under review are left alone."""
        body, by = self.body(), owner_of(request)
        service = void_many if body["decision"] == "void" else grade_many_again
        with refusals():
            bets = service(bet_ids=body["bets"], by=by, reason=body["reason"])
        return Response({"decided": [bet.pk for bet in bets]})

    def list(self, request: Request) -> Response:
        """Bets of everybody that wait for a person, the oldest first."""
        asked = self.asked
        filters = Filters(
            state=asked["state"],
            sport=asked.get("sport", ""),
            reason=asked.get("reason", ""),
            days=asked.get("days"),
            game=asked.get("game"),
        )
        bets = with_columns(self.filter_queryset(matching(filters, timezone.now())), OWNER)
        return self.listed_whole(bets.order_by("placed_at", "id"), review_rows)


def review_rows(bets: Sequence[Any], expand: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    rows = bets_out(bets, expand)
    return [{**row, "username": bet.user__username} for row, bet in zip(rows, bets, strict=True)]
