"""``manage.py seed``: what BetTrack knows from the start."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, transaction
from django.utils import timezone
from rich.console import Console
from rich.progress import Progress

from bets.fair_closes import record_fair_closes
from bets.rulebook import seed_rules
from bets.stats import refresh
from bettrack import demo
from games.exceptions import SeedError
from games.seeding import Counts, seed_games
from odds.seeding import seed_bookmakers

PROGRESS_EVERY = 15


class Command(BaseCommand):
    help = (
        "Add or correct sports, teams, their spellings, bookmakers and house rules; repeating it changes nothing. What "
        "staff decided (active, logos and colours, names, commission, sharpness, rules) is left alone."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--demo",
            action="store_true",
            help="also make the user demo with a month of settled bets, replayed from the sandbox",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["demo"] and not settings.DEMO:
            raise CommandError(
                "Demo accounts exist only in demo mode: unset ODDS_API_KEY, or leave out --demo."
            )
        self.seed()
        if options["demo"]:
            self.fill_demo()

    def seed(self) -> None:
        try:
            with transaction.atomic():
                counts = {**seed_games(), "bookmakers": seed_bookmakers()}
                counts["house rules"] = seed_rules()
        except SeedError as error:
            raise CommandError(f"Nothing was seeded. {str(error).rstrip('.')}.") from error
        except DatabaseError as error:
            reason = str(error).strip().splitlines()[0]
            raise CommandError(f"Nothing was seeded. The database refused: {reason}") from error
        for kind, count in counts.items():
            self.stdout.write(_sentence(kind, count))

    def fill_demo(self) -> None:
        """Make the demo user and replay what is missing of its history, with progress."""
        os.nice(10)  # the board and its prices come first
        user = demo.ensure_user(os.environ.get("BETTRACK_DEMO_PASSWORD", demo.USERNAME))
        bankroll = demo.ensure_bankroll(user, now=timezone.now())
        todo = len(demo.missing(bankroll))
        placed = 0
        console = Console(stderr=True)
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task("demo history", total=todo)
            for done, bets in enumerate(demo.fill(bankroll), start=1):
                placed += bets
                progress.advance(task)
                if not console.is_terminal and done % PROGRESS_EVERY == 0:
                    self.stdout.write(f"demo history: {done} of {todo} sessions")
        record_fair_closes()
        refresh()
        self.stdout.write(f"demo history  {placed:>6} bets placed in {todo} sessions")


def _sentence(kind: str, count: Counts) -> str:
    return f"{kind:<14}{count.created:>6} created {count.updated:>6} updated {count.unchanged:>6} unchanged"
