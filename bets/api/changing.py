"""Setting a recorded bet right: its words at any time, its terms until its first game begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar, Final

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.authentication import owner_of
from accounts.api.idempotency import once
from accounts.models import User
from bets.api.deciding import Decisions, revision_in
from bets.api.placing import book_of
from bets.api.refusals import refusals
from bets.decisions.record import lock
from bets.history.editing import Terms, edit_terms, edit_words, terms_of
from bets.models import Bet
from bets.placement.asked import MAX_LEGS, MAX_NOTE, MAX_TAG, MAX_TAGS
from bets.voiding import MAX_REASON
from rest.bodies import AmountIn, Body, OddsIn, TextIn, WholeIn
from rest.problems import unfit

WORDS: Final = frozenset({"note", "tags"})
TERMS: Final = frozenset({"stake", "odds", "legs", "ticket_odds", "bookmaker"})


class LegEditIn(Body):
    """The price of a leg set right."""

    position = WholeIn(min_value=1, max_value=MAX_LEGS)
    odds = OddsIn()


class EditIn(Body):
    """What is to be set right; what is left out stays."""

    note = TextIn(required=False, allow_blank=True, max_length=MAX_NOTE)
    tags = serializers.ListField(
        child=TextIn(max_length=MAX_TAG), required=False, max_length=MAX_TAGS, help_text="All of its tags."
    )
    stake = AmountIn(
        required=False, help_text="As it was asked for: of each combination, of a lay the backer's."
    )
    odds = OddsIn(required=False, help_text="Of the only leg.")
    legs = LegEditIn(many=True, required=False, max_length=MAX_LEGS)  # type: ignore[call-arg] # the list's
    ticket_odds = OddsIn(required=False, help_text="Of a same-game parlay or teaser with a price of its own.")
    bookmaker = TextIn(required=False, allow_null=True, max_length=32)
    reason = TextIn(required=False, allow_blank=True, default="", max_length=MAX_REASON)
    revision = revision_in()

    class Meta:
        example: ClassVar = {
            "note": "Line was soft.",
            "tags": ["nba", "model-a"],
            "stake": "30.00",
            "revision": 0,
        }


class Changes(Decisions):
    """Setting a bet of one's own right, and deciding about it."""

    @once
    def partial_update(self, request: Request, pk: Any = None) -> Response:
        """Set a bet right: note and tags at any time; stake, prices and book until its first game begins.

        A changed stake moves the difference by a ledger line of its own. Every change is an event of the bet.
        """
        bet: Bet = self.get_object()
        body, by = self.body(), owner_of(request)
        if not (TERMS | WORDS) & body.keys():
            raise unfit("", f"Name what is to be set right: {', '.join(sorted(TERMS | WORDS))}.")
        with refusals("stake"):
            if TERMS & body.keys():
                legs = list(bet.legs.order_by("position"))
                edit_terms(
                    bet=bet,
                    by=by,
                    terms=changed_terms(terms_of(bet, legs), body),
                    reason=body["reason"],
                    revision=body.get("revision", bet.revision),
                )
            if WORDS & body.keys():
                change_words(bet, by, body)
        return self.answer(bet)  # type: ignore[no-any-return]


def changed_terms(terms: Terms, body: Mapping[str, Any]) -> Terms:
    """Return the terms with what the body sets right. Raises ApiProblem."""
    return replace(
        terms,
        stake=body.get("stake", terms.stake),
        prices=changed_prices(terms.prices, body),
        ticket_price=body.get("ticket_odds", terms.ticket_price),
        bookmaker=book_of(body["bookmaker"]) if "bookmaker" in body else terms.bookmaker,
    )


def changed_prices(prices: Sequence[Decimal], body: Mapping[str, Any]) -> tuple[Decimal, ...]:
    found = list(prices)
    if "odds" in body:
        if len(found) != 1 or "legs" in body:
            raise unfit("odds", "Give the legs their prices one by one, in legs.")
        return (body["odds"],)
    for place, leg in enumerate(body.get("legs", ())):
        if leg["position"] > len(found):
            raise unfit(f"legs.{place}.position", f"The bet has {len(found)} legs.")
        found[leg["position"] - 1] = leg["odds"]
    return tuple(found)


def change_words(bet: Bet, by: User, body: Mapping[str, Any]) -> None:
    """Write note and tags; what is left out stays as it is once the bet is locked. Raises Refused."""
    locked = lock(bet, by, None if TERMS & body.keys() else body.get("revision"))
    edit_words(bet=bet, by=by, note=body.get("note", locked.note), tags=body.get("tags", locked.tags))
