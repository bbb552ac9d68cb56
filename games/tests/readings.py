"""What the providers might say of a game, and shorter names for saying it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from feeds.payloads import GameStatus as Status
from feeds.payloads import ScoreboardEvent, ScoreEvent, Side
from games.models import Game, ResultSource
from games.services import ResultCounts, apply_results

START = dt.datetime(2026, 11, 21, 0, 30, tzinfo=dt.UTC)
LATER = START + dt.timedelta(hours=3)
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
NAMES = {
    Status.SCHEDULED: "STATUS_SCHEDULED",
    Status.LIVE: "STATUS_IN_PROGRESS",
    Status.FINAL: "STATUS_FINAL",
    Status.POSTPONED: "STATUS_POSTPONED",
    Status.CANCELLED: "STATUS_CANCELED",
    Status.ABANDONED: "STATUS_ABANDONED",
}


def espn(
    game: Game, status: Status = Status.FINAL, score: tuple[int, int] | None = None, **values: Any
) -> ScoreboardEvent:
    """ESPN's word on the game, home score first; by names, since ESPN knows no event id of the odds feed."""
    played = status in (Status.LIVE, Status.FINAL)
    home, away = (score or (112, 104)) if played else (None, None)
    assert game.home_team is not None
    assert game.away_team is not None
    sides = [
        Side(
            espn_id=team.espn_id or f"x{team.name}",
            name=team.name,
            abbreviation=team.abbr,
            score=points,
            period_scores=(points,) if points is not None else (),
            winner=None,
        )
        for team, points in ((game.home_team, home), (game.away_team, away))
    ]
    given: dict[str, Any] = {
        "espn_id": f"4{game.external_id[-6:]}",
        "date": game.commence_time,
        "name": "?",
        "home": sides[0],
        "away": sides[1],
        "status": status,
        "status_name": NAMES[status],
        "detail": "Final" if status is Status.FINAL else "7:31 - 3rd",
        "period": 4 if status is Status.FINAL else 3,
        "clock": "0.0",
        "sport_key": game.sport_id,
    }
    return ScoreboardEvent(**(given | values))


def scores(
    game: Game, home: int | None = 112, away: int | None = 104, *, completed: bool = True
) -> ScoreEvent:
    assert game.home_team is not None
    assert game.away_team is not None
    return ScoreEvent(
        game.external_id,
        game.sport_id,
        "NBA",
        game.commence_time,
        completed,
        game.home_team.name,
        game.away_team.name,
        home,
        away,
        None,
    )


def from_espn(*events: ScoreboardEvent, now: dt.datetime = LATER) -> ResultCounts:
    return apply_results(readings=events, source=ResultSource.ESPN, now=now)


def from_odds_api(*events: ScoreEvent, now: dt.datetime = LATER) -> ResultCounts:
    return apply_results(readings=events, source=ResultSource.THE_ODDS_API, now=now)


def state(game: Game) -> tuple[str, int | None, int | None]:
    game.refresh_from_db()
    return game.status, game.home_score, game.away_score
