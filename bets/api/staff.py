"""Bets that wait for a person, for staff."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from bets.api.rows import BetOutRow, bet_out, with_rows
from bets.models import Bet
from bets.review import Filters, matching
from rest.views import ApiView


class ReviewQuery(serializers.Serializer):
    state = serializers.ChoiceField(
        required=False, choices=["review", "overdue"], default="review", help_text="Under review, or overdue."
    )
    sport = serializers.CharField(required=False, max_length=64, help_text="The feed's key.")
    reason = serializers.CharField(required=False, max_length=200)
    days = serializers.IntegerField(
        required=False, min_value=1, max_value=3650, help_text="Older than so many days."
    )
    game = serializers.UUIDField(required=False)


class ReviewRow(BetOutRow):
    """A bet that waits for a person."""

    username = serializers.CharField()

    class Meta:
        example: ClassVar = {
            **{name: value for name, value in BetOutRow.Meta.example.items() if name not in ("payout", "profit")},
            "username": "ada", "status": "needs_review", "review_reason": "The sources disagree on the score.",
        }  # fmt: skip


class ReviewViewSet(ApiView):
    """The review queue."""

    scope = "admin"
    write_scope = "admin"
    tag = "staff"
    queryset = Bet.objects.none()
    serializer_class = ReviewRow
    query_class = ReviewQuery

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
        bets = with_rows(matching(filters, timezone.now())).select_related("user", "bookmaker", "bankroll")

        def row_of(bet: Bet) -> dict[str, Any]:
            return {**bet_out(bet), "username": bet.user.username}

        return self.listed_rows(bets.order_by("placed_at", "id"), row_of)
