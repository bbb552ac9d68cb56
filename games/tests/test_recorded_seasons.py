"""Months of real fixtures with their doubleheaders, postponements and ghost events: every score finds its own game."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from feeds.payloads import GameStatus as Status
from feeds.payloads import ScoreboardEvent, Side
from games.models import Game
from games.seeding import seed_games
from games.services import apply_results, ingest_games
from games.tests.test_fixtures import Event

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
KNOWN = {"final": Status.FINAL, "postponed": Status.POSTPONED}
SPORTS = {
    "mlb": "baseball_mlb",
    "nfl": "americanfootball_nfl",
    "nhl": "icehockey_nhl",
    "wnba": "basketball_wnba",
}


def announced(start: dt.datetime, number: int) -> dt.datetime:
    """A start as a scoreboard might give it: on a round minute, up to forty minutes before the real one."""
    early = dt.timedelta(minutes=start.minute % 5 + 15 * (number % 3), seconds=start.second)
    return start - early


def board(rows: list[dict[str, str]], sport_key: str) -> Iterator[ScoreboardEvent]:
    for number, row in enumerate(rows):
        if row["status"] not in KNOWN:
            continue
        status = KNOWN[row["status"]]
        home, away = (
            Side(
                espn_id="",
                name=row[f"{side}_team"],
                abbreviation="",
                score=int(row[f"{side}_score"]) if status is Status.FINAL else None,
                period_scores=(),
                winner=None,
            )
            for side in ("home", "away")
        )
        yield ScoreboardEvent(
            espn_id=f"{number}",
            date=announced(dt.datetime.fromisoformat(row["commence_time"]), number),
            name="",
            home=home,
            away=away,
            status=status,
            status_name=f"STATUS_{status.name}",
            detail="",
            period=0,
            clock="",
            sport_key=sport_key,
        )


@pytest.mark.parametrize("league", SPORTS)
def test_every_result_of_the_season_finds_its_event(league: str, shared_data: Path) -> None:
    path = shared_data / "odds_api_timeseries" / "dev" / f"results_by_event_id_{league}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[-1200:]
    seed_games()
    ingest_games(
        events=[
            Event(
                id=row["event_id"],
                sport_key=SPORTS[league],
                commence_time=dt.datetime.fromisoformat(row["commence_time"]),
                home_team=row["home_team"],
                away_team=row["away_team"],
            )
            for row in rows
        ],
        seen_at=NOW - dt.timedelta(days=1),
    )
    readings = list(board(rows, SPORTS[league]))
    counts = apply_results(readings=readings, source="espn", now=NOW)
    assert len(readings) > 20
    assert counts.matched == len(readings)
    found = {game.external_id: game for game in Game.objects.all()}
    for row in rows:
        game = found[row["event_id"]]
        if row["status"] == "final":
            assert (game.home_score, game.away_score) == (int(row["home_score"]), int(row["away_score"])), row
        else:
            assert game.home_score is None, row
        assert game.completed == (row["status"] == "final")
