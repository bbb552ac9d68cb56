"""Making a backup: dumped under another name, checked, put on the disk, named; only then do old ones go."""

from __future__ import annotations

import datetime as dt
import logging
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from django.conf import settings

from bettrack.backups import databases, offsite, state
from bettrack.backups.checking import check_dump, pieces_of
from bettrack.backups.dumping import Facts, Progress, Source, dump, quiet
from bettrack.backups.errors import BackupError, BadFolder, Busy, TooManyJobs
from bettrack.backups.folder import UNFINISHED, claimed, new_path, prepare, prune, publish, remove
from bettrack.backups.manifest import Manifest, Piece

Format = Literal["custom", "directory", "plain", "plain.gz"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Backup:
    """A backup that was made."""

    path: Path
    manifest: Manifest
    pruned: list[Path] = field(default_factory=list)
    offsite: str = ""
    """Where it was copied to."""
    offsite_problem: str = ""
    """Why the off-site copy failed; the backup itself is good."""
    prune_problem: str = ""
    """Why old ones could not be removed; likewise."""


@dataclass(frozen=True)
class Wanted:
    """What is to be made of which database, and where."""

    now: dt.datetime
    folder: Path
    source: Source
    file_format: Format
    tables: Sequence[str]
    jobs: int | None


def backup(
    *,
    now: dt.datetime,
    folder: Path | None = None,
    file_format: Format = "custom",
    tables: Sequence[str] = (),
    keep_days: int | None = None,
    keep_min: int | None = None,
    jobs: int | None = None,
    source: Source | None = None,
    progress: Progress = quiet,
) -> Backup:
    """Back up BetTrack's database (or ``source``) and return what was made.

    The one function for it, called by the command, by the nightly task, and by whatever wants a backup before it
    changes the database: ``backup(now=timezone.now())`` takes all else from the settings. ``tables`` makes a
    partial backup, which prunes nothing and is not copied. A failed off-site copy does not raise; it is in the result.
    Raises BackupError with a sentence for people: nothing unfinished stays then, no older backup was touched, and
    the failure is what ``state.backup_state`` tells.
    """
    started = time.monotonic()
    place = folder or settings.BACKUPS.folder
    is_ours = source is None and not tables
    try:
        prepare(place)
        wanted = Wanted(now, place, source or Source(databases.own()), file_format, tables, jobs)
        days, least = keep_days or settings.BACKUPS.keep_days, keep_min or settings.BACKUPS.keep_min
        made = _made_and_pruned(wanted, days, least, progress, started)
    except BackupError as error:
        # a folder or number that somebody mistyped, or an attempt beside another, says nothing of the backups there are
        if (
            is_ours
            and not isinstance(error, Busy | TooManyJobs)
            and not (folder and isinstance(error, BadFolder))
        ):
            state.record("backup", state.Attempt(now, False, str(error)))
        raise
    if is_ours:
        seconds = round(time.monotonic() - started, 1)
        state.record("backup", state.Attempt(now, True, "", str(made.path), made.manifest.size, seconds))
    if is_ours and settings.BACKUPS.offsite:
        made = _copied(made, now, progress)
    return made


def _copied(made: Backup, now: dt.datetime, progress: Progress) -> Backup:
    began = time.monotonic()
    try:
        place = offsite.copy(made.path, made.manifest, settings.BACKUPS, now=now, progress=progress)
    except BackupError as error:
        state.record("offsite", state.Attempt(now, False, str(error)))
        return replace(made, offsite_problem=str(error))
    seconds = round(time.monotonic() - began, 1)
    state.record("offsite", state.Attempt(now, True, "", place, made.manifest.size, seconds))
    return replace(made, offsite=place)


def _made_and_pruned(wanted: Wanted, days: int, least: int, progress: Progress, started: float) -> Backup:
    try:
        with claimed(wanted.folder):
            made = _make(wanted, progress, started)
            if not wanted.tables:
                made = _pruned(made, wanted, days, least)
    except OSError as error:
        raise BackupError(
            f"The backup could not be written to {wanted.folder}: {error.strerror or error}. Older backups are "
            "untouched."
        ) from error
    return made


def _pruned(made: Backup, wanted: Wanted, days: int, least: int) -> Backup:
    try:
        return replace(made, pruned=prune(wanted.folder, now=wanted.now, keep_days=days, keep_min=least))
    except (OSError, BackupError) as error:
        logger.error("old backups cannot be removed: %s", error)
        return replace(made, prune_problem=str(error))


def _make(wanted: Wanted, progress: Progress, started: float) -> Backup:
    if wanted.source.docker and wanted.file_format == "directory":
        raise BackupError("--via docker writes one file: use the format custom, plain or plain.gz.")
    path = new_path(wanted.folder, wanted.now, wanted.file_format, partial=bool(wanted.tables))
    draft, words = (
        wanted.folder / f"{UNFINISHED}{os.getpid()}-{name}" for name in (path.name, "manifest.json")
    )
    try:
        _private(draft, wanted.file_format)
        facts = dump(
            wanted.source, draft, wanted.file_format, names=wanted.tables, jobs=wanted.jobs, progress=progress
        )
        check_dump(wanted.source, draft, wanted.file_format, facts)
        pieces = pieces_of(draft, path.name, progress)
        manifest = _manifest(wanted, facts, pieces, time.monotonic() - started)
        publish(draft, path, manifest, words)
    finally:
        remove(draft)
        remove(words)
    return Backup(path, manifest)


def _private(draft: Path, file_format: Format) -> None:
    """Make the file before pg_dump does, so that nobody else can ever read it."""
    if file_format == "directory":
        draft.mkdir(mode=0o700)
    else:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _manifest(wanted: Wanted, facts: Facts, pieces: list[Piece], seconds: float) -> Manifest:
    return Manifest(
        made_at=wanted.now,
        format=wanted.file_format,
        bettrack=settings.VERSION,
        server=facts.server,
        pg_dump=facts.pg_dump,
        pieces=pieces,
        rows=facts.rows,
        shape=facts.shape,
        migrations=facts.migrations,
        extensions=facts.extensions,
        roles=facts.roles,
        partial=bool(wanted.tables),
        seconds=round(seconds, 1),
    )
