from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import psycopg
import pytest
from django.conf import settings as current
from django.contrib.postgres.operations import AddIndexConcurrently
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.db.migrations import Migration
from django.db.migrations.recorder import MigrationRecorder
from django.test import override_settings
from pytest_django import Settings

from accounts.tests.factories import UserFactory
from bettrack.upgrades import patience, state

Write = Callable[[str], None]


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """An app of one test; call it with the operations of each of its migrations in turn."""
    folder = tmp_path / "upgraded_app" / "migrations"
    folder.mkdir(parents=True)
    for place in (folder.parent, folder):
        (place / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(operations: str) -> None:
        number = len(list(folder.glob("0*.py"))) + 1
        before = f'("upgraded_app", "{number - 1:04}_step")' if number > 1 else ""
        (folder / f"{number:04}_step.py").write_text(
            dedent(
                f"""
                from django.db import migrations
                class Migration(migrations.Migration):
                    dependencies = [{before}]
                    operations = [migrations.RunSQL({operations!r})]
                """
            )
        )

    with override_settings(INSTALLED_APPS=[*current.INSTALLED_APPS, "upgraded_app"]):
        yield write
    for name in [name for name in sys.modules if name.startswith("upgraded_app")]:
        del sys.modules[name]


def migrate() -> None:
    call_command("migrate", "upgraded_app", verbosity=0)


def limits() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
        found: tuple[str, str] = cursor.fetchone()
    return found


@pytest.fixture
def holder() -> Iterator[psycopg.Connection]:
    """Somebody else who has the table of sports to himself."""
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("LOCK TABLE sports IN ACCESS EXCLUSIVE MODE")
        yield other
        other.rollback()


@pytest.mark.django_db
class TestMigrate:
    def test_statements_wait_briefly_and_the_limits_go_with_the_command(
        self, app: Write, settings: Settings
    ) -> None:
        settings.MIGRATION_LOCK_TIMEOUT, settings.MIGRATION_STATEMENT_TIMEOUT = 7, 600
        app(
            "CREATE TABLE seen AS SELECT current_setting('lock_timeout') AS lock, "
            "current_setting('statement_timeout') AS statement"
        )
        before = limits()
        migrate()
        with connection.cursor() as cursor:
            cursor.execute("SELECT lock, statement FROM seen")
            assert cursor.fetchone() == ("7s", "10min")
        assert limits() == before

    def test_a_failure_names_the_migration_and_says_what_is_kept_and_what_to_do(self, app: Write) -> None:
        app("CREATE TABLE first_step ()")
        app("CREATE TABLE second_step (); SELECT 1 / 0")
        with pytest.raises(CommandError) as failed:
            migrate()
        said = str(failed.value)
        assert said.startswith("upgraded_app.0002_step failed and was rolled back: division by zero.")
        assert "Applied before it, and kept: upgraded_app.0001_step." in said
        assert "The version of BetTrack that ran before goes on working" in said
        assert set(connection.introspection.table_names()) & {"first_step", "second_step"} == {"first_step"}

    def test_a_table_in_use_is_tried_again_until_it_is_free(
        self,
        app: Write,
        holder: psycopg.Connection,
        settings: Settings,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        settings.MIGRATION_LOCK_TIMEOUT = 0.05
        pauses: list[float] = []

        def until_free(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 2:
                holder.rollback()

        monkeypatch.setattr(patience.time, "sleep", until_free)
        app("COMMENT ON TABLE sports IS 'tried'")
        migrate()
        assert pauses == [1.0, 2.0]
        assert "A table is in use; trying again in 1 s (1 of 9)" in capsys.readouterr().err

    def test_a_table_that_is_never_free_is_given_up_with_the_names_of_who_holds_it(
        self,
        app: Write,
        holder: psycopg.Connection,
        settings: Settings,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        settings.MIGRATION_LOCK_TIMEOUT = 0.02
        pauses: list[float] = []
        monkeypatch.setattr(patience.time, "sleep", pauses.append)
        app("COMMENT ON TABLE sports IS 'tried'")
        with pytest.raises(CommandError) as failed:
            migrate()
        assert len(pauses) == patience.TRIES - 1
        assert max(pauses) == patience.LONGEST_PAUSE
        assert f"process {holder.info.backend_pid} (" in str(failed.value)
        assert "MIGRATION_LOCK_TIMEOUT" in str(failed.value)

    def test_what_takes_too_long_ends_and_names_the_setting(self, app: Write, settings: Settings) -> None:
        settings.MIGRATION_STATEMENT_TIMEOUT = 0.05
        app("SELECT pg_sleep(5)")
        with pytest.raises(CommandError, match="MIGRATION_STATEMENT_TIMEOUT"):
            migrate()

    def test_a_database_of_a_newer_version_is_refused_and_can_be_accepted(self) -> None:
        MigrationRecorder(connection).record_applied("bets", "9999_from_the_future")
        with pytest.raises(CommandError) as refused:
            call_command("migrate", verbosity=0)
        assert "newer than this BetTrack" in str(refused.value)
        assert "bets.9999_from_the_future" in str(refused.value)
        call_command("migrate", verbosity=0, newer_database=True)

    def test_migrations_of_libraries_that_are_gone_are_no_sign_of_a_newer_version(self) -> None:
        MigrationRecorder(connection).record_applied("usersessions", "9999_of_a_library")
        assert state.too_new(connection) == ""

    def test_planning_needs_no_lock_and_changes_nothing(self, app: Write, holder: psycopg.Connection) -> None:
        app("COMMENT ON TABLE sports IS 'tried'")
        call_command("migrate", "upgraded_app", plan=True, verbosity=0)
        with pytest.raises(SystemExit):
            call_command("migrate", "upgraded_app", check_unapplied=True, verbosity=0)

    def test_a_database_with_people_has_something_to_lose(self) -> None:
        assert not state.has_data(connection)
        UserFactory()
        assert state.has_data(connection)


@pytest.mark.django_db(transaction=True)
def test_an_index_whose_build_was_interrupted_is_built_again() -> None:
    index = models.Index(fields=["title"], name="sports_interrupted")
    body = {"operations": [AddIndexConcurrently("sport", index)]}
    migration = type("Migration", (Migration,), body)("0001_step", "games")
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX sports_interrupted ON sports (title)")
        try:
            patience.remove_unfinished_indexes(connection, migration)
            assert "sports_interrupted" in connection.introspection.get_constraints(cursor, "sports")
            cursor.execute(
                "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'sports_interrupted'::regclass"
            )
            patience.remove_unfinished_indexes(connection, migration)
            assert "sports_interrupted" not in connection.introspection.get_constraints(cursor, "sports")
        finally:
            cursor.execute("DROP INDEX IF EXISTS sports_interrupted")
