from __future__ import annotations

import datetime as dt
import gzip
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from feeds.payloads import Parsed, Rejected
from feeds.recordings import Kind, Recording, RecordingError, Replay

EVENT: dict[str, Any] = {
    "id": "a" * 32,
    "sport_key": "basketball_nba",
    "commence_time": "2026-01-02T00:00:00Z",
    "home_team": "H",
    "away_team": "A",
}
PRICED: dict[str, Any] = EVENT | {
    "bookmakers": [
        {
            "key": "b",
            "markets": [
                {
                    "key": "h2h",
                    "last_update": "2026-01-01T12:00:00Z",
                    "outcomes": [{"name": "H", "price": -120}, {"name": "A", "price": 100}],
                }
            ],
        }
    ]
}
SCORE = EVENT | {"completed": False, "scores": None}
SPORT = {"key": "x", "title": "X", "group": "G", "has_outrights": False}
NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


def write(path: Path, content: Any) -> Path:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


def one(path: Path) -> Recording:
    [found] = Replay([path])
    assert isinstance(found, Recording), found
    return found


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ([PRICED], Kind.ODDS),
        ([dict(EVENT), PRICED], Kind.ODDS),
        ([], Kind.ODDS),
        ([EVENT], Kind.EVENTS),
        ([SCORE], Kind.SCORES),
        ([SPORT], Kind.SPORTS),
        (PRICED, Kind.EVENT_ODDS),
        ({"events": [], "leagues": []}, Kind.ESPN_SCOREBOARD),
        ({"sports": [{"leagues": [{"teams": []}]}]}, Kind.ESPN_TEAMS),
    ],
)
@pytest.mark.parametrize("name", ["r.json", "r.json.gz"])
def test_each_shape_is_told_apart(tmp_path: Path, name: str, content: Any, kind: Kind) -> None:
    assert one(write(tmp_path / name, content)).kind is kind


def test_the_envelope_and_the_collectors_line_tell_the_time(tmp_path: Path) -> None:
    wrapped = {"timestamp": "2026-01-01T11:00:00Z", "data": [PRICED]}
    assert one(write(tmp_path / "a.json", wrapped)).captured_at == NOON - dt.timedelta(hours=1)
    line: dict[str, Any] = {"requested": "2026-01-01T115900Z", "response": wrapped}
    assert one(write(tmp_path / "b.jsonl", line)).captured_at == NOON - dt.timedelta(hours=1)
    line = {"snapshot_time": "2026-01-01T12:00:05Z", "commit": "c", "response": [PRICED]}
    assert one(write(tmp_path / "c.jsonl", line)).captured_at == NOON + dt.timedelta(seconds=5)
    line = {"snapshot_time": "2026-01-01T12:00:05Z", "tag": "first", "event": PRICED}
    found = one(write(tmp_path / "d.jsonl", line))
    assert (found.kind, found.captured_at) == (Kind.EVENT_ODDS, NOON + dt.timedelta(seconds=5))


def test_without_a_clock_the_newest_update_tells_then_the_files_time(tmp_path: Path) -> None:
    assert one(write(tmp_path / "a.json", [PRICED])).captured_at == NOON
    found = one(write(tmp_path / "b.json", [EVENT]))
    assert found.captured_at == dt.datetime.fromtimestamp(1_700_000_000, dt.UTC)


def lines(*hours: int) -> bytes:
    rows = [{"snapshot_time": f"2026-01-01T{hour:02d}:00:00Z", "response": [PRICED]} for hour in hours]
    return "\n".join(map(json.dumps, rows)).encode()


@pytest.mark.parametrize("name", ["r.jsonl", "r.jsonl.gz"])
def test_lines_come_in_time_order_with_their_numbers(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, lines(3, 1, 2))
    found = [recording for recording in Replay([path]) if isinstance(recording, Recording)]
    assert [r.captured_at.hour for r in found] == [1, 2, 3]
    assert [r.source.rsplit(":")[-1] for r in found] == ["2", "3", "1"]


def test_a_line_without_a_clock_and_prices_is_refused_not_guessed(tmp_path: Path) -> None:
    path = write(tmp_path / "r.jsonl", json.dumps([EVENT]).encode() + b"\n" + lines(1))
    first, second = Replay([path])
    assert isinstance(first, Rejected)
    assert "when this was captured" in first.reason
    assert isinstance(second, Recording)


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b'{"a": 1}', b'"x"', b'[{"a":1}]'])
def test_an_unknown_shape_is_refused_with_a_reason(tmp_path: Path, content: bytes) -> None:
    [found] = Replay([write(tmp_path / "r.json", content)])
    assert isinstance(found, Rejected)
    assert found.path.endswith("r.json")
    assert found.reason


def test_a_truncated_archive_is_refused_and_the_next_file_read(tmp_path: Path) -> None:
    whole = gzip.compress(lines(1, 2, 3) * 50)
    (tmp_path / "a.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "b.json.gz").write_bytes(b"not gzip")
    write(tmp_path / "c.json", [PRICED])
    found = list(Replay([tmp_path]))
    assert [isinstance(f, Rejected) for f in found][-2:] == [True, False]
    assert any(isinstance(f, Rejected) and "a.jsonl.gz" in f.path for f in found)


def test_a_folder_is_read_in_name_order_and_says_what_it_skipped(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    write(tmp_path / "sub" / "b.json", [PRICED])
    write(tmp_path / "a.json", [PRICED])
    write(tmp_path / "README.md", b"x")
    write(tmp_path / "flat.csv.gz", b"x")
    replay = Replay([tmp_path])
    assert [path.name for path in replay.files] == ["a.json", "b.json"]
    assert [path.name for path in replay.skipped] == ["README.md", "flat.csv.gz"]


def test_a_path_that_cannot_be_replayed_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="nowhere"):
        Replay([tmp_path / "nowhere"])
    with pytest.raises(RecordingError, match=r"x\.csv is not"):
        Replay([write(tmp_path / "x.csv", b"a,b")])


def test_progress_runs_from_nothing_to_all(tmp_path: Path) -> None:
    write(tmp_path / "a.json", [PRICED])
    write(tmp_path / "b.jsonl", lines(1, 2))
    write(tmp_path / "c.jsonl.gz", lines(2, 1))
    replay = Replay([tmp_path])
    seen = [replay.done_bytes for _ in replay]
    assert seen == sorted(seen)
    assert replay.done_bytes == replay.total_bytes > 0


def test_the_recorded_odds_are_read(shared_data: Path) -> None:
    found = list(
        Replay(
            [shared_data / "odds_api" / name for name in ("odds", "event_odds_props", "scores", "historical")]
        )
    )
    assert not [f for f in found if isinstance(f, Rejected)]
    kinds = Counter(f.kind for f in found if isinstance(f, Recording))
    assert kinds[Kind.ODDS] > 60
    assert kinds[Kind.EVENT_ODDS] > 2000
    prices = [
        outcome.price
        for f in found
        if isinstance(f, Recording) and f.kind is Kind.ODDS and isinstance(f.content, Parsed)
        for event in f.content.events
        for book in getattr(event, "bookmakers", ())
        for market in book.markets
        for outcome in market.outcomes
    ]
    assert len(prices) > 30_000
    assert all(abs(price) >= 100 for price in prices)


def test_a_recorded_season_comes_in_time_order(shared_data: Path) -> None:
    path = shared_data / "odds_api_timeseries" / "dev" / "wnba_snapshots_2026-07-28_31_full.jsonl.gz"
    found = [f for f in Replay([path]) if isinstance(f, Recording)]
    assert len(found) == 384
    assert [f.captured_at for f in found] == sorted(f.captured_at for f in found)
    assert not any(f.rejected for f in found)


def test_the_recorded_espn_pages_are_read(shared_data: Path) -> None:
    found = list(Replay([shared_data / "espn" / "scoreboard", shared_data / "espn" / "summary"]))
    assert [Path(f.path).name for f in found if isinstance(f, Rejected)] == ["nhl_standings_sportsmcp.json"]
    assert len([f for f in found if isinstance(f, Recording)]) == 28
