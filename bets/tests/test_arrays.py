from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bets.arrays import array_literal
from bets.models import BetStatus

AT = dt.datetime(2026, 11, 19, 18, 0, 0, 1234, tzinfo=dt.UTC)
SOME = uuid.UUID("019a0000-0000-7000-8000-000000000001")


def read_back(values: list[Any], kind: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT %s::{kind}[]", [array_literal(values)])
        found: list[Any] = cursor.fetchone()[0]
    return found


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("int", [1, None, -3]),
        ("uuid", [SOME, None]),
        ("numeric", [Decimal("-109.890110"), Decimal("1E+2"), None]),
        ("timestamptz", [AT, None]),
        (
            "text",
            ["", "NULL", None, "a,b", "{}", 'He said "no"', "back\\slash", "  ", "½ – ’", "line\nbreak"],
        ),
        ("text", [BetStatus.WON, "21/11"]),
        ("int", []),
    ],
)
def test_an_array_comes_back_as_it_was_sent(kind: str, values: list[Any]) -> None:
    assert read_back(values, kind) == values


@pytest.mark.django_db
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_any_text_comes_back_as_it_was_sent(values: list[str | None]) -> None:
    assert read_back(values, "text") == values
