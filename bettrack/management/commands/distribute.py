from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection, transaction

from bettrack.scaling.plan import Step, is_done, obstacles, plan
from bettrack.scaling.shape import violations


class Command(BaseCommand):
    help = (
        "Shard the archive and the board by game over the nodes of a Citus cluster. Everything is checked first and "
        "done in one transaction; --plan prints the SQL and does nothing. Run it again after an upgrade: what is done is "
        "left out, and new tables get their rights."
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
        try:
            in_the_way = [*violations(), *obstacles(app_role)]
            if options["plan"]:
                self.print_plan(in_the_way, plan(app_role))
                return
            if in_the_way:
                raise CommandError(
                    "Nothing was done.\n" + "\n".join(f"- {sentence}" for sentence in in_the_way)
                )
            steps, was_done = plan(app_role), is_done()
        except DatabaseError as error:
            raise CommandError(f"Nothing was done: {str(error).strip()}") from error
        self.carry_out(steps)
        if was_done:
            self.stdout.write(
                f"The archive was distributed already; {app_role} has its rights on every table."
            )
            return
        self.stdout.write(
            "The archive is distributed. Have DATABASE_URL connect as "
            f"{app_role}, DIRECT_DATABASE_URL as the owner, and set ARCHIVE_IS_SHARDED=1."
        )

    def print_plan(self, in_the_way: list[str], steps: list[Step]) -> None:
        for sentence in in_the_way:
            self.stdout.write(f"-- In the way: {sentence}")
        self.stdout.write("BEGIN;")
        for step in steps:
            self.stdout.write(f"-- {step.why}\n{step.statement};")
        self.stdout.write("COMMIT;")

    def carry_out(self, steps: list[Step]) -> None:
        number = 0
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                for number, step in enumerate(steps, 1):
                    self.stderr.write(f"{number} of {len(steps)}: {step.statement.splitlines()[0][:100]}")
                    cursor.execute(step.statement)
        except DatabaseError as error:
            raise CommandError(f"Nothing was changed. Step {number}: {str(error).strip()}") from error
