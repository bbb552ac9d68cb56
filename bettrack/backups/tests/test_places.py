"""Backups of every kind of database: pooled, in a container, embedded; and the ones that beat makes."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from celery import current_app
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone
from pytest_django.fixtures import Settings

from bettrack.backups import databases, dumping, programs, proving, restoring, sessions, state, tasks
from bettrack.backups.create import Backup, backup
from bettrack.backups.databases import Database
from bettrack.backups.dumping import Source, quiet
from bettrack.backups.errors import BackupError, TooManyJobs
from bettrack.backups.folder import backups_in
from bettrack.backups.restoring import restore
from bettrack.backups.tests.conftest import facts, names_like, pointed_at, run, wipe
from bettrack.database import direct
from bettrack.embedded import client
from bettrack.embedded.layout import Layout

pytestmark = [pytest.mark.django_db(transaction=True)]

Make = Callable[..., Backup]


@pytest.fixture
def docker(tmp_path: Path, ours: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A program docker that runs what it is told to in a container's place, with the server of ``ours``."""
    folder = tmp_path / "bin"
    folder.mkdir()
    version = int(run(ours, "SHOW server_version_num")[0][0])
    found = programs.find("pg_dump", version // 10_000).command[0]
    script = folder / "docker"
    script.write_text(
        "#!/bin/sh\n"
        '[ "$1 $2 $3 $4" = "compose exec -T postgres" ] || { echo "unknown: $*" >&2; exit 14; }\n'
        "shift 4; program=$1; shift\n"
        f"export PGHOST={ours.host} PGPORT={ours.port}\n"
        f'exec {Path(found).parent}/"$program" "$@"\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return ours


@pytest.mark.parametrize("file_format", ["custom", pytest.param("plain.gz", marks=pytest.mark.slow)])
def test_a_database_in_a_container_is_backed_up_through_docker(
    docker: Database, place: Path, in_process: None, file_format: str
) -> None:
    source = Source(Database(docker.name, user=docker.user), docker=True)
    made = backup(now=timezone.now(), source=source, file_format=file_format)  # type: ignore[arg-type]
    before = facts(docker)
    wipe(docker)
    restore(path=made.path, now=timezone.now(), into=docker)
    assert facts(docker) == before


def test_docker_that_cannot_reach_the_container_is_said(
    docker: Database, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Source(Database("not_there", user=docker.user), docker=True)
    with pytest.raises(BackupError, match="not_there"):
        backup(now=timezone.now(), source=source)
    with pytest.raises(BackupError, match="--via docker writes one file"):
        backup(now=timezone.now(), source=source, file_format="directory")
    monkeypatch.setattr(sessions, "DOCKER", ("docker", "compose", "exec", "-T", "elsewhere"))
    monkeypatch.setattr(programs, "DOCKER", ("docker", "compose", "exec", "-T", "elsewhere"))
    with pytest.raises(BackupError, match=r"unknown: compose exec -T elsewhere|docker compose cannot run"):
        backup(now=timezone.now(), source=source)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BackupError, match="docker"):
        backup(now=timezone.now(), source=source)
    assert backups_in(place) == []


def test_a_pooled_database_is_reached_past_its_pooler(settings: Settings) -> None:
    assert databases.own().name == connections["default"].settings_dict["NAME"]
    settings.DIRECT_DATABASE = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "straight",
        "HOST": "db.example.org",
        "PORT": 5432,
        "USER": "me",
        "PASSWORD": "hunter2",
        "OPTIONS": {"sslmode": "require"},
    }
    try:
        found = databases.own()
    finally:
        connections.databases.pop(direct.DIRECT, None)
        if hasattr(connections._connections, direct.DIRECT):
            del connections[direct.DIRECT]
    assert (found.name, found.host, found.port, found.user) == ("straight", "db.example.org", "5432", "me")
    environment = found.environment()
    assert (environment["PGPASSWORD"], environment["PGSSLMODE"]) == ("hunter2", "require")
    assert "hunter2" not in repr(found)


def test_beat_makes_one_each_night_and_proves_one_each_week(
    ours: Database, place: Path, in_process: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bettrack.backups.databases.own", lambda: ours)
    entries = current_app.conf.beat_schedule
    assert str(entries["back up"]["schedule"]).startswith("<crontab: 30 3 * * *")
    assert str(entries["prove the newest backup"]["schedule"]).startswith("<crontab: 30 5 * * sun")
    assert tasks.prove_backup().startswith("failed: There is no backup")
    assert tasks.make_backup().startswith("bettrack-")
    assert tasks.prove_backup().endswith("tables")
    now = timezone.now()
    assert (state.backup_state(now).ok, state.verification_state(now).ok) == (True, True)
    assert tasks.catch_up() == "not due"
    assert names_like(ours) == [ours.name]


def test_a_worker_that_starts_makes_up_for_a_missed_night(
    ours: Database, place: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr("bettrack.backups.databases.own", lambda: ours)
    state.record("backup", state.Attempt(timezone.now() - dt.timedelta(hours=25), True))
    settings.BACKUPS = dataclasses.replace(settings.BACKUPS, at=None)
    assert tasks.catch_up() == "nightly backups are switched off"
    settings.BACKUPS = dataclasses.replace(settings.BACKUPS, at=(3, 30))
    assert tasks.catch_up().startswith("bettrack-")
    assert tasks.catch_up() == "not due"
    assert len(backups_in(place)) == 1


def test_a_failed_backup_turns_the_monitor_down_and_the_next_good_one_up(
    ours: Database, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    good, now = settings.BACKUPS, timezone.now()
    monkeypatch.setattr("bettrack.backups.databases.own", lambda: ours)
    (tmp_path / "file").touch()
    settings.BACKUPS = dataclasses.replace(good, folder=tmp_path / "file")
    assert tasks.make_backup().startswith("failed: Backups cannot be kept in")
    found = state.backup_state(now)
    assert (found.ok, found.reason) == (False, "The last backup failed.")
    settings.BACKUPS = good
    assert tasks.make_backup().startswith("bettrack-")
    assert state.backup_state(now).ok is True
    with pytest.raises(BackupError):
        backup(now=now, folder=tmp_path / "file")
    assert state.backup_state(now).ok is True


def test_a_restore_forgets_what_pages_kept_but_not_the_queue(settings: Settings) -> None:
    from django.core.cache import cache
    from redis import Redis

    queue = Redis.from_url(settings.REDIS_URL)
    queue.set("not-a-page-of-ours", "1", ex=60)
    cache.set("a-page", "old", 60)
    restoring.forget_cached()
    assert cache.get("a-page") is None
    assert queue.getdel("not-a-page-of-ours") == b"1"
    queue.close()


def test_an_embedded_database_is_backed_up_wiped_and_comes_back(
    origin: Database,
    place: Path,
    home: Layout,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Out of the test's own server into an embedded one, and from there into itself."""
    monkeypatch.setenv("BETTRACK_EMBEDDED_DURABLE", "0")
    client.ensure(home, "postgres")
    there = Database("bettrack", "bettrack", "", str(home.sockets), "5432")
    brought = backup(now=timezone.now(), source=Source(origin))

    def in_place(database: Database, *arguments: str) -> str:
        with pointed_at(database):
            call_command(*arguments, verbosity=0)
        return "proved"

    monkeypatch.setattr(proving, "manage", in_place)
    restore(path=brought.path, now=timezone.now(), into=there)
    before = facts(there)
    assert before == facts(origin)
    made = backup(now=timezone.now(), source=Source(there), file_format="directory")
    wipe(there)
    done = restore(path=made.path, now=timezone.now(), into=there, progress=quiet)
    assert facts(there) == before
    assert done.old


def test_a_parallel_dump_leaves_connections_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="--jobs must be 32 or fewer"):
        call_command("backup", "--format", "directory", "--jobs", "100000")
    with sessions.looking_at(databases.own()) as session:
        assert dumping.jobs_of(session, 1) == 1
        monkeypatch.setattr(dumping, "LEFT_FREE", 10_000)
        assert dumping.jobs_of(session, None) == 1
        with pytest.raises(TooManyJobs, match="ask for --jobs 1 or fewer"):
            dumping.jobs_of(session, 2)
