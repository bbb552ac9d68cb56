"""Answers about odds that are kept by the version of the archive: when they are used, for whom, and when no more."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import ApiKeyFactory, UserFactory, text_of
from bets.tests.factories import FAR, offered, place
from games.models import Game
from games.tests.factories import GameFactory
from odds import versions
from odds.models import CurrentOdds
from rest import kept

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def line() -> CurrentOdds:
    return offered(GameFactory(commence_time=FAR), "h2h")


def program(**changed: Any) -> Client:
    key = ApiKeyFactory(scopes=["odds:read"], last_used_at=None, **changed)
    return Client(headers={"Authorization": f"Bearer {text_of(key)}"})


def odds_of(line: CurrentOdds) -> str:
    return f"/api/v1/odds/?game={line.game_id}&limit=1"


def test_a_second_caller_gets_the_same_answer_without_its_statements(line: CurrentOdds) -> None:
    first = program().get(odds_of(line))
    other = program()
    other.get("/api/v1/sports/")  # the use of the key is noted
    with CaptureQueriesContext(connection) as asked:
        again = other.get(odds_of(line))
    assert len(asked) == 1, "the key"
    assert (again.content, again.headers["ETag"]) == (first.content, first.headers["ETag"])
    assert again.headers["Content-Type"] == "application/json"
    assert "RateLimit" in again.headers


def test_a_changed_price_is_answered_at_once(line: CurrentOdds) -> None:
    client = program()
    before = client.get(odds_of(line)).json()
    CurrentOdds.objects.update(price=-125)
    after = client.get(odds_of(line)).json()
    assert before["results"][0]["price"] != "-125"
    assert after["results"][0]["price"] == "-125"


def test_a_kept_answer_is_gzipped_for_whom_takes_it(line: CurrentOdds) -> None:
    client = program()
    plain = client.get(odds_of(line))
    packed = client.get(odds_of(line), headers={"Accept-Encoding": "br, gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert {"Accept-Encoding", "Authorization", "Cookie"} <= set(packed.headers["Vary"].split(", "))


def test_the_address_of_the_next_page_is_kept_with_the_answer(line: CurrentOdds) -> None:
    offered(line.game, "h2h", "away")
    first, again = (program().get(odds_of(line)) for _ in range(2))
    assert first.json()["next"]
    assert again.headers["Link"] == first.headers["Link"]


def test_who_may_not_ask_gets_no_kept_answer(line: CurrentOdds) -> None:
    assert program().get(odds_of(line)).status_code == 200
    stranger = Client(headers={"Authorization": f"Bearer {text_of(ApiKeyFactory(scopes=['bets:read']))}"})
    refused = stranger.get(odds_of(line))
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")


def test_a_zone_of_ones_own_has_answers_of_its_own(line: CurrentOdds) -> None:
    at_home, abroad = (
        program(user=UserFactory(time_zone=zone)).get("/api/v1/odds/board/").json()["zone"]
        for zone in ("America/New_York", "Asia/Tokyo")
    )
    assert (at_home, abroad) == ("America/New_York", "Asia/Tokyo")


def test_refusals_are_not_kept(line: CurrentOdds) -> None:
    client = program()
    for _ in range(2):
        assert client.get(f"/api/v1/odds/?game={line.game_id}&nonsense=1").status_code == 400
    gone = "/api/v1/odds/board/?sport=nowhere"
    assert [client.get(gone).status_code for _ in range(2)] == [404, 404]


def test_without_redis_answers_are_made_each_time(line: CurrentOdds, monkeypatch: pytest.MonkeyPatch) -> None:
    client = program()
    client.get(odds_of(line))

    def gone(*args: Any, **kwargs: Any) -> None:
        raise ConnectionError("gone")

    for name in ("get", "set"):
        monkeypatch.setattr(cache, name, gone)
    assert client.get(odds_of(line)).status_code == 200


def test_an_answer_too_large_is_not_kept(line: CurrentOdds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "LARGEST", 10)
    client = program()
    tag = client.get(odds_of(line)).headers["ETag"]
    assert kept.find(tag) is None


def test_counting_a_bet_on_its_game_leaves_the_answers_about_odds_as_they_are(line: CurrentOdds) -> None:
    before = versions.current([versions.ARCHIVE])
    place(line)
    assert versions.current([versions.ARCHIVE]) == before
    Game.objects.filter(pk=line.game_id).update(bet_count=F("bet_count") + 1, title="Another")
    assert versions.current([versions.ARCHIVE]) != before
