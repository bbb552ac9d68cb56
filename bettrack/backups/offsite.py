"""A second copy of a backup elsewhere: in a folder of another disk, or in a bucket of any S3-compatible store."""

from __future__ import annotations

import datetime as dt
import importlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from bettrack.backups import manifest as manifests
from bettrack.backups.dumping import Progress
from bettrack.backups.errors import BackupError
from bettrack.backups.folder import (
    NAME,
    UNFINISHED,
    claimed,
    file_of,
    manifest_of,
    prepare,
    prune,
    remove,
    sync,
)
from bettrack.backups.manifest import Manifest, digest
from bettrack.environment.backups import BackupSettings

SMALLEST_PART: Final = 8 * 2**20
MOST_PARTS: Final = 9_000
"""S3 takes 10,000 parts of one object."""
INSTALL: Final = "pip install obstore"
SECONDS: Final = {"connect_timeout": "10s", "timeout": "120s"}
RETRIES: Final = 3
RETRY_FOR: Final = dt.timedelta(seconds=60)


def copy(
    path: Path, manifest: Manifest, wanted: BackupSettings, *, now: dt.datetime, progress: Progress
) -> str:
    """Copy a backup and its manifest to ``wanted.offsite``; return where it is now. Raises BackupError.

    A folder is pruned like the one the backups are made in. What a bucket keeps is for its own life-cycle rules, so
    that the key needs no right to delete.
    """
    if wanted.offsite.startswith("s3://"):
        return _to_bucket(path, manifest, wanted, progress)
    return _to_folder(path, manifest, wanted, now, progress)


def _to_folder(
    path: Path, manifest: Manifest, wanted: BackupSettings, now: dt.datetime, progress: Progress
) -> str:
    folder = Path(wanted.offsite)
    if not folder.is_dir():
        raise BackupError(
            f"{folder} is not there: is the disk mounted? It is not made, lest the copy land on this one."
        )
    target, draft = folder / path.name, folder / f"{UNFINISHED}{os.getpid()}-{path.name}"
    try:
        with claimed(folder):
            try:
                _copy_pieces(path, draft, manifest, progress)
                words = draft.with_name(draft.name + ".json")
                shutil.copyfile(manifest_of(path), words)
                words.chmod(0o600)
                sync(words)
                words.rename(manifest_of(target))
                sync(folder)
                draft.rename(target)
                sync(folder)
            finally:
                remove(draft)
            prune(folder, now=now, keep_days=wanted.keep_days, keep_min=wanted.keep_min)
    except OSError as error:
        raise BackupError(f"{folder}: {error.strerror or error}.") from error
    return str(target)


def _copy_pieces(path: Path, draft: Path, manifest: Manifest, progress: Progress) -> None:
    if path.is_dir():
        draft.mkdir(mode=0o700)
    done = 0
    for piece in manifest.pieces:
        source = file_of(path, piece.name) if path.is_dir() else path
        target = draft / piece.name if path.is_dir() else draft
        with source.open("rb") as read, os.fdopen(_private(target), "wb") as write:
            shutil.copyfileobj(read, write, 2**20)
            write.flush()
            os.fsync(write.fileno())
        if list(digest(target))[-1] != piece.sha256:
            raise BackupError(f"{target.name} does not read back as it was written.")
        done += piece.size
        progress("copying off-site", done, manifest.size)
    if path.is_dir():
        sync(draft)


def _private(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _to_bucket(path: Path, manifest: Manifest, wanted: BackupSettings, progress: Progress) -> str:
    obstore, store, faults = _bucket(wanted)
    done = 0
    try:
        for file, key, size in _objects(path, manifest):
            part = max(SMALLEST_PART, size // MOST_PARTS + 1)
            obstore.put(store, key, file, chunk_size=part, use_multipart=size > part, max_concurrency=4)
            if (there := obstore.head(store, key)["size"]) != size:
                raise BackupError(f"{key} has {there:,} bytes in the bucket instead of {size:,}.")
            done += size
            progress("copying off-site", done, manifest.size)
    except faults as error:
        raise BackupError(f"{wanted.offsite}: {_without_secrets(str(error), wanted)}") from error
    except OSError as error:
        raise BackupError(f"{wanted.offsite}: {error.strerror or error}") from error
    return f"{wanted.offsite}/{path.name}"


def fetch(url: str, wanted: BackupSettings, progress: Progress) -> Path:
    """Bring a backup and its manifest back from a bucket to the folder of backups; where it lies there.

    Raises BackupError.
    """
    place, _, name = url.rpartition("/")
    if not NAME.fullmatch(name):
        raise BackupError(f"{url} is not the address of a backup: it ends in a name such as bettrack-….dump.")
    folder = wanted.folder
    prepare(folder)
    path, draft = folder / name, folder / f"{UNFINISHED}{os.getpid()}-{name}"
    words = draft.with_name(draft.name + ".json")
    if path.exists():
        raise BackupError(f"{path} is there already: name it instead of the address.")
    obstore, store, faults = _bucket(replace(wanted, offsite=place))
    try:
        with claimed(folder):
            try:
                _download(obstore, store, f"{name}.json", words)
                manifest, _ = manifests.read(words)
                _download_pieces(obstore, store, manifest, name, draft, progress)
                words.rename(manifest_of(path))
                draft.rename(path)
                sync(folder)
            finally:
                remove(draft)
                remove(words)
    except faults as error:
        raise BackupError(f"{url}: {_without_secrets(str(error), wanted)}") from error
    except OSError as error:
        raise BackupError(f"{folder}: {error.strerror or error}.") from error
    return path


def _download_pieces(
    obstore: Any, store: Any, manifest: Manifest, name: str, draft: Path, progress: Progress
) -> None:
    is_folder, done = manifest.format == "directory", 0
    if is_folder:
        draft.mkdir(mode=0o700)
    for piece in manifest.pieces:
        if Path(piece.name).name != piece.name:
            raise BackupError(f"The manifest names a file outside of the backup: {piece.name}.")
        key, target = (f"{name}/{piece.name}", draft / piece.name) if is_folder else (name, draft)
        _download(obstore, store, key, target)
        done += piece.size
        progress("fetching", done, manifest.size)


def _download(obstore: Any, store: Any, key: str, target: Path) -> None:
    with os.fdopen(_private(target), "wb") as file:
        for block in obstore.get(store, key).stream(min_chunk_size=2**20):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())


def _objects(path: Path, manifest: Manifest) -> Iterator[tuple[Path, str, int]]:
    """What to upload: file, key and size; the manifest last, as the sign that the rest is there."""
    for piece in manifest.pieces:
        yield (
            (file_of(path, piece.name), f"{path.name}/{piece.name}", piece.size)
            if path.is_dir()
            else (path, path.name, piece.size)
        )
    words = manifest_of(path)
    yield words, words.name, words.stat().st_size


def _bucket(wanted: BackupSettings) -> tuple[Any, Any, tuple[type[Exception], ...]]:
    try:
        obstore = importlib.import_module("obstore")
        stores = importlib.import_module("obstore.store")
        exceptions = importlib.import_module("obstore.exceptions")
    except ImportError as error:
        raise BackupError(f"Buckets need the package obstore, which is not installed: {INSTALL}") from error
    place = urlsplit(wanted.offsite)
    given = {
        "endpoint": wanted.s3_endpoint,
        "region": wanted.s3_region,
        "access_key_id": wanted.s3_key_id,
        "secret_access_key": wanted.s3_secret,
    }
    make: Callable[..., Any] = stores.S3Store
    store = make(
        place.netloc,
        prefix=place.path.strip("/") or None,
        client_options={**SECONDS, "allow_http": wanted.s3_endpoint.startswith("http://")},
        retry_config={"max_retries": RETRIES, "retry_timeout": RETRY_FOR},
        **{name: value for name, value in given.items() if value},
    )
    return obstore, store, (exceptions.BaseError, FileNotFoundError)


def _without_secrets(text: str, wanted: BackupSettings) -> str:
    line = " ".join(text.split())
    for secret in (wanted.s3_secret, wanted.s3_key_id):
        line = line.replace(secret, "…") if secret else line
    return line[:400]
