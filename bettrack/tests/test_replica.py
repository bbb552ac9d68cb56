from __future__ import annotations

import contextlib
import logging
import re
import shutil
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import Resolver404, get_resolver, resolve
from pytest_django import DjangoDbBlocker, Settings

from bets.tests.factories import BetFactory
from bets.tests.scenes import Scene, scene
from bettrack.database import positions, reading, replica
from bettrack.database.reading import API, PERSONAL, PUBLIC, from_replica
from bettrack.database.replica import REPLICA, Watcher
from bettrack.tests.standby import Standby, flushed, start_standby
from bettrack.tests.test_conventions import SAMPLES, urls
from games.models import Sport, Team
from games.tests.factories import SportFactory
from odds import versions
from odds.versions import ARCHIVE, PEOPLE

BOTH = [ARCHIVE, PEOPLE]


def ensure_connection(wrapper: BaseDatabaseWrapper) -> None:
    """Django's own; in tests it refuses databases that are not known when they are collected."""
    if wrapper.connection is None:
        with wrapper.wrap_database_errors:
            wrapper.connect()


@pytest.fixture(scope="module")
def server(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Standby]:
    with django_db_blocker.unblock():
        standby = start_standby()
    yield standby
    standby.stop()
    shutil.rmtree(standby.folder, ignore_errors=True)


@pytest.fixture
def watched(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watcher]:
    """A watcher of its own, positions noted, and the middleware in place."""
    settings.REPLICA_MAX_LAG = 30.0
    monkeypatch.setattr(replica, "watcher", Watcher())
    monkeypatch.setattr(BaseDatabaseWrapper, "ensure_connection", ensure_connection)
    yield replica.watcher
    if REPLICA in connections.databases:
        connections[REPLICA].close()
        delattr(connections._connections, REPLICA)
        del connections.databases[REPLICA]
    versions.outdated.disconnect(dispatch_uid="positions")


@pytest.fixture
def standby(server: Standby, watched: Watcher, settings: Settings) -> Iterator[Standby]:
    settings.REPLICA_DATABASE = server.settings
    positions.connect()
    server.resume()
    positions.note(ARCHIVE)
    positions.note(PEOPLE)
    server.catch_up()
    yield server
    server.resume()


def where() -> str:
    """Which server answers a read that may go to the replica."""

    def ask() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_is_in_recovery()")
            return bool(cursor.fetchone()[0])

    return "replica" if from_replica(BOTH, ask) else "primary"


def titles() -> list[str]:
    def read() -> list[str]:
        return sorted(Sport.objects.values_list("title", flat=True))

    found: list[str] | None = from_replica(BOTH, read)
    return read() if found is None else found


@pytest.mark.django_db(transaction=True)
class TestWithAStreamingReplica:
    def test_reads_go_there_and_nothing_else_does(self, standby: Standby) -> None:
        assert where() == "replica"
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_is_in_recovery()")
            assert cursor.fetchone() == (False,)
        with transaction.atomic():
            assert where() == "primary"
        assert from_replica(BOTH, lambda: SportFactory(title="Never there")) is None
        assert where() == "replica"
        assert not Sport.objects.filter(title="Never there").exists()
        positions._client().delete(positions._key())
        assert where() == "primary"
        standby.catch_up()
        assert where() == "replica"

    def test_what_was_written_is_read_at_once_though_the_replica_has_not_got_it(
        self, standby: Standby, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        standby.pause()
        SportFactory(title="Written just now")
        assert where() == "primary"
        assert titles() == ["Written just now"]
        with monkeypatch.context() as without_guard:
            without_guard.setattr(positions, "required", lambda names: 0)
            assert titles() == []
        standby.resume()
        assert where() == "replica"
        assert titles() == ["Written just now"]

    def test_a_bet_is_on_the_page_of_statistics_once_it_is_placed(
        self, standby: Standby, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scene_ = scene()
        client.force_login(scene_.user)
        standby.catch_up()
        before = client.get("/api/v1/bets/summary/").json()
        standby.pause()
        placed(scene_)
        after = client.get("/api/v1/bets/summary/").json()
        assert after != before
        monkeypatch.setattr(positions, "required", lambda names: 0)
        assert client.get("/api/v1/bets/summary/").json() == before

    def test_a_page_is_never_older_than_the_tag_it_carries(
        self, standby: Standby, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scene_ = scene()
        standby.catch_up()
        client.get("/")  # which sets a cookie
        first = client.get("/")
        assert "Lakers" in first.content.decode()
        again = client.get("/", headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304
        standby.pause()
        Team.objects.filter(home_games=scene_.game).update(name="Boston Newcomers")
        changed = client.get("/", headers={"If-None-Match": first.headers["ETag"]})
        assert changed.status_code == 200
        assert "Newcomers" in changed.content.decode()
        assert "Newcomers" in client.get("/").content.decode()
        monkeypatch.setattr(positions, "required", lambda names: 0)
        assert "Newcomers" not in client.get("/").content.decode()

    def test_a_replica_that_lags_is_left_and_taken_up_again(
        self,
        standby: Standby,
        settings: Settings,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        settings.REPLICA_MAX_LAG = 5.0
        monkeypatch.setattr(positions, "required", lambda names: 0)
        standby.pause()
        SportFactory()
        flushed()
        now = time.monotonic()
        watcher = replica.watcher
        with caplog.at_level(logging.WARNING):
            assert not watcher.look(now).problem
            assert not watcher.look(now + 4).problem
            assert watcher.look(now + 6).problem == "is more than 5.0 s behind"
            assert "everything is read from the primary" in caplog.text
            assert replica.sentence().startswith("The replica is more than 5.0 s behind")
            standby.resume()
            assert not watcher.look(now + 7).problem
        assert "the replica is read again" in caplog.text
        assert where() == "replica"

    def test_statistics_and_filters_are_read_either_way(self, standby: Standby, client: Client) -> None:
        scene_ = scene()
        placed(scene_)
        client.force_login(scene_.user)
        standby.catch_up()
        for address in (
            "/stats/",
            "/stats/?status=won",
            "/stats/record.json",
            "/edges/",
            "/books/",
        ):
            assert client.get(address).status_code == 200, address

    def test_one_that_ends_is_missed_by_nobody(
        self, standby: Standby, client: Client, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert where() == "replica"
        standby.ask(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        with caplog.at_level(logging.WARNING):
            assert client.get("/").status_code == 200
        assert "cannot be read" in caplog.text
        assert where() == "primary"


def placed(scene_: Scene) -> Any:
    return BetFactory(user=scene_.user, bankroll=scene_.bankroll, stake=Decimal(10))


@pytest.mark.django_db
class TestWithoutOne:
    def test_one_that_is_not_there_is_said_and_not_missed(
        self, watched: Watcher, settings: Settings, client: Client
    ) -> None:
        plain = {
            "ENGINE": "django.db.backends.postgresql"
        }  # the embedded one looks for its server for a while
        settings.REPLICA_DATABASE = {**connection.settings_dict, **plain, "HOST": "127.0.0.1", "PORT": "1"}
        assert not watched.shows(0)
        assert replica.sentence().startswith("The replica cannot be read: connection failed")
        assert client.get("/").status_code == 200

    def test_a_server_that_takes_writes_is_no_replica(self, watched: Watcher, settings: Settings) -> None:
        settings.REPLICA_DATABASE = dict(connection.settings_dict)
        assert not watched.shows(0)
        assert "is no replica any more" in replica.sentence()

    def test_another_database_is_no_replica(self, watched: Watcher, settings: Settings) -> None:
        settings.REPLICA_DATABASE = {**connection.settings_dict, "NAME": "postgres"}
        assert "belongs to another server or database" in replica.sentence()

    def test_positions_never_go_back(self) -> None:
        positions.note("test")
        first = positions.required(["test"])
        positions._client().zadd(positions._key(), {"test": 5}, gt=True)
        assert positions.required(["test"]) == first
        positions._client().zrem(positions._key(), "test")

    def test_without_redis_everything_is_read_from_the_primary(
        self, watched: Watcher, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def gone() -> Any:
            raise ConnectionError("no Redis")

        monkeypatch.setattr(positions, "_client", gone)
        assert positions.required(BOTH) is None
        assert where() == "primary"

    def test_there_is_none_by_default(self) -> None:
        assert django_settings.REPLICA_DATABASE is None
        assert replica.sentence() == ""


def test_writes_and_other_pages_never_ask_for_the_replica(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(reading, "from_replica", lambda names, read: asked.append(",".join(names)))
    monkeypatch.setattr(django_settings, "REPLICA_DATABASE", {"ENGINE": "x"}, raising=False)
    middleware = reading.ReplicaMiddleware(lambda request: HttpResponse())
    for method, path in (("POST", "/"), ("GET", "/bets/"), ("GET", "/accounts/login/"), ("GET", "/")):
        request = HttpRequest()
        request.method, request.path_info = method, path
        request.resolver_match = resolve(path)
        middleware.process_view(request, request.resolver_match.func, (), {})
    assert asked == [ARCHIVE]


def test_every_name_of_a_view_that_may_read_there_exists() -> None:
    names = set()
    for path, _ in urls(get_resolver()):
        for sample in SAMPLES.values():
            with contextlib.suppress(Resolver404):
                names.add(resolve("/" + re.sub(r"<(?:\w+:)?\w+>", sample, path)).view_name)
    assert not (PUBLIC | PERSONAL | API) - names
