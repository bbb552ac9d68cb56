"""The folder that backups lie in: which one may be used, what lies in it, and what may leave it.

A backup is a file (or, in the directory format, a folder) under a dated name, with its manifest beside it. The
manifest is put there first, so that nothing under a backup's own name is ever unfinished.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings

from bettrack.backups import manifest as manifests
from bettrack.backups.errors import BackupError, BadFolder, Busy
from bettrack.backups.manifest import Manifest

SUFFIXES: Final = {"custom": ".dump", "directory": ".dir", "plain": ".sql", "plain.gz": ".sql.gz"}
FORMATS: Final = tuple(SUFFIXES)
NAME: Final = re.compile(r"bettrack-(\d{8}T\d{6}Z)(?:-\d+)?(-partial)?\.(dump|dir|sql|sql\.gz)")
STAMP: Final = "%Y%m%dT%H%M%SZ"
UNFINISHED: Final = ".unfinished-"
TRASH: Final = ".pruned-"
LOCK: Final = ".lock"
STRAY_SECONDS: Final = 86_400


@dataclass(frozen=True)
class Stored:
    """A backup under its own name."""

    path: Path
    made_at: dt.datetime
    partial: bool

    @property
    def manifest_path(self) -> Path:
        return manifest_of(self.path)

    def is_whole(self) -> bool:
        """Whether it is a full backup whose files have the sizes that its manifest says."""
        try:
            found, _ = manifests.read(self.manifest_path)
            return not self.partial and all(
                file_of(self.path, piece.name).stat().st_size == piece.size for piece in found.pieces
            )
        except (BackupError, OSError):
            return False


def manifest_of(path: Path) -> Path:
    return path.with_name(path.name + manifests.SUFFIX)


def file_of(backup: Path, piece: str) -> Path:
    """Where a piece of a backup lies."""
    return backup / piece if backup.is_dir() else backup.with_name(piece)


def prepare(folder: Path) -> None:
    """Make the folder, private to this account, and see that it may hold backups. Raises BadFolder."""
    _refuse_public(folder)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.listdir(folder)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=UNFINISHED):
            pass
    except OSError as error:
        raise BadFolder(
            f"Backups cannot be kept in {folder}: {error.strerror}. Name a folder that this account may read and "
            "write, with --output or BACKUP_DIR."
        ) from error


def _refuse_public(folder: Path) -> None:
    real = folder.resolve()
    places = [settings.STATIC_ROOT, settings.MEDIA_ROOT, getattr(settings, "WHITENOISE_ROOT", None)]
    for place in [*places, *settings.STATICFILES_DIRS, settings.BASE_DIR / "templates"]:
        if place and real.is_relative_to(Path(place).resolve()):
            raise BadFolder(
                f"{folder} lies in {place}, which the web server hands out to anybody: backups hold everything. Name "
                "another folder."
            )
    data = settings.EMBEDDED.home / "postgres"
    if real.is_relative_to(data.resolve()):
        raise BadFolder(f"{folder} lies in the database's own data ({data}): name another folder.")


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Be the only one to write in the folder, and clear away what killed ones left. Raises Busy and OSError."""
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(f"Another backup is being written to {folder}: wait for it to end.") from None
        _clear(folder)
        yield
    finally:
        os.close(descriptor)


def _clear(folder: Path) -> None:
    for path in list(folder.iterdir()):
        if path.name.startswith((UNFINISHED, TRASH)):
            remove(path)
        elif _is_stray(path):
            path.unlink()


def _is_stray(path: Path) -> bool:
    """Whether it is the manifest of a run that was killed between its two renames; not of a copy under way."""
    return (
        path.suffix == manifests.SUFFIX
        and NAME.fullmatch(path.stem) is not None
        and not path.with_suffix("").exists()
        and path.stat().st_mtime < time.time() - STRAY_SECONDS
    )


def new_path(folder: Path, made_at: dt.datetime, file_format: str, *, partial: bool) -> Path:
    """A name in the folder that nothing has yet."""
    stamp, tail = f"bettrack-{made_at:{STAMP}}", ("-partial" if partial else "") + SUFFIXES[file_format]
    number = 1
    while True:
        path = folder / (f"{stamp}{tail}" if number == 1 else f"{stamp}-{number}{tail}")
        if not path.exists() and not manifest_of(path).exists():
            return path
        number += 1


def backups_in(folder: Path) -> list[Stored]:
    """The backups of a folder, newest first; none where there is no folder. Raises BadFolder."""
    try:
        paths = sorted(folder.iterdir()) if folder.exists() else []
    except OSError as error:
        raise BadFolder(f"{folder} cannot be read: {error.strerror}.") from error
    found = []
    for path in paths:
        match = NAME.fullmatch(path.name)
        if match:
            made_at = dt.datetime.strptime(match[1], STAMP).replace(tzinfo=dt.UTC)
            found.append(Stored(path, made_at, bool(match[2])))
    return sorted(found, key=lambda one: (one.made_at, one.path.name), reverse=True)


def prune(folder: Path, *, now: dt.datetime, keep_days: int, keep_min: int) -> list[Path]:
    """Remove backups older than ``keep_days`` days as long as ``keep_min`` whole ones stay; return what went.

    A damaged or partial one does not count as one that stays, and goes no sooner than the others. Raises OSError.
    """
    oldest = now - dt.timedelta(days=keep_days)
    whole, gone = 0, []
    for stored in backups_in(folder):
        expired = stored.made_at < oldest
        if not expired or whole < keep_min:
            whole += stored.is_whole()
            continue
        trash = folder / f"{TRASH}{stored.path.name}"
        stored.path.rename(trash)
        remove(trash)
        stored.manifest_path.unlink(missing_ok=True)
        gone.append(stored.path)
    return gone


def publish(draft: Path, path: Path, manifest: Manifest, draft_of_manifest: Path) -> None:
    """Give a finished draft its name: on the disk first, manifest before backup, the folder's entries last.

    Raises OSError.
    """
    manifests.write(manifest, draft_of_manifest)
    draft_of_manifest.chmod(0o600)
    sync(draft_of_manifest)
    draft_of_manifest.rename(manifest_of(path))
    sync(path.parent)
    draft.rename(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Have a file, or a folder's entries, on the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
