"""Bringing a backup back: into a new database beside the old one, proved there, then swapped by renaming."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg
import redis
from django.conf import settings
from django.core.cache import cache
from django.db import connections

from bettrack.backups import catalog, databases, servers
from bettrack.backups.checking import opened
from bettrack.backups.databases import Database
from bettrack.backups.dumping import Progress, quiet
from bettrack.backups.errors import BackupError, Busy
from bettrack.backups.folder import backups_in
from bettrack.backups.loading import load
from bettrack.backups.manifest import Manifest
from bettrack.backups.proving import Proof, prove, unknown_migrations
from bettrack.backups.sessions import BUSY, TAKE_LOCK, looking_at

OWN_TABLES: Final = {"django_migrations", "django_content_type", "auth_permission"}
"""What Django itself fills when it makes the tables."""
MOST_NAMED: Final = 4


@dataclass(frozen=True)
class Restored:
    """A database that was brought back."""

    database: Database
    manifest: Manifest
    proof: Proof
    old: str
    """The name under which the former database is kept; empty when there was none."""
    notes: list[str] = field(default_factory=list)


def newest(now: dt.datetime) -> Path:
    """The newest full backup in the folder of backups; one dated by a wrong clock only without another.

    Raises BackupError.
    """
    folder = settings.BACKUPS.folder
    whole = [stored for stored in backups_in(folder) if not stored.partial]
    past = [stored for stored in whole if stored.made_at <= now + dt.timedelta(days=1)]
    for stored in past or whole:
        return stored.path
    raise BackupError(f"There is no backup in {folder}. Make one: python3 manage.py backup")


def restore(
    *,
    path: Path,
    now: dt.datetime,
    into: Database | None = None,
    force: bool = False,
    trust: bool = False,
    newer: bool = False,
    progress: Progress = quiet,
) -> Restored:
    """Replace the database ``into`` (BetTrack's own by default) by the backup at ``path``.

    The backup is loaded into a new database beside it and proved there: rows, definitions, sequences, migrations,
    ledger. Only then the two change names in one transaction; the former one is kept. Without ``force`` a database
    that holds data is refused. ``trust`` takes a backup that another SECRET_KEY signed, ``newer`` one of a newer
    BetTrack.
    Raises BackupError; the database in place is untouched then.
    """
    target = into or databases.own()
    if target.name in (databases.MAINTENANCE, "template0", "template1"):
        raise BackupError(f"{target.name} is the server's own database: name another to restore into.")
    manifest = check(path, progress, trust=trust, newer=newer)
    with servers.administering(target, "restoring") as connection, _held(connection, target):
        there = servers.exists(connection, target.name)
        if there and not force:
            _refuse_data(target)
        new = target.named(servers.stamped(target.name, "restoring", now))
        try:
            proof = fill(path, manifest, connection, new, like=target.name, progress=progress)
            if there:
                servers.keep_extensions(target, new)
            old = servers.stamped(target.name, "before", now) if there else ""
            if into is None or target == databases.own():
                connections.close_all()
            servers.swap(target, new=new.name, old=old)
        except BaseException:
            servers.drop(connection, new.name)
            raise
    if target == databases.own():
        forget_cached()
    return Restored(target, manifest, proof, old, _notes(manifest))


def check(path: Path, progress: Progress, *, trust: bool, newer: bool = False) -> Manifest:
    """The manifest of a backup that can be restored by this version. Raises BackupError."""
    manifest = opened(path, progress, trust=trust)
    if manifest.partial:
        raise BackupError(
            f"{path.name} holds only some tables and cannot be restored as a whole. Take single tables out of it by "
            "hand, with pg_restore or psql."
        )
    unknown = unknown_migrations(manifest)
    if unknown and not newer:
        raise BackupError(
            f"The backup was made by a newer BetTrack: this one does not know its migration {unknown[0]}. Restore it with "
            "the version that made it, or a newer one; --newer-database goes on nevertheless."
        )
    return manifest


def fill(
    path: Path,
    manifest: Manifest,
    connection: psycopg.Connection[Any],
    new: Database,
    *,
    like: str,
    progress: Progress,
) -> Proof:
    """Load a backup into a new database named ``new`` and prove it. Raises BackupError; the caller drops it then."""
    server = servers.create(connection, new.name, like)
    load(path, manifest, new, server, progress)
    return prove(manifest, new, progress)


def forget_cached() -> None:
    """Forget what pages kept of the data before. The queue of tasks, in the same Redis, stays."""
    try:
        client = redis.Redis.from_url(settings.REDIS_URL)
        for key in client.scan_iter(match=f"{settings.CACHES['default']['KEY_PREFIX']}:*", count=1000):
            client.delete(key)
        client.close()
    except (redis.RedisError, OSError):
        cache.close()


@contextmanager
def _held(connection: psycopg.Connection[Any], target: Database) -> Iterator[None]:
    """Keep backups of the target from starting until it is swapped. Raises Busy."""
    if not servers.exists(connection, target.name):
        yield
        return
    session = target.connect()
    try:
        row = session.execute(TAKE_LOCK).fetchone()
        if not row or not row[0]:
            raise Busy(BUSY)
        yield
    finally:
        session.close()


def _refuse_data(target: Database) -> None:
    with looking_at(target) as session:
        rows = {
            table.name: found
            for table in catalog.tables(session)
            if not table.is_parent
            and table.name not in OWN_TABLES
            and (found := catalog.count(session, table))
        }
    if rows:
        most = sorted(rows, key=lambda name: rows[name], reverse=True)[:MOST_NAMED]
        told = ", ".join(f"{name} {rows[name]:,}" for name in most)
        raise BackupError(
            f"The database {target.name} is not empty: it holds {sum(rows.values()):,} rows in {len(rows)} tables ({told}). "
            "Add --force to put the backup in its place; the database of now is kept beside it under another name."
        )


def _notes(manifest: Manifest) -> list[str]:
    age = manifest.made_at
    return [f"What was written after {age:%Y-%m-%d %H:%M:%S} UTC is not in it."]
