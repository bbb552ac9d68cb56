from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import psycopg
import pytest
from django.db import DataError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from games.models import Game
from games.tests.factories import GameFactory
from rest.together import ask

pytestmark = pytest.mark.django_db

AWKWARD = ["", "'", "''; DROP TABLE games; --", "100 % %s %(name)s", "back\\slash", "line\nbreak", "−½"]


@pytest.fixture(params=["together", "apart"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """In one round trip, and one by one where the server puts the values in."""
    if request.param == "apart":
        monkeypatch.setattr(psycopg, "ClientCursor", type("None", (), {}))
    return str(request.param)


def test_each_statement_has_its_rows(way: str) -> None:
    found = ask(
        ("SELECT %s::int, %s::text", [1, "one"]),
        ("SELECT n FROM generate_series(1, %(to)s) n WHERE n <> %(but)s AND %(to)s > 2", {"to": 3, "but": 2}),
        ("SELECT FROM generate_series(1, 2)", []),
        ("SELECT 1 WHERE false -- and a remark", []),
        ("CREATE TEMPORARY TABLE noted (word text) ON COMMIT DROP", []),
        ("INSERT INTO noted VALUES (%s), (%s)", ["a", "b"]),
        ("SELECT word FROM noted ORDER BY 1", []),
    )
    assert found == [[(1, "one")], [(1,), (3,)], [(), ()], [], [], [], [("a",), ("b",)]]


@pytest.mark.parametrize("text", AWKWARD, ids=range(len(AWKWARD)))
def test_values_come_back_as_they_were_given(way: str, text: str) -> None:
    key, now = uuid.uuid4(), dt.datetime(2026, 11, 21, 12, 0, 0, 1, tzinfo=dt.UTC)
    values = [text, [text, None], key, now, None]
    sql = "SELECT %s::text, %s::text[], %s::uuid, %s::timestamptz, %s::int"
    assert ask((sql, values), (sql, values)) == [[tuple(values)], [tuple(values)]]


def test_a_later_statement_sees_what_an_earlier_one_wrote(way: str) -> None:
    game = GameFactory()
    _, [(clock,)] = ask(
        ("UPDATE games SET clock = %s WHERE id = %s", ["Q3 04:11", game.pk]),
        ("SELECT clock FROM games WHERE id = %s", [game.pk]),
    )
    assert clock == Game.objects.get().clock == "Q3 04:11"


def test_a_fault_undoes_them_all(way: str) -> None:
    game = GameFactory(clock="before")
    written: tuple[str, Any] = ("UPDATE games SET clock = 'after' WHERE id = %s", [game.pk])
    with pytest.raises(DataError), transaction.atomic():
        ask(written, ("SELECT 1 / %s", [0]))
    assert Game.objects.get().clock == "before"


def test_a_value_that_cannot_be_sent_is_a_fault_of_the_data(way: str) -> None:
    with pytest.raises(DataError), transaction.atomic():
        ask(("SELECT %s", ["\0"]))


def test_they_take_one_round_trip(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        ask(("SELECT 1", []), ("SELECT %s", ["two"]), ("SELECT 3", []))
    assert connection.is_usable()
