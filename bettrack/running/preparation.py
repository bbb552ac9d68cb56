"""What `up` does before it serves: static files, database, master data."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import redis
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, OperationalError, connections
from django.utils import timezone

from bettrack.backups.create import backup
from bettrack.backups.errors import BackupError
from bettrack.database.direct import direct_alias
from bettrack.embedded.client import ensure
from bettrack.running.instance import StartError
from bettrack.upgrades import state
from games.models import Sport

Say = Callable[[str], None]


def embedded_services() -> list[str]:
    """The services that no DATABASE_URL or REDIS_URL stands in for."""
    wanted = {"postgres": settings.EMBEDDED_POSTGRES, "redis": settings.EMBEDDED_REDIS}
    return [name for name, embedded in wanted.items() if embedded]


def reach_services() -> None:
    """Start the embedded services and see that database and Redis answer. Raises StartError if not."""
    services = embedded_services()
    if services:
        ensure(settings.EMBEDDED, *services)
    try:
        connections["default"].ensure_connection()
    except OperationalError as error:
        raise StartError(f"The database cannot be reached; check DATABASE_URL. It says: {error}") from error
    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=5, socket_timeout=5).ping()
    except (redis.RedisError, ValueError) as error:
        raise StartError(f"Redis cannot be reached; check REDIS_URL. It says: {error}") from error


def migrate(say: Say, *, accept_newer: bool = False, with_backup: bool = True) -> int:
    """Apply pending migrations over the direct connection, after a backup where there are data; how many there were.

    Raises StartError for a database that a newer version has migrated, when the backup fails and when a migration does.
    """
    alias = direct_alias()
    connection = connections[alias]
    refusal = "" if accept_newer else state.too_new(connection)
    if refusal:
        raise StartError(refusal)
    plan = state.pending(connection)
    if plan:
        saved = _backed_up(say) if with_backup and state.has_data(connection) else ""
        say(f"Bringing the database up to date: {len(plan)} migration{'s' * (len(plan) > 1)}{_named(plan)}")
        try:
            call_command(
                "migrate", database=alias, interactive=False, verbosity=0, newer_database=accept_newer
            )
        except (DatabaseError, CommandError) as error:
            raise StartError(f"{error}{saved}") from error
    if alias != "default":
        connection.close()
    return len(plan)


def _backed_up(say: Say) -> str:
    """Make the backup that an upgrade can be taken back with, and a sentence that names it."""
    say("Backing up the database before it is migrated")
    try:
        made = backup(now=timezone.now())
    except BackupError as error:
        raise StartError(
            f"The database is to be migrated, but the backup before it failed, so nothing was changed: {error} Put "
            "that right, or start with --no-backup to migrate without one."
        ) from error
    say(f"Backed up to {made.path}")
    return f" The backup from before is {made.path}."


def _named(plan: list[str]) -> str:
    """The names of a few; a new database has all of them, and nobody wants to read them."""
    return f" ({', '.join(plan)})" if len(plan) <= 12 else ""


def has_sports() -> bool:
    """Whether an earlier start has seeded."""
    return Sport.objects.exists()


def seed(say: Say) -> None:
    """Load sports, teams and bookmakers. Raises StartError when that fails."""
    say("Checking sports, teams and bookmakers")
    try:
        call_command("seed", verbosity=0)
    except (CommandError, DatabaseError, OSError) as error:
        raise StartError(f"Seeding failed, and nothing of it was kept: {error}") from error


class StaticFiles:
    """Collects the static files in a process of its own when they have changed, beside other work."""

    def __init__(self) -> None:
        self.stamp = Path(settings.STATIC_ROOT) / ".collected"
        self.fingerprint = _static_fingerprint()
        self.process: subprocess.Popen[str] | None = None

    def begin(self, say: Say) -> None:
        if self.stamp.exists() and self.stamp.read_text() == self.fingerprint:
            return
        say("Collecting static files")
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, str(settings.BASE_DIR / "manage.py"), "collectstatic", "--noinput", "-v", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "BETTRACK_HOME": str(settings.HOME)},
        )

    def finish(self) -> None:
        """Wait for the files. Raises StartError when they could not be collected."""
        if self.process is None:
            return
        output, _ = self.process.communicate()
        if self.process.returncode:
            raise StartError(f"The static files could not be collected: {output.strip()[-500:]}")
        self.stamp.write_text(self.fingerprint)

    def abandon(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def _static_fingerprint() -> str:
    """Changes with any static file's place, size or time, and with the way they are stored."""
    digest = hashlib.sha256(str(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            found = os.stat(storage.path(path))
            digest.update(f"{path}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
