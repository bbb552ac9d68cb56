from __future__ import annotations

import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from bettrack.embedded.layout import for_home
from bettrack.environment import Environment
from bettrack.environment import databases as database_settings
from bettrack.environment.databases import Databases

SERVER = "postgres://me:hunter2@db.example.org:5432/bets"
POOLER = "postgres://me:hunter2@pool.example.org:6432/bets"
REPLICA = "postgres://me:hunter2@copy.example.org:5432/bets"
NAMES = (
    "DATABASE_URL",
    "DIRECT_DATABASE_URL",
    "DATABASE_POOLED",
    "DATABASE_POOL",
    "REPLICA_DATABASE_URL",
    "BETTRACK_ROLE",
)


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def read(monkeypatch: pytest.MonkeyPatch, **given: str) -> Databases:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return database_settings.read(Environment(), for_home(Path("/nowhere")))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {
                "DATABASE_URL": POOLER,
                "DATABASE_POOLED": "1",
                "DIRECT_DATABASE_URL": SERVER,
                "DATABASE_POOL": "8",
            },
            "DATABASE_POOL and DATABASE_POOLED contradict",
        ),
        ({"DATABASE_POOLED": "1"}, "DATABASE_POOLED is on, but there is no DATABASE_URL"),
        ({"DATABASE_URL": POOLER, "DATABASE_POOLED": "1"}, "DIRECT_DATABASE_URL does not say"),
        (
            {"DATABASE_URL": POOLER, "DATABASE_POOLED": "1", "DIRECT_DATABASE_URL": POOLER},
            "DIRECT_DATABASE_URL does not say",
        ),
        (
            {
                "DATABASE_URL": f"{POOLER}?prepare_threshold=0",
                "DATABASE_POOLED": "1",
                "DIRECT_DATABASE_URL": SERVER,
            },
            "DATABASE_URL sets prepare_threshold",
        ),
        ({"DATABASE_URL": SERVER, "DATABASE_POOL": "-1"}, "DATABASE_POOL is the number of connections"),
        ({"DATABASE_URL": SERVER, "DATABASE_POOL": "many"}, "DATABASE_POOL cannot be read"),
        ({"REPLICA_DATABASE_URL": REPLICA}, "REPLICA_DATABASE_URL is set, but there is no DATABASE_URL"),
        (
            {"DATABASE_URL": SERVER, "REPLICA_DATABASE_URL": SERVER},
            "REPLICA_DATABASE_URL is the address of the primary",
        ),
        (
            {"DATABASE_URL": SERVER, "REPLICA_DATABASE_URL": "copy.example.org"},
            "REPLICA_DATABASE_URL is not the address",
        ),
    ],
)
def test_what_contradicts_itself_is_refused_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], said: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=said) as refused:
        read(monkeypatch, **given)
    assert "hunter2" not in str(refused.value)


def test_behind_a_pooler_nothing_is_kept_in_a_session(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(monkeypatch, DATABASE_URL=POOLER, DATABASE_POOLED="1", DIRECT_DATABASE_URL=SERVER)
    assert found.all["default"]["DISABLE_SERVER_SIDE_CURSORS"] is True
    assert "pool" not in found.all["default"]["OPTIONS"]
    assert found.direct is not None
    assert found.direct["HOST"] == "db.example.org"


def test_the_pool_is_the_web_process_s_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/x/bin/celery", "-A", "bettrack", "worker"])
    worker = read(monkeypatch, DATABASE_URL=SERVER, DATABASE_POOL="8").all["default"]
    assert "pool" not in worker["OPTIONS"]
    assert worker["CONN_MAX_AGE"] == 60
    web = read(monkeypatch, BETTRACK_ROLE="web").all["default"]
    assert web["OPTIONS"]["pool"]["max_size"] == 8
    assert web["CONN_MAX_AGE"] == 0


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["/x/.venv/bin/celery", "-A", "bettrack", "worker", "-Q", "feeds"], "bettrack worker"),
        (["/x/celery/__main__.py", "-q", "-A", "bettrack", "beat"], "bettrack beat"),
        (["manage.py", "pull_odds"], "bettrack pull_odds"),
    ],
)
def test_connections_say_which_program_they_are_of(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], named: str
) -> None:
    monkeypatch.setattr(sys, "argv", arguments)
    assert read(monkeypatch, DATABASE_URL=SERVER).all["default"]["OPTIONS"]["application_name"] == named


def test_a_direct_address_is_used_for_migrations_without_a_pooler_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert read(monkeypatch, DATABASE_URL=SERVER, DIRECT_DATABASE_URL=SERVER).direct is None
    found = read(monkeypatch, DIRECT_DATABASE_URL=REPLICA).direct
    assert found is not None
    assert found["HOST"] == "copy.example.org"
