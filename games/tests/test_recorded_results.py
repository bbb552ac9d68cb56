"""Scoreboards as ESPN really sent them, applied to games as the odds feed lists them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from feeds.box_scores import box_score
from feeds.payloads import ScoreboardEvent, Summary
from feeds.recordings import Recording, Replay
from games.models import Game, GameStatus, Player, PlayerStat, ScoreReading
from games.seeding import seed_games
from games.services import apply_results, ingest_games, record_box_score
from games.tests.test_fixtures import Event

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)


def board(path: Path) -> list[ScoreboardEvent]:
    (recording,) = Replay([path])
    assert isinstance(recording, Recording)
    assert not isinstance(recording.content, Summary)
    return [event for event in recording.content.events if isinstance(event, ScoreboardEvent)]


def listed(events: list[ScoreboardEvent]) -> None:
    """Let the odds feed have listed the games, some minutes off and without ESPN's ids."""
    ingest_games(
        events=[
            Event(
                id=f"odds{event.espn_id}",
                sport_key=event.sport_key,
                sport_title=event.sport_key,
                commence_time=event.date + dt.timedelta(minutes=5),
                home_team=event.home.name,
                away_team=event.away.name,
            )
            for event in events
        ],
        seen_at=NOW - dt.timedelta(days=500),
    )


@pytest.mark.parametrize(
    ("file", "games", "finals"),
    [
        ("mlb_2025-09-02_final_inprogress.json", 14, 13),
        ("nfl_2025-09-06.json.gz", 16, None),
        ("nfl_2025-09-21_wk3.json.gz", 16, None),
        ("nhl_2025-09-20_scheduled.json", None, 0),
        ("nba_2025-10-02_scheduled.json", None, 0),
    ],
)
def test_recorded_scoreboard_is_applied_once(
    file: str, games: int | None, finals: int | None, shared_data: Path
) -> None:
    seed_games()
    events = board(shared_data / "espn" / "scoreboard" / file)
    assert events
    listed(events)
    counts = apply_results(readings=events, source="espn", now=NOW)
    assert (counts.matched, counts.unmatched) == (len(events), 0)
    assert counts.events == (games or counts.events)
    assert counts.finals == sum(event.is_final for event in events)
    assert finals is None or counts.finals == finals
    for event in events:
        game = Game.objects.get(espn_id=event.espn_id)
        assert game.external_id == f"odds{event.espn_id}"
        assert (game.status, game.home_score, game.away_score) == (
            event.status,
            event.home.score,
            event.away.score,
        )
    again = apply_results(readings=events, source="espn", now=NOW + dt.timedelta(minutes=1))
    assert (again.readings, again.games) == (0, 0)
    assert ScoreReading.objects.count() == counts.readings == len(events)


def test_postponed_games_of_recorded_scoreboards_have_no_score(shared_data: Path) -> None:
    folder = shared_data / "espn" / "scoreboard"
    events = {
        event.espn_id: event
        for name in ("tt_scoreboard_all_leagues.json.gz", "tt_mlb.json.gz", "tt_nfl.json", "tt_nhl.json")
        for event in board(folder / name)
        if event.sport_key
    }
    listed(list(events.values()))
    apply_results(readings=events.values(), source="espn", now=NOW)
    (off,) = Game.objects.filter(status=GameStatus.POSTPONED)
    assert (off.title, off.home_score) == ("Manchester City v Crystal Palace", None)
    assert off.score_readings.get().status_detail == "STATUS_POSTPONED"
    assert not Game.objects.exclude(status__in=["live", "final"]).exclude(home_score=None).exists()


@pytest.mark.parametrize(
    "file", ["nba_401585135.json", "nfl_401547505.json", "nhl_401559489.json.gz", "mlb_401581100.json.gz"]
)
def test_recorded_box_score_is_stored_once(file: str, shared_data: Path) -> None:
    seed_games()
    (recording,) = Replay([shared_data / "espn" / "summary" / file])
    assert isinstance(recording, Recording)
    assert isinstance(recording.content, Summary)
    event = recording.content.event
    listed([event])
    game = Game.objects.get()
    lines = box_score(recording.content).lines
    assert len(lines) > 10
    counts = record_box_score(game=game, stats=lines, now=NOW)
    assert counts.created == PlayerStat.objects.count() > 50
    assert not Player.objects.filter(team=None).exists()
    again = record_box_score(game=game, stats=lines, now=NOW)
    assert (again.created, again.updated, again.unchanged) == (0, 0, counts.created)
