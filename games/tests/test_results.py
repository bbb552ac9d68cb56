"""Providers' readings become results."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import UserFactory
from feeds.payloads import GameStatus as Status
from feeds.payloads import ScoreboardEvent, ScoreEvent, Side
from games.exceptions import ResultRefused
from games.models import Game, GameStatus, ResultSource, ScoreReading, Sport
from games.services import ResultCounts, apply_results, cancel, postpone, set_result
from games.tests.factories import GameFactory, SportFactory, TeamAliasFactory, TeamFactory

pytestmark = pytest.mark.django_db

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


def test_same_readings_twice_write_nothing() -> None:
    games = [GameFactory(commence_time=START) for _ in range(3)]
    from_espn(*map(espn, games))
    with CaptureQueriesContext(connection) as queries:
        counts = from_espn(*map(espn, games), now=LATER + MINUTE)
    assert not [q["sql"] for q in queries if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
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


def test_odds_api_event_we_do_not_have_takes_no_other_game_of_the_same_teams() -> None:
    game = GameFactory(commence_time=START)
    twin = scores(game)
    object.__setattr__(game, "external_id", "another")
    Game.objects.filter(pk=game.pk).update(external_id="another")
    assert from_odds_api(twin).unmatched == 1
    assert state(game) == ("scheduled", None, None)


def doubleheader() -> tuple[Game, Game]:
    sport = SportFactory(key="baseball_mlb", title="MLB")
    home, away = TeamFactory(sport=sport), TeamFactory(sport=sport)
    noon = dt.datetime(2026, 7, 4, 17, 5, tzinfo=dt.UTC)
    return (
        GameFactory(sport=sport, home_team=home, away_team=away, commence_time=noon),
        GameFactory(sport=sport, home_team=home, away_team=away, commence_time=noon + 4 * HOUR),
    )


def test_doubleheader_is_matched_in_order_of_start() -> None:
    first, second = doubleheader()
    # a late first game: by distance alone its reading would go to the second
    one = espn(first, score=(3, 2), date=first.commence_time + 150 * MINUTE, espn_id="1")
    two = espn(second, score=(7, 1), date=second.commence_time + 5 * MINUTE, espn_id="2")
    from_espn(two, one, now=second.commence_time + 4 * HOUR)
    assert state(first) == ("final", 3, 2)
    assert state(second) == ("final", 7, 1)


def test_one_reading_of_a_doubleheader_goes_to_the_nearest_start() -> None:
    first, second = doubleheader()
    from_espn(espn(second, score=(7, 1), date=second.commence_time - 10 * MINUTE))
    assert state(first) == ("scheduled", None, None)
    assert state(second) == ("final", 7, 1)


def test_reading_between_two_games_is_given_to_neither() -> None:
    first, _ = doubleheader()
    counts = from_espn(espn(first, date=first.commence_time + 2 * HOUR))
    assert counts.unmatched == 1
    assert not Game.objects.final().exists()


def test_game_of_the_night_belongs_to_the_local_day() -> None:
    game = GameFactory(commence_time=dt.datetime(2026, 11, 21, 3, 30, tzinfo=dt.UTC))
    # the evening of 20 November in New York, given seven hours apart in the two feeds
    from_espn(espn(game, date=dt.datetime(2026, 11, 20, 20, 30, tzinfo=dt.UTC)))
    assert state(game)[0] == "final"


def test_same_teams_on_the_next_day_are_another_game() -> None:
    game = GameFactory(commence_time=START)
    assert from_espn(espn(game, date=START + dt.timedelta(days=1))).unmatched == 1
    assert state(game) == ("scheduled", None, None)


def test_teams_listed_the_other_way_round_keep_their_own_scores() -> None:
    game = GameFactory(commence_time=START)
    event = espn(game, score=(112, 104))
    from_espn(
        ScoreboardEvent(
            **{f: getattr(event, f) for f in event.__struct_fields__}
            | {"home": event.away, "away": event.home}
        )
    )
    assert state(game) == ("final", 112, 104)
    assert game.period_scores == {"home": [112], "away": [104]}


def test_team_is_found_by_alias_or_espn_id() -> None:
    clippers = TeamFactory(name="Los Angeles Clippers")
    TeamAliasFactory(team=clippers, name="LA Clippers")
    lakers = TeamFactory(name="Los Angeles Lakers", espn_id="13")
    game = GameFactory(home_team=clippers, away_team=lakers, commence_time=START)
    event = espn(game)
    home = Side("12", "LA Clippers", "LAC", 112, (), None)
    away = Side("13", "Lakers", "LAL", 104, (), None)
    from_espn(
        ScoreboardEvent(
            **{f: getattr(event, f) for f in event.__struct_fields__} | {"home": home, "away": away}
        )
    )
    assert state(game) == ("final", 112, 104)


def test_known_espn_id_decides_before_names_and_dates() -> None:
    game = GameFactory(commence_time=START, espn_id="401")
    event = espn(game, espn_id="401", date=START + dt.timedelta(days=3))
    from_espn(event)
    assert state(game)[0] == "final"


def test_game_with_another_espn_id_is_not_taken_by_name() -> None:
    game = GameFactory(commence_time=START, espn_id="401")
    assert from_espn(espn(game, espn_id="402")).unmatched == 1
    assert state(game)[0] == "scheduled"


def test_preseason_game_is_found_on_the_league_s_board() -> None:
    sport = SportFactory(key="americanfootball_nfl_preseason", title="NFL Preseason")
    game = GameFactory(sport=sport, commence_time=START)
    from_espn(espn(game, sport_key="americanfootball_nfl"))
    assert state(game)[0] == "final"


def test_event_without_a_league_is_placed_by_the_sport_asked_for() -> None:
    game = GameFactory(commence_time=START)
    event = espn(game, sport_key="")
    assert from_espn(event).unmatched == 1
    apply_results(readings=[event], source="espn", now=LATER, sport_key="basketball_nba")
    assert state(game)[0] == "final"


def test_readings_of_an_unknown_source_are_refused() -> None:
    with pytest.raises(ValueError, match="radio"):
        apply_results(readings=[], source="radio", now=LATER)


def test_staff_result_stands_above_the_feeds_which_are_recorded_beside_it() -> None:
    game, staff = GameFactory(commence_time=START), UserFactory(staff=True)
    from_espn(espn(game))
    set_result(game=game, status="final", home_score=113, away_score=104, by=staff, now=LATER + MINUTE)
    from_espn(espn(game, score=(111, 104)), now=LATER + 2 * MINUTE)
    assert state(game) == ("final", 113, 104)
    assert game.score_readings.count() == 3
    assert game.score_readings.get(source="staff").by == staff
    assert not Game.objects.with_conflicting_results().exists()


def test_cancelled_by_staff_stays_cancelled() -> None:
    game = GameFactory(commence_time=START)
    cancel(game=game, by=UserFactory(staff=True), now=START)
    from_espn(espn(game))
    assert state(game) == ("cancelled", None, None)


def test_postponed_by_staff_yields_to_news_but_not_to_a_repetition() -> None:
    game = GameFactory(commence_time=START)
    from_espn(espn(game, Status.SCHEDULED), now=START - HOUR)
    postpone(game=game, by=UserFactory(staff=True), now=START)
    from_espn(espn(game, Status.SCHEDULED), now=START + MINUTE)
    assert state(game)[0] == "postponed"
    from_espn(espn(game, Status.LIVE, (2, 0)), now=START + HOUR)
    assert state(game) == ("live", 2, 0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"status": "delayed"}, "not a game status"),
        ({"status": "final"}, "needs its score"),
        ({"status": "final", "home_score": 3}, "both scores or neither"),
        ({"status": "final", "home_score": 3, "away_score": -1}, "between 0 and"),
        ({"status": "postponed", "home_score": 0, "away_score": 0}, "has no score"),
    ],
)
def test_staff_result_that_contradicts_itself_is_refused(values: dict[str, Any], message: str) -> None:
    game = GameFactory(commence_time=START)
    with pytest.raises(ResultRefused, match=message):
        set_result(game=game, by=UserFactory(staff=True), now=LATER, **values)
    assert state(game) == ("scheduled", None, None)
    assert not ScoreReading.objects.exists()


def test_outright_has_placings_instead_of_a_score() -> None:
    game = GameFactory(outright=True)
    with pytest.raises(ResultRefused, match="placings"):
        set_result(
            game=game, status="final", home_score=1, away_score=0, by=UserFactory(staff=True), now=LATER
        )
    set_result(game=game, status="final", by=UserFactory(staff=True), now=LATER)
    assert state(game) == (GameStatus.FINAL, None, None)


def test_games_of_another_sport_are_not_matched() -> None:
    game = GameFactory(commence_time=START)
    Sport.objects.create(key="basketball_wnba", title="WNBA")
    assert from_espn(espn(game, sport_key="basketball_wnba")).unmatched == 1


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
