"""Databases of the tests' own, made by copying: one with some days of the demo's bets, and copies of it."""

from __future__ import annotations

import dataclasses
import io
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.utils import timezone
from psycopg import sql
from pytest_django.fixtures import Settings
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import User
from bets.fair_closes import record_fair_closes
from bets.stats import as_json, default_pot, read_record, rolls_of, whole
from bets.stats.page import titles
from bets.verification import verify
from bettrack import demo
from bettrack.backups import proving, state
from bettrack.backups.create import Backup, backup
from bettrack.backups.databases import Database, own
from bettrack.backups.dumping import Source
from bettrack.backups.errors import BackupError
from bettrack.embedded.tests.conftest import home, initialised

__all__ = ["home", "initialised"]

DAYS = 3
LEAGUES = ("basketball_nba", "icehockey_nhl")
NAMES = itertools.count(1)


@pytest.fixture(scope="session")
def origin(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    """A database with three days of bets, placed and settled by the real services."""
    with django_db_blocker.unblock():
        test = own().named(str(connections["default"].settings_dict["NAME"]))
        made = test.named(f"{test.name}_origin")
        connections.close_all()
        copy_database(test, made.name)
        try:
            days, evenings = demo.DAYS, demo.EVENINGS
            demo.DAYS = DAYS
            demo.EVENINGS = {key: evenings[key] for key in LEAGUES}
            with pointed_at(made):
                call_command("seed", verbosity=0, stdout=io.StringIO())
                user = demo.ensure_user("demo")
                list(demo.fill(demo.ensure_bankroll(user, now=timezone.now())))
                record_fair_closes()
                rolls_of(user)
            demo.DAYS, demo.EVENINGS = days, evenings
            yield made
        finally:
            drop_all(made)


@pytest.fixture
def ours(origin: Database, django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    """A copy of it that a test may change; databases named after it go with it."""
    made = origin.named(f"{origin.name}_{next(NAMES)}")
    with django_db_blocker.unblock():
        copy_database(origin, made.name)
        try:
            yield made
        finally:
            connections.close_all()
            drop_all(made)


@pytest.fixture
def place(tmp_path: Path, settings: Settings) -> Path:
    """The folder of backups, in a home of the test's own."""
    settings.HOME = tmp_path / "home"
    settings.BACKUPS = dataclasses.replace(
        settings.BACKUPS, folder=tmp_path / "backups", at=(3, 30), offsite="", keep_days=30, keep_min=7
    )
    cache.delete_many([state.CACHE_KEY + kind for kind in state.NOUN])
    folder: Path = settings.BACKUPS.folder
    return folder


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prove ledgers in this process, which needs no second start of Django."""

    def manage(database: Database, *arguments: str) -> str:
        said = io.StringIO()
        try:
            with pointed_at(database):
                call_command(*arguments, stdout=said, stderr=said)
        except CommandError as error:
            raise BackupError(f"{arguments[0]} failed on the restored database: {error}") from error
        return said.getvalue().strip()

    monkeypatch.setattr(proving, "manage", manage)


@pytest.fixture
def make(ours: Database, place: Path) -> Callable[..., Backup]:
    """Makes a backup of ``ours`` now, with what is given beside."""

    def made(**given: Any) -> Backup:
        everything: dict[str, Any] = {"now": timezone.now(), "source": Source(ours)} | given
        return backup(**everything)

    return made


@contextmanager
def pointed_at(database: Database) -> Iterator[None]:
    """Have Django's own connection go to another database while the context lasts."""
    chosen = {"NAME": database.name, "HOST": database.host, "PORT": database.port, "USER": database.user}
    before = {name: connection.settings_dict[name] for name in chosen}
    connections.close_all()
    connection.settings_dict.update(chosen)
    try:
        yield
    finally:
        connections.close_all()
        connection.settings_dict.update(before)


def run(database: Database, statement: str) -> list[tuple[Any, ...]]:
    """The rows that a statement gives in a database."""
    with database.connect() as there:
        cursor = there.execute(statement)
        return cursor.fetchall() if cursor.description else []


def copy_database(database: Database, name: str) -> None:
    # a thread of an earlier test may still hold the database, which could not be copied then
    run(
        database.named("postgres"),
        sql.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}")
        .format(sql.Literal(database.name))
        .as_string(),
    )
    run(
        database.named("postgres"),
        sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        .format(sql.Identifier(name), sql.Identifier(database.name))
        .as_string(),
    )


def names_like(database: Database) -> list[str]:
    """The databases whose names begin with this one's."""
    rows = run(
        database.named("postgres"),
        sql.SQL("SELECT datname FROM pg_database WHERE starts_with(datname, {}) ORDER BY datname")
        .format(sql.Literal(database.name))
        .as_string(),
    )
    return [name for (name,) in rows]


def drop_all(database: Database) -> None:
    for name in names_like(database):
        run(
            database.named("postgres"),
            sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)).as_string(),
        )


def wipe(database: Database) -> None:
    run(database, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")


def facts(database: Database) -> dict[str, Any]:
    """What must come back: rows of every table, the statistics, and what the ledger's proof says."""
    tables = run(
        database,
        "SELECT format('%I', relname) FROM pg_class WHERE relkind = 'r' "
        "AND relnamespace = 'public'::regnamespace ORDER BY 1",
    )
    rows = {
        name: run(database, f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {name} t")  # noqa: S608
        for (name,) in tables
    }
    with pointed_at(database):
        user = User.objects.get(username=demo.USERNAME)
        rolls = rolls_of(user)
        pot = default_pot(rolls)
        assert pot
        statistics = as_json(read_record(user, whole(rolls, pot, "UTC")), titles())
        ledger = verify()
    assert not ledger[1]
    return {"rows": rows, "statistics": statistics, "ledger": ledger}
