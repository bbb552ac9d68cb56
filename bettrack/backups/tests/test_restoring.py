"""A backup comes back as it was, into a database that was proved before it takes the name."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django.fixtures import Settings

from bettrack.backups import proving, servers
from bettrack.backups.create import Backup
from bettrack.backups.databases import Database
from bettrack.backups.dumping import quiet
from bettrack.backups.errors import BackupError
from bettrack.backups.folder import FORMATS
from bettrack.backups.loading import load
from bettrack.backups.restoring import restore
from bettrack.backups.state import verification_state
from bettrack.backups.tests.conftest import facts, names_like, run, wipe
from bettrack.backups.verifying import verify_backup

pytestmark = [pytest.mark.django_db(transaction=True)]

Make = Callable[..., Backup]
APPEND_ONLY = (
    "UPDATE odd_snapshots SET price = -110",
    "DELETE FROM odd_snapshots",
    "UPDATE ledger_entries SET amount = 1",
    "DELETE FROM ledger_entries",
)

FORGET = "DELETE FROM django_migrations WHERE app = 'bets'"
"""Makes a database look older than it is."""


def test_a_wiped_database_comes_back_with_counts_statistics_and_ledger(ours: Database, make: Make) -> None:
    before = facts(ours)
    assert before["ledger"][0].bets > 5
    path = make().path
    wipe(ours)
    done = restore(path=path, now=timezone.now(), into=ours)
    assert facts(ours) == before
    for statement in APPEND_ONLY:
        with pytest.raises(psycopg.Error):
            run(ours, statement)
    assert done.proof.ledger.startswith("The ledger is right")
    assert run(ours.named(done.old), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]
    servers.drop_former(ours, done.old)
    assert names_like(ours) == [ours.name]


@pytest.mark.parametrize(
    "file_format",
    [name if name == "plain.gz" else pytest.param(name, marks=pytest.mark.slow) for name in FORMATS],
)
def test_every_format_comes_back_whole(ours: Database, make: Make, file_format: str) -> None:
    made = make(file_format=file_format)
    new = ours.named(f"{ours.name}_new")
    with servers.administering(ours, "test") as connection:
        server = servers.create(connection, new.name, ours.name)
        load(made.path, made.manifest, new, server, quiet)
    proving.compare(made.manifest, new, quiet)


@pytest.mark.slow
def test_what_may_only_be_added_to_stays_so_after_a_restore(
    ours: Database, make: Make, in_process: None
) -> None:
    path = make().path
    restore(path=path, now=timezone.now(), into=ours, force=True)
    for statement in APPEND_ONLY:
        with pytest.raises(psycopg.Error):
            run(ours, statement)
    assert run(ours, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'odd_snapshots'::regclass") > [(1,)]


@pytest.mark.slow
def test_a_database_that_holds_data_is_refused_and_untouched(ours: Database, make: Make) -> None:
    path = make().path
    before = facts(ours)
    with pytest.raises(BackupError, match=r"is not empty: it holds [\d,]+ rows in \d+ tables .*Add --force"):
        restore(path=path, now=timezone.now(), into=ours)
    assert facts(ours) == before
    assert names_like(ours) == [ours.name]


@pytest.mark.slow
def test_a_database_that_is_not_there_is_made(ours: Database, make: Make, in_process: None) -> None:
    new = ours.named(f"{ours.name}_elsewhere")
    done = restore(path=make().path, now=timezone.now(), into=new)
    assert done.old == ""
    assert facts(new) == facts(ours)


@pytest.mark.slow
def test_people_at_work_are_sent_away_and_find_the_restored_one(
    ours: Database, make: Make, in_process: None
) -> None:
    path = make().path
    run(ours, "DELETE FROM account_events")
    stop, faults, asked = threading.Event(), list[str](), list[int]()

    def work() -> None:
        while not stop.is_set():
            try:
                asked.append(int(run(ours, "SELECT count(*) FROM bets")[0][0]))
            except (psycopg.OperationalError, BackupError) as error:
                faults.append(str(error))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        restore(path=path, now=timezone.now(), into=ours, force=True)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert len(set(asked)) == 1
    assert len(asked) > len(faults)


def test_rows_that_differ_keep_the_old_database_in_place(
    ours: Database, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make().path

    def lossy(path: Path, manifest: object, into: Database, *rest: object) -> None:
        load(path, manifest, into, *rest)  # type: ignore[arg-type]
        run(into, "INSERT INTO django_content_type (app_label, model) VALUES ('a', 'stranger')")

    monkeypatch.setattr("bettrack.backups.restoring.load", lossy)
    before = facts(ours)
    with pytest.raises(
        BackupError,
        match=r"Rows differ from what was backed up: .*public.django_content_type \(\d+ instead of \d+\)",
    ):
        restore(path=path, now=timezone.now(), into=ours, force=True)
    assert facts(ours) == before
    assert names_like(ours) == [ours.name]


DAMAGES = {
    "The states differ .*changed trigger public.ledger_entries": (
        "ALTER TABLE ledger_entries DISABLE TRIGGER USER",
        "ALTER TABLE ledger_entries ENABLE TRIGGER USER",
    ),
    "The columns differ .*changed public.bets.note": (
        "ALTER TABLE bets ALTER COLUMN note DROP NOT NULL",
        "ALTER TABLE bets ALTER COLUMN note SET NOT NULL",
    ),
    "Rows differ .*stranger .not in the backup": ("CREATE TABLE stranger ()", "DROP TABLE stranger"),
    "sequences are behind .*migrations": (
        "SELECT setval(pg_get_serial_sequence('django_migrations', 'id'), 1)",
        "SELECT setval(pg_get_serial_sequence('django_migrations', 'id'), 100000)",
    ),
    "The constraints differ .*missing public.bets": (
        "ALTER TABLE bets DROP CONSTRAINT bet_is_not_placed_before_1990",
        "SELECT",
    ),
}


def test_a_damaged_definition_is_named(ours: Database, make: Make) -> None:
    manifest = make().manifest
    for said, (damage, mending) in DAMAGES.items():
        proving.compare(manifest, ours, quiet)
        run(ours, damage)
        with pytest.raises(BackupError, match=said):
            proving.compare(manifest, ours, quiet)
        run(ours, mending)


def test_a_ledger_that_is_wrong_is_not_let_in(ours: Database, make: Make, in_process: None) -> None:
    run(
        ours,
        "ALTER TABLE bets DISABLE TRIGGER USER; UPDATE bets SET stake = stake + 1 WHERE id = (SELECT min(id::text)::uuid "
        "FROM bets); ALTER TABLE bets ENABLE TRIGGER USER",
    )
    path = make().path
    with pytest.raises(BackupError, match="verify_ledger failed on the restored database"):
        restore(path=path, now=timezone.now(), into=ours, force=True)
    assert names_like(ours) == [ours.name]


def test_a_backup_that_cannot_be_migrated_is_not_let_in(ours: Database, make: Make, in_process: None) -> None:
    run(ours, FORGET)
    path = make().path
    with pytest.raises(
        BackupError, match=r"migrate failed on the restored database: .*bets\.0001_initial failed"
    ):
        restore(path=path, now=timezone.now(), into=ours, force=True)
    assert names_like(ours) == [ours.name]


def test_migrations_that_lose_rows_are_not_let_in(
    ours: Database, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lossy(database: Database, *arguments: str) -> str:
        assert arguments[0] == "migrate"
        run(
            database,
            "SET session_replication_role = replica; ALTER TABLE account_events RENAME TO lost; "
            "TRUNCATE odd_snapshots, current_odds",
        )
        return ""

    run(ours, FORGET)
    path = make().path
    monkeypatch.setattr(proving, "manage", lossy)
    with pytest.raises(BackupError, match=r"The migrations lost rows, .*: odd_snapshots \(0 of \d+\)\."):
        restore(path=path, now=timezone.now(), into=ours, force=True)
    assert names_like(ours) == [ours.name]


@pytest.mark.slow
def test_the_settings_of_the_database_and_its_owner_go_on(
    ours: Database, make: Make, in_process: None
) -> None:
    run(ours, f"ALTER DATABASE \"{ours.name}\" SET statement_timeout TO '33s'")
    run(ours, f'ALTER DATABASE "{ours.name}" SET search_path TO public, pg_temp')
    path = make().path
    restore(path=path, now=timezone.now(), into=ours, force=True)
    assert run(ours, "SHOW statement_timeout") == [("33s",)]
    assert run(ours, "SHOW search_path") == [("public, pg_temp",)]


def test_the_servers_own_databases_are_not_replaced(ours: Database) -> None:
    for name in ("postgres", "template1"):
        with pytest.raises(BackupError, match=f"{name} is the server's own database"):
            restore(path=Path("/nowhere"), now=timezone.now(), into=ours.named(name), force=True)


def test_an_older_server_is_refused(ours: Database, make: Make) -> None:
    made = make()
    server = servers.Server(major=14, roles=frozenset(), owner="")
    with pytest.raises(BackupError, match="a backup goes into the same version or a newer one"):
        load(made.path, made.manifest, ours, server, quiet)


def test_a_backup_of_a_newer_bettrack_is_refused(ours: Database, make: Make, in_process: None) -> None:
    run(
        ours,
        "INSERT INTO django_migrations (app, name, applied) VALUES ('bets', '9999_from_the_future', now())",
    )
    path = make().path
    with pytest.raises(BackupError, match=r"made by a newer BetTrack: .*bets\.9999_from_the_future"):
        restore(path=path, now=timezone.now(), into=ours, force=True)


@pytest.mark.slow
def test_what_a_killed_restore_left_is_cleared_by_the_next(
    ours: Database, make: Make, in_process: None
) -> None:
    path = make().path
    left = servers.stamped(ours.name, "check", dt.datetime(2026, 1, 2, tzinfo=dt.UTC))
    run(ours.named("postgres"), f'CREATE DATABASE "{left}"')
    assert verify_backup(now=timezone.now(), path=path, server=ours).proof.rows > 1000
    assert names_like(ours) == [ours.name]


@pytest.mark.slow
def test_the_newest_backup_is_proved_and_that_is_remembered(
    ours: Database,
    make: Make,
    place: Path,
    in_process: None,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
) -> None:
    monkeypatch.setattr("bettrack.backups.databases.own", lambda: ours)
    now = timezone.now()
    with pytest.raises(BackupError, match=f"There is no backup in {place}"):
        verify_backup(now=now)
    assert verification_state(now).ok is False
    older = make(now=now - dt.timedelta(days=1))
    verify_backup(now=now, path=older.path)
    assert verification_state(now).ok is False
    newest = make(now=now)
    make(now=now + dt.timedelta(hours=1), tables=["bets"])
    found = verify_backup(now=now)
    assert found.path == newest.path
    assert verification_state(now).ok is True
    assert names_like(ours) == [ours.name]


def test_a_partial_backup_says_so_and_is_not_restored_whole(ours: Database, make: Make) -> None:
    made = make(tables=["bets", "odd_snapshots"])
    assert made.path.name.endswith("-partial.dump")
    assert {name.partition(".")[2].partition("_20")[0] for name in made.manifest.rows} == {
        "bets",
        "odd_snapshots",
        "odd_snapshots_default",
    }
    with pytest.raises(BackupError, match="holds only some tables and cannot be restored as a whole"):
        restore(path=made.path, now=timezone.now(), into=ours, force=True)
    with pytest.raises(BackupError, match="There is no table bats"):
        make(tables=["bats"])


def test_the_command_says_what_it_refuses_and_what_it_did(
    ours: Database, make: Make, in_process: None, capsys: pytest.CaptureFixture[str]
) -> None:
    path = make().path
    with pytest.raises(CommandError, match=r"is not empty(.|\n)*Nothing was changed.$"):
        call_command("restore", path, into=ours.url())
    call_command("restore", path, into=ours.url(), force=True)
    said = capsys.readouterr().out
    assert "counted and equal" in said
    assert "The ledger is right" in said
    kept = said.partition("restore --drop ")[2].strip()
    with pytest.raises(
        CommandError, match=f"{ours.name} is no former database of {ours.name}. There are: {kept}"
    ):
        call_command("restore", drop=ours.name, into=ours.url())
    call_command("restore", drop=kept, into=ours.url())
    assert names_like(ours) == [ours.name]
    with pytest.raises(CommandError, match="Name either a backup, or with --drop"):
        call_command("restore")
