"""What BetTrack knows from the start, and how it is brought in."""

from __future__ import annotations

import csv
import re
import shutil
import zoneinfo
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feeds.payloads import OddsEvent, ScoreboardEvent, ScoreEvent, Summary
from feeds.payloads.leagues import BY_SPORT_KEY
from feeds.recordings import Recording, Replay
from games.exceptions import SeedError
from games.models import Sport, Team, TeamAlias
from games.seeding import SEEDS, Counts, seed_games
from games.team_directory import TeamDirectory
from games.tests.factories import SportFactory, TeamFactory

LEAGUE_SIZES = {
    "americanfootball_nfl": 32,
    "baseball_mlb": 30,
    "basketball_nba": 30,
    "basketball_wnba": 15,
    "icehockey_nhl": 32,
    "soccer_epl": 20,
}
FORMER = {
    "icehockey_nhl": {"Arizona Coyotes"},
    "soccer_epl": {
        "Burnley",
        "Leicester City",
        "Southampton",
        "West Ham United",
        "Wolverhampton Wanderers",
    },
}
"""Clubs of recorded seasons that are not in the league now; ingest gives them rows of their own."""


def rows(name: str) -> list[dict[str, str]]:
    with (SEEDS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class TestFiles:
    def test_every_league_is_complete(self) -> None:
        assert Counter(row["sport"] for row in rows("teams.csv")) == LEAGUE_SIZES

    @pytest.mark.parametrize("column", ["espn_id", "name", "abbr", "logo_url"])
    def test_no_two_teams_of_a_sport_share_a_value(self, column: str) -> None:
        seen = Counter((row["sport"], row[column]) for row in rows("teams.csv"))
        assert [key for key, times in seen.items() if times > 1] == []

    def test_every_team_has_id_abbreviation_logo_and_colour(self) -> None:
        for row in rows("teams.csv"):
            assert row["espn_id"].isdigit(), row
            assert re.fullmatch(r"[A-Z]{2,4}", row["abbr"]), row
            assert re.fullmatch(
                r"https://a\.espncdn\.com/i/teamlogos/(nba|nfl|nhl|mlb|wnba|soccer)/500/[a-z0-9]+\.png",
                row["logo_url"],
            ), row
            assert re.fullmatch(r"#[0-9a-f]{6}", row["color"]), row

    def test_lakers_are_who_they_are(self) -> None:
        lakers = next(row for row in rows("teams.csv") if row["name"] == "Los Angeles Lakers")
        assert (lakers["sport"], lakers["espn_id"], lakers["abbr"]) == ("basketball_nba", "13", "LAL")

    def test_nba_nfl_and_nhl_are_active_and_mlb_is_not(self) -> None:
        active = {row["key"]: row["active"] for row in rows("sports.csv")}
        assert [active[key] for key in ("basketball_nba", "americanfootball_nfl", "icehockey_nhl")] == [
            "yes"
        ] * 3
        assert active["baseball_mlb"] == "no"

    def test_every_time_zone_exists(self) -> None:
        assert {row["time_zone"] for row in rows("sports.csv")} <= zoneinfo.available_timezones()

    def test_winner_markets_and_only_they_have_outrights(self) -> None:
        for row in rows("sports.csv"):
            assert (row["has_outrights"] == "yes") == row["key"].endswith("_winner")

    def test_espn_paths_are_those_the_feed_knows(self) -> None:
        paths = {row["key"]: row["espn_path"] for row in rows("sports.csv") if row["espn_path"]}
        known = {key: f"{league.sport}/{league.slug}" for key, league in BY_SPORT_KEY.items()}
        assert paths == {key: known[key] for key in paths}
        assert set(LEAGUE_SIZES) <= set(paths)


@pytest.mark.django_db
class TestSeeding:
    def test_first_run_creates_and_the_second_changes_nothing(self) -> None:
        first = seed_games()
        assert first["teams"] == Counts(created=159)
        with CaptureQueriesContext(connection) as queries:
            second = seed_games()
        assert second == {kind: Counts(unchanged=count.created) for kind, count in first.items()}
        written = [q["sql"] for q in queries if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
        assert written == []

    def test_statements_are_few(self) -> None:
        with CaptureQueriesContext(connection) as queries:
            seed_games()
        assert len(queries) <= 16

    def test_changed_fact_is_corrected(self) -> None:
        seed_games()
        Sport.objects.filter(key="basketball_nba").update(title="Wrong")
        Team.objects.filter(name="Boston Celtics").update(abbr="XXX")
        counts = seed_games()
        assert (counts["sports"].updated, counts["teams"].updated) == (1, 1)
        assert Sport.objects.get(key="basketball_nba").title == "NBA"
        assert Team.objects.get(name="Boston Celtics").abbr == "BOS"

    def test_what_staff_decided_is_left_alone(self) -> None:
        seed_games()
        Sport.objects.filter(key="baseball_mlb").update(active=True)
        Team.objects.filter(name="Boston Celtics").update(
            logo_url="https://example.com/c.png", color="#000001"
        )
        counts = seed_games()
        assert (counts["sports"].updated, counts["teams"].updated) == (0, 0)
        assert Sport.objects.get(key="baseball_mlb").active
        celtics = Team.objects.get(name="Boston Celtics")
        assert (celtics.logo_url, celtics.color) == ("https://example.com/c.png", "#000001")

    def test_name_that_staff_changed_stays_and_the_seed_s_becomes_an_alias(self) -> None:
        seed_games()
        Team.objects.filter(name="Boston Celtics").update(name="Celtics of Boston")
        counts = seed_games()
        assert (counts["teams"].created, counts["team aliases"].created) == (0, 1)
        assert TeamAlias.objects.get(name="Boston Celtics").team.name == "Celtics of Boston"
        assert seed_games()["team aliases"].created == 0

    def test_team_that_a_feed_brought_first_is_completed(self) -> None:
        sport = SportFactory(key="icehockey_nhl", title="icehockey_nhl")
        team = TeamFactory(sport=sport, name="Utah Mammoth", abbr="", color="")
        seed_games()
        team.refresh_from_db()
        assert (team.espn_id, team.abbr, team.color) == ("129764", "UTAH", "#000000")
        assert Sport.objects.get(key="icehockey_nhl").title == "NHL"

    def test_team_that_staff_added_is_kept(self) -> None:
        team = TeamFactory(name="Seattle SuperSonics")
        seed_games()
        assert Team.objects.filter(pk=team.pk).exists()


BAD_FILES = [
    ("teams.csv", "basketball_nba,2,Boston Celtics", "basketball_nba,2,", r"teams\.csv, row \d+: name"),
    ("teams.csv", "#007a33", "green", r"teams\.csv, row \d+: color: Write the colour"),
    ("teams.csv", "basketball_nba,2,Boston", "basketball_nbx,2,Boston", r"row \d+: there is no sport 'basketball_nbx'"),
    ("teams.csv", "basketball_nba,17,", "basketball_nba,2,", r"teams\.csv, row \d+: .*is in row \d+ already"),
    ("teams.csv", "sport,espn_id", "sport,espn", r"teams\.csv, row 1: the columns must be sport, espn_id"),
    ("teams.csv", ",BOS,https://a.espncdn.com/i/teamlogos/nba", ",https://a.espncdn.com/i/teamlogos/nba", r"row \d+: it does not have 6 cells"),
    ("sports.csv", ",yes,no,", ",maybe,no,", r"sports\.csv, row \d+: active is 'maybe'; write yes or no"),
    ("team_aliases.csv", ",Oakland Raiders", ",Boston Celtics\nbasketball_nba,Nobody,X", r"team_aliases\.csv, row \d+: teams\.csv has no team 'Nobody'"),
    ("team_aliases.csv", "americanfootball_nfl,Las Vegas Raiders,Oakland Raiders", "americanfootball_nfl,Las Vegas Raiders,Denver Broncos", r"'Denver Broncos' is a team of its own"),
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "old", "new", "message"), BAD_FILES)
def test_bad_row_is_named_and_nothing_is_seeded(
    name: str, old: str, new: str, message: str, tmp_path: Path
) -> None:
    folder = tmp_path / "seeds"
    shutil.copytree(SEEDS, folder)
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SeedError, match=message):
        seed_games(folder=folder)
    assert not Sport.objects.exists()
    assert not Team.objects.exists()


@pytest.mark.django_db
def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SeedError, match=r"sports\.csv is missing"):
        seed_games(folder=tmp_path)


def recorded(paths: Iterable[Path]) -> Iterator[Any]:
    for recording in Replay(paths):
        if isinstance(recording, Recording) and not isinstance(recording.content, Summary):
            yield from recording.content.events


@pytest.mark.django_db
def test_every_team_of_the_recorded_odds_is_known(shared_data: Path) -> None:
    seed_games()
    directory = TeamDirectory.of_sports(LEAGUE_SIZES)
    names: set[tuple[str, str]] = set()
    for event in recorded(shared_data / "odds_api" / part for part in ("odds", "historical", "scores")):
        if isinstance(event, OddsEvent | ScoreEvent):
            names |= {(event.sport_key, name) for name in (event.home_team, event.away_team) if name}
    played = {(sport, name) for sport, name in names if sport in LEAGUE_SIZES}
    assert len(played) > 150
    unknown = {(sport, name) for sport, name in played if directory.find(sport, name) is None}
    assert unknown == {(sport, name) for sport, name in played if name in FORMER.get(sport, ())}


@pytest.mark.django_db
def test_every_team_of_the_recorded_scoreboards_is_known_by_its_id(shared_data: Path) -> None:
    seed_games()
    teams = {(team.sport_id, team.espn_id): team for team in Team.objects.all()}
    directory = TeamDirectory.of_sports(LEAGUE_SIZES)
    checked = 0
    # recordings named tt_ had teams edited by hand
    boards = [p for p in (shared_data / "espn" / "scoreboard").iterdir() if not p.name.startswith("tt_")]
    for event in recorded(boards):
        for side in (event.home, event.away) if isinstance(event, ScoreboardEvent) else ():
            team = teams.get((event.sport_key, side.espn_id))
            if team is not None:
                assert directory.find(event.sport_key, side.name) == team.id, side
                checked += 1
    assert checked > 60
