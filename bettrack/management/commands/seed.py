"""``manage.py seed``: what BetTrack knows from the start."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, transaction

from games.exceptions import SeedError
from games.seeding import Counts, seed_games
from odds.seeding import seed_bookmakers


class Command(BaseCommand):
    help = (
        "Add or correct sports, teams, their spellings and bookmakers; repeating it changes nothing. What staff "
        "decided (active, logos and colours, names, commission, sharpness) is left alone."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                counts = {**seed_games(), "bookmakers": seed_bookmakers()}
        except SeedError as error:
            raise CommandError(f"Nothing was seeded. {error}.") from error
        except DatabaseError as error:
            reason = str(error).strip().splitlines()[0]
            raise CommandError(f"Nothing was seeded. The database refused: {reason}") from error
        for kind, count in counts.items():
            self.stdout.write(_sentence(kind, count))


def _sentence(kind: str, count: Counts) -> str:
    return f"{kind:<14}{count.created:>6} created {count.updated:>6} updated {count.unchanged:>6} unchanged"
