from __future__ import annotations

import getpass
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bettrack.database import activity
from bettrack.database.asking import confirmed
from bettrack.database.direct import direct_alias
from bettrack.database.report import KEYS, report
from bettrack.database.sections import Section

PIPED_WIDTH = 180


class Command(BaseCommand):
    help = "Say how the database is doing: sizes, indexes, slow and blocked statements, vacuums, replication."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--section",
            action="append",
            choices=KEYS,
            metavar="NAME",
            help=f"only this one: {', '.join(KEYS)}",
        )
        parser.add_argument("--all", action="store_true", dest="every", help="every row, also of long tables")
        parser.add_argument(
            "--terminate", type=int, metavar="PID", help="end one client's connection instead"
        )
        parser.add_argument("--yes", action="store_true", help="end it without asking")

    def handle(
        self,
        *args: object,
        every: bool,
        json: bool,
        section: list[str] | None,
        terminate: int | None,
        yes: bool,
        **options: Any,
    ) -> None:
        try:
            if terminate is not None:
                self.terminate(terminate, asked=not yes)
                return
            found = report(using=direct_alias(), only=tuple(section) if section else KEYS)
        except DatabaseError as error:
            raise CommandError(f"The database says: {str(error).strip().splitlines()[0]}") from error
        if json:
            self.print_json(found)
        else:
            self.print_tables(found, every=every)

    def print_json(self, found: list[Section]) -> None:
        self.stdout.write(json.dumps({section.key: section.as_json() for section in found}, indent=2))

    def print_tables(self, found: list[Section], *, every: bool) -> None:
        console = Console(file=self.stdout)  # type: ignore[arg-type]
        if not console.is_terminal:
            console = Console(file=self.stdout, width=PIPED_WIDTH)  # type: ignore[arg-type]
        for section in found:
            console.print(Text(section.title, style="bold"))
            for warning in section.warnings:
                console.print(Text(f"! {warning}", style="yellow"))
            if section.rows:
                console.print(table_of(section, every=every))
                if not every and section.left_out:
                    console.print(Text(f"and {section.left_out} more: --all", style="dim"))
            elif section.columns and not section.notes:
                console.print(Text("none", style="dim"))
            for note in section.notes:
                console.print(Text(note, style="dim"))
            console.print()

    def terminate(self, pid: int, *, asked: bool) -> None:
        using = direct_alias()
        try:
            backend = activity.find_backend(pid, using=using)
            self.stdout.write(
                f"{pid}: {backend.app}, {backend.state}, connected {backend.started:%Y-%m-%d %H:%M}"
            )
            self.stdout.write(f"  {backend.query}")
            if asked and not confirmed(
                "End this connection? What it has not committed is rolled back. [y/N] "
            ):
                raise CommandError("Nothing was ended.")
            ended = activity.terminate(backend, by=f"{getpass.getuser()} (db_report)", using=using)
        except activity.NotOurs as error:
            raise CommandError(str(error)) from error
        if not ended:
            raise CommandError(f"{pid} did not end within five seconds; look again.")
        self.stdout.write(f"Connection {pid} has ended.")


def table_of(section: Section, *, every: bool) -> Table:
    """The rows; numbers flush right, statements folded."""
    table = Table(show_edge=False, pad_edge=False)
    for column in section.columns:
        table.add_column(
            column.label,
            justify="right" if column.is_number else "left",
            no_wrap=column.key != "query",
            overflow="fold",
        )
    for row in section.shown_rows(every=every):
        table.add_row(*(Text(text) for _, text in row))
    return table
