"""Reading a dump's file through: that it is whole when it was made, and the same file when it is used."""

from __future__ import annotations

import gzip
import os
import subprocess
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bettrack.backups import manifest as manifests
from bettrack.backups.dumping import Facts, Progress, Source
from bettrack.backups.errors import BackupError
from bettrack.backups.folder import file_of, manifest_of, sync
from bettrack.backups.manifest import Manifest, Piece, digest

PLAIN_END: Final = b"PostgreSQL database dump complete"
TAIL: Final = 4096
NEXT: Final = "Use another backup: the ones beside it are named in the same way."


def check_dump(source: Source, draft: Path, file_format: str, facts: Facts) -> None:
    """See that a fresh dump can be read to its end and has the rows of every table. Raises BackupError."""
    if file_format in ("plain", "plain.gz"):
        if PLAIN_END not in _tail(draft, file_format):
            raise BackupError("The dump is not whole: its end is missing.")
        return
    listed = listing(source, draft, facts.pg_dump)
    missing = [
        table.full
        for table in facts.tables
        if not table.is_parent
        and f" TABLE DATA {table.full.replace('.', ' ', 1).replace(chr(34), '')} " not in listed
    ]
    if missing:
        raise BackupError(f"The dump is not whole: it lacks the rows of {', '.join(missing[:5])}.")


def listing(source: Source, path: Path, at_least: int) -> str:
    """What pg_restore says lies in a dump of the custom or directory format. Raises BackupError."""
    command = [*source.program("pg_restore", at_least).command, "--list"]
    if not source.docker:
        command.append(str(path))
    with path.open("rb") if source.docker else Path(os.devnull).open("rb") as stdin:
        answer = subprocess.run(  # noqa: S603
            command, stdin=stdin, capture_output=True, env=source.environment(), check=False
        )
    if answer.returncode:
        said = answer.stderr.decode(errors="replace").strip().splitlines()[:1]
        raise BackupError(f"pg_restore cannot read {path.name}: {' '.join(said) or 'it says nothing'}")
    return answer.stdout.decode(errors="replace")


def pieces_of(draft: Path, name: str, progress: Progress) -> list[Piece]:
    """Put every file of a finished dump on the disk, private, and return their sizes and digests. Raises OSError."""
    files = sorted(draft.iterdir()) if draft.is_dir() else [draft]
    total, done, found = sum(path.stat().st_size for path in files), 0, []
    for path in files:
        path.chmod(0o600)
        sync(path)
        for block in digest(path):
            if isinstance(block, str):
                found.append(Piece(path.name if draft.is_dir() else name, path.stat().st_size, block))
            else:
                done += len(block)
                progress("checking what was written", done, total)
    if draft.is_dir():
        sync(draft)
    return found


def opened(path: Path, progress: Progress, *, trust: bool) -> Manifest:
    """The manifest of a backup whose files are exactly the ones it was made with.

    Raises BackupError when one is missing, cut short or changed, or, without ``trust``, when another SECRET_KEY
    signed it.
    """
    if not path.exists():
        raise BackupError(f"{path} is not there. Name a backup, or leave the name out for the newest.")
    found, signed = manifests.read(manifest_of(path))
    if not signed and not trust:
        raise BackupError(
            f"{path.name} was not signed with this installation's SECRET_KEY. Set the SECRET_KEY it was made under; "
            "without it passwords still work, but second factors have to be set up anew. Add --trust if you know where "
            "the backup comes from: restoring runs what it says."
        )
    total, done = found.size, 0
    if path.is_dir():
        _refuse_strangers(path, [piece.name for piece in found.pieces])
    for piece in found.pieces:
        file = file_of(path, piece.name) if path.is_dir() else path
        done = _check_piece(file, piece, progress, done, total)
    return found


def _check_piece(file: Path, piece: Piece, progress: Progress, done: int, total: int) -> int:
    try:
        size = file.stat().st_size
        if size != piece.size:
            kind = "cut short" if size < piece.size else "longer than it was"
            raise BackupError(
                f"{file.name} is {kind}: it has {size:,} bytes where {piece.size:,} were written. {NEXT}"
            )
        for block in digest(file):
            if isinstance(block, bytes):
                done += len(block)
                progress("checking the file", done, total)
            elif block != piece.sha256:
                raise BackupError(
                    f"{file.name} was changed or damaged: its SHA-256 is not the one written down. {NEXT}"
                )
    except OSError as error:
        raise BackupError(f"{file} cannot be read: {error.strerror or error}.") from error
    return done


def _refuse_strangers(folder: Path, names: Sequence[str]) -> None:
    strangers = sorted({path.name for path in folder.iterdir()} - set(names))
    if strangers:
        raise BackupError(f"{folder.name} was changed: {strangers[0]} is not part of the backup. {NEXT}")


def _tail(path: Path, file_format: str) -> bytes:
    tail = b""
    try:
        with gzip.open(path) if file_format == "plain.gz" else path.open("rb") as file:
            if file_format == "plain":
                file.seek(max(0, path.stat().st_size - TAIL))
            while block := file.read(2**20):
                tail = (tail + block)[-TAIL:]
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BackupError("The dump is not whole: it cannot be unpacked to its end.") from error
    return tail
