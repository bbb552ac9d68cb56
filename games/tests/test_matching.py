"""A reading finds its own game, and no other."""

from __future__ import annotations

import datetime as dt

import pytest

from feeds.payloads import ScoreboardEvent, Side
from games.models import Game, Sport
from games.services import apply_results
from games.tests.factories import GameFactory, SportFactory, TeamAliasFactory, TeamFactory
from games.tests.readings import HOUR, LATER, MINUTE, START, espn, from_espn, from_odds_api, scores, state

pytestmark = pytest.mark.django_db


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


def test_games_of_another_sport_are_not_matched() -> None:
    game = GameFactory(commence_time=START)
    Sport.objects.create(key="basketball_wnba", title="WNBA")
    assert from_espn(espn(game, sport_key="basketball_wnba")).unmatched == 1
