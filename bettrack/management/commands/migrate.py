from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS, DatabaseError, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from psycopg import errors

from bettrack.database.direct import direct_alias
from bettrack.upgrades import patience, state


class Command(migrate.Command):
    """Django's own, held to what a live system bears."""

    help = (
        "Brings the database up to date. Waits for locks briefly and tries again, one process at a time; what fails is "
        "rolled back and said."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        direct = direct_alias()  # before Django lists its choices of databases
        super().add_arguments(parser)
        parser.set_defaults(database=direct)
        parser.add_argument(
            "--newer-database",
            action="store_true",
            help="go on although a newer version of BetTrack has migrated this database",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if (
            options["database"] == DEFAULT_DB_ALIAS
        ):  # by name: its locks and limits would stay in a pooler's session
            options["database"] = direct_alias()
        connection = connections[options["database"]]
        self.connection, self.doing, self.done = connection, "", list[str]()
        if options["plan"] or options["check_unapplied"] or options["prune"]:
            super().handle(*args, **options)
            return
        refusal = "" if options["newer_database"] or options["app_label"] else state.too_new(connection)
        if refusal:
            raise CommandError(refusal)
        try:
            with patience.one_at_a_time(connection, self.say), patience.short_waits(connection):
                patience.persistently(lambda: self._attempt(*args, **options), self.say)
        except DatabaseError as error:
            raise CommandError(self._failure(connection, error)) from error

    def _attempt(self, *args: Any, **options: Any) -> None:
        self.doing = ""
        super().handle(*args, **options)

    def migration_progress_callback(
        self, action: str, migration: Migration | None = None, fake: bool = False
    ) -> None:
        """Keep account of what is done, and clear the way for what comes."""
        super().migration_progress_callback(action, migration, fake)
        if migration is None:
            return
        name = f"{migration.app_label}.{migration.name}"
        if action == "apply_start":
            self.doing = name
            if not migration.atomic:
                patience.remove_unfinished_indexes(self.connection, migration)
        elif action == "apply_success":
            self.done.append(name)
            self.doing = ""

    def say(self, text: str) -> None:
        self.stderr.write(self.style.NOTICE(text))

    def _failure(self, connection: BaseDatabaseWrapper, error: DatabaseError) -> str:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        lines = [f"{self.doing or 'A migration'} failed and was rolled back: {reason}."]
        if isinstance(error, OperationalError) and isinstance(error.__cause__, errors.LockNotAvailable):
            who = patience.holders(connection)
            lines.append(
                "Its table was in use all the time"
                + (f"; the longest open transactions: {who}." if who else ".")
                + " Try again when less is going on, or give it more time with MIGRATION_LOCK_TIMEOUT (seconds)."
            )
        elif isinstance(error.__cause__, errors.QueryCanceled):
            lines.append(
                "It took too long; give it more time with MIGRATION_STATEMENT_TIMEOUT (seconds, 0: no limit)."
            )
        if self.done:
            lines.append(f"Applied before it, and kept: {', '.join(self.done)}.")
        lines.append(
            "No data are lost. The version of BetTrack that ran before goes on working with this database; put right "
            "what is said above and migrate again, which goes on from here."
        )
        return " ".join(lines)
