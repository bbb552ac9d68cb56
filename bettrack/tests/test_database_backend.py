from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection, connections
from django.db.backends.postgresql.psycopg_any import BaseTzLoader, get_adapters_template
from psycopg.adapt import AdaptersMap

from bettrack.database.backend.base import DatabaseWrapper, TimeLoader

direct = pytest.mark.skipif(settings.DATABASE_POOLED, reason="a pooler answers from any of its sessions")


@pytest.fixture
def wrapper(transactional_db: None) -> Iterator[DatabaseWrapper]:
    """A connection of its own, as a web process holds one between requests."""
    wrapper = DatabaseWrapper({**connection.settings_dict, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True})
    yield wrapper
    wrapper.close()


def asked(wrapper: DatabaseWrapper, sql: str = "SELECT pg_backend_pid()") -> Any:
    """What a request of one statement gets."""
    wrapper.close_if_unusable_or_obsolete()
    with wrapper.cursor() as cursor:
        cursor.execute(sql)
        found = cursor.fetchone()
    wrapper.close_if_unusable_or_obsolete()
    return found[0]


def checks_of(wrapper: DatabaseWrapper, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """The results of the statements that ask for a sign of life, as they are sent."""
    seen: list[bool] = []
    usable = wrapper.is_usable

    def noted() -> bool:
        seen.append(usable())
        return seen[-1]

    monkeypatch.setattr(wrapper, "is_usable", noted)
    return seen


def test_the_site_uses_the_backend() -> None:
    assert isinstance(connections["default"], DatabaseWrapper)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21 14:39:38.163281+00",
        "2026-11-21 14:39:38.1+00",
        "2026-11-21 14:39:38+00",
        "2026-11-21 14:39:38.000001+00",
        "0001-01-01 00:00:00+00",
        "9999-12-31 23:59:59.999999+00",
        "2026-11-21 09:39:38-05",
        "2026-11-21 20:09:38.5+05:30",
        "1883-11-18 12:03:57+00:00:02",
    ],
)
def test_an_instant_is_read_as_the_driver_reads_it(text: str) -> None:
    class OfDriver(BaseTzLoader):  # type: ignore[misc] # the stubs leave it untyped
        timezone = dt.UTC

    found = TimeLoader(0).load(text.encode())
    assert found == OfDriver(0).load(text.encode())
    assert found.tzinfo is dt.UTC


@pytest.mark.parametrize("text", ["infinity", "0044-03-15 00:00:00+00 BC", "10000-01-01 00:00:00+00"])
def test_an_instant_beyond_python_is_refused_as_ever(text: str) -> None:
    with pytest.raises(psycopg.DataError):
        TimeLoader(0).load(text.encode())


def test_the_backend_keeps_what_django_reads_otherwise() -> None:
    theirs = get_adapters_template(True, dt.UTC)
    assert isinstance(theirs, AdaptersMap)
    own = connection.get_connection_params()["context"]
    for name in ("jsonb", "inet", "cidr"):
        oid = own.types[name].oid
        assert own.get_loader(oid, psycopg.pq.Format.TEXT) is theirs.get_loader(oid, psycopg.pq.Format.TEXT)
    assert settings.USE_TZ


@direct
def test_a_connection_that_has_just_answered_is_not_asked_for_a_sign_of_life(
    wrapper: DatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = asked(wrapper)
    checks = checks_of(wrapper, monkeypatch)
    assert [asked(wrapper), asked(wrapper)] == [first, first]
    assert checks == []


@direct
def test_a_connection_that_has_been_idle_is_asked(
    wrapper: DatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = asked(wrapper)
    checks = checks_of(wrapper, monkeypatch)
    wrapper.trusted_until = 0.0
    assert asked(wrapper) == first
    assert checks == [True]


@direct
def test_a_connection_that_the_server_ended_is_replaced_before_it_is_used(wrapper: DatabaseWrapper) -> None:
    ended = asked(wrapper)
    with connection.cursor() as cursor:  # waits until the process is gone
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [ended])
    assert asked(wrapper) not in (None, ended)


@direct
def test_a_connection_with_an_error_behind_it_is_asked(
    wrapper: DatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = asked(wrapper)
    checks = checks_of(wrapper, monkeypatch)
    with pytest.raises(Exception, match="division by zero"):
        asked(wrapper, "SELECT 1 / 0")
    wrapper.errors_occurred = True
    assert asked(wrapper) == first
    assert checks == [True]
