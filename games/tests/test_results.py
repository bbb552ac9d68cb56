"""Providers' readings become results."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feeds.payloads import GameStatus as Status
from feeds.payloads import ScoreboardEvent
from games.models import Game, ScoreReading
from games.services import ResultCounts, apply_results
from games.tests.factories import GameFactory
from games.tests.readings import HOUR, LATER, MINUTE, START, espn, from_espn, from_odds_api, scores, state

pytestmark = pytest.mark.django_db


def test_final_reading_makes_the_game_final_and_is_kept_as_evidence() -> None:
    game = GameFactory(commence_time=START)
    counts = from_espn(espn(game))
    assert state(game) == ("final", 112, 104)
    assert game.completed
    assert game.period_scores == {"home": [112], "away": [104]}
    assert game.espn_id == f"4{game.external_id[-6:]}"
    reading = game.score_readings.get()
    assert (reading.source, reading.status_detail, reading.read_at) == ("espn", "STATUS_FINAL", LATER)
    assert counts == ResultCounts(events=1, matched=1, readings=1, games=1, finals=1)


def test_live_reading_sets_score_period_and_clock() -> None:
    game = GameFactory(commence_time=START)
    from_espn(espn(game, Status.LIVE, (55, 50)), now=START + HOUR)
    assert state(game) == ("live", 55, 50)
    assert (game.period, game.clock) == (3, "7:31 - 3rd")


def test_only_the_clock_moving_stores_no_second_reading() -> None:
    game = GameFactory(commence_time=START)
    from_espn(espn(game, Status.LIVE, (55, 50)), now=START + HOUR)
    from_espn(espn(game, Status.LIVE, (55, 50), detail="7:10 - 3rd"), now=START + HOUR + MINUTE)
    assert game.score_readings.count() == 1
    game.refresh_from_db()
    assert game.clock == "7:10 - 3rd"


def test_same_readings_twice_write_only_the_time_up_to_which_they_hold() -> None:
    games = [GameFactory(commence_time=START) for _ in range(3)]
    from_espn(*map(espn, games))
    with CaptureQueriesContext(connection) as queries:
        counts = from_espn(*map(espn, games), now=LATER + MINUTE)
    (write,) = [q["sql"] for q in queries if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert write.startswith('UPDATE "score_readings" SET "confirmed_at"')
    assert set(ScoreReading.objects.values_list("read_at", "confirmed_at")) == {(LATER, LATER + MINUTE)}
    assert (counts.matched, counts.readings, counts.games) == (3, 0, 0)


def test_statements_do_not_grow_with_the_day() -> None:
    def statements(count: int) -> int:
        games = [GameFactory(commence_time=START) for _ in range(count)]
        with CaptureQueriesContext(connection) as queries:
            from_espn(*map(espn, games))
        return len(queries)

    assert statements(40) == statements(1)


@pytest.mark.parametrize("status", [Status.POSTPONED, Status.CANCELLED, Status.ABANDONED, Status.SCHEDULED])
def test_game_that_was_not_played_has_no_score(status: Status) -> None:
    game = GameFactory(commence_time=START)
    from_espn(espn(game, status))
    assert state(game) == (str(status), None, None)
    assert not Game.objects.final().exists()


def test_live_score_goes_when_the_game_is_postponed() -> None:
    game = GameFactory(commence_time=START)
    from_espn(espn(game, Status.LIVE, (3, 2)), now=START + HOUR)
    from_espn(espn(game, Status.POSTPONED), now=START + 2 * HOUR)
    assert state(game) == ("postponed", None, None)
    assert (game.period_scores, game.period, game.clock) == ({}, None, "")
    assert game.score_readings.count() == 2


def test_stale_live_reading_does_not_unfinish_a_game() -> None:
    game = GameFactory(commence_time=START)
    from_espn(espn(game))
    from_espn(espn(game, Status.LIVE, (99, 98)), now=LATER - HOUR)
    assert state(game) == ("final", 112, 104)
    assert game.score_readings.count() == 1


def test_an_older_response_after_a_newer_unchanged_one_sets_nothing_back() -> None:
    game = GameFactory(commence_time=START)
    from_espn(espn(game, Status.LIVE, (55, 50)), now=START + HOUR)
    from_espn(espn(game, Status.LIVE, (55, 50)), now=START + HOUR + 2 * MINUTE)
    counts = from_espn(espn(game, Status.LIVE, (53, 50)), now=START + HOUR + MINUTE)
    assert state(game) == ("live", 55, 50)
    assert (counts.readings, counts.games) == (0, 0)


def test_a_contradiction_of_the_final_score_touches_the_game_when_it_begins_and_when_it_ends() -> None:
    game = GameFactory(commence_time=START)
    from_espn(espn(game))
    for minute, points in ((1, 110), (2, 110), (3, 112)):
        from_odds_api(scores(game, points, 104), now=LATER + minute * MINUTE)
        game.refresh_from_db()
        touched = {1: 1, 2: 1, 3: 3}[minute]
        assert game.updated_at == LATER + touched * MINUTE
    assert state(game) == ("final", 112, 104)


def test_later_live_reading_is_recorded_but_does_not_unfinish_a_game() -> None:
    game = GameFactory(commence_time=START)
    from_espn(espn(game))
    from_espn(espn(game, Status.LIVE, (99, 98)), now=LATER + HOUR)
    assert state(game) == ("final", 112, 104)
    assert game.score_readings.count() == 2


def test_corrected_final_changes_the_game_and_leaves_the_old_reading() -> None:
    game = GameFactory(commence_time=START)
    from_espn(espn(game))
    from_espn(espn(game, score=(113, 104)), now=LATER + HOUR)
    assert state(game) == ("final", 113, 104)
    assert set(game.score_readings.values_list("home_score", flat=True)) == {112, 113}
    assert not Game.objects.with_conflicting_results().exists()


def test_sources_that_disagree_keep_the_first_result_and_can_be_found() -> None:
    game = GameFactory(commence_time=START)
    from_espn(espn(game))
    from_odds_api(scores(game, 110, 104), now=LATER + MINUTE)
    assert state(game) == ("final", 112, 104)
    assert game.score_readings.count() == 2
    assert Game.objects.with_conflicting_results().get() == game


def test_disagreement_ends_when_the_source_corrects_itself() -> None:
    game = GameFactory(commence_time=START)
    from_espn(espn(game))
    from_odds_api(scores(game, 110, 104), now=LATER + MINUTE)
    from_odds_api(scores(game), now=LATER + 2 * MINUTE)
    assert not Game.objects.with_conflicting_results().exists()


def test_second_source_that_agrees_adds_the_periods_the_first_lacked() -> None:
    game = GameFactory(commence_time=START)
    from_odds_api(scores(game))
    from_espn(espn(game), now=LATER + MINUTE)
    assert state(game) == ("final", 112, 104)
    assert game.period_scores == {"home": [112], "away": [104]}
    from_odds_api(scores(game), now=LATER + 2 * MINUTE)
    game.refresh_from_db()
    assert game.period_scores


def test_odds_api_lagging_behind_does_not_set_back_the_live_score() -> None:
    game = GameFactory(commence_time=START)
    from_espn(espn(game, Status.LIVE, (55, 50)), now=START + HOUR)
    from_odds_api(scores(game, 53, 50, completed=False), now=START + HOUR + MINUTE)
    assert state(game) == ("live", 55, 50)


def test_odds_api_alone_shows_a_live_score() -> None:
    game = GameFactory(commence_time=START)
    from_odds_api(scores(game, 53, 50, completed=False), now=START + HOUR)
    assert state(game) == ("live", 53, 50)


def test_odds_api_without_scores_says_nothing_even_when_completed() -> None:
    game = GameFactory(commence_time=START, postponed=True)
    counts = from_odds_api(scores(game, None, None), scores(game, None, None, completed=False))
    assert state(game) == ("postponed", None, None)
    assert counts.silent == 2


def test_readings_of_an_unknown_source_are_refused() -> None:
    with pytest.raises(ValueError, match="radio"):
        apply_results(readings=[], source="radio", now=LATER)


@pytest.mark.django_db(transaction=True)
def test_two_readers_at_once_store_one_reading_of_each_game() -> None:
    games = [GameFactory(commence_time=START) for _ in range(20)]
    events = [espn(game) for game in games]
    gate = threading.Barrier(4)

    def read(said: list[ScoreboardEvent]) -> ResultCounts:
        try:
            gate.wait(timeout=10)
            return from_espn(*said)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(read, events[::step]) for step in (1, -1, 1, -1)]
    assert sorted(run.result().readings for run in runs) == [0, 0, 0, 20]
    assert ScoreReading.objects.count() == Game.objects.final().count() == 20
