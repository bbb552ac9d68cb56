"""How backups stand: the attempts of this installation, kept in a file and, for its other machines, in the cache.

A record survives a restore of the database, and a database that is gone.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import logging
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

import redis
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection

from bettrack.embedded.layout import EmbeddedServiceError

Kind = Literal["backup", "verification", "offsite"]
CACHE_KEY: Final = "backups:last:"
ALLOWED_AGE: Final[dict[Kind, dt.timedelta]] = {
    "backup": dt.timedelta(hours=26),
    "verification": dt.timedelta(days=8),
    "offsite": dt.timedelta(hours=26),
}
NOUN: Final[dict[Kind, str]] = {
    "backup": "backup",
    "verification": "verification of a backup",
    "offsite": "off-site copy",
}

CLOCKS_DIFFER: Final = dt.timedelta(hours=1)
UNREACHABLE: Final = (redis.RedisError, OSError, EmbeddedServiceError)
"""What a cache that is away raises."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Attempt:
    """One backup, verification or off-site copy that was tried: when it ended (UTC), and how."""

    at: dt.datetime
    ok: bool
    reason: str = ""
    """Why it failed, in a sentence without secrets; empty when it is good."""
    file: str = ""
    size: int = 0
    """Bytes."""
    seconds: float = 0.0


@dataclass(frozen=True)
class State:
    """How one kind stands at an instant."""

    ok: bool | None
    """None: not due yet, or switched off."""
    reason: str
    """One sentence for people, in every case; fit for a public page except for staff detail in ``attempt``."""
    last_success: Attempt | None
    attempt: Attempt | None
    """The last one, good or bad."""
    age: dt.timedelta | None
    """Since the last good one."""


def record(kind: Kind, attempt: Attempt) -> None:
    """Keep an attempt. A place that cannot be written is logged; the backup itself is not undone by that."""
    known = _read(kind)
    known["attempt"] = _as_json(attempt)
    if attempt.ok:
        known["success"] = known["attempt"]
    try:
        _write(_path(kind), known)
    except OSError as error:
        logger.warning("the state of backups cannot be kept in %s: %s", _path(kind), error.strerror)
    try:
        cache.set(CACHE_KEY + kind, known, None)
    except UNREACHABLE as error:
        logger.warning("the state of backups cannot be shared: %s", type(error).__name__)


def last_backup() -> Attempt | None:
    """The newest good backup, or None."""
    return _attempt(_read("backup"), "success")


def last_attempt(kind: Kind = "backup") -> Attempt | None:
    """The newest attempt, good or bad, or None."""
    return _attempt(_read(kind), "attempt")


def backup_state(now: dt.datetime) -> State:
    """Whether there is a good backup that is young enough: the monitor of backups."""
    if settings.BACKUPS.at is None and last_attempt() is None:
        return State(None, "Nightly backups are switched off.", None, None, None)
    found = _state("backup", now)
    if found.ok and found.last_success and _is_missing(found.last_success.file):
        reason = "The file of the last backup is gone."
        return State(False, reason, found.last_success, found.attempt, found.age)
    return found


def verification_state(now: dt.datetime) -> State:
    """Whether a backup was restored and proved within a week: the monitor of verifications."""
    if settings.BACKUPS.at is None and last_attempt("verification") is None:
        return State(None, "Weekly verifications are switched off.", None, None, None)
    return _state("verification", now)


def offsite_state(now: dt.datetime) -> State:
    """Whether the last backup was copied off-site too; None where BACKUP_OFFSITE is not set."""
    if not settings.BACKUPS.offsite:
        return State(None, "No off-site copy is asked for.", None, None, None)
    return _state("offsite", now)


def _state(kind: Kind, now: dt.datetime) -> State:
    entry = _read(kind)
    good, newest = _attempt(entry, "success"), _attempt(entry, "attempt")
    noun, allowed = NOUN[kind], ALLOWED_AGE[kind]
    age = max(now - good.at, dt.timedelta(0)) if good else None
    if newest is not None and not newest.ok:
        return State(False, f"The last {noun} failed.", good, newest, age)
    if good is not None and is_to_come(good, now):
        reason = (
            f"The last {noun} is dated {good.at:%Y-%m-%d %H:%M} UTC, which is yet to come: a clock was wrong."
        )
        return State(False, reason, good, newest, age)
    if age is not None:
        fresh = age <= allowed
        reason = f"The last {noun} is {'from' if fresh else 'only from'} {good.at:%Y-%m-%d %H:%M} UTC."  # type: ignore[union-attr]
        return State(fresh, reason, good, newest, age)
    since = installed_at()
    if since is None or now - since <= allowed:
        return State(None, f"The first {noun} is not due yet.", None, None, None)
    return State(False, f"There has been no {noun} since {since:%Y-%m-%d}.", None, None, None)


def installed_at() -> dt.datetime | None:
    """When the first migration was applied."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT min(applied) FROM django_migrations")
            found: dt.datetime | None = cursor.fetchone()[0]
    except DatabaseError:
        return None
    return found


def is_to_come(attempt: Attempt, now: dt.datetime) -> bool:
    """Whether a clock was wrong, then or now, by more than clocks differ."""
    return attempt.at > now + CLOCKS_DIFFER


def _is_missing(file: str) -> bool:
    """Whether the file is gone, as far as this machine knows: it sees the folder, or made the backup itself."""
    path = Path(file)
    return bool(file) and not path.exists() and (path.parent.is_dir() or _path("backup").exists())


def _path(kind: Kind) -> Path:
    return Path(settings.HOME) / "backup-state" / f"{kind}.json"


def _read(kind: Kind) -> dict[str, Any]:
    """The newer of what the file and the cache say."""
    found: list[Any] = []
    with contextlib.suppress(OSError, ValueError):
        found.append(json.loads(_path(kind).read_text(encoding="utf-8")))
    with contextlib.suppress(*UNREACHABLE):
        found.append(cache.get(CACHE_KEY + kind))
    known = [one for one in found if isinstance(one, dict) and _attempt(one, "attempt")]
    return max(known, key=lambda one: str(one["attempt"]["at"]), default={})


def _write(path: Path, known: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".draft-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(known, file)
        file.flush()
        os.fsync(file.fileno())
    Path(draft).replace(path)


def _as_json(attempt: Attempt) -> dict[str, Any]:
    return asdict(attempt) | {"at": attempt.at.astimezone(dt.UTC).isoformat()}


def _attempt(entry: dict[str, Any], name: str) -> Attempt | None:
    try:
        found = dict(entry[name])
        return Attempt(**found | {"at": dt.datetime.fromisoformat(found["at"])})
    except (KeyError, TypeError, ValueError):
        return None
