"""The result of an outright: where its runners finished, entered by staff and kept like any other result."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from accounts.models import User
from games.exceptions import ResultRefused
from games.models import Game, GameKind, GameStatus, Placing, ScoreReading
from games.services.staff import set_result


@dataclass(frozen=True, slots=True)
class Finish:
    """A runner's finish: ``position`` None did not take part; ``tied_with`` counts the others at that position."""

    participant: str
    position: int | None
    tied_with: int = 0


@transaction.atomic
def set_placings(*, game: Game, finishes: Sequence[Finish], by: User, now: dt.datetime) -> ScoreReading:
    """Store where the runners of an outright finished, in the place of what was stored, and make it final.

    Others than those given finished behind them. Returns the reading that says who entered it. Raises ResultRefused
    for a match, a runner named twice, no winner, or ties that contradict each other.
    """
    check_finishes(game, finishes)
    reading = set_result(game=game, status=GameStatus.FINAL, by=by, now=now)
    wanted = {one.participant.strip(): one for one in finishes}
    Placing.objects.filter(game=game).exclude(participant__in=wanted).delete()
    Placing.objects.bulk_create(
        [
            Placing(game=game, participant=name, position=one.position, tied_with=one.tied_with)
            for name, one in wanted.items()
        ],
        update_conflicts=True,
        unique_fields=["game", "participant"],
        update_fields=["position", "tied_with"],
    )
    return reading


def check_finishes(game: Game, finishes: Sequence[Finish]) -> None:
    """Raise ResultRefused unless the finishes can be the result of an outright."""
    if game.kind != GameKind.OUTRIGHT:
        raise ResultRefused("A match has a score; only an outright has placings.")
    names = Counter(one.participant.strip().casefold() for one in finishes)
    twice = next((one.participant for one in finishes if names[one.participant.strip().casefold()] > 1), None)
    if twice is not None:
        raise ResultRefused(f"{twice} is entered twice.")
    at = Counter(one.position for one in finishes if one.position is not None)
    if not at[1]:
        raise ResultRefused("Enter who won: the runner at position 1.")
    for one in finishes:
        if one.position is None and one.tied_with:
            raise ResultRefused(f"{one.participant} did not take part and is tied with nobody.")
        if one.position is not None and one.tied_with + 1 < at[one.position]:
            others = at[one.position] - 1
            raise ResultRefused(
                f"{one.participant} shares position {one.position} with {others} entered here: set “tied with” to {others}."
            )
