"""The second copy elsewhere: whole and checked, and when it fails the first one stays good."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django.fixtures import Settings

from bettrack.backups import offsite, tasks
from bettrack.backups.checking import opened
from bettrack.backups.create import backup
from bettrack.backups.databases import Database
from bettrack.backups.dumping import quiet
from bettrack.backups.errors import BackupError
from bettrack.backups.folder import backups_in, manifest_of
from bettrack.backups.state import backup_state, offsite_state
from bettrack.backups.tests.bucket import KEY_ID, SECRET, Bucket, serving

CUSTOM = pytest.param("custom", marks=pytest.mark.slow)
DIRECTORY = pytest.param("directory", marks=pytest.mark.slow)

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _own(origin: Database, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bettrack.backups.databases.own", lambda: origin)


@pytest.fixture
def mounted(tmp_path: Path, settings: Settings) -> Path:
    folder = tmp_path / "mounted"
    folder.mkdir()
    settings.BACKUPS = dataclasses.replace(settings.BACKUPS, offsite=str(folder))
    return folder


@pytest.fixture
def bucket(settings: Settings) -> Iterator[Bucket]:
    with serving() as found:
        settings.BACKUPS = dataclasses.replace(
            settings.BACKUPS,
            offsite="s3://backups/bettrack",
            s3_endpoint=found.url,
            s3_key_id=KEY_ID,
            s3_secret=SECRET,
        )
        yield found


@pytest.mark.parametrize("file_format", ["custom", DIRECTORY])
def test_a_mounted_folder_gets_a_copy_that_can_be_used(mounted: Path, file_format: str) -> None:
    made = backup(now=timezone.now(), file_format=file_format)  # type: ignore[arg-type]
    assert made.offsite == str(mounted / made.path.name)
    assert opened(Path(made.offsite), quiet, trust=False) == made.manifest
    assert {path.name for path in mounted.iterdir()} == {made.path.name, manifest_of(made.path).name, ".lock"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in mounted.rglob("*"))
    assert offsite_state(timezone.now()).ok is True


def test_a_disk_that_is_not_mounted_is_told_and_the_backup_stays(mounted: Path, place: Path) -> None:
    mounted.rmdir()
    made = backup(now=timezone.now())
    assert made.offsite == ""
    assert "is the disk mounted?" in made.offsite_problem
    assert not mounted.exists()
    assert opened(made.path, quiet, trust=False)
    now = timezone.now()
    assert (backup_state(now).ok, offsite_state(now).ok) == (True, False)
    with pytest.raises(CommandError, match="The backup is good, but the copy off-site failed") as told:
        call_command("backup")
    assert told.value.returncode == 3
    assert len(backups_in(place)) == 2


@pytest.mark.parametrize("file_format", [CUSTOM, "directory"])
def test_a_bucket_gets_every_file_with_the_manifest_last(bucket: Bucket, file_format: str) -> None:
    made = backup(now=timezone.now(), file_format=file_format)  # type: ignore[arg-type]
    assert made.offsite_problem == ""
    assert made.offsite == f"s3://backups/bettrack/{made.path.name}"
    prefix = f"backups/bettrack/{made.path.name}"
    for piece in made.manifest.pieces:
        key = f"{prefix}/{piece.name}" if made.path.is_dir() else prefix
        assert hashlib.sha256(bucket.objects[key]).hexdigest() == piece.sha256
    assert list(bucket.objects)[-1] == f"{prefix}.json"
    assert bucket.objects[f"{prefix}.json"] == manifest_of(made.path).read_bytes()


@pytest.mark.parametrize("file_format", [CUSTOM, "directory"])
def test_a_backup_comes_back_from_a_bucket(bucket: Bucket, settings: Settings, file_format: str) -> None:
    made = backup(now=timezone.now(), file_format=file_format)  # type: ignore[arg-type]
    with pytest.raises(BackupError, match="is there already"):
        offsite.fetch(made.offsite, settings.BACKUPS, quiet)
    lost = made.path.parent.rename(made.path.parent.with_name("lost"))
    assert lost.is_dir()
    path = offsite.fetch(made.offsite, settings.BACKUPS, quiet)
    assert path == made.path
    assert opened(path, quiet, trust=False) == made.manifest
    with pytest.raises(BackupError, match=r"s3://backups/bettrack/bettrack-20200101T000000Z\.dump: "):
        offsite.fetch("s3://backups/bettrack/bettrack-20200101T000000Z.dump", settings.BACKUPS, quiet)
    with pytest.raises(BackupError, match="is not the address of a backup"):
        offsite.fetch("s3://backups/../etc/passwd", settings.BACKUPS, quiet)


def test_a_large_file_goes_in_parts(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(offsite, "SMALLEST_PART", 5 * 2**20)
    made = backup(now=timezone.now())
    big = os.urandom(12 * 2**20)
    made.path.write_bytes(big)
    piece = dataclasses.replace(made.manifest.pieces[0], size=len(big))
    manifest = dataclasses.replace(made.manifest, pieces=[piece])
    bucket.objects.clear()
    offsite.copy(made.path, manifest, settings.BACKUPS, now=timezone.now(), progress=quiet)
    assert bucket.objects[f"backups/bettrack/{made.path.name}"] == big
    assert max(len(parts) for parts in bucket.parts.values()) >= 3


@pytest.mark.parametrize("fault", ["refused", "wrong key", "gone"])
def test_a_bucket_that_refuses_is_told_without_secrets(
    bucket: Bucket, settings: Settings, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    if fault == "refused":
        bucket.refuse = 403
    elif fault == "wrong key":
        settings.BACKUPS = dataclasses.replace(settings.BACKUPS, s3_secret="wrong-hunter2")
    else:
        settings.BACKUPS = dataclasses.replace(settings.BACKUPS, s3_endpoint="http://127.0.0.1:9")
    with caplog.at_level(logging.INFO):
        assert tasks.make_backup().startswith("bettrack-")
    now = timezone.now()
    failed = offsite_state(now)
    assert (backup_state(now).ok, failed.ok) == (True, False)
    assert failed.attempt
    assert failed.attempt.reason.startswith("s3://backups/bettrack: ")
    assert "the off-site copy of" in caplog.text
    for text in (failed.attempt.reason, failed.reason, caplog.text):
        assert "hunter2" not in text


def test_without_the_package_it_says_what_to_install(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(offsite.importlib, "import_module", missing)
    made = backup(now=timezone.now())
    assert (
        made.offsite_problem
        == "Buckets need the package obstore, which is not installed: pip install obstore"
    )
    assert made.path.exists()
