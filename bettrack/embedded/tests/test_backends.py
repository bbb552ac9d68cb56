from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from django.core.cache.backends.base import InvalidCacheBackendError
from kombu import Connection as Broker

from bettrack.embedded import client, state
from bettrack.embedded.backend.base import DatabaseWrapper
from bettrack.embedded.cache import RedisCache
from bettrack.embedded.layout import Layout


def wrapper_of(layout: Layout) -> DatabaseWrapper:
    defaults: dict[str, Any] = {
        "ATOMIC_REQUESTS": False,
        "AUTOCOMMIT": True,
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": False,
        "OPTIONS": {},
        "TIME_ZONE": None,
        "TEST": {},
    }
    return DatabaseWrapper({**defaults, **layout.database_settings()}, alias="embedded")


def test_the_first_connection_starts_the_server(home: Layout) -> None:
    wrapper = wrapper_of(home)
    assert not state.janitor_lives(home)
    with wrapper.get_new_connection(wrapper.get_connection_params()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_connection_after_a_killed_server_waits_for_its_recovery(home: Layout) -> None:
    wrapper = wrapper_of(home)
    parameters = wrapper.get_connection_params()
    wrapper.get_new_connection(parameters).close()
    os.kill(int(state.read_state(home)["services"]["postgres"]["pid"]), signal.SIGKILL)
    with wrapper.get_new_connection(parameters) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_dbshell_uses_the_program_that_came_with_the_server(home: Layout) -> None:
    wrapper = wrapper_of(home)
    arguments, _ = wrapper.client.settings_to_cmd_args_env(wrapper.settings_dict, [])
    assert arguments[0].endswith("/psql")
    assert str(home.sockets) in arguments


def test_the_cache_starts_its_server_and_keeps_values(home: Layout) -> None:
    settings = home.cache_settings(1)
    settings.pop("BACKEND")
    cache = RedisCache(settings.pop("LOCATION"), settings)
    cache.set("odds", {"price": "-110"}, 60)
    assert cache.get("odds") == {"price": "-110"}
    cache.close()


def test_a_cache_without_a_home_is_refused() -> None:
    with pytest.raises(InvalidCacheBackendError, match="EMBEDDED_HOME"):
        RedisCache("unix:///nowhere", {})


def test_celery_reaches_the_broker_by_its_address(home: Layout) -> None:
    client.ensure(home, "redis")
    with Broker(home.celery_broker_url(0)) as broker:
        broker.ensure_connection(max_retries=1)
        queue = broker.SimpleQueue("settle")
        queue.put({"game": 7})
        assert queue.get(timeout=5).payload == {"game": 7}
        queue.close()
