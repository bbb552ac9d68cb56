"""A bet as a program asks for it: the body, the ticket it becomes, and what is wrong with it by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, ClassVar, Final

from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.authentication import owner_of
from accounts.models import User
from bets.api.repeats import lasting_key
from bets.api.rows import ROLL_ID
from bets.grading import EachWay
from bets.models import Bankroll, BetKind
from bets.placement import LegAsked, Placed, TicketAsked, place_in_transaction
from bets.placement.asked import MAX_LEGS, MAX_NOTE, MAX_TAG, MAX_TAGS
from odds.models import Bookmaker, Selection
from rest.bodies import AmountIn, Body, FlagIn, IdIn, OddsIn, PercentIn, PointIn, TextIn, WholeIn
from rest.compiled import Compiled, Given, IsAmong
from rest.problems import refusal_of, unfit
from rest.together import ask

LARGEST_ID: Final = 2**63 - 1
ACCEPT: Final = ["exact", "better", "any"]


class LegIn(Body):
    """One selection and the price that it is asked for at."""

    selection_id = WholeIn(min_value=1, max_value=LARGEST_ID)
    odds = OddsIn(help_text="American odds.")
    point = PointIn(required=False, allow_null=True, help_text="The point of the side; none of a moneyline.")
    own_price = FlagIn(
        required=False, default=False, help_text="Record the price as given; the bet is marked so."
    )


class EachWayIn(Body):
    """Terms of an each-way bet on an outright."""

    fraction = serializers.RegexField(
        r"^[1-9][0-9]{0,3}/[1-9][0-9]{0,3}$",
        help_text="1/4",
        error_messages={"invalid": "Write a fraction, such as 1/4."},
    )
    places = WholeIn(min_value=1, max_value=100)


class PlaceIn(Body):
    """A ticket: one leg makes a straight bet; `kind` says what several make."""

    bankroll_id = IdIn()
    bookmaker = TextIn(
        max_length=32,
        required=False,
        allow_null=True,
        help_text="The book's key; without one, own prices only.",
    )
    kind = serializers.ChoiceField(choices=BetKind.choices, required=False, default=BetKind.STRAIGHT)
    stake = AmountIn(
        help_text="Of the ticket; of each combination of a round robin or system, of each half of an each-way bet, "
        "of a lay the backer's."
    )
    legs = LegIn(many=True, min_length=1, max_length=MAX_LEGS)  # type: ignore[call-arg] # the list's
    accept = serializers.ChoiceField(
        choices=ACCEPT, required=False, default="better", help_text="Which price of the book will do."
    )
    sizes = serializers.ListField(
        child=WholeIn(min_value=1, max_value=MAX_LEGS),
        required=False,
        max_length=MAX_LEGS,
        help_text="Legs of each combination of a round robin.",
    )
    teaser_points = PointIn(required=False, allow_null=True)
    ticket_odds = OddsIn(
        required=False, allow_null=True, help_text="The book's price of a same-game parlay, or of a teaser."
    )
    commission_pct = PercentIn(
        required=False, allow_null=True, help_text="Without it, what the exchange usually takes."
    )
    each_way = EachWayIn(required=False, allow_null=True)
    is_bonus = FlagIn(required=False, default=False, help_text="A bonus bet risks no cash.")
    boost_pct = PercentIn(required=False)
    boost_cap = AmountIn(required=False, allow_null=True)
    insured_up_to = AmountIn(required=False, allow_null=True)
    note = TextIn(required=False, allow_blank=True, default="", max_length=MAX_NOTE)
    tags = serializers.ListField(
        child=TextIn(max_length=MAX_TAG), required=False, default=list, max_length=MAX_TAGS
    )

    class Meta:
        example: ClassVar = {
            "bankroll_id": ROLL_ID, "bookmaker": "draftkings", "kind": "straight", "stake": "25.00",
            "legs": [{"selection_id": 4711, "odds": "-110", "point": "-3.5"}], "tags": ["nba"],
        }  # fmt: skip


BANKROLL: Final = Compiled(lambda: Bankroll.objects.filter(pk=Given("key"), user=Given("user")).order_by())
BOOK: Final = Compiled(lambda: Bookmaker.objects.filter(key=Given("key")).order_by())
SELECTIONS: Final = Compiled(
    lambda: Selection.objects.filter(IsAmong("id", "keys")).order_by(),
    "game",
    "game__sport",
    "game__home_team",
    "game__away_team",
)
OPTIONAL: Final = {
    "teaser_points": "teaser_points",
    "ticket_odds": "ticket_price",
    "commission_pct": "commission_pct",
    "boost_pct": "boost_pct",
    "boost_cap": "boost_cap",
    "insured_up_to": "insured_up_to",
}
"""Field of the body → term of the ticket, where the body has it."""


def ticket_of(body: Mapping[str, Any], *, user: User, key: str) -> TicketAsked:
    """Return the ticket that a checked body asks for. Raises ApiProblem for what it names in vain."""
    wanted = [leg["selection_id"] for leg in body["legs"]]
    rolls, books, chosen = ask(
        BANKROLL.statement(user=user.pk, key=body["bankroll_id"]),
        BOOK.statement(key=body.get("bookmaker")),
        SELECTIONS.statement(keys=wanted),
    )
    if not rolls:
        raise unfit("bankroll_id", "You have no such bankroll.", "unknown")
    (bankroll,) = BANKROLL.objects(rolls)
    way = body.get("each_way")
    return TicketAsked(
        user=user,
        bankroll=bankroll,
        bookmaker=the_book(body.get("bookmaker"), BOOK.objects(books)),
        kind=body["kind"],
        legs=legs_of(body["legs"], SELECTIONS.objects(chosen)),
        stake=body["stake"],
        idempotency_key=key,
        sizes=tuple(body.get("sizes", ())),
        each_way=EachWay(Fraction(way["fraction"]), way["places"]) if way else None,
        is_bonus=body["is_bonus"],
        accept=body["accept"],
        **{term: body[name] for name, term in OPTIONAL.items() if body.get(name) is not None},
    )


def book_of(key: str | None, field: str = "bookmaker") -> Bookmaker | None:
    """Return the book of that key, None for none. Raises ApiProblem."""
    return the_book(key, [] if key is None else BOOK.all(key=key), field)


def the_book(key: str | None, found: Sequence[Bookmaker], field: str = "bookmaker") -> Bookmaker | None:
    if key is not None and not found:
        raise unfit(field, "There is no book with this key.", "unknown")
    return found[0] if found else None


def legs_of(legs: Sequence[Mapping[str, Any]], chosen: Sequence[Selection]) -> tuple[LegAsked, ...]:
    """Return the legs with their selections. Raises ApiProblem for those that are not there."""
    found = {each.pk: each for each in chosen}
    wanted = [leg["selection_id"] for leg in legs]
    faults = [
        {
            "field": f"legs.{place}.selection_id",
            "code": "unknown",
            "detail": "There is no such selection, or its game is no longer listed.",
        }
        for place, one in enumerate(wanted)
        if one not in found
    ]
    if faults:
        raise refusal_of(faults)
    return tuple(
        LegAsked(
            selection=found[leg["selection_id"]],
            price=leg["odds"],
            point=leg.get("point"),
            own_price=leg["own_price"],
        )
        for leg in legs
    )


def place(request: Request, body: Mapping[str, Any]) -> Placed:
    """Place the bet that a checked body asks for, in the transaction of ``once``. Raises ApiProblem, Refused."""
    ticket = ticket_of(body, user=owner_of(request), key=lasting_key(request))
    return place_in_transaction(ticket, note=body["note"], tags=body["tags"])
