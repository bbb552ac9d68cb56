"""What people decide about a bet: owners about their own, staff about any."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final

from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.authentication import owner_of
from accounts.api.idempotency import once
from bets.api.refusals import refusals
from bets.decisions.cashing import cash_out, cash_out_part
from bets.decisions.settling import OUTCOMES, reprice, settle_by_hand
from bets.decisions.undoing import undo_decision
from bets.deductions import deduct
from bets.models import Bet
from bets.placement.asked import MAX_LEGS
from bets.voiding import MAX_REASON, void_bet
from rest.bodies import AmountIn, Body, OddsIn, PaidIn, PercentIn, TextIn, WholeIn
from rest.problems import unfit

SEEN: Final = "The `revision` that you saw: a bet that has changed since is left alone."


def revision_in() -> WholeIn:
    return WholeIn(required=False, min_value=0, max_value=2**31 - 1, help_text=SEEN)


class DecisionIn(Body):
    """Why a bet is decided so."""

    reason = TextIn(max_length=MAX_REASON)
    revision = revision_in()

    class Meta:
        example: ClassVar = {"reason": "The book voided it.", "revision": 0}


class OutcomeIn(Body):
    """How a leg ended."""

    position = WholeIn(min_value=1, max_value=MAX_LEGS)
    status = serializers.ChoiceField(choices=[(one.value, one.label) for one in OUTCOMES])


class SettleIn(DecisionIn):
    """How the bet was really settled: how its legs ended, what the book paid, or both."""

    legs = OutcomeIn(many=True, required=False, max_length=MAX_LEGS)  # type: ignore[call-arg] # the list's
    payout = PaidIn(required=False, help_text="For the stake that rode; counts more than the legs.")

    class Meta:
        example: ClassVar = {
            "legs": [{"position": 1, "status": "won"}],
            "reason": "Official box score.",
            "revision": 0,
        }


class RepriceIn(DecisionIn):
    """The price that the book set anew."""

    odds = OddsIn()

    class Meta:
        example: ClassVar = {"odds": "145", "reason": "One leg was void.", "revision": 1}


class DeductIn(DecisionIn):
    """What is taken off the winnings of an outright for a runner withdrawn late."""

    position = WholeIn(required=False, default=1, min_value=1, max_value=MAX_LEGS)
    deduction_pct = PercentIn(help_text="From 0 to 90.")

    class Meta:
        example: ClassVar = {
            "deduction_pct": "25.00",
            "reason": "Rule 4, favourite withdrawn.",
            "revision": 1,
        }


class CashOutIn(DecisionIn):
    """What the book paid, for all that rides or for a part of the stake."""

    offer = AmountIn(help_text="What the book paid.")
    stake = AmountIn(required=False, help_text="The part of the stake that was cashed out; all without it.")

    class Meta:
        example: ClassVar = {"offer": "31.50", "reason": "Took the offer at half-time.", "revision": 0}


BODIES: Final[dict[str, type[Body]]] = {
    "void": DecisionIn,
    "undo": DecisionIn,
    "cash_out": CashOutIn,
    "settle": SettleIn,
    "reprice": RepriceIn,
    "deduct": DeductIn,
}


class Decisions:
    """Decisions about one bet, of a view that has ``get_object``, ``body`` and ``answer``.

    Who may decide what, the services say.
    """

    get_object: Any
    body: Any
    answer: Any

    def told(self) -> tuple[Bet, dict[str, Any]]:
        """The bet and the checked body. Raises Http404 first."""
        return self.get_object(), self.body()

    def decided(
        self, service: Callable[..., Bet], bet: Bet, body: Mapping[str, Any], field: str = "", **terms: Any
    ) -> Response:
        """Call the service with the terms; ``field`` is the one of the body that holds an amount."""
        by = owner_of(self.request)  # type: ignore[attr-defined] # a view
        with refusals(field):
            service(bet=bet, by=by, reason=body["reason"], revision=body.get("revision"), **terms)
        return self.answer(bet)  # type: ignore[no-any-return]

    @action(detail=True, methods=["post"])
    @once
    def void(self, request: Request, pk: Any = None) -> Response:
        """Void a bet: its stake goes back. Owners may while it is open, until its first game begins."""
        return self.decided(void_bet, *self.told())

    @action(detail=True, methods=["post"])
    @once
    def undo(self, request: Request, pk: Any = None) -> Response:
        """Take the last decision about the bet back: what it paid is reversed, and BetTrack grades it again."""
        return self.decided(undo_decision, *self.told())

    @action(detail=True, methods=["post"])
    @once
    def reprice(self, request: Request, pk: Any = None) -> Response:
        """Settle a ticket under review at the price its book set anew after a leg was void."""
        bet, body = self.told()
        return self.decided(reprice, bet, body, "odds", price=body["odds"])

    @action(detail=True, methods=["post"])
    @once
    def deduct(self, request: Request, pk: Any = None) -> Response:
        """Enter what the book deducts from an outright's winnings; a graded bet is graded again."""
        bet, body = self.told()
        return self.decided(deduct, bet, body, position=body["position"], pct=body["deduction_pct"])

    @action(detail=True, methods=["post"], url_path="cash-out")
    @once
    def cash_out(self, request: Request, pk: Any = None) -> Response:
        """Record that the book paid for an open bet early, for all of it or for a part of its stake."""
        bet, body = self.told()
        if "stake" in body:
            return self.decided(cash_out_part, bet, body, "offer", offer=body["offer"], stake=body["stake"])
        return self.decided(cash_out, bet, body, "offer", offer=body["offer"])

    @action(detail=True, methods=["post"])
    @once
    def settle(self, request: Request, pk: Any = None) -> Response:
        """Settle a bet by hand; results leave it alone after that.

        Owners may settle an open bet that is under review or of which a game has begun.
        """
        bet, body = self.told()
        outcomes = outcomes_of(body.get("legs", ()))
        return self.decided(settle_by_hand, bet, body, "payout", outcomes=outcomes, payout=body.get("payout"))


def outcomes_of(legs: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Return the outcomes by position. Raises ApiProblem for a leg that is named twice."""
    found: dict[int, str] = {}
    for place, leg in enumerate(legs):
        if leg["position"] in found:
            raise unfit(f"legs.{place}.position", "This leg is named twice.", "repeated")
        found[leg["position"]] = leg["status"]
    return found
