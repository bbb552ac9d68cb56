"""Pages of bets that stay where they are while bets are added: each begins after a bet, not after a number of them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.db.models import Case, DecimalField, F, QuerySet, When
from django.db.models.expressions import Combinable

from bets.history.conditions import ORDERED_ODDS
from bets.models import Bet
from rest.keyset import order_of, page

PAGE_SIZE: Final = 50
PROFIT: Final = Case(
    When(is_bonus=True, then=F("payout")),
    default=F("payout") - F("stake"),
    output_field=DecimalField(max_digits=16, decimal_places=2),
)


class BadPlace(ValueError):
    """What should say where a page begins cannot be read."""


@dataclass(frozen=True, slots=True)
class Order:
    """A column that bets are put in order by, or what is ``computed`` as one.

    Those without a value, as open ones without a profit, come last.
    """

    label: str
    column: str
    read: Callable[[str], Any]
    has_gaps: bool = False
    computed: Combinable | None = None


def instant(text: str) -> dt.datetime:
    found = dt.datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("an instant without a zone")
    return found


def number(text: str) -> Decimal:
    found = Decimal(text)
    if not found.is_finite() or abs(found) >= 10**15:
        raise ValueError("no number that a bet can have")
    return found


ORDERS: Final = {
    "placed": Order("Placed", "placed_at", instant),
    "settled": Order("Settled", "settled_at", instant, has_gaps=True),
    "stake": Order("Stake", "stake", number),
    "odds": Order("Price", "by_odds", number, computed=ORDERED_ODDS),
    "profit": Order("Profit", "by_profit", number, has_gaps=True, computed=PROFIT),
}
SORTS: Final = {sign + name: order for name, order in ORDERS.items() for sign in ("-", "")}
STANDARD: Final = "-placed"


@dataclass(frozen=True, slots=True)
class BetPage:
    """Some bets in order; ``before`` and ``after`` say where the pages beside begin, '' where there is none."""

    bets: Sequence[Bet]
    before: str = ""
    after: str = ""


def page_of(
    bets: QuerySet[Bet], sort: str = STANDARD, *, after: str = "", before: str = "", size: int = PAGE_SIZE
) -> BetPage:
    """Return a page of the bets in the order ``sort`` (a key of ``SORTS``), the first unless a place is given.

    A place is what a page calls ``after`` or ``before``. Raises BadPlace.
    """
    order = SORTS[sort]
    place = read_place(before or after, order) if before or after else None
    wanted = in_order(bets, sort)
    found = page(wanted, size, **{"before" if before else "after": place})
    is_short_of_the_first = before and not found.has_before and len(found.rows) < size
    if is_short_of_the_first or (place and not found.rows):
        return page_of(bets, sort, size=size)
    return BetPage(
        found.rows,
        written(*order_of(wanted).place_of(found.rows[0])) if found.has_before else "",
        written(*order_of(wanted).place_of(found.rows[-1])) if found.has_after else "",
    )


def in_order(bets: QuerySet[Bet], sort: str) -> QuerySet[Any]:
    """The bets in an order of ``SORTS``, by which pages can follow each other."""
    order, falling = SORTS[sort], sort.startswith("-")
    if order.computed is not None:
        bets = bets.annotate(**{order.column: order.computed})
    value, last = F(order.column), order.has_gaps or None
    by = value.desc(nulls_last=last) if falling else value.asc(nulls_last=last)
    return bets.order_by(by, "-id" if falling else "id")


def written(value: Any, pk: uuid.UUID) -> str:
    """A place as addresses name it."""
    text = (
        ""
        if value is None
        else value.isoformat()
        if isinstance(value, dt.datetime)
        else f"{value.normalize():f}"
    )
    return f"{text}~{pk}"


def read_place(text: str, order: Order) -> list[Any]:
    value, _, key = text.partition("~")
    try:
        if not value and not order.has_gaps:
            raise BadPlace
        return [order.read(value) if value else None, uuid.UUID(key)]
    except (ValueError, InvalidOperation):
        raise BadPlace("This place in the list cannot be read.") from None
