"""What a bet would come to: placed by what places bets, and rolled back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from django.db import transaction
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.authentication import owner_of
from bets.api.placing import ticket_of
from bets.api.refusals import problem_of, refusals
from bets.api.rows import money
from bets.exceptions import Refused
from bets.models import Bankroll
from bets.placement import Quote, TicketAsked, check_ticket, place_asked, quote
from odds.api.rows import american, decimal
from rest.fields import AmountField, NumberField, OddsField
from rest.problems import body_of
from rest.shaping import Row


class QuoteRow(Row):
    """What a ticket comes to: at the prices it would get, or where it would be refused at those asked for."""

    possible = serializers.BooleanField(help_text="It would be placed now.")
    problem = serializers.DictField(
        allow_null=True, help_text="Why not: the problem that placing it would be."
    )
    currency = serializers.CharField()
    stake = AmountField(help_text="All that it risks.")
    combinations = serializers.IntegerField()
    odds = OddsField(help_text="American odds of the whole ticket.")
    decimal = NumberField(max_digits=24)
    payout = AmountField(help_text="If every leg wins.")
    profit = AmountField()
    balance_after = AmountField(allow_null=True, help_text="Of the bankroll; null where it would be refused.")

    class Meta:
        identity = "possible"
        example: ClassVar = {
            "possible": True, "problem": None, "currency": "USD", "stake": "25.00", "combinations": 1,
            "odds": "-110", "decimal": "1.909091", "payout": "47.73", "profit": "22.73", "balance_after": "950.00",
        }  # fmt: skip


def quote_of(request: Request, body: Mapping[str, Any]) -> dict[str, Any]:
    """The row of what a checked body asks for. Raises ApiProblem for a ticket that there cannot be."""
    ticket = ticket_of(body, user=owner_of(request), key=f"quote:{uuid.uuid4()}")
    with refusals("stake"):
        check_ticket(ticket, note=body["note"], tags=body["tags"])
        asked = quote(ticket)
    try:
        got, balance = placed_and_taken_back(ticket)
    except Refused as refused:
        problem = body_of(problem_of(refused, "stake"))
        return {"possible": False, "problem": problem, **sums(asked), "balance_after": None}
    return {"possible": True, "problem": None, **sums(got), "balance_after": balance}


def placed_and_taken_back(ticket: TicketAsked) -> tuple[Quote, str | None]:
    """What the ticket comes to at the prices it gets, and the balance that it leaves. Raises Refused."""
    with transaction.atomic():
        bet = place_asked(ticket)
        prices = bet.legs.order_by("position").values_list("odds", flat=True)
        legs = [replace(leg, price=price) for leg, price in zip(ticket.legs, prices, strict=True)]
        left = Bankroll.objects.with_balance().get(pk=ticket.bankroll.pk)
        transaction.set_rollback(True)
    return quote(replace(ticket, legs=tuple(legs))), money(left.balance)  # type: ignore[attr-defined] # annotated


def sums(found: Quote) -> dict[str, Any]:
    bet = found.bet
    return {
        "currency": bet.bankroll.currency,
        "stake": money(bet.stake),
        "combinations": bet.combinations,
        "odds": american(bet.odds),
        "decimal": decimal(bet.odds),
        "payout": money(found.payout),
        "profit": money(found.profit),
    }
