"""The sandbox held to the providers' own shapes: documented ones written here, recorded ones where they are present."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from feeds.sandbox.answers import answer
from feeds.sandbox.world import World

AT = dt.datetime(2026, 11, 21, 2, 33, 7, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=7)


def raw(world: World, path: str, **query: str) -> Any:
    found = answer(world, path, {"apiKey": "k"} | query, AT)
    assert found.status == 200, found.body
    return json.loads(found.body)


def shape(value: Any) -> Any:
    """Keys and kinds of a payload: lists as their first element's, numbers as numbers."""
    if isinstance(value, dict):
        return {key: shape(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return (
        "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
    )


def fits(ours: Any, theirs: Any, path: str = "$") -> list[str]:
    """Where our shape says something theirs does not."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        faults = [f"{path}.{key}: not in the provider's" for key in ours.keys() - theirs.keys()]
        return faults + [
            f for key in ours.keys() & theirs.keys() for f in fits(ours[key], theirs[key], f"{path}.{key}")
        ]
    if isinstance(ours, list) and isinstance(theirs, list):
        return fits(ours[0], theirs[0], f"{path}[]") if ours and theirs else []
    return (
        []
        if ours == theirs or "NoneType" in (ours, theirs)
        else [f"{path}: {ours}, the provider has {theirs}"]
    )


OUTCOME = {"name": "a", "price": -110}
MARKET = {"key": "h2h", "last_update": "2026-08-08T19:15:21Z", "outcomes": [OUTCOME]}
BOOK = {"key": "fanduel", "title": "FanDuel", "last_update": "2026-08-08T19:15:21Z", "markets": [MARKET]}
EVENT = {
    "id": "a",
    "sport_key": "baseball_mlb",
    "sport_title": "MLB",
    "commence_time": "2026-08-08T19:08:18Z",
    "home_team": "a",
    "away_team": "b",
}


def test_payloads_have_the_documented_shape(world: World) -> None:
    base = "/the-odds-api/v4/sports/basketball_nba"
    query = {"regions": "us", "oddsFormat": "american"}
    assert shape(raw(world, f"{base}/odds", **query)) == shape([EVENT | {"bookmakers": [BOOK]}])
    assert shape(raw(world, f"{base}/events")) == shape([EVENT])
    score = EVENT | {"completed": True, "scores": [{"name": "a", "score": "113"}], "last_update": "x"}
    assert shape(raw(world, f"{base}/scores", daysFrom="1")) == shape([score])
    event = next(e for e in raw(world, f"{base}/events") if e["commence_time"] > "2026-11-21T03:00")
    props = raw(world, f"{base}/events/{event['id']}/odds", markets="player_points", **query)
    player = {"name": "Over", "description": "x", "price": 1, "point": 0.5}
    book = {key: value for key, value in BOOK.items() if key != "last_update"}
    assert shape(props) == shape(
        EVENT | {"bookmakers": [book | {"markets": [MARKET | {"outcomes": [player]}]}]}
    )
    sport = {
        "key": "a",
        "group": "b",
        "title": "c",
        "description": "d",
        "active": True,
        "has_outrights": False,
    }
    assert shape(raw(world, "/the-odds-api/v4/sports")) == shape([sport])


def load(path: Path) -> Any:
    body = path.read_bytes()
    return json.loads(gzip.decompress(body) if path.suffix == ".gz" else body)


def test_payloads_fit_the_recorded_ones(world: World, shared_data: Path) -> None:
    recorded = load(shared_data / "odds_api" / "odds" / "2026-08-08_nfl.json.gz")
    ours = raw(
        world, "/the-odds-api/v4/sports/americanfootball_nfl/odds", regions="us", oddsFormat="american"
    )
    assert shape(ours) == shape(recorded)
    scores = load(shared_data / "odds_api" / "scores" / "2026-07-07_basketball_wnba_scores.json")
    ours = raw(world, "/the-odds-api/v4/sports/basketball_wnba/scores", daysFrom="3")
    assert set(ours[0]) == set(scores[0])
    board = load(shared_data / "espn" / "scoreboard" / "mlb_2025-09-02_final_inprogress.json")
    path = "/espn/apis/site/v2/sports/basketball/nba"
    ours = raw(world, f"{path}/scoreboard", dates="20261119")
    assert fits(shape(ours), shape(board)) == []
    summary = load(shared_data / "espn" / "summary" / "nba_401585135.json")
    ours = raw(world, f"{path}/summary", event=ours["events"][0]["id"])
    assert fits(shape(ours), shape(summary)) == []
