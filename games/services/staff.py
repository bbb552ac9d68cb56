"""Results by hand: staff's word is evidence like a feed's, and stands above it."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from accounts.models import User
from games.exceptions import ResultRefused
from games.models import Game, GameKind, GameStatus, ResultSource, ScoreReading

PLAYED = (GameStatus.LIVE, GameStatus.FINAL, GameStatus.ABANDONED)
MAX_SCORE = 32767
RETIRED = "retired: "
"""What the reading of a match that ended by a retirement says before the side that gave up."""


@transaction.atomic
def set_result(
    *,
    game: Game,
    status: str,
    home_score: int | None = None,
    away_score: int | None = None,
    retired: str = "",
    by: User,
    now: dt.datetime,
) -> ScoreReading:
    """Set a game's status and score by hand and keep who said so; return the stored reading.

    ``retired`` is the side (home or away) that gave up a final match, which the other has won at that score. A bout
    without contest is cancelled, a drawn one final at equal scores.

    From then on feeds no longer change a final, cancelled or abandoned game; what they say is recorded beside it.
    Raises ResultRefused when status and scores contradict each other.
    """
    locked = Game.objects.select_for_update().get(pk=game.pk)
    check_result(game=locked, status=status, home_score=home_score, away_score=away_score, retired=retired)
    if (locked.home_score, locked.away_score) != (home_score, away_score):
        locked.period_scores = {}
    locked.status, locked.home_score, locked.away_score = status, home_score, away_score
    if status not in (GameStatus.LIVE, GameStatus.ABANDONED):
        locked.clock = ""
    if status not in PLAYED:
        locked.period = None
    locked.updated_at = now
    locked.save(
        update_fields=[
            "status",
            "home_score",
            "away_score",
            "period_scores",
            "period",
            "clock",
            "updated_at",
        ]
    )
    return ScoreReading.objects.create(
        game=locked,
        source=ResultSource.STAFF,
        status=status,
        status_detail=f"{RETIRED}{retired}" if retired else "set by hand",
        home_score=home_score,
        away_score=away_score,
        period_scores=locked.period_scores,
        by=by,
        read_at=now,
    )


def postpone(*, game: Game, by: User, now: dt.datetime) -> ScoreReading:
    """Mark the game postponed, without a score."""
    return set_result(game=game, status=GameStatus.POSTPONED, by=by, now=now)


def cancel(*, game: Game, by: User, now: dt.datetime) -> ScoreReading:
    """Mark the game cancelled, without a score."""
    return set_result(game=game, status=GameStatus.CANCELLED, by=by, now=now)


def check_result(
    *, game: Game, status: str, home_score: int | None, away_score: int | None, retired: str = ""
) -> None:
    """Raise ResultRefused when status and scores contradict each other or the kind of game."""
    if status not in GameStatus.values:
        raise ResultRefused(f"{status!r} is not a game status. Choose one of {', '.join(GameStatus.values)}.")
    scores = [score for score in (home_score, away_score) if score is not None]
    if len(scores) == 1:
        raise ResultRefused("Enter both scores or neither.")
    if any(not 0 <= score <= MAX_SCORE for score in scores):
        raise ResultRefused(f"A score lies between 0 and {MAX_SCORE}.")
    if scores and game.kind == GameKind.OUTRIGHT:
        raise ResultRefused("An outright has no score: enter its placings.")
    if scores and status not in PLAYED:
        raise ResultRefused(f"A {status} game has no score.")
    if retired and (status != GameStatus.FINAL or retired not in ("home", "away")):
        raise ResultRefused("Only a final match ends by a retirement, of the home or the away side.")
    if not scores and status == GameStatus.FINAL and game.kind == GameKind.MATCH:
        raise ResultRefused("A final match needs its score.")
