"""The recorded responses of the shared data, replayed twice: the second time changes no row."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command, execute_from_command_line
from django.db import connection

from feeds.payloads import Summary
from feeds.recordings import Recording
from games.tests.factories import GameFactory, SportFactory
from odds.ingest import ingest_odds
from odds.models import CurrentOdds, Heartbeat, OddSnapshot, Selection
from odds.replay import InTimeOrder, ReplayReport, reason_kind, replay_odds, replay_results
from odds.tests.test_ingest import T0, checksums

pytestmark = pytest.mark.django_db

WNBA = "odds_api_timeseries/dev/wnba_snapshots_2026-07-28_31_full.jsonl.gz"


def replay(*paths: Path) -> ReplayReport:
    return replay_odds(InTimeOrder(paths))


def twice(*paths: Path) -> ReplayReport:
    """The first replay's report, after a second one changed nothing."""
    report = replay(*paths)
    before = checksums()
    again = replay(*paths)
    assert checksums() == before
    assert again.odds.snapshots == again.odds.games_new == 0
    assert again.odds.stale == again.odds.quotes == report.odds.quotes
    return report


def every_offer_is_the_last_change_of_its_line() -> bool:
    """Rebuild what is on offer from the archive and compare: nothing more, nothing less."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH last AS (
                SELECT DISTINCT ON (s.selection_id, s.bookmaker_id, line.point)
                    s.selection_id, s.bookmaker_id, s.point, s.price
                FROM odd_snapshots s JOIN selections x ON x.id = s.selection_id
                CROSS JOIN LATERAL (
                    SELECT CASE WHEN x.market IN ('h2h', 'h2h_lay', 'spreads', 'totals') THEN NULL ELSE s.point END
                ) line (point)
                ORDER BY s.selection_id, s.bookmaker_id, line.point, s.timestamp DESC, s.id DESC
            ), shown AS (SELECT selection_id, bookmaker_id, point, price FROM current_odds)
            SELECT count(*) FROM (
                (SELECT * FROM last WHERE price IS NOT NULL EXCEPT SELECT * FROM shown)
                UNION ALL (SELECT * FROM shown EXCEPT SELECT * FROM last WHERE price IS NOT NULL)
            ) difference
            """
        )
        (count,) = cursor.fetchone()
    return bool(count == 0)


def test_the_odds_folder_goes_in_once_and_wholly(shared_data: Path) -> None:
    report = twice(shared_data / "odds_api" / "odds")
    assert (report.read, report.bad, report.odds.stale) == (64, [], 0)
    assert report.odds.quotes == report.odds.unchanged + report.odds.snapshots - report.odds.withdrawals
    assert report.odds.quotes > 40_000
    assert every_offer_is_the_last_change_of_its_line()
    assert {"h2h", "spreads", "totals", "h2h_lay"} <= set(Selection.objects.values_list("market", flat=True))


def test_the_order_in_which_files_are_named_does_not_matter(shared_data: Path) -> None:
    folder = shared_data / "odds_api" / "odds"
    paths = sorted(folder.glob("2022-12-27_*football*")) + sorted(folder.glob("2022-12-27_upcoming*"))
    replay(*reversed(paths))
    backwards = checksums()[3][1]
    before = checksums()
    for path in paths:
        replay(path)
    assert checksums() == before
    assert OddSnapshot.objects.count() == backwards


@pytest.mark.parametrize("folder", ["event_odds_props", "outrights", "docs_samples"])
def test_props_outrights_and_samples_go_in_once(shared_data: Path, folder: str) -> None:
    report = twice(shared_data / "odds_api" / folder)
    assert report.odds.snapshots > 0
    assert every_offer_is_the_last_change_of_its_line()


def test_historical_envelopes_go_in_once_with_one_that_is_empty(shared_data: Path) -> None:
    folder = shared_data / "odds_api" / "historical"
    report = twice(*sorted(folder.glob("*.json")))
    assert report.bad == []
    assert report.odds.events == report.odds.games_new


@pytest.fixture(scope="module")
def day_of_polls(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first of the three recorded days."""
    with gzip.open(shared_data / WNBA) as stream:
        lines = [line for line in stream if line.startswith(b'{"snapshot_time":"2026-07-28')]
    path = tmp_path_factory.mktemp("polls") / "day.jsonl"
    path.write_bytes(b"".join(lines))
    return path


def count_of(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        (count,) = cursor.fetchone()
    return int(count)


def test_a_day_of_polls_goes_in_once_as_changes_only(day_of_polls: Path) -> None:
    report = twice(day_of_polls)
    assert report.read > 90
    assert report.odds.unchanged > 5 * report.odds.snapshots
    assert every_offer_is_the_last_change_of_its_line()
    backwards = count_of(
        "SELECT count(*) FROM (SELECT timestamp, captured_at, lag(timestamp) OVER line AS before, "
        "lag(captured_at) OVER line AS received FROM odd_snapshots "
        "WINDOW line AS (PARTITION BY selection_id, bookmaker_id ORDER BY id)) x "
        "WHERE timestamp < before OR captured_at <= received OR timestamp > captured_at"
    )
    assert backwards == 0, "within a line time runs forwards"
    idle = count_of(
        "SELECT count(*) FROM (SELECT price, point, lag(price) OVER line AS p0, lag(point) OVER line AS l0, "
        "row_number() OVER line AS n FROM odd_snapshots "
        "WINDOW line AS (PARTITION BY selection_id, bookmaker_id ORDER BY id)) x "
        "WHERE n > 1 AND price IS NOT DISTINCT FROM p0 AND point IS NOT DISTINCT FROM l0"
    )
    assert idle == 0, "two rows in a row differ"


def payload(price: object = -110, name: str = "Boston Celtics") -> list[dict[str, object]]:
    outcomes = [{"name": name, "price": price}, {"name": "Los Angeles Lakers", "price": 120}]
    markets = [{"key": "h2h", "last_update": "2026-11-20T11:59:00Z", "outcomes": outcomes}]
    return [
        {
            "id": "e1",
            "sport_key": "basketball_nba",
            "sport_title": "NBA",
            "commence_time": "2026-11-21T00:00:00Z",
            "home_team": "Boston Celtics",
            "away_team": "Los Angeles Lakers",
            "bookmakers": [{"key": "mybookieag", "title": "MyBookie.ag", "markets": markets}],
        }
    ]


def write(folder: Path, name: str, *contents: object) -> Path:
    lines = [
        {"snapshot_time": f"2026-11-20T12:0{minute}:00Z", "response": content}
        for minute, content in enumerate(contents)
    ]
    path = folder / name
    path.write_bytes(gzip.compress("\n".join(json.dumps(line) for line in lines).encode()))
    return path


def test_a_price_that_cannot_be_odds_is_rejected_and_its_line_stays(tmp_path: Path) -> None:
    report = replay(write(tmp_path, "polls.jsonl.gz", payload(), payload(-(2**31))))
    assert (report.odds.withdrawals, sum(report.rejected.values())) == (0, 1)
    assert CurrentOdds.objects.count() == 2


def test_a_lone_surrogate_costs_only_its_outcome(tmp_path: Path) -> None:
    report = replay(write(tmp_path, "polls.jsonl.gz", payload(name="Boston \ud83d Celtics")))
    assert (report.odds.snapshots, sum(report.rejected.values())) == (1, 1)


def test_an_event_without_teams_is_rejected_and_the_others_are_kept(tmp_path: Path) -> None:
    broken = {**payload()[0], "id": "e2", "home_team": None, "away_team": None}
    report = replay(write(tmp_path, "polls.jsonl.gz", [broken, *payload()]))
    assert (report.odds.events, sum(report.rejected.values())) == (1, 1)


def test_empty_bookmakers_are_a_game_without_prices(tmp_path: Path) -> None:
    bare = {**payload()[0], "bookmakers": []}
    report = replay(write(tmp_path, "polls.jsonl.gz", [bare]))
    assert (report.odds.games_new, report.odds.quotes) == (1, 0)
    assert not Heartbeat.objects.exists()


def test_the_command_counts_and_names_what_it_cannot_read(tmp_path: Path) -> None:
    good, bad = write(tmp_path, "a.jsonl.gz", payload()), tmp_path / "b.json"
    bad.write_text('{"neither": "odds"}')
    out, err = io.StringIO(), io.StringIO()
    call_command("pull_odds", "--from", str(good), str(bad), stdout=out, stderr=err)
    assert "b.json: a JSON object of no known shape" in err.getvalue()
    table = dict(line.rsplit(maxsplit=1) for line in out.getvalue().splitlines()[:9])
    assert (table["games new"], table["quotes"], table["snapshots written"]) == ("1", "2", "2")


def test_the_command_takes_only_the_sports_it_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, "a.jsonl.gz", payload())
    call_command("pull_odds", "--sport", "icehockey_nhl", "--from", str(path), stdout=io.StringIO())
    assert not OddSnapshot.objects.exists()


@pytest.mark.parametrize("command", ["pull_odds", "pull_results"])
def test_a_command_that_reads_nothing_fails_with_a_sentence(tmp_path: Path, command: str) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    with pytest.raises(CommandError, match="Nothing could be read"):
        call_command(command, "--from", str(broken), stdout=io.StringIO(), stderr=io.StringIO())
    with pytest.raises(CommandError, match="there is no file or folder"):
        call_command(command, "--from", str(tmp_path / "absent"))


def test_a_date_and_recordings_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="use one of them"):
        call_command("pull_results", "--date", "2026-11-20", "--from", str(tmp_path))
    with pytest.raises(CommandError, match="'2026-99-99' is not a date"):
        call_command("pull_results", "--date", "2026-99-99")


def test_recorded_scores_become_results_and_the_same_twice_writes_nothing(tmp_path: Path) -> None:
    replay(write(tmp_path, "odds.jsonl.gz", payload()))
    score = {
        "id": "e1",
        "sport_key": "basketball_nba",
        "commence_time": "2026-11-21T00:00:00Z",
        "completed": True,
        "home_team": "Boston Celtics",
        "away_team": "Los Angeles Lakers",
        "scores": [
            {"name": "Boston Celtics", "score": "104"},
            {"name": "Los Angeles Lakers", "score": "112"},
        ],
        "last_update": "2026-11-21T02:40:00Z",
    }
    path = tmp_path / "scores.json"
    path.write_text(json.dumps([score]))
    first = replay_results(InTimeOrder([path]))
    assert (first.results.matched, first.results.finals) == (1, 1)
    assert replay_results(InTimeOrder([path])).results.readings == 0


def test_like_reasons_are_counted_together() -> None:
    one = reason_kind("outcome ('Over', 'Gary Trent Jr.', Decimal('10.5')) appears twice")
    assert one == reason_kind("outcome ('Under', 'RJ Barrett', Decimal('20.5')) appears twice")
    assert reason_kind("price -2147483648 cannot be odds") == reason_kind("price 99 cannot be odds")


def test_no_event_means_nothing_to_do() -> None:
    assert ingest_odds(events=[], captured_at=T0).responses == 1


def test_a_recorded_summary_brings_its_box_score_once(shared_data: Path) -> None:
    path = shared_data / "espn" / "summary" / "nfl_401547505.json"
    (recording,) = InTimeOrder([path])
    assert isinstance(recording, Recording)
    summary = recording.content
    assert isinstance(summary, Summary)
    GameFactory(
        final=True,
        espn_id=summary.event.espn_id,
        sport=SportFactory(key="americanfootball_nfl"),
        home_score=summary.event.home.score,
        away_score=summary.event.away.score,
    )
    first = replay_results(InTimeOrder([path]))
    assert first.statistics > 100
    assert replay_results(InTimeOrder([path])).statistics == 0


def test_a_date_that_is_none_is_said_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        execute_from_command_line(["manage.py", "pull_results", "--date", "nonsense"])
    said = capsys.readouterr().err
    assert "argument --date: 'nonsense' is not a date such as 2026-11-20." in said
    assert "Traceback" not in said
