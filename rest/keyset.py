"""Pages by keyset: one begins after a row, not after a number of rows, so deep pages cost what the first does.

Pages also stay where they are while rows are added. The order is the queryset's own: all rising or all falling, the
last column unique. A column that may be NULL is named with ``nulls_last``: rows without a value come last, whichever
way the others go.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final, Generic, NamedTuple, TypeVar

from django.db.models import F, OrderBy, Q, QuerySet

Rows = TypeVar("Rows")
NOTHING: Final = Q(pk__in=())


class Column(NamedTuple):
    """A column that rows are in order of; ``has_gaps`` where it may be NULL."""

    name: str
    has_gaps: bool = False


class Order(NamedTuple):
    """The order of a queryset."""

    columns: tuple[Column, ...]
    falling: bool

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def label(self) -> str:
        """The order as ``order_by`` would be told."""
        sign = "-" if self.falling else ""
        return ",".join(sign + name for name in self.names)

    def place_of(self, row: Any) -> list[Any]:
        """Where a row stands: its values in the columns."""
        return [attrgetter(name.replace("__", "."))(row) for name in self.names]


class Page(NamedTuple, Generic[Rows]):
    """Some rows in order, and whether there are rows before and after them."""

    rows: list[Rows]
    has_before: bool
    has_after: bool


def order_of(queryset: QuerySet[Any]) -> Order:
    """The order that the queryset was put in. Raises TypeError where pages cannot follow it."""
    found = [column_of(part) for part in queryset.query.order_by]
    ways = {falling for _, falling in found}
    if len(ways) != 1:
        raise TypeError(f"A list in pages is all rising or all falling, not {queryset.query.order_by}.")
    return Order(tuple(column for column, _ in found), ways.pop())


def column_of(part: Any) -> tuple[Column, bool]:
    if isinstance(part, OrderBy):
        if not isinstance(part.expression, F) or part.nulls_first:
            raise TypeError(f"Pages follow columns, those without a value last, not {part}.")
        name: str = part.expression.name  # type: ignore[attr-defined] # the stubs leave it out
        return Column(name, bool(part.nulls_last)), part.descending
    return Column(str(part).removeprefix("-")), str(part).startswith("-")


def page(
    queryset: QuerySet[Any, Rows],
    size: int,
    *,
    after: Sequence[Any] | None = None,
    before: Sequence[Any] | None = None,
) -> Page[Rows]:
    """The first rows, or those next to a place: ``after`` it, or the last ``before`` it. One statement."""
    is_back = before is not None
    place = before if is_back else after
    rows = list(turned(queryset, place, is_back=is_back)[: size + 1])
    return cut(rows, size, has_place=place is not None, is_back=is_back)


def turned(
    queryset: QuerySet[Any, Rows], place: Sequence[Any] | None, *, is_back: bool = False
) -> QuerySet[Any, Rows]:
    """The rows after a place, or backwards those before it; all of them without one."""
    if place is None:
        return queryset
    found = queryset.filter(beyond(order_of(queryset), place, is_back=is_back))
    return found.reverse() if is_back else found


def cut(rows: list[Rows], size: int, *, has_place: bool, is_back: bool = False) -> Page[Rows]:
    """The page that the first rows of ``turned`` make; one row more than its ``size`` says that there are more."""
    has_more, rows = len(rows) > size, rows[:size]
    if is_back:
        rows.reverse()
        return Page(rows, has_more, bool(rows))
    return Page(rows, bool(rows) and has_place, has_more)


def beyond(order: Order, place: Sequence[Any], *, is_back: bool = False) -> Q:
    """The rows that follow the place, or precede it; the first column by itself lets an index find where."""
    found, equal = NOTHING, Q()
    for column, value in zip(order.columns, place, strict=True):
        further = further_than(column, value, falling=order.falling != is_back, is_back=is_back)
        if further is not None:
            found = equal & further if found is NOTHING else found | (equal & further)
        equal &= Q(**{f"{column.name}__isnull": True}) if value is None else Q(**{column.name: value})
    first, value = order.columns[0], place[0]
    if value is None or (first.has_gaps and not is_back):
        return found
    return Q(**{f"{first.name}__{'lt' if order.falling != is_back else 'gt'}e": value}) & found


def further_than(column: Column, value: Any, *, falling: bool, is_back: bool) -> Q | None:
    """What is beyond a value of one column; None where nothing is."""
    if value is None:
        return Q(**{f"{column.name}__isnull": False}) if is_back else None
    further = Q(**{f"{column.name}__{'lt' if falling else 'gt'}": value})
    return further | Q(**{f"{column.name}__isnull": True}) if column.has_gaps and not is_back else further
