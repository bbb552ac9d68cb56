"""The odds feed's events become games."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from games.models import CommenceTime, Game, GameKind, GameStatus, Sport, Team
from games.services import Fixture, ingest_games
from games.tests.factories import GameFactory, SportFactory, TeamAliasFactory, TeamFactory

pytestmark = pytest.mark.django_db

START = dt.datetime(2026, 11, 21, 0, 30, tzinfo=dt.UTC)
MONDAY = dt.datetime(2026, 11, 16, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


@dataclass(frozen=True)
class Event:
    id: str = "e1"
    sport_key: str = "basketball_nba"
    sport_title: str = "NBA"
    commence_time: dt.datetime = START
    home_team: str | None = "Boston Celtics"
    away_team: str | None = "Los Angeles Lakers"


def slate(count: int) -> list[Event]:
    return [Event(id=f"e{n}", home_team=f"Home {n}", away_team=f"Away {n}") for n in range(count)]


def ingest(events: Iterable[Fixture], at: dt.datetime = MONDAY) -> None:
    ingest_games(events=events, seen_at=at)


def test_unknown_sport_and_teams_appear_with_the_game() -> None:
    ids = ingest_games(events=[Event()], seen_at=MONDAY)
    game = Game.objects.with_names().get()
    assert ids == {"e1": game.id}
    assert game.home_team is not None
    assert game.away_team is not None
    assert (game.home_team.name, game.away_team.name) == ("Boston Celtics", "Los Angeles Lakers")
    assert game.title == "Los Angeles Lakers at Boston Celtics"
    assert (game.sport.title, game.sport.active) == ("NBA", True)
    assert game.status == GameStatus.SCHEDULED
    assert game.home_team.espn_id is None


def test_soccer_names_the_home_side_first() -> None:
    ingest([Event(sport_key="soccer_epl", home_team="Arsenal", away_team="Chelsea")])
    assert Game.objects.get().title == "Arsenal v Chelsea"


def test_outright_has_a_title_and_no_teams() -> None:
    ingest(
        [Event(sport_key="golf_us_open_winner", sport_title="US Open Winner", home_team=None, away_team=None)]
    )
    game = Game.objects.get()
    assert (game.kind, game.title, game.home_team) == (GameKind.OUTRIGHT, "US Open Winner", None)
    assert game.sport.has_outrights


def test_team_is_found_by_its_alias() -> None:
    clippers = TeamFactory(name="Los Angeles Clippers")
    TeamAliasFactory(team=clippers, name="LA Clippers")
    ingest([Event(home_team="LA Clippers")])
    assert Game.objects.get().home_team == clippers
    assert not Team.objects.filter(name="LA Clippers").exists()


def test_alias_of_another_sport_is_not_used() -> None:
    other = TeamFactory(name="New York Giants", sport=SportFactory(key="americanfootball_nfl", title="NFL"))
    ingest([Event(sport_key="baseball_mlb", home_team="New York Giants")])
    assert Game.objects.get().home_team != other


def test_part_of_a_name_is_not_a_match() -> None:
    TeamFactory(name="Los Angeles Lakers")
    ingest([Event(away_team="Lakers")])
    assert Team.objects.filter(name__contains="Lakers").count() == 2


def test_event_of_a_team_against_its_own_alias_is_left_out_and_the_rest_kept() -> None:
    team = TeamFactory(name="Los Angeles Clippers")
    TeamAliasFactory(team=team, name="LA Clippers")
    ids = ingest_games(
        events=[Event(id="bad", home_team="LA Clippers", away_team="Los Angeles Clippers"), Event(id="good")],
        seen_at=MONDAY,
    )
    assert list(ids) == ["good"]


def test_event_whose_team_name_does_not_fit_is_left_out_and_the_rest_kept() -> None:
    ids = ingest_games(events=[Event(id="bad", home_team="x" * 121), Event(id="good")], seen_at=MONDAY)
    assert list(ids) == ["good"]


def test_empty_response_does_nothing() -> None:
    assert ingest_games(events=[], seen_at=MONDAY) == {}


def test_same_response_twice_writes_nothing() -> None:
    ingest(slate(3))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        ingest(slate(3))
    written = [q["sql"] for q in queries if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert written == []
    assert CommenceTime.objects.count() == 3


def test_statements_do_not_grow_with_the_slate() -> None:
    def statements(events: list[Event], at: dt.datetime) -> int:
        with CaptureQueriesContext(connection) as queries:
            ingest(events, at)
        return len(queries)

    first = statements([Event(id="a", sport_key="s1", home_team="A", away_team="B")], MONDAY)
    assert statements(slate(40), MONDAY) == first
    moved = [
        Event(id=e.id, home_team=e.home_team, away_team=e.away_team, commence_time=START + MINUTE)
        for e in slate(40)
    ]
    assert statements(moved, MONDAY + MINUTE) <= first


def test_moved_start_is_taken_over_and_kept_in_the_history() -> None:
    ingest([Event()])
    ingest([Event(commence_time=START + 3 * MINUTE)], MONDAY + MINUTE)
    assert Game.objects.get().commence_time == START + 3 * MINUTE
    assert list(CommenceTime.objects.values_list("commence_time", "seen_at")) == [
        (START, MONDAY),
        (START + 3 * MINUTE, MONDAY + MINUTE),
    ]


def test_unchanged_start_adds_no_line_to_the_history() -> None:
    ingest([Event()])
    ingest([Event()], MONDAY + MINUTE)
    assert CommenceTime.objects.count() == 1
    assert Game.objects.get().seen_at == MONDAY + MINUTE


def test_older_response_does_not_move_the_start_back() -> None:
    ingest([Event(commence_time=START + 3 * MINUTE)], MONDAY + 2 * MINUTE)
    ingest([Event()], MONDAY)
    assert Game.objects.get().commence_time == START + 3 * MINUTE
    assert CommenceTime.objects.count() == 1


def test_response_older_than_an_unchanged_one_does_not_move_the_start() -> None:
    ingest([Event()], MONDAY)
    ingest([Event()], MONDAY + 5 * MINUTE)
    ingest([Event(commence_time=START + 3 * MINUTE)], MONDAY + 2 * MINUTE)
    assert Game.objects.get().commence_time == START


def test_replay_of_responses_out_of_order_writes_nothing_the_second_time() -> None:
    replay = [(MONDAY, START), (MONDAY + 3 * MINUTE, START), (MONDAY + MINUTE, START + MINUTE)]
    for _ in range(2):
        for at, start in replay:
            ingest([Event(commence_time=start)], at)
        assert CommenceTime.objects.count() == 1
        assert Game.objects.get().commence_time == START


def test_start_of_a_final_game_stays() -> None:
    GameFactory(external_id="e1", final=True, commence_time=START)
    ingest([Event(commence_time=START + MINUTE)])
    assert Game.objects.get().commence_time == START


def test_odds_feed_does_not_move_the_status() -> None:
    GameFactory(external_id="e1", postponed=True)
    ingest([Event(commence_time=START + dt.timedelta(days=2))])
    assert Game.objects.get().status == GameStatus.POSTPONED


@pytest.mark.django_db(transaction=True)
def test_two_pulls_at_once_make_each_row_once() -> None:
    gate = threading.Barrier(4)

    def pull(events: list[Event]) -> None:
        try:
            gate.wait(timeout=10)
            ingest(events)
        finally:
            connection.close()

    events = slate(30)
    with ThreadPoolExecutor(4) as pool:
        pulls = [pool.submit(pull, events[::step]) for step in (1, -1, 1, -1)]
    for done in pulls:
        done.result()
    assert (Sport.objects.count(), Team.objects.count(), Game.objects.count()) == (1, 60, 30)
    assert CommenceTime.objects.count() == 30
