"""Price changes told as they happen."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connections, transaction
from django.test import Client, override_settings
from django.utils import timezone

from accounts.api.keys import revoke_key
from accounts.models import User
from accounts.tests.factories import ApiKeyFactory, UserFactory, text_of
from games.models import Game
from odds import moves
from odds.api import stream
from odds.ingest import ingest_odds
from odds.tests.test_ingest import book, event, ingest, minute, moneyline

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "/api/v1/stream/"


class Told(NamedTuple):
    kind: str
    id: str
    data: dict[str, Any]


@pytest.fixture(autouse=True)
def empty_log() -> Iterator[None]:
    cache.clear()
    stream.SEATS._taken.clear()
    yield
    assert not stream.SEATS._taken, "a response keeps its seat"


def answer(*games: Game, last: str = "", seconds: int = 0) -> Any:
    headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last else {})
    query: dict[str, str | int] = {"game": ",".join(str(game.pk) for game in games), "seconds": seconds}
    return Client().get(ADDRESS, query, headers=headers)


def told(*games: Game, last: str = "") -> list[Told]:
    """The events of a response that does not wait."""
    response = answer(*games, last=last)
    assert response.status_code == 200, response.content
    assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    text = b"".join(response).decode()
    response.close()
    return events_in(text)


def events_in(text: str) -> list[Told]:
    found = []
    for part in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in part.splitlines() if not line.startswith(":"))
        if "event" in lines:
            found.append(Told(lines["event"], lines["id"], json.loads(lines["data"])))
    return found


def prices(found: list[Told]) -> list[list[tuple[str, str | None]]]:
    return [sorted((row["side"], row["price"]) for row in each.data["changes"]) for each in found]


def test_each_response_that_changed_a_game_is_one_event_with_its_changes() -> None:
    ingest(book(moneyline()), at=1)
    game, begin = Game.objects.get(), moves.newest()
    ingest(book(moneyline(-155)), at=2)
    ingest(book(moneyline(-155)), at=3)  # changes nothing
    ingest(book(), at=4, markets=["h2h"])  # withdraws both
    found = told(game, last=begin)
    assert [each.kind for each in found] == ["prices", "prices"]
    assert prices(found) == [[("home", "-155")], [("away", None), ("home", None)]]
    assert found[0].data["game_id"] == str(game.pk)
    assert found[0].data["captured_at"] == "2026-11-20T12:02:00Z"
    assert found[0].data["changes"][0]["bookmaker"] == "draftkings"
    assert found[0].data["more"] is False


def test_who_comes_back_gets_what_came_since_and_nothing_twice() -> None:
    ingest(book(moneyline()), at=1)
    game, begin = Game.objects.get(), moves.newest()
    ingest(book(moneyline(-155)), at=2)
    (first,) = told(game, last=begin)
    assert told(game, last=first.id) == []
    ingest(book(moneyline(-160)), at=3)
    assert prices(told(game, last=first.id)) == [[("home", "-160")]]
    assert prices(told(game, last=begin)) == [[("home", "-155")], [("home", "-160")]]


def test_only_the_games_asked_for_are_told() -> None:
    ingest(book(moneyline()), at=1)
    ingest_odds(events=[event(book(moneyline()), external_id="e2")], captured_at=minute(2))
    first, second = Game.objects.order_by("external_id")
    begin = moves.newest()
    ingest(book(moneyline(-155)), at=3)
    assert told(second, last=begin) == []
    assert len(told(first, second, last=begin)) == 1


def test_what_is_rolled_back_is_not_told() -> None:
    ingest(book(moneyline()), at=1)
    begin = moves.newest()
    with transaction.atomic():
        ingest(book(moneyline(-155)), at=2)
        assert moves.newest() == begin
        transaction.set_rollback(True)
    assert moves.newest() == begin


def test_without_an_id_it_begins_with_what_comes_next_and_tells_it_at_once() -> None:
    ingest(book(moneyline()), at=1)
    game = Game.objects.get()
    response = answer(game, seconds=20)
    parts = iter(response)
    assert next(parts) == f"retry: 3000\nid: {moves.newest()}\n\n".encode()

    def change() -> None:
        ingest(book(moneyline(-155)), at=2)
        connections.close_all()

    writer = threading.Thread(target=change)
    began = time.monotonic()
    writer.start()
    (found,) = events_in(next(parts).decode())
    assert prices([found]) == [[("home", "-155")]]
    assert time.monotonic() - began < 10
    writer.join()
    response.close()


@pytest.mark.parametrize("how", ["lost", "shortened"])
def test_who_has_missed_events_is_told_to_read_anew(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ingest(book(moneyline()), at=1)
    game, begin = Game.objects.get(), moves.newest()
    ingest(book(moneyline(-155)), at=2)
    if how == "lost":
        cache.clear()
    else:
        ingest(book(moneyline(-160)), at=3)
        moves._client().xtrim(moves._key(), maxlen=1, approximate=False)
    (found,) = told(game, last=begin)
    assert (found.kind, found.id) == ("reset", moves.newest())


def test_without_redis_it_is_refused_and_an_open_one_ends_with_a_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ingest(book(moneyline()), at=1)
    game = Game.objects.get()
    response = answer(game, seconds=20)
    parts = iter(response)
    next(parts)
    nowhere = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    nowhere["BACKEND"] = "django.core.cache.backends.redis.RedisCache"
    nowhere.pop("EMBEDDED_HOME", None)
    with override_settings(CACHES={"default": nowhere}):
        (found,) = events_in(b"".join(parts).decode())
        assert (found.kind, found.data) == ("end", {"code": "stream_unavailable"})
        response.close()
        refused = answer(game)
        ingest(book(moneyline(-155)), at=2)  # goes on
    assert (refused.status_code, refused.json()["code"]) == (503, "stream_unavailable")
    assert refused.headers["Retry-After"] == "30"


@pytest.mark.parametrize("how", ["revoked", "suspended", "signed out"])
def test_an_open_one_ends_at_the_next_sign_of_life_after_its_reader_may_no_more(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT", 0.1)
    monkeypatch.setattr(stream, "WAIT", 0.1)
    ingest(book(moneyline()), at=1)
    user = UserFactory()
    key = ApiKeyFactory(user=user, scopes=["odds:read"])
    client = Client(headers={} if how == "signed out" else {"Authorization": f"Bearer {text_of(key)}"})
    if how == "signed out":
        client.force_login(user)
    address = f"{ADDRESS}?game={Game.objects.get().pk}&seconds=20"
    response: Any = client.get(address, headers={"Accept": "text/event-stream"})
    parts = iter(response)
    next(parts)
    assert next(parts).startswith(b":")
    if how == "revoked":
        revoke_key(key=key, now=timezone.now())
    elif how == "suspended":
        User.objects.filter(pk=user.pk).update(is_active=False)
    else:
        client.logout()
    began = time.monotonic()
    (found,) = events_in(b"".join(parts).decode())
    assert (found.kind, found.data) == ("end", {"code": "not_authenticated"})
    assert time.monotonic() - began < 5
    response.close()


def test_seats_are_few_and_free_again_once_a_stream_is_closed() -> None:
    ingest(book(moneyline()), at=1)
    game = Game.objects.get()
    with override_settings(API_STREAMS=2):
        first, second = answer(game), answer(game)
        full = answer(game)
        assert (full.status_code, full.json()["code"]) == (503, "streams_full")
        assert full.headers["Retry-After"] == "30"
        first.close()
        third = answer(game)
        assert third.status_code == 200
        for response in (second, third):
            response.close()


def test_one_caller_does_not_take_all_seats() -> None:
    ingest(book(moneyline()), at=1)
    game = Game.objects.get()
    mine = [answer(game) for _ in range(stream.OF_ONE_CALLER)]
    assert answer(game).json()["code"] == "streams_full"
    other = Client(REMOTE_ADDR="203.0.113.9").get(ADDRESS, {"game": str(game.pk), "seconds": "0"})
    assert other.status_code == 200
    for response in (*mine, other):
        response.close()


@pytest.mark.parametrize(
    ("query", "headers", "field"),
    [
        ("?seconds=0", {}, "game"),
        ("?game=nothing", {}, "game"),
        ("?game={game}&seconds=301", {}, "seconds"),
        ("?game={game}&sport=nba", {}, "sport"),
        ("?game={game}&seconds=0", {"Last-Event-ID": "yesterday"}, "Last-Event-ID"),
    ],
)
def test_what_cannot_be_read_is_named(query: str, headers: dict[str, str], field: str) -> None:
    address = ADDRESS + query.format(game=UUID(int=7))
    response = Client().get(address, headers={"Accept": "text/event-stream", **headers})
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    assert [each["field"] for each in response.json()["errors"]] == [field]
