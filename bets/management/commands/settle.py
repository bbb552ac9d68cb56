from __future__ import annotations

from argparse import ArgumentParser
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from bets.late import settle_late
from bets.models import Bet, BetStatus
from bets.regrading import regrade_due
from bets.settlement import BATCH, settle_due
from games.models import Game


class Command(BaseCommand):
    help = (
        "Settle every bet whose game has ended or is late by its rule, and grade again those whose result was "
        "corrected. "
        "Safe to run at any time and any number at once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--game", action="append", type=UUID, metavar="ID", help="Only bets on this game."
        )
        parser.add_argument("--batch", type=int, default=BATCH, metavar="N", help="Bets per transaction.")

    def handle(self, *args: object, game: list[UUID] | None, batch: int, **options: object) -> None:
        if not 1 <= batch <= 10_000:
            raise CommandError("--batch must be between 1 and 10000.")
        if game:
            missing = set(game) - set(Game.objects.filter(pk__in=game).values_list("pk", flat=True))
            if missing:
                raise CommandError(f"There is no game {missing.pop()}.")
        counts = settle_due(game_ids=game, batch_size=batch)
        total = sum(counts.values())
        detail = ", ".join(f"{counts[s]} {s.label.lower()}" for s in BetStatus if counts[s])
        self.stdout.write(f"Settled {total} bets: {detail}." if total else "No bet was due.")
        late = settle_late(game_ids=game, batch_size=batch)
        if late:
            detail = ", ".join(f"{late[s]} {s.label.lower()}" for s in BetStatus if late[s])
            self.stdout.write(f"{late.total()} bets were late by the rule of their book: {detail}.")
        if not game:
            again = regrade_due(batch_size=batch)
            if again:
                self.stdout.write(f"Graded {again.total()} bets again after a corrected result.")
        waiting = Bet.objects.filter(status=BetStatus.NEEDS_REVIEW).count()
        if waiting:
            self.stdout.write(f"{waiting} bets need review.")
