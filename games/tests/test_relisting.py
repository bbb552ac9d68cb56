"""Games that the odds feed lists again under another id: each listing gets the result, none its neighbour's."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
from collections import defaultdict
from pathlib import Path

import pytest

from feeds.payloads import GameStatus as Status
from feeds.payloads import ScoreboardEvent
from games.models import CommenceTime, Game
from games.seeding import seed_games
from games.services import apply_results, ingest_games
from games.tests.factories import CommenceTimeFactory, GameFactory, SportFactory, TeamFactory
from games.tests.readings import HOUR, MINUTE, espn, from_espn, from_odds_api, scores, state
from games.tests.test_fixtures import Event
from games.tests.test_recorded_seasons import board

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 7, 4, 17, 5, tzinfo=dt.UTC)
NIGHT = NOON + 12 * HOUR


def rows(*listings: tuple[dt.datetime, dt.datetime]) -> list[Game]:
    """Rows of the same two teams: each with its start and when the feed listed it last; each takes the place of the one before."""
    sport = SportFactory(key="baseball_mlb", title="MLB", time_zone="America/New_York")
    home, away = TeamFactory(sport=sport), TeamFactory(sport=sport)
    found: list[Game] = []
    listed_at = min(seen_at for _, seen_at in listings) - 48 * HOUR
    for start, seen_at in listings:
        game = GameFactory(sport=sport, home_team=home, away_team=away, commence_time=start, seen_at=seen_at)
        CommenceTimeFactory(game=game, commence_time=start, seen_at=listed_at)
        listed_at = seen_at
        found.append(game)
    return found


def test_two_rows_with_one_start_both_get_the_result_and_one_has_the_id() -> None:
    old, new = rows((NOON, NOON - 5 * HOUR), (NOON, NOON + HOUR))
    from_espn(espn(new, score=(3, 2), espn_id="1"), now=NIGHT)
    assert state(old) == state(new) == ("final", 3, 2)
    assert (old.espn_id, new.espn_id) == (None, "1")
    from_espn(espn(new, score=(3, 4), espn_id="1"), now=NIGHT + MINUTE)
    assert state(old) == state(new) == ("final", 3, 4)


def test_two_rows_that_are_both_still_listed_and_begin_together_are_one_game() -> None:
    one, other = rows((NOON, NOON + HOUR), (NOON + 10 * MINUTE, NOON + HOUR))
    from_espn(espn(one, score=(3, 2), date=NOON + 5 * MINUTE), now=NIGHT)
    assert state(one) == state(other) == ("final", 3, 2)


def test_a_row_dropped_before_it_began_follows_the_one_listed_in_its_place() -> None:
    old, new = rows((NOON, NOON - 2 * HOUR), (NOON + 5 * HOUR, NOON + 6 * HOUR))
    from_espn(espn(new, score=(3, 2)), now=NIGHT)
    assert state(old) == state(new) == ("final", 3, 2)


def test_the_half_of_a_doubleheader_that_every_feed_missed_does_not_take_its_twins_score() -> None:
    """Both games stood on the feed's list for days; it dropped the second before it began, and ESPN refused it."""
    first, second = rows((NOON, NOON + 2 * HOUR), (NOON + 5 * HOUR, NOON - HOUR))
    CommenceTime.objects.filter(game=second).update(seen_at=NOON - 48 * HOUR)
    reading = espn(first, score=(3, 2))
    from_espn(reading, now=NIGHT)
    from_espn(reading, now=NIGHT + MINUTE)
    assert state(first) == ("final", 3, 2)
    assert state(second) == ("scheduled", None, None)


def test_two_listings_that_overlap_for_two_hours_are_one_game() -> None:
    new, old = rows((NOON, NOON + 2 * HOUR), (NOON + 5 * HOUR, NOON - 14 * HOUR))
    CommenceTime.objects.filter(game=new).update(seen_at=NOON - 16 * HOUR)
    CommenceTime.objects.filter(game=old).update(seen_at=NOON - 24 * HOUR)
    from_espn(espn(new, score=(3, 2)), now=NIGHT)
    assert state(old) == state(new) == ("final", 3, 2)


def test_a_twin_that_lists_the_sides_the_other_way_round_has_its_score_turned() -> None:
    old, new = rows((NOON, NOON - 2 * HOUR), (NOON, NOON + HOUR))
    Game.objects.filter(pk=old.pk).update(home_team=new.away_team, away_team=new.home_team)
    from_espn(espn(new, score=(3, 2)), now=NIGHT)
    assert (state(new), state(old)) == (("final", 3, 2), ("final", 2, 3))


def test_of_a_doubleheader_with_a_dropped_row_each_game_has_its_own_and_the_row_waits() -> None:
    first, second, ghost = rows(
        (NOON, NOON + 2 * HOUR), (NOON + 4 * HOUR, NOON + 6 * HOUR), (NOON + 2 * HOUR, NOON - HOUR)
    )
    one, two = espn(first, score=(3, 2), espn_id="1"), espn(second, score=(7, 1), espn_id="2")
    from_espn(two, one, now=NIGHT)
    assert (state(first), state(second)) == (("final", 3, 2), ("final", 7, 1))
    assert state(ghost) == ("scheduled", None, None)


def test_a_doubleheader_seen_by_nobody_in_play_keeps_its_own_results() -> None:
    first, second = rows((NOON, NOON - HOUR), (NOON + 4 * HOUR, NOON - MINUTE))
    one, two = espn(first, score=(3, 2), espn_id="1"), espn(second, score=(7, 1), espn_id="2")
    from_espn(two, one, now=NIGHT)
    assert (state(first), state(second)) == (("final", 3, 2), ("final", 7, 1))
    waiting = rows((NOON, NOON - HOUR), (NOON + 4 * HOUR, NOON - MINUTE))
    over, to_come = (
        espn(waiting[0], score=(3, 2), espn_id="3"),
        espn(waiting[1], Status.SCHEDULED, espn_id="4"),
    )
    from_espn(over, to_come, now=NOON + 3 * HOUR)
    assert (state(waiting[0]), state(waiting[1])[0]) == (("final", 3, 2), "scheduled")


def test_the_odds_feeds_scores_reach_a_twin_of_the_same_start_and_no_other_row() -> None:
    same, new, dropped = rows(
        (NOON, NOON - 5 * HOUR), (NOON, NOON + HOUR), (NOON + 5 * HOUR, NOON - 5 * HOUR)
    )
    from_odds_api(scores(new, 3, 2), now=NIGHT)
    assert state(same) == state(new) == ("final", 3, 2)
    assert state(dropped) == ("scheduled", None, None)


def test_a_start_moved_under_the_same_id_is_found_on_its_new_day_and_keeps_its_history() -> None:
    (game,) = rows((NOON, NOON - 48 * HOUR))
    assert game.home_team is not None
    assert game.away_team is not None
    for seen_at, start in ((NOON - 47 * HOUR, NOON), (NOON - HOUR, NOON + 24 * HOUR)):
        ingest_games(
            events=[
                Event(
                    id=game.external_id,
                    sport_key=game.sport_id,
                    commence_time=start,
                    home_team=game.home_team.name,
                    away_team=game.away_team.name,
                )
            ],
            seen_at=seen_at,
        )
    game.refresh_from_db()
    from_espn(espn(game, score=(3, 2)), now=NIGHT + 24 * HOUR)
    assert state(game) == ("final", 3, 2)
    assert [sighting.commence_time for sighting in game.commence_times.all()] == [NOON, NOON + 24 * HOUR]


def test_a_late_game_of_the_us_day_is_not_the_next_utc_days_game() -> None:
    """Two games of a series: 22:10 in New York is 02:10 UTC of the day on which the next one is played."""
    late = dt.datetime(2026, 7, 5, 2, 10, tzinfo=dt.UTC)
    first, second = rows((late, late + HOUR), (late + 15 * HOUR, late + 16 * HOUR))
    from_espn(espn(first, score=(3, 2), date=late + 5 * MINUTE, espn_id="1"), now=late + 4 * HOUR)
    assert (state(first), state(second)[0]) == (("final", 3, 2), "scheduled")


RELISTED = {
    "7ada99a989316dfb803ab5fb50da5514": ("9f1eb41cd2972a08e88069d6c5b4bb6c", 3, 2),
    "ad52c7b31085f29eca653f1f52f24d61": ("fbdf2c9598b2ee82ae2cd6b9934f9b67", 7, 9),
}
"""Cubs at Orioles, 8 and 9 July 2026: listed again under new ids; old id to new id and result."""
BETWEEN_TWO_GAMES = ("67b475b53f038a3cb285b2507c1c480b", "da5f221edca52344bbc7074e7e9fa01e")
"""Brewers at Pirates (11 July) and Pirates at Guardians (18 July): old listings on days of doubleheaders."""
NEVER_PLAYED = (
    "f308816130f3007f771929f15d62862c",
    "c137da348b9193a96f85af78c01a1aca",
    "b1c11c1965517ee6fc64d8fcb9f8e6e3",
    "de762a91cec81044be3516861d6da119",
)
"""Postponed, and played on another day under a new id; the last is a re-listing in the rain of the first."""


TEAMS = (
    {"Baltimore Orioles", "Chicago Cubs"},
    {"Pittsburgh Pirates", "Milwaukee Brewers"},
    {"Cleveland Guardians", "Pittsburgh Pirates"},
    {"New York Yankees", "Los Angeles Dodgers"},
    {"Boston Red Sox", "Tampa Bay Rays"},
    {"St. Louis Cardinals", "Milwaukee Brewers"},
)
"""Those with doubleheaders, postponements or re-listings in the recording."""


def recorded(shared_data: Path) -> list[dict[str, str]]:
    """The recorded fixtures of TEAMS with every start and sighting, ingested in the order of time; their results."""
    folder = shared_data / "odds_api_timeseries" / "dev"
    with (folder / "results_by_event_id_mlb.csv").open(encoding="utf-8", newline="") as file:
        results = [row for row in csv.DictReader(file) if {row["home_team"], row["away_team"]} in TEAMS]
    seen: dict[str, dict[tuple[str, str], tuple[str, str]]] = defaultdict(dict)
    with gzip.open(folder / "mlb_changes.csv.gz", "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            teams = (row["home_team"], row["away_team"])
            if set(teams) in TEAMS:
                seen[row["snapshot_time"]][row["event_id"], row["commence_time"]] = teams
    for snapshot_time, listed in sorted(seen.items()):
        ingest_games(
            events=[
                Event(
                    id=event_id,
                    sport_key="baseball_mlb",
                    commence_time=dt.datetime.fromisoformat(start),
                    home_team=home,
                    away_team=away,
                )
                for (event_id, start), (home, away) in listed.items()
            ],
            seen_at=dt.datetime.fromisoformat(snapshot_time),
        )
    return results


def test_the_recorded_relistings_of_july_2026_share_results_and_doubleheaders_do_not(
    shared_data: Path,
) -> None:
    seed_games()
    results = recorded(shared_data)
    by_day: dict[dt.date, list[ScoreboardEvent]] = defaultdict(list)
    for event in board(results, "baseball_mlb"):
        by_day[(event.date - 10 * HOUR).date()].append(event)
    assert len(by_day) > 8
    for day, events in sorted(by_day.items()):
        at = dt.datetime.combine(day, dt.time(14), dt.UTC) + 24 * HOUR
        apply_results(readings=events, source="espn", now=at)
    games = {game.external_id: game for game in Game.objects.all()}
    for row in results:
        if row["status"] == "final":
            game = games[row["event_id"]]
            assert (game.status, game.home_score, game.away_score) == (
                "final",
                int(row["home_score"]),
                int(row["away_score"]),
            ), row
    for old, (new, home, away) in RELISTED.items():
        assert (games[old].status, games[old].home_score, games[old].away_score) == ("final", home, away)
        assert (games[new].home_score, games[new].away_score) == (home, away)
        assert games[old].espn_id is None
    for listing in (*BETWEEN_TWO_GAMES, *NEVER_PLAYED):
        assert not games[listing].completed, listing
    moved = {
        game.external_id
        for game in games.values()
        if game.commence_times.values("commence_time").distinct().count() > 1
    }
    assert {"f308816130f3007f771929f15d62862c", "1b7f4086b3b3d2a039917465354f741b"} <= moved
