from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection, transaction

from bettrack.scaling.plan import obstacles, plan
from bettrack.scaling.shape import violations


class Command(BaseCommand):
    help = (
        "Shard the archive and the board by game over the nodes of a Citus cluster. Everything is checked first and "
        "done in one transaction; --plan prints the SQL and does nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--plan", action="store_true", help="print the statements and what is in the way")
        parser.add_argument(
            "--app-role",
            default="bettrack_app",
            metavar="ROLE",
            help="who DATABASE_URL connects as afterwards",
        )

    def handle(self, *args: Any, app_role: str, **options: Any) -> None:
        in_the_way = [*violations(), *obstacles(app_role)]
        steps = plan(app_role)
        if options["plan"]:
            for sentence in in_the_way:
                self.stdout.write(f"-- In the way: {sentence}")
            self.stdout.write("BEGIN;")
            for step in steps:
                self.stdout.write(f"-- {step.why}\n{step.statement};")
            self.stdout.write("COMMIT;")
            return
        if in_the_way:
            raise CommandError("Nothing was done.\n" + "\n".join(f"- {sentence}" for sentence in in_the_way))
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                for number, step in enumerate(steps, 1):
                    self.stderr.write(f"{number} of {len(steps)}: {step.statement.splitlines()[0][:100]}")
                    cursor.execute(step.statement)
        except DatabaseError as error:
            raise CommandError(f"Nothing was changed. Step {number}: {str(error).strip()}") from error
        self.stdout.write(
            "The archive is distributed. Have DATABASE_URL connect as "
            f"{app_role}, DIRECT_DATABASE_URL as the owner, and set ARCHIVE_IS_SHARDED=1."
        )
