"""A backup that is not as it was made is refused, whatever happened to it; and old ones go only behind new ones."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django.fixtures import Settings
from pytest_django.plugin import DjangoDbBlocker

from bettrack.backups import manifest as manifests
from bettrack.backups.checking import opened
from bettrack.backups.create import Backup, backup
from bettrack.backups.databases import Database, from_url
from bettrack.backups.dumping import Source, quiet
from bettrack.backups.errors import BackupError
from bettrack.backups.folder import backups_in, manifest_of, prune
from bettrack.backups.restoring import newest

NOW = dt.datetime(2026, 11, 21, 3, 30, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture(scope="module")
def kept(
    origin: Database, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[dict[str, Backup]]:
    """One backup in each kind of format."""
    with django_db_blocker.unblock():
        folder = tmp_path_factory.mktemp("kept")
        yield {
            name: backup(now=NOW, folder=folder, file_format=name, source=Source(origin))
            for name in ("custom", "directory")
        }


@pytest.fixture
def copied(kept: dict[str, Backup], tmp_path: Path) -> Callable[[str], Path]:
    def copy(name: str) -> Path:
        made = kept[name]
        target = tmp_path / made.path.name
        if made.path.is_dir():
            shutil.copytree(made.path, target)
        else:
            shutil.copy(made.path, target)
        shutil.copy(manifest_of(made.path), manifest_of(target))
        return target

    return copy


def flip(path: Path) -> None:
    """Change one bit in the middle."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"x")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (flip, "its SHA-256 is not the one"),
        (cut, "cut short"),
        (grow, "longer than"),
        (Path.unlink, "is not there|cannot be read"),
    ],
)
@pytest.mark.parametrize("name", ["custom", "directory"])
def test_a_file_that_was_cut_or_changed_is_refused(
    copied: Callable[[str], Path], name: str, damage: Callable[[Path], None], said: str
) -> None:
    path = copied(name)
    assert opened(path, quiet, trust=False).rows
    damage(path / "toc.dat" if path.is_dir() else path)
    with pytest.raises(BackupError, match=said):
        opened(path, quiet, trust=True)


def test_a_file_that_was_slipped_into_a_folder_is_refused(copied: Callable[[str], Path]) -> None:
    path = copied("directory")
    (path / "9999.dat").write_text("DROP TABLE bets")
    with pytest.raises(BackupError, match=r"9999\.dat is not part of the backup"):
        opened(path, quiet, trust=False)


def test_a_manifest_that_was_changed_is_refused_even_when_sealed_anew(copied: Callable[[str], Path]) -> None:
    path = copied("custom")
    words = manifest_of(path)
    content = json.loads(words.read_text())
    content["rows"]["public.bets"] += 1
    words.write_text(json.dumps(content))
    with pytest.raises(BackupError, match="its seal is broken"):
        opened(path, quiet, trust=True)
    bare = {name: value for name, value in content.items() if name not in ("backup", "seal", "signature")}
    words.write_text(json.dumps(content | {"seal": manifests._seal(bare)}))
    with pytest.raises(BackupError, match="was not signed with this installation's SECRET_KEY"):
        opened(path, quiet, trust=False)


@pytest.mark.parametrize("text", ["", "[]", "{", "{}", '{"backup": "other"}'])
def test_a_manifest_that_is_none_is_refused(copied: Callable[[str], Path], text: str) -> None:
    path = copied("custom")
    manifest_of(path).write_text(text)
    with pytest.raises(BackupError, match=r"is damaged|is not the manifest"):
        opened(path, quiet, trust=True)
    manifest_of(path).unlink()
    with pytest.raises(BackupError, match="is not there: a backup is checked against it"):
        opened(path, quiet, trust=True)


def test_another_key_needs_trust_and_a_former_key_does_not(
    copied: Callable[[str], Path], settings: Settings
) -> None:
    path, key = copied("custom"), settings.SECRET_KEY
    settings.SECRET_KEY = "another" * 10
    with pytest.raises(BackupError, match="Add --trust"):
        opened(path, quiet, trust=False)
    assert opened(path, quiet, trust=True).rows
    settings.SECRET_KEY_FALLBACKS = [key]
    assert opened(path, quiet, trust=False).rows


@pytest.mark.parametrize("command", ["restore", "verify_backup"])
def test_commands_say_so_and_change_nothing(copied: Callable[[str], Path], command: str) -> None:
    path = copied("custom")
    flip(path)
    with pytest.raises(CommandError, match="was changed or damaged"):
        call_command(command, path)


def history(folder: Path, kept: Backup, ages: list[int]) -> None:
    """Whole backups of these ages in days."""
    folder.mkdir(exist_ok=True)
    for age in ages:
        path = folder / f"bettrack-{NOW - age * DAY:%Y%m%dT%H%M%SZ}.dump"
        shutil.copy(kept.path, path)
        found, _ = manifests.read(manifest_of(kept.path))
        pieces = [manifests.Piece(path.name, piece.size, piece.sha256) for piece in found.pieces]
        object.__setattr__(found, "pieces", pieces)
        manifests.write(found, manifest_of(path))


def ages(folder: Path) -> list[int]:
    return [(NOW - stored.made_at).days for stored in backups_in(folder)]


@pytest.mark.parametrize(
    ("there", "days", "least", "stay"),
    [
        ([0, 1, 29, 30, 31, 40], 30, 2, [0, 1, 29, 30]),
        ([0, 31, 40, 50], 30, 3, [0, 31, 40]),
        ([31, 40], 30, 7, [31, 40]),
        ([0, 5, 6], 1, 1, [0]),
    ],
)
def test_old_ones_go_but_never_below_the_minimum(
    kept: dict[str, Backup], tmp_path: Path, there: list[int], days: int, least: int, stay: list[int]
) -> None:
    history(tmp_path / "b", kept["custom"], there)
    (tmp_path / "b" / "bettrack-notes.txt").touch()
    gone = prune(tmp_path / "b", now=NOW, keep_days=days, keep_min=least)
    assert ages(tmp_path / "b") == stay
    assert len(gone) == len(there) - len(stay)
    assert len(list((tmp_path / "b").iterdir())) == 2 * len(stay) + 1


def test_damaged_and_partial_ones_do_not_count_as_kept(kept: dict[str, Backup], tmp_path: Path) -> None:
    folder = tmp_path / "b"
    history(folder, kept["custom"], [0, 1, 2, 40, 50])
    cut(backups_in(folder)[0].path)
    manifest_of(backups_in(folder)[1].path).unlink()
    partial = folder / f"bettrack-{NOW:%Y%m%dT%H%M%SZ}-partial.dump"
    shutil.copy(kept["custom"].path, partial)
    prune(folder, now=NOW, keep_days=30, keep_min=2)
    assert ages(folder) == [0, 0, 1, 2, 40]


def test_damaged_ones_stay_too_while_there_are_few_whole_ones(
    kept: dict[str, Backup], tmp_path: Path
) -> None:
    folder = tmp_path / "b"
    history(folder, kept["custom"], [0, 40, 50])
    for stored in backups_in(folder)[1:]:
        stored.manifest_path.unlink()
    assert not prune(folder, now=NOW, keep_days=30, keep_min=2)
    assert ages(folder) == [0, 40, 50]


def test_a_backup_is_good_although_old_ones_cannot_be_removed(
    kept: dict[str, Backup],
    tmp_path: Path,
    origin: Database,
    django_db_blocker: DjangoDbBlocker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "b"
    history(folder, kept["custom"], [40, 50])

    def refused(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("bettrack.backups.folder.remove", refused)
    with django_db_blocker.unblock():
        made = backup(now=NOW, folder=folder, keep_min=1, source=Source(origin))
    assert made.path.exists()
    assert not made.pruned
    assert "Permission denied" in made.prune_problem


def test_a_failed_backup_prunes_nothing(
    kept: dict[str, Backup], tmp_path: Path, origin: Database, django_db_blocker: DjangoDbBlocker
) -> None:
    folder = tmp_path / "b"
    history(folder, kept["custom"], [40, 50, 60])
    with django_db_blocker.unblock():
        with pytest.raises(BackupError, match="cannot be reached"):
            backup(now=NOW, folder=folder, keep_min=1, source=Source(origin.named("none_of_that_name")))
        assert ages(folder) == [40, 50, 60]
        made = backup(now=NOW, folder=folder, keep_min=1, source=Source(origin))
    assert len(made.pruned) == 3
    assert ages(folder) == [0]


def test_the_newest_is_the_one_that_is_dated_last(kept: dict[str, Backup], place: Path) -> None:
    history(place, kept["custom"], [3, 1, 2])
    shutil.copy(kept["custom"].path, place / f"bettrack-{NOW:%Y%m%dT%H%M%SZ}-partial.dump")
    assert newest(NOW).name == f"bettrack-{NOW - DAY:%Y%m%dT%H%M%SZ}.dump"


def test_one_that_a_wrong_clock_dated_is_not_the_newest(kept: dict[str, Backup], place: Path) -> None:
    history(place, kept["custom"], [-400])
    assert newest(NOW).name == f"bettrack-{NOW + 400 * DAY:%Y%m%dT%H%M%SZ}.dump"
    history(place, kept["custom"], [3])
    assert newest(NOW).name == f"bettrack-{NOW - 3 * DAY:%Y%m%dT%H%M%SZ}.dump"


def test_a_second_backup_in_the_same_second_has_a_name_of_its_own(
    origin: Database, tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock():
        names = [
            backup(now=NOW, folder=tmp_path, tables=["sports"], source=Source(origin)).path.name
            for _ in range(2)
        ]
    assert names == ["bettrack-20261121T033000Z-partial.dump", "bettrack-20261121T033000Z-2-partial.dump"]
    assert [stored.partial for stored in backups_in(tmp_path)] == [True, True]


@pytest.mark.parametrize(
    "url", ["garbage", "mysql://me:hunter2@host/n", "postgres://host", "postgres://a:hunter2@["]
)
def test_a_wrong_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(BackupError, match="--into is not the address of a PostgreSQL database") as refused:
        from_url(url, "--into")
    assert "hunter2" not in str(refused.value)


def test_an_address_survives_being_written_out() -> None:
    for database in (
        Database("na me", "bet@t", "p/w:?", "db.example.org", "6432", (("sslmode", "require"),)),
        Database("bettrack", "bettrack", "", "/tmp/a socket", "5432"),  # noqa: S108
    ):
        assert from_url(database.url(), "it") == database
    assert timezone.is_aware(NOW)
