"""Pages by keyset follow the order of a queryset, forward and back, and refuse one that they cannot follow."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Lower, NullIf

from rest.keyset import order_of, page


@pytest.mark.parametrize(
    "order",
    [
        ("name", "-id"),
        (F("name").asc(), "-id"),
        (F("name").asc(nulls_first=True), "id"),
        (Lower("name").asc(), "id"),
        (),
    ],
    ids=["mixed", "mixed with an expression", "gaps first", "no column", "none"],
)
def test_an_order_that_pages_cannot_follow_is_an_error_of_whoever_wrote_it(order: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError):
        order_of(Permission.objects.order_by(*order))


def test_an_order_knows_its_columns_and_gaps() -> None:
    found = order_of(Permission.objects.order_by(F("name").desc(nulls_last=True), "-id"))
    assert (found.label, found.falling) == ("-name,-id", True)
    assert [column.has_gaps for column in found.columns] == [True, False]


def by_three(falling: bool) -> QuerySet[Permission]:
    """In an order by columns with equal values, of which the first has gaps."""
    rows = Permission.objects.annotate(
        verb=NullIf(F("content_type__app_label"), Value("auth" if falling else "admin")),
    )
    first = F("verb").desc(nulls_last=True) if falling else F("verb").asc(nulls_last=True)
    sign = "-" if falling else ""
    return rows.order_by(first, f"{sign}content_type__model", f"{sign}id").select_related("content_type")


@pytest.mark.django_db
@pytest.mark.parametrize("falling", [False, True])
@pytest.mark.parametrize("size", [1, 7, 50])
def test_pages_forward_and_back_hold_every_row_once_in_order(falling: bool, size: int) -> None:
    rows = by_three(falling)
    wanted, order = list(rows[:60]), order_of(rows)
    last = order.place_of(wanted[-1])
    assert [row.pk for row in page(rows, 59, before=last).rows] == [row.pk for row in wanted[:-1]]
    forward: list[Permission] = []
    found = page(rows, size)
    assert not found.has_before
    while len(forward) < len(wanted):
        forward += found.rows
        assert len(found.rows) == size or not found.has_after
        found = page(rows, size, after=order.place_of(forward[-1]))
        assert found.has_before or not found.rows
    assert [row.pk for row in forward[: len(wanted)]] == [row.pk for row in wanted]
    place = len(wanted) // 2
    back = page(rows, size, before=order.place_of(wanted[place]))
    assert [row.pk for row in back.rows] == [row.pk for row in wanted[max(0, place - size) : place]]
    assert (back.has_before, back.has_after) == (place > size, True)
