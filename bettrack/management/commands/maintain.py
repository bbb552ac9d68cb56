from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bettrack.database.asking import confirmed
from bettrack.database.direct import direct_alias
from bettrack.database.maintenance import (
    MaintenanceError,
    Outcome,
    Plan,
    carry_out,
    check_room,
    free_space,
    planned,
)
from bettrack.database.sections import lasting, sized
from odds.partitions import create_months, months_ahead


class Command(BaseCommand):
    help = "Vacuum and analyse the tables, and make room in the archive for the months ahead."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--table", action="append", default=[], metavar="NAME", help="only this one (repeatable)"
        )
        parser.add_argument(
            "--full", action="store_true", help="write each table anew to give space back: locks it meanwhile"
        )
        parser.add_argument("--yes", action="store_true", help="do not ask before --full")

    def handle(self, *args: object, table: list[str], full: bool, yes: bool, **options: Any) -> None:
        using = direct_alias()
        try:
            plan = planned(table, is_full=full, using=using)
            if full:
                self.warn(plan, free_space(using=using), asked=not yes)
            if not table:
                self.create_partitions()
            done = self.carried_out(plan, using)
        except MaintenanceError as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(f"The database says: {str(error).strip().splitlines()[0]}") from error
        self.sum_up(done)

    def warn(self, plan: Plan, free: int | None, *, asked: bool) -> None:
        """Say what VACUUM FULL costs, refuse where the disk is short, and ask."""
        check_room(plan, free=free)
        largest = plan.targets[0]
        self.stderr.write(
            f"VACUUM FULL locks each of {len(plan.targets)} tables while it is written anew: nobody reads or writes it "
            f"meanwhile, pages wait. The largest is {largest.name}, {sized(largest.size)}."
        )
        room = f"{sized(free)} are free" if free is not None else "the server's disk cannot be seen from here"
        self.stderr.write(f"It needs {sized(plan.needed)} of disk beside it; {room}.")
        if asked and not confirmed("Go on? [y/N] "):
            raise CommandError("Nothing was done.")

    def create_partitions(self) -> None:
        if made := create_months(months_ahead(timezone.now())):
            self.stdout.write(f"Made room in the archive: {', '.join(made)}.")

    def carried_out(self, plan: Plan, using: str) -> list[Outcome]:
        """Do it, with a bar on a terminal and a line for each table that was worth one."""
        done = []
        console = Console(file=sys.stderr)
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
        with Progress(
            *columns, TimeElapsedColumn(), console=console, transient=True, disable=not console.is_terminal
        ) as progress:
            task = progress.add_task("", total=len(plan.targets))
            for outcome in carry_out(
                plan, using=using, on_table=lambda target: progress.update(task, description=target.name)
            ):
                done.append(outcome)
                progress.advance(task)
                if outcome.problem:
                    self.stderr.write(f"{outcome.target.name}: left out, {outcome.problem}")
                elif not outcome.target.is_parent and (plan.is_full or outcome.target.dead):
                    self.stdout.write(told(outcome))
        return done

    def sum_up(self, done: list[Outcome]) -> None:
        good = [outcome for outcome in done if not outcome.problem]
        gained = sum(outcome.gained for outcome in good)
        dead = sum(outcome.target.dead for outcome in good)
        back = f", {sized(gained)} given back to the disk" if gained > 0 else ""
        self.stdout.write(
            f"{len(good)} of {len(done)} tables done in {lasting(sum(outcome.seconds for outcome in done))}: "
            f"{dead:,} dead rows{back}."
        )
        if len(good) < len(done):
            raise CommandError(f"{len(done) - len(good)} tables were left out; the reasons are above.")


def told(outcome: Outcome) -> str:
    """A line for one table."""
    target = outcome.target
    size = (
        sized(target.size) if outcome.gained == 0 else f"{sized(target.size)} → {sized(outcome.size_after)}"
    )
    return f"{target.name}: {target.dead:,} dead rows, {size}, {lasting(outcome.seconds)}"
