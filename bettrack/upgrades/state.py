"""What a database has applied, against what this version brings."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

OWN_APPS: Final = ("accounts", "bets", "feeds", "games", "odds")
TABLES_OF_PEOPLE: Final = ("users", "bets", "odd_snapshots")
"""A database with a row in one of them holds something to lose."""


def pending(connection: BaseDatabaseWrapper) -> list[str]:
    """Migrations that this version brings and the database has not applied, in the order of application."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def unknown(connection: BaseDatabaseWrapper) -> list[str]:
    """Migrations of ours that the database has applied and this version does not know: it is newer."""
    loader = MigrationLoader(connection)
    known = set(loader.disk_migrations)
    for migration in loader.disk_migrations.values():
        known.update(migration.replaces)
    own = ((app, name) for app, name in loader.applied_migrations if app in OWN_APPS)
    return sorted(f"{app}.{name}" for app, name in own if (app, name) not in known)


def too_new(connection: BaseDatabaseWrapper) -> str:
    """The sentence that refuses a database of a newer version; '' for one that is not newer."""
    found = unknown(connection)
    if not found:
        return ""
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return (
        f"The database is newer than this BetTrack {settings.VERSION}: it has {found[-1]}{more}, which this version does "
        "not know. Start the version that made it, or restore the backup made before that upgrade. After an upgrade that "
        "failed halfway the version before works with it: add --newer-database."
    )


def has_data(connection: BaseDatabaseWrapper) -> bool:
    """Whether there are people, bets or prices in it, whatever version made it."""
    tables = set(connection.introspection.table_names()) & set(TABLES_OF_PEOPLE)
    with connection.cursor() as cursor:
        for table in sorted(tables):
            cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {table})")  # noqa: S608 - names of ours
            if cursor.fetchone()[0]:
                return True
    return False
