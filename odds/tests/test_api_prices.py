"""What the lists of prices ask of the database: always with the game, by which both tables are kept."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from odds.tests.factories import CurrentOddsFactory, SelectionFactory, SnapshotFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["odds", "snapshots"])
def test_a_selection_is_looked_up_in_its_game(client: Client, address: str) -> None:
    cache.clear()
    wanted, other = SelectionFactory(), SelectionFactory()
    for each in (wanted, other):
        CurrentOddsFactory(selection=each)
        SnapshotFactory(selection=each)
    table = "current_odds" if address == "odds" else "odd_snapshots"
    with CaptureQueriesContext(connection) as asked:
        rows = client.get(f"/api/v1/{address}/?selection={wanted.pk}").json()["results"]
    assert [row["selection_id"] for row in rows] == [wanted.pk]
    (read,) = [query["sql"] for query in asked if f'FROM "{table}"' in query["sql"]]
    assert f'"{table}"."game_id" IN' in read.split("WHERE")[1]


@pytest.mark.parametrize("selection", ["x", "1.5", "0", "-1", "1,y", "9223372036854775808"])
@pytest.mark.parametrize("address", ["odds", "snapshots"])
def test_a_selection_that_is_no_number_is_refused(client: Client, address: str, selection: str) -> None:
    response = client.get(f"/api/v1/{address}/?selection={selection}")
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "selection"


def test_a_selection_nobody_has_is_an_empty_list(client: Client) -> None:
    assert client.get("/api/v1/odds/?selection=9223372036854775807").json()["results"] == []
