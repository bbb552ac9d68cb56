"""Proving a backup by restoring it into a scratch database, which is dropped again."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from pathlib import Path

from bettrack.backups import databases, servers, state
from bettrack.backups.databases import Database
from bettrack.backups.dumping import Progress, quiet
from bettrack.backups.errors import BackupError, Busy
from bettrack.backups.manifest import Manifest
from bettrack.backups.proving import Proof
from bettrack.backups.restoring import check, fill, newest


@dataclass(frozen=True)
class Verified:
    path: Path
    manifest: Manifest
    proof: Proof
    seconds: float


def verify_backup(
    *,
    now: dt.datetime,
    path: Path | None = None,
    server: Database | None = None,
    trust: bool = False,
    progress: Progress = quiet,
) -> Verified:
    """Restore the newest backup, or the one named, into a scratch database and prove it as ``restore`` does.

    The scratch database lies beside BetTrack's own (or ``server``) and is dropped in every case. How it went is
    recorded for ``state.verification_state``. Raises BackupError.
    """
    started = time.monotonic()
    try:
        found = _verified(now, path or newest(now), server, trust, progress, started)
    except Busy:
        raise
    except BackupError as error:
        if path is None:
            state.record("verification", state.Attempt(now, False, str(error)))
        raise
    if server is None and path is None:
        state.record(
            "verification",
            state.Attempt(now, True, "", str(found.path), found.manifest.size, found.seconds),
        )
    return found


def _verified(
    now: dt.datetime, path: Path, server: Database | None, trust: bool, progress: Progress, started: float
) -> Verified:
    manifest = check(path, progress, trust=trust)
    beside = server or databases.own()
    with servers.administering(beside, "check") as connection:
        scratch = beside.named(servers.stamped(beside.name, "check", now))
        try:
            proof = fill(path, manifest, connection, scratch, like=beside.name, progress=progress)
        finally:
            servers.drop(connection, scratch.name)
    return Verified(path, manifest, proof, round(time.monotonic() - started, 1))
