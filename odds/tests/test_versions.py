from __future__ import annotations

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection, transaction
from redis.exceptions import ConnectionError as NoRedis

from games.tests.factories import GameFactory
from odds import versions
from odds.tests.factories import CurrentOddsFactory

BOTH = [versions.ARCHIVE, versions.PEOPLE]


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ('INSERT INTO "current_odds" ("id") VALUES (%s)', {"archive"}),
        ("INSERT INTO heartbeats (a) SELECT 1 ON CONFLICT (a) DO UPDATE SET a = excluded.a", {"archive"}),
        ('UPDATE "games" SET "title" = %s', {"archive"}),
        ("UPDATE ONLY games SET title = ''", {"archive"}),
        ("DELETE FROM selections WHERE id = 1", {"archive"}),
        ("TRUNCATE odd_snapshots", {"archive"}),
        (
            "WITH gone AS (DELETE FROM bets RETURNING id) UPDATE games SET bet_count = 0",
            {"archive", "people"},
        ),
        ('UPDATE "django_session" SET "session_data" = %s', {"people"}),
        ("insert into ledger_entries (id) values (1)", {"people"}),
        ("INSERT INTO a_table_of_next_year (id) VALUES (1)", {"people"}),
        ("INSERT INTO api_calls (id) VALUES (1)", set()),
        ('SELECT * FROM "bets" FOR UPDATE SKIP LOCKED', set()),
        ("WITH due AS (SELECT id FROM bets FOR NO KEY UPDATE OF bets) SELECT * FROM due", set()),
        ("SELECT pg_advisory_xact_lock(1)", set()),
    ],
)
def test_a_statement_outdates_what_shows_the_tables_it_writes(sql: str, names: set[str]) -> None:
    assert versions.written(sql) == names


def test_every_table_of_games_and_prices_counts_as_archive() -> None:
    models = [model for app in ("games", "odds") for model in apps.get_app_config(app).get_models()]
    tables = {model._meta.db_table for model in models}
    assert tables - versions.UNSEEN_TABLES == versions.ARCHIVE_TABLES


def test_a_statement_of_megabytes_is_not_searched_through() -> None:
    assert versions.written("INSERT INTO bets VALUES " + "(1)," * 2_000_000) == {"people"}


@pytest.mark.django_db(transaction=True)
def test_a_version_is_replaced_once_the_transaction_is_committed_and_not_before() -> None:
    before = versions.current(BOTH)
    with transaction.atomic():
        GameFactory()
        assert versions.current(BOTH) == before
    after = versions.current(BOTH)
    assert before is not None
    assert after is not None
    assert after[0] != before[0]
    assert after[1] == before[1]


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_replaces_no_version() -> None:
    before = versions.current(BOTH)
    with transaction.atomic():
        GameFactory()
        transaction.set_rollback(True)
    assert versions.current(BOTH) == before


@pytest.mark.django_db(transaction=True)
def test_a_write_after_a_savepoint_that_was_rolled_back_replaces_the_version_too() -> None:
    before = versions.current(BOTH)
    with transaction.atomic():
        with transaction.atomic():
            GameFactory()
            transaction.set_rollback(True)
        CurrentOddsFactory()
    assert versions.current(BOTH) != before


@pytest.mark.django_db(transaction=True)
def test_a_transaction_of_many_writes_replaces_the_version_once() -> None:
    with transaction.atomic():
        for _ in range(5):
            GameFactory()
        waiting = [actions for actions in connection.run_on_commit if versions.bump_archive in actions]
        assert len(waiting) == 1


def test_a_version_that_was_lost_comes_back_as_another() -> None:
    before = versions.current(BOTH)
    cache.delete_many([versions.KEY.format(name) for name in BOTH])
    after = versions.current(BOTH)
    assert after is not None
    assert before is not None
    assert not set(after) & set(before)
    assert versions.current(BOTH) == after


def test_without_redis_there_is_no_version_and_writing_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise NoRedis("refused")

    monkeypatch.setattr(cache, "get_many", refuse)
    monkeypatch.setattr(cache, "set", refuse)
    assert versions.current(BOTH) is None
    versions.bump(versions.ARCHIVE)
