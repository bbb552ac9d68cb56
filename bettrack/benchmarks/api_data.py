"""What the API's benchmark asks about: a market of many games and books, and people with settled bets and keys."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import dataclass
from decimal import Decimal
from itertools import cycle
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from accounts.api.keys import create_key
from accounts.api.models import Scope
from accounts.models import User
from bets.models import Bankroll, LedgerKind
from bets.settlement import settle_due
from bets.stats import refresh
from bettrack.benchmarks import settle
from bettrack.benchmarks.archive import tidy
from bettrack.benchmarks.feed import Slate
from bettrack.benchmarks.ingest import poll
from games.models import Game
from odds.models import CurrentOdds

PER_SPORT: Final = 50
DAYS: Final = 10
PARLAYS: Final = 10
"""One bet in so many is a parlay of two legs."""
PULL_EVERY: Final = 1.0
"""Seconds between responses of the feed while requests are answered."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks over one connection."""

    user: User
    bankroll: Bankroll
    key: str


def fill(*, slate: Slate, bets: int, people: int, now: dt.datetime) -> list[Person]:
    """Write ended games with settled bets and games to come with every book's prices, through the site's services."""
    settle.fill(bets=bets, games=max(15, slate.games), now=now, people=people)
    settle_due()
    poll(slate.responses(now), now)
    refresh()
    tidy()
    return [person_of(roll, now) for roll in Bankroll.objects.select_related("user").order_by("user_id")]


def person_of(roll: Bankroll, now: dt.datetime) -> Person:
    """The owner of a bankroll, with a key that reads odds and reads and writes bets."""
    scopes = [Scope.ODDS_READ, Scope.BETS_READ, Scope.BETS_WRITE]
    _, key = create_key(user=roll.user, name="benchmark", scopes=scopes, expires_at=None, now=now)
    return Person(roll.user, roll, key)


def tickets(person: Person, number: int, *, wanted: int) -> list[dict[str, Any]]:
    """Bodies of bets of the person at prices on offer, different ones for each ``number``."""
    lines = list(
        CurrentOdds.objects.select_related("bookmaker")
        .filter(game__status="scheduled", selection__market__in=["h2h", "spreads"], selection__side="home")
        .order_by("bookmaker_id", "selection__market", "game_id", "id")[
            number * wanted * 2 : (number + 1) * wanted * 2
        ]
    )
    return [
        ticket(person, lines[2 * at : 2 * at + (2 if at % PARLAYS == 0 else 1)])
        for at in range(len(lines) // 2)
    ]


def ticket(person: Person, lines: list[CurrentOdds]) -> dict[str, Any]:
    book = lines[0].bookmaker_id
    legs = {line.game_id: line for line in lines if line.bookmaker_id == book}.values()
    return {
        "bankroll_id": str(person.bankroll.pk),
        "bookmaker": lines[0].bookmaker.key,
        "kind": "parlay" if len(legs) > 1 else "straight",
        "stake": "5.00",
        "accept": "any",
        "note": "",
        "tags": ["benchmark"],
        "legs": [
            {
                "selection_id": line.selection_id,
                "odds": f"{line.price.normalize():f}",
                "point": None if line.point is None else f"{line.point.normalize():f}",
            }
            for line in legs
        ],
    }


def first_day(slate: Slate) -> dt.date:
    """The day on which the first games to come begin."""
    first = Game.objects.filter(external_id__startswith=slate.name).order_by("commence_time").first()
    if first is None:
        raise RuntimeError("No games came out of the feed's responses.")
    return first.commence_time.astimezone(dt.UTC).date()


class Feed(threading.Thread):
    """Brings in one sport's response a second in which some prices have changed, as a busy poller would."""

    def __init__(self, slate: Slate, began: dt.datetime) -> None:
        super().__init__(daemon=True)
        self.slate = slate
        self.began = began
        self.ended = threading.Event()
        self.pulls = 0
        self.fault: Exception | None = None

    def run(self) -> None:
        try:
            bodies = [list(self.slate.responses(self.began, changed=changed)) for changed in (True, False)]
            turns = cycle([body for turn in bodies for body in turn])
            while not self.ended.wait(PULL_EVERY):
                poll([next(turns)], timezone.now())
                self.pulls += 1
        except Exception as error:  # noqa: BLE001 - told by who joins
            self.fault = error
        finally:
            connection.close()

    def end(self) -> None:
        self.ended.set()
        self.join()
        if self.fault is not None:
            raise self.fault


def staked() -> tuple[int, Decimal]:
    """How many bets there are, and the sum of the ledger's stakes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM bets), (SELECT -sum(amount) FROM ledger_entries WHERE kind = %s)",
            [str(LedgerKind.STAKE)],
        )
        bets, stakes = cursor.fetchone()
    return bets, stakes or Decimal(0)
