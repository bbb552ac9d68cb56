"""What goes wrong while a backup is made ends in a sentence, and leaves the good files as they were."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings as django_settings
from pytest_django.fixtures import Settings

from bettrack.backups import programs, proving, servers, sessions
from bettrack.backups.create import Backup
from bettrack.backups.databases import Database
from bettrack.backups.dumping import Source, quiet
from bettrack.backups.errors import BackupError, BadFolder, Busy
from bettrack.backups.folder import prepare
from bettrack.backups.loading import load
from bettrack.backups.programs import Program
from bettrack.backups.tests.conftest import run
from bettrack.upgrades import patience

pytestmark = [pytest.mark.django_db(transaction=True)]

Make = Callable[..., Backup]
SLOWER = [pytest.param(name, marks=pytest.mark.slow) for name in ("plain.gz", "directory")]


def files(folder: Path) -> dict[str, bytes]:
    """Everything in a folder but the lock."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != ".lock"}


@contextmanager
def stuck(database: Database, table: str = "bets") -> Iterator[Callable[[], None]]:
    """Hold pg_dump up at a table; yields what lets it go."""
    with database.connect() as holder:
        holder.execute(f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield lambda: holder.rollback()


def dumping(parent: int | None = None) -> int:
    """The process number of the pg_dump that this process (or another) runs, once it runs."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                words = (entry / "cmdline").read_bytes()
                status = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if b"pg_dump\0--format" in words and int(status[1]) == (parent or os.getpid()):
                return int(entry.name)
        time.sleep(0.01)
    raise AssertionError("no pg_dump was started")


def failing(make: Make, **given: Any) -> tuple[threading.Thread, list[str]]:
    """Start a backup in a thread that is expected to fail; its sentence will be in the list."""
    said: list[str] = []

    def work() -> None:
        try:
            make(**given)
        except BackupError as error:
            said.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    return thread, said


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few hundred kilobytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("file_format", ["custom", *SLOWER])
def test_a_full_disk_is_said_and_older_backups_stay(make: Make, small_disk: Path, file_format: str) -> None:
    whole = make(tables=["sports"])
    for path in (whole.path, whole.path.with_name(whole.path.name + ".json")):
        shutil.copy(path, small_disk)
    (small_disk / "ballast").write_bytes(bytes(150_000))
    before = files(small_disk)
    with pytest.raises(BackupError, match="No space left on device"):
        make(folder=small_disk, file_format=file_format)
    assert files(small_disk) == before


def test_a_disk_that_fills_up_for_the_manifest_is_said(
    make: Make, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(make().path.parent)

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bettrack.backups.folder.manifests.write", full)
    with pytest.raises(
        BackupError, match=r"could not be written to .*No space left on device\. Older backups are untouched"
    ):
        make()
    assert files(place) == before


def test_a_killed_pg_dump_is_said(ours: Database, make: Make, place: Path) -> None:
    before = files(make().path.parent)
    with stuck(ours) as let_go:
        thread, said = failing(make)
        os.kill(dumping(), signal.SIGKILL)
        let_go()
        thread.join(30)
    assert said == ["pg_dump was killed by SIGKILL before it was done."]
    assert files(place) == before


def test_a_database_that_goes_away_is_said(ours: Database, make: Make, place: Path) -> None:
    before = files(make().path.parent)
    with stuck(ours) as let_go:
        thread, said = failing(make)
        dumping()
        with ours.named("postgres").connect() as master:
            master.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = %s AND application_name = 'bettrack backup' AND state <> 'idle in transaction'",
                [ours.name],
            )
            master.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND query NOT LIKE 'BEGIN; LOCK%%'",
                [ours.name],
            )
        let_go()
        thread.join(30)
    [sentence] = said
    assert "The database went away in the middle of it" in sentence or "pg_dump failed" in sentence
    assert files(place) == before


def test_no_password_is_on_a_command_line_or_in_a_sentence(ours: Database, make: Make) -> None:
    secret = Source(replace(ours, password="hunter2-of-the-database"))
    with stuck(ours) as let_go:
        thread, said = failing(make, source=secret)
        pid = dumping()
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
        kept = Path(f"/proc/{pid}/environ").read_bytes()
        os.kill(pid, signal.SIGKILL)
        let_go()
        thread.join(30)
    assert b"hunter2" not in words
    assert b"PGPASSWORD=hunter2" in kept
    assert "hunter2" not in said[0]
    assert "hunter2" not in repr(secret)


@pytest.mark.parametrize("number", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_a_killed_command_leaves_no_pg_dump_and_nothing_that_looks_like_a_backup(
    ours: Database, make: Make, place: Path, tmp_path: Path, number: int
) -> None:
    before = files(make().path.parent)
    # the settings read the folder of a socket from the path of an address
    url = f"postgres://{ours.user}@/{ours.host}/{ours.name}" if ours.host.startswith("/") else ours.url()
    environment = dict(os.environ) | {
        "DATABASE_URL": url,
        "DIRECT_DATABASE_URL": url,
        "SECRET_KEY": django_settings.SECRET_KEY,
        "BETTRACK_HOME": str(tmp_path / "home"),
        "BACKUP_DIR": str(place),
        "BETTRACK_NO_BOOTSTRAP": "1",
    }
    with stuck(ours) as let_go:
        command = subprocess.Popen(
            [sys.executable, str(django_settings.BASE_DIR / "manage.py"), "backup"],
            env=environment,
            stderr=subprocess.PIPE,
        )
        pid = dumping(command.pid)
        command.send_signal(number)
        if number == signal.SIGTERM:
            let_go()
        command.communicate(timeout=60)
        deadline = time.monotonic() + 10
        while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not Path(f"/proc/{pid}").exists()
    left = files(place)
    assert {name: left[name] for name in before} == before
    assert all(name.startswith(".unfinished-") for name in left.keys() - before.keys())
    assert bool(left.keys() - before.keys()) == (number == signal.SIGKILL)
    made = make()
    assert {name for name in files(place) if name.startswith(".unfinished-")} == set()
    assert made.path.exists()


def test_two_at_once_are_one(ours: Database, make: Make, place: Path, tmp_path: Path) -> None:
    with ours.connect() as other:
        other.execute(f"SELECT pg_advisory_lock({sessions.LOCK})")
        with pytest.raises(Busy, match="Another backup or restore of this database is at work"):
            make()
    with stuck(ours) as let_go:
        thread, said = failing(make)
        dumping()
        with pytest.raises(Busy, match="Another backup is being written"):
            make()
        let_go()
        thread.join(60)
    assert said == []


def test_a_table_that_a_migration_rewrites_is_not_dumped_empty(ours: Database, make: Make) -> None:
    [(bets,)] = run(ours, "SELECT count(*) FROM bets")
    with ours.connect() as migration:
        migration.execute(f"SELECT pg_advisory_lock({patience.LOCK})")
        migration.execute("BEGIN; ALTER TABLE bets ADD COLUMN lucky float DEFAULT random()")
        made: list[Backup] = []
        thread = threading.Thread(target=lambda: made.append(make()))
        thread.start()
        wait_for_a_session_that_waits(ours)
        migration.execute("COMMIT")
        migration.execute(f"SELECT pg_advisory_unlock({patience.LOCK})")
        thread.join(60)
    assert made[0].manifest.rows["public.bets"] == bets > 0


def wait_for_a_session_that_waits(database: Database) -> None:
    """Until the backup asks for a lock: the migrations' again and again, or a table's."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if run(
            database.named("postgres"),
            "SELECT 1 FROM pg_stat_activity WHERE application_name = 'bettrack backup' "  # noqa: S608 - a constant
            f"AND (wait_event_type = 'Lock' OR query = '{sessions.SHARE_MIGRATIONS}')",
        ):
            return
        time.sleep(0.05)
    raise AssertionError("no backup waits")


def test_a_migration_that_goes_on_and_on_is_said(
    ours: Database, make: Make, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "LONGEST_MIGRATION", 0.1)
    with ours.connect() as migration:
        migration.execute(f"SELECT pg_advisory_lock({patience.LOCK})")
        with pytest.raises(BackupError, match="The database is being migrated"):
            make()
    assert files(place) == {}


@pytest.mark.parametrize("major", [0, 14])
def test_programs_older_than_the_server_are_refused(
    make: Make, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, major: int
) -> None:
    old = tmp_path / "pg_dump"
    if major:
        old.write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {major}.9'\n")
        old.chmod(0o755)
    monkeypatch.setattr(programs, "_candidates", lambda name: iter([old]))
    have = f"the newest pg_dump here is of version {major}" if major else "there is no pg_dump here"
    with pytest.raises(
        BackupError, match=rf"The server is of PostgreSQL \d+, but {have}: .*BETTRACK_POSTGRES_BIN"
    ):
        make()
    assert files(place) == {}


def test_programs_of_the_servers_own_version_are_preferred(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def script(major: int) -> Path:
        path = tmp_path / str(major)
        path.write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {major}.1'\n")
        path.chmod(0o755)
        return path

    found = [script(major) for major in (19, 15, 17, 16)]
    monkeypatch.setattr(programs, "_candidates", lambda name: iter(found))
    assert programs.find("pg_dump", 16) == Program((str(tmp_path / "16"),), 16)
    assert programs.find("pg_dump", 18).major == 19


def test_folders_that_cannot_be_used_are_refused(tmp_path: Path, settings: Settings) -> None:
    settings.STATIC_ROOT = tmp_path / "static"
    (tmp_path / "file").touch()
    (tmp_path / "static" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "static" / "deep")
    for folder in (tmp_path / "static", tmp_path / "static" / "deep", tmp_path / "link"):
        with pytest.raises(BadFolder, match="which the web server hands out to anybody"):
            prepare(folder)
    for folder in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/backups")):
        with pytest.raises(BadFolder, match=f"Backups cannot be kept in {folder}: "):
            prepare(folder)
    with pytest.raises(BadFolder, match="lies in the database's own data"):
        prepare(django_settings.EMBEDDED.home / "postgres" / "base")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can step down to an account without rights")
@pytest.mark.parametrize("mode", [0o000, 0o555, 0o333])
def test_a_folder_without_rights_is_refused(tmp_path: Path, mode: int) -> None:
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(mode)
    os.seteuid(65534)
    try:
        with pytest.raises(BadFolder, match=f"Backups cannot be kept in {closed}: Permission denied"):
            prepare(closed)
    finally:
        os.seteuid(0)


def test_files_are_private_even_under_a_careless_mask(make: Make, place: Path) -> None:
    before = os.umask(0)
    try:
        made = [make(file_format=file_format) for file_format in ("custom", "directory")]
    finally:
        os.umask(before)
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    for path in place.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert len(list(made[1].path.iterdir())) > 10


@pytest.mark.slow
def test_a_table_that_stays_locked_is_given_up(
    ours: Database, make: Make, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bettrack.backups.dumping.LOCK_TIMEOUT", "200ms")
    monkeypatch.setattr(sessions, "BEGIN", sessions.BEGIN.replace("120s", "200ms"))
    with stuck(ours), pytest.raises(BackupError, match="lock timeout"):
        make()
    assert files(place) == {}


@pytest.mark.slow
def test_what_is_counted_is_what_was_dumped_although_bets_are_placed_meanwhile(
    ours: Database, make: Make
) -> None:
    new = ours.named(f"{ours.name}_new")
    with ours.connect() as writer:
        with _writing(writer) as written:
            made = make()
        assert made.manifest.rows["public.django_content_type"] < written()
    with servers.administering(ours, "test") as connection:
        load(made.path, made.manifest, new, servers.create(connection, new.name, ours.name), quiet)
    proving.compare(made.manifest, new, quiet)


@contextmanager
def _writing(writer: psycopg.Connection[Any]) -> Iterator[Callable[[], int]]:
    stop = threading.Event()

    def work() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            writer.execute(
                "INSERT INTO django_content_type (app_label, model) VALUES ('made', %s)",
                [f"meanwhile{number}"],
            )

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield lambda: int(writer.execute("SELECT count(*) FROM django_content_type").fetchall()[0][0])
    finally:
        stop.set()
        thread.join()
