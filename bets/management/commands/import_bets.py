from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from bets.clock import database_now
from bets.exceptions import Refused
from bets.imports.committing import commit_import, undo_import
from bets.imports.planning import Plan, plan_for
from bets.imports.reading import AUTO, read_file
from bets.imports.rows import MAX_BYTES, Options, Unclear
from bets.imports.values import DATE_ORDERS, ODDS_NOTATIONS
from bets.models import Bankroll, ImportBatch, ImportFormat

SHOWN = 20


class Command(BaseCommand):
    help = "Import a person's bets from a file of another tracker, all or nothing. Importing a file again adds nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", help="CSV or JSON.")
        parser.add_argument("--user", required=True, help="Username or email address of the owner.")
        parser.add_argument("--format", choices=[AUTO, *ImportFormat.values], default=AUTO)
        parser.add_argument("--dry-run", action="store_true", help="Say what would happen and write nothing.")
        parser.add_argument(
            "--bankroll", default="", help="Name of a bankroll of the owner's that takes all bets."
        )
        parser.add_argument(
            "--dates", choices=list(DATE_ORDERS), default="", help="Order of dates such as 03/04/2026."
        )
        parser.add_argument("--odds", choices=list(ODDS_NOTATIONS), default="", help="What a bare 150 means.")
        parser.add_argument("--time-zone", default="", help="Of times without one; by default the owner's.")
        parser.add_argument("--book", default="", help="The bookmaker, if the file names none.")
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            metavar="FIELD=HEADER",
            help="A column of the file, such as stake=Put.",
        )
        parser.add_argument(
            "--undo", metavar="BATCH", default="", help="Take back an import by its number instead."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        user = owner(options["user"])
        try:
            if options["undo"]:
                self.undo(user, options["undo"])
            else:
                self.run_import(user, options)
        except Unclear as unclear:
            choices = ", ".join(unclear.choices)
            raise CommandError(
                f"{unclear} Use --{unclear.option.rstrip('s') if unclear.option == 'columns' else unclear.option}: {choices}."
            ) from unclear
        except Refused as refused:
            raise CommandError(str(refused)) from refused

    def run_import(self, user: User, options: dict[str, Any]) -> None:
        if options["file"] is None:
            raise CommandError("Name the file to import.")
        content = content_of(options["file"])
        reading = read_file(content, options["format"], read_options(user, options))
        bankroll = bankroll_of(user, options["bankroll"])
        plan = plan_for(reading, user=user, now=database_now(), bankroll=bankroll)
        nothing = plan.counts["refuse"] == plan.counts["rows"]
        if options["dry_run"] or nothing:
            self.report(plan, done=False)
            if nothing:
                raise CommandError("No bet of the file can be imported.")
            return
        done = commit_import(
            reading=reading,
            user=user,
            file_name=options["file"].name,
            content=content,
            bankroll=bankroll,
            progress=lambda written, of: self.stdout.write(f"{written:,} of {of:,} bets written"),
        )
        self.report(done.plan, done=True)
        self.stdout.write(
            f"Batch {done.batch.pk}. Undo it with: import_bets --user {user.username} --undo {done.batch.pk}"
        )

    def undo(self, user: User, number: str) -> None:
        batch = next((b for b in ImportBatch.objects.owned_by(user) if str(b.pk) == number), None)
        if batch is None:
            raise CommandError(f"{user.username} has no import {number}.")
        undo_import(batch=batch, by=user)
        self.stdout.write(f"Undone: {batch.added:,} bets withdrawn, {batch.settled:,} pending again.")

    def report(self, plan: Plan, *, done: bool) -> None:
        counts = plan.counts
        self.stdout.write(f"Format: {ImportFormat(plan.reading.format).label}")
        verb = "" if done else "would be "
        self.stdout.write(
            f"{counts['rows']:,} bets in the file: {counts['add']:,} {verb}added, {counts['settle']:,} {verb}settled, "
            f"{counts['known']:,} known already, {counts['refuse']:,} refused"
        )
        errors = [(e.line, e.reason) for e in plan.reading.errors]
        errors += [(s.bet.line, s.reason) for s in plan.steps if s.fate == "refuse"]
        self.listed("Refused", sorted(errors))
        self.listed(
            "Doubtful", [(s.bet.line, d) for s in plan.steps if s.fate == "add" for d in s.bet.doubts]
        )

    def listed(self, what: str, rows: list[tuple[int, str]]) -> None:
        for line, reason in rows[:SHOWN]:
            self.stdout.write(f"{what}, line {line}: {reason}")
        if len(rows) > SHOWN:
            self.stdout.write(f"{what}: {len(rows) - SHOWN:,} more")


def owner(name: str) -> User:
    found = User.objects.filter(username__iexact=name) or User.objects.filter(email__iexact=name)
    user = found.first()
    if user is None:
        raise CommandError(f"Nobody is called {name}.")
    return user


def content_of(path: Path) -> bytes:
    """Return at most one byte more than a file may have, so that a huge one is refused unread."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error


def read_options(user: User, options: dict[str, Any]) -> Options:
    zone = options["time_zone"] or user.time_zone
    if zone not in available_timezones():
        raise CommandError(f"--time-zone: {zone} is not a time zone such as Europe/Paris.")
    pairs = [pair.partition("=") for pair in options["column"]]
    if any(not equals for _, equals, _ in pairs):
        raise CommandError("--column: write FIELD=HEADER, such as stake=Put.")
    columns = {name: header for name, _, header in pairs}
    return Options(
        dates=options["dates"], odds=options["odds"], time_zone=zone, columns=columns, book=options["book"]
    )


def bankroll_of(user: User, name: str) -> Bankroll | None:
    if not name:
        return None
    found = Bankroll.objects.owned_by(user).filter(name__iexact=name).first()
    if found is None:
        raise CommandError(f"--bankroll: {user.username} has none of the name {name}.")
    return found
