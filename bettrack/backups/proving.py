"""Proof that a restored database is the one that was backed up, and fit for this version of BetTrack."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.apps import apps
from django.conf import settings
from django.db.migrations.loader import MigrationLoader

from bettrack.backups import catalog
from bettrack.backups.catalog import Session
from bettrack.backups.databases import Database
from bettrack.backups.dumping import Progress
from bettrack.backups.errors import BackupError
from bettrack.backups.manifest import Manifest
from bettrack.backups.sessions import looking_at

MOST_NAMED: Final = 3
NOT_THEIRS: Final = {"REPLICA_DATABASE_URL", "DATABASE_POOLED", "DATABASE_POOL", "BETTRACK_ROLE"}
"""What a command on another database must not take from this process."""
RECORD: Final = ("users", "bankrolls", "bets", "bet_legs", "ledger_entries", "odd_snapshots")
"""Tables whose rows are kept for good."""
WORDED_ALIKE: Final = {"states"}
"""Kinds of definitions that every version of PostgreSQL words in the same way."""


@dataclass(frozen=True)
class Proof:
    tables: int
    rows: int
    migrated: int
    """How many migrations were missing and have been applied."""
    ledger: str
    """What verify_ledger said."""


def prove(manifest: Manifest, database: Database, progress: Progress) -> Proof:
    """Compare a restored database with its manifest, bring it up to this version, and prove its ledger.

    Raises BackupError naming the first difference.
    """
    compare(manifest, database, progress)
    pending = missing_migrations(manifest)
    if pending:
        _migrate(database, len(pending), progress)
    progress("proving the ledger", 0, 1)
    ledger = manage(database, "verify_ledger")
    progress("proved", 1, 1)
    return Proof(len(manifest.rows), sum(manifest.rows.values()), len(pending), ledger)


def _migrate(database: Database, number: int, progress: Progress) -> None:
    progress(f"applying {number} migrations", 0, 1)
    before = _record(database)
    manage(database, "migrate", "--noinput", "-v", "0")
    after = _record(database)
    lost = [
        f"{name} ({after.get(name, 0)} of {rows})"
        for name, rows in before.items()
        if after.get(name, 0) < rows
    ]
    if lost:
        raise BackupError(f"The migrations lost rows, so the backup was not put in place: {_some(lost)}.")


def _record(database: Database) -> dict[str, int]:
    """Rows of the tables that no migration may take anything from."""
    with looking_at(database) as session:
        found: dict[str, int] = dict.fromkeys(RECORD, 0)
        for table in catalog.tables(session):
            name = table.ancestor or table.name
            if name in found and not table.is_parent:
                found[name] += catalog.count(session, table)
        return found


def compare(manifest: Manifest, database: Database, progress: Progress) -> None:
    """See that rows, definitions and sequences are those that were backed up. Raises BackupError."""
    with looking_at(database) as session:
        _same_rows(manifest, session, progress)
        _same_shape(manifest, session)
        if behind := list(catalog.lagging_sequences(session)):
            raise BackupError(f"These sequences are behind their tables: {_some(behind)}.")


def unknown_migrations(manifest: Manifest) -> list[str]:
    """Migrations of our apps that the backup has and this version does not know."""
    known = _known_migrations()
    labels = {config.label for config in apps.get_app_configs()}
    return [name for name in manifest.migrations if name not in known and name.partition(".")[0] in labels]


def missing_migrations(manifest: Manifest) -> list[str]:
    """Migrations of this version that the backup does not have."""
    return sorted(_known_migrations() - set(manifest.migrations))


def manage(database: Database, *arguments: str) -> str:
    """Run a command of manage.py on another database, in a process of its own; what it printed.

    Raises BackupError with its last words.
    """
    ours = {name: value for name, value in os.environ.items() if name not in NOT_THEIRS}
    environment = ours | {
        "DATABASE_URL": database.url(),
        "DIRECT_DATABASE_URL": database.url(),
        "SECRET_KEY": settings.SECRET_KEY,
        "BETTRACK_HOME": str(settings.HOME),
        "BETTRACK_NO_BOOTSTRAP": "1",
        "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "bettrack.settings"),
    }
    done = subprocess.run(  # noqa: S603
        [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise BackupError(
            f"{arguments[0]} failed on the restored database: {' / '.join(said[-2:]) or 'no reason'}"
        )
    return done.stdout.strip()


def _known_migrations() -> set[str]:
    return {f"{app}.{name}" for app, name in MigrationLoader(None, ignore_no_migrations=True).disk_migrations}


def _same_rows(manifest: Manifest, session: Session, progress: Progress) -> None:
    there = [table for table in catalog.tables(session) if not table.is_parent]
    found: dict[str, int] = {}
    for number, table in enumerate(there):
        progress(f"counting {table.name}", number, len(there))
        found[table.full] = catalog.count(session, table)
    differences = [
        f"{name} ({found.get(name, 'no such table')} instead of {rows})"
        for name, rows in sorted(manifest.rows.items())
        if found.get(name) != rows
    ]
    differences += [f"{name} (not in the backup)" for name in sorted(found.keys() - manifest.rows.keys())]
    if differences:
        raise BackupError(f"Rows differ from what was backed up: {_some(differences)}.")


def _same_shape(manifest: Manifest, session: Session) -> None:
    """Between major versions of PostgreSQL definitions are worded differently, so only names are compared then."""
    same_words = session.value(catalog.SERVER)["major"] == manifest.server["major"]
    found = catalog.shape(session)
    for kind, wanted in manifest.shape.items():
        there = found.get(kind, {})
        if difference := _difference(wanted, there, same_words=same_words or kind in WORDED_ALIKE):
            raise BackupError(f"The {kind} differ from what was backed up: {difference}.")


def _difference(wanted: Mapping[str, str], there: Mapping[str, str], *, same_words: bool) -> str:
    missing, extra = sorted(wanted.keys() - there.keys()), sorted(there.keys() - wanted.keys())
    changed = sorted(name for name in wanted.keys() & there.keys() if wanted[name] != there[name])
    parts = [f"missing {_some(missing)}"] if missing else []
    parts += [f"added {_some(extra)}"] if extra else []
    parts += [f"changed {_some(changed)}"] if changed and same_words else []
    return "; ".join(parts)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
