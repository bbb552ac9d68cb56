"""Pages of bets that stay where they are while bets are added: each begins after a bet, not after a number of them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.db.models import Case, DecimalField, F, Q, QuerySet, When
from django.db.models.expressions import Combinable

from bets.history.conditions import ORDERED_ODDS
from bets.models import Bet

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
    """A column that bets are put in order by. Those without a value, as open ones without a profit, come last."""

    label: str
    value: Combinable
    read: Callable[[str], Any]
    has_gaps: bool = False


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
    "placed": Order("Placed", F("placed_at"), instant),
    "settled": Order("Settled", F("settled_at"), instant, has_gaps=True),
    "stake": Order("Stake", F("stake"), number),
    "odds": Order("Price", ORDERED_ODDS, number),
    "profit": Order("Profit", PROFIT, number, has_gaps=True),
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
    is_back = bool(before)
    place = before or after
    down = sort.startswith("-") != is_back
    wanted = bets.annotate(sort_value=order.value).order_by(*in_order(order, down, is_back))
    if place:
        wanted = wanted.filter(beyond(order, down, is_back, *read_place(place, order)))
    found = list(wanted[: size + 1])
    has_more, found = len(found) > size, found[:size]
    if is_back:
        found.reverse()
    if (place and not found) or (is_back and not has_more and len(found) < size):
        return page_of(bets, sort, size=size)
    has_before = has_more if is_back else bool(after)
    has_after = True if is_back else has_more
    return BetPage(
        found,
        place_of(found[0]) if found and has_before else "",
        place_of(found[-1]) if found and has_after else "",
    )


def in_order(order: Order, down: bool, is_back: bool) -> list[Any]:
    if not order.has_gaps:
        return ["-sort_value", "-id"] if down else ["sort_value", "id"]
    value, last = F("sort_value"), not is_back or None
    first = is_back or None
    by = (
        value.desc(nulls_first=first, nulls_last=last)
        if down
        else value.asc(nulls_first=first, nulls_last=last)
    )
    return [by, "-id" if down else "id"]


def beyond(order: Order, down: bool, is_back: bool, value: Any, pk: uuid.UUID) -> Q:
    """What comes after a place in the order that is read, be it forward or back.

    The first part of the condition lets an index find where to begin.
    """
    step = "lt" if down else "gt"
    if value is None:
        same = Q(sort_value__isnull=True, **{f"id__{step}": pk})
        return same | Q(sort_value__isnull=False) if is_back else same
    further = Q(**{f"sort_value__{step}e": value}) & (
        Q(**{f"sort_value__{step}": value}) | Q(**{f"id__{step}": pk})
    )
    return further | Q(sort_value__isnull=True) if order.has_gaps and not is_back else further


def place_of(bet: Bet) -> str:
    value = bet.sort_value  # type: ignore[attr-defined] # page_of annotates it
    text = (
        ""
        if value is None
        else value.isoformat()
        if isinstance(value, dt.datetime)
        else f"{value.normalize():f}"
    )
    return f"{text}~{bet.pk}"


def read_place(text: str, order: Order) -> tuple[Any, uuid.UUID]:
    value, _, key = text.partition("~")
    try:
        if not value and not order.has_gaps:
            raise BadPlace
        return order.read(value) if value else None, uuid.UUID(key)
    except (ValueError, InvalidOperation):
        raise BadPlace("This place in the list cannot be read.") from None
