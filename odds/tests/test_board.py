from __future__ import annotations

import datetime as dt
import zoneinfo
from fractions import Fraction

import pytest
from pytest_django import DjangoAssertNumQueries

from games.models import Game, Sport
from games.tests.factories import GameFactory, SportFactory
from odds.board import Board, BoardRequest, day_bounds, nearest_days, open_outrights, read_board
from odds.tests.factories import HeartbeatFactory
from odds.tests.quoting import full_market, quote
from odds.wording import duration

NEW_YORK = zoneinfo.ZoneInfo("America/New_York")
TODAY = dt.date(2026, 11, 20)
NOW = dt.datetime(2026, 11, 20, 22, 0, tzinfo=dt.UTC)  # 5 PM in New York


def start(hour: int, day: int = 20) -> dt.datetime:
    return dt.datetime(2026, 11, day, hour, tzinfo=NEW_YORK)


def board(**wanted: object) -> Board:
    request = {"day": TODAY, "zone": NEW_YORK} | wanted
    return read_board(BoardRequest(**request), now=NOW)  # type: ignore[arg-type]


def shown(found: Board) -> list[Game]:
    return [row.game for group in found.groups for row in group.rows]


@pytest.mark.parametrize(
    ("day", "hours"),
    [(dt.date(2026, 3, 8), 23), (dt.date(2026, 11, 1), 25), (dt.date(2026, 7, 4), 24)],
)
def test_a_day_is_as_long_as_its_zone_makes_it(day: dt.date, hours: int) -> None:
    first, last = day_bounds(day, NEW_YORK)
    assert last - first == dt.timedelta(hours=hours)
    assert first.astimezone(NEW_YORK).time() == dt.time.min


@pytest.mark.django_db
def test_the_day_is_the_reader_s_and_half_open() -> None:
    GameFactory(commence_time=start(0) - dt.timedelta(seconds=1))
    first = GameFactory(commence_time=start(0))
    last = GameFactory(commence_time=start(23) + dt.timedelta(minutes=59))
    GameFactory(commence_time=start(0, day=21))
    assert shown(board()) == [first, last]


@pytest.mark.django_db
def test_a_game_still_live_from_before_midnight_stays_on_today_s_board() -> None:
    game = GameFactory(live=True, commence_time=start(0) - dt.timedelta(hours=1))
    assert shown(board()) == [game]
    assert shown(board(day=dt.date(2026, 11, 21))) == []


@pytest.mark.django_db
def test_sport_and_status_narrow_the_board_and_the_counts_say_what_is_there() -> None:
    nhl = SportFactory(key="icehockey_nhl", title="NHL")
    GameFactory(commence_time=start(19))
    live = GameFactory(live=True, commence_time=start(16))
    GameFactory(final=True, commence_time=start(13), sport=nhl)
    found = board(sport=Sport.objects.get(pk="basketball_nba"), status="live")
    assert shown(found) == [live]
    assert found.statuses == {"all": 2, "live": 1, "upcoming": 1, "final": 0}
    assert {count.sport.key: count.games for count in found.sports} == {
        "basketball_nba": 2,
        "icehockey_nhl": 1,
    }
    assert found.all_games == 3


@pytest.mark.django_db
def test_games_are_grouped_by_sport_live_ones_first_or_all_by_time() -> None:
    nfl = SportFactory(key="americanfootball_nfl", title="NFL")
    late = GameFactory(commence_time=start(21))
    football = GameFactory(commence_time=start(20), sport=nfl)
    done = GameFactory(final=True, commence_time=start(12))
    live = GameFactory(live=True, commence_time=start(16))
    assert [group.sport.title for group in board().groups if group.sport] == ["NBA", "NFL"]
    assert shown(board()) == [live, late, done, football]
    assert shown(board(group="time")) == [done, live, football, late]


@pytest.mark.django_db
def test_us_sports_name_the_visitor_first_and_soccer_the_host_with_the_draw_between() -> None:
    soccer = SportFactory(key="soccer_epl", title="Premier League")
    quote(GameFactory(commence_time=start(19)), "h2h home", -110)
    full_market(GameFactory(commence_time=start(19), sport=soccer), draw=True)
    basketball, football = (group.rows[0] for group in board().groups)
    assert [side.side for side in basketball.sides] == ["away", "home"]
    assert [side.side for side in football.sides] == ["home", "draw", "away"]
    totals = [side.total.side if side.total else "" for side in football.sides]
    assert totals == ["over", "", "under"]


@pytest.mark.django_db
def test_the_hold_needs_the_price_of_every_outcome() -> None:
    both, one = GameFactory(commence_time=start(18)), GameFactory(commence_time=start(19))
    quote(both, "h2h home", -110)
    quote(both, "h2h away", -110)
    quote(one, "h2h home", -110)
    first, second = board().groups[0].rows
    assert first.hold == Fraction(1, 22)
    assert second.hold is None


@pytest.mark.django_db
def test_a_started_or_settled_game_can_no_longer_be_backed() -> None:
    upcoming = GameFactory(commence_time=start(19))
    GameFactory(commence_time=NOW - dt.timedelta(minutes=1))
    GameFactory(live=True, commence_time=start(16))
    GameFactory(postponed=True, commence_time=start(20))
    rows = [row for group in board().groups for row in group.rows]
    assert [row.game for row in rows if row.bettable] == [upcoming]
    assert len(rows) == 4


@pytest.mark.django_db
def test_the_51st_game_is_on_the_second_page_and_a_page_too_far_is_the_last() -> None:
    games = GameFactory.create_batch(51, commence_time=start(19))
    assert len(shown(board())) == 50
    assert len(shown(board(page=2))) == 1
    assert shown(board(page=99)) == shown(board(page=2))
    assert {game.pk for game in shown(board()) + shown(board(page=2))} == {game.pk for game in games}


@pytest.mark.django_db
@pytest.mark.parametrize("games", [1, 7])
def test_the_board_takes_five_statements_however_many_games(
    games: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for game in GameFactory.create_batch(games, commence_time=start(19)):
        full_market(game, books=3)
        HeartbeatFactory(game=game)
    with django_assert_num_queries(6):
        found = board()
        assert all(side.team and side.moneyline for row in found.groups[0].rows for side in row.sides)


@pytest.mark.django_db
def test_the_nearest_days_with_games_are_found_on_both_sides() -> None:
    GameFactory(commence_time=start(19, day=12))
    GameFactory(commence_time=start(19, day=18))
    GameFactory(commence_time=start(22, day=24))
    assert nearest_days(board()) == (dt.date(2026, 11, 18), dt.date(2026, 11, 24))


@pytest.mark.django_db
def test_without_any_game_there_is_no_nearest_day() -> None:
    assert nearest_days(board()) == (None, None)


@pytest.mark.django_db
def test_open_outrights_are_listed_and_kept_off_the_day() -> None:
    outright = GameFactory(outright=True, commence_time=start(19))
    GameFactory(outright=True, commence_time=NOW - dt.timedelta(days=61))
    assert open_outrights(NOW) == [outright]
    assert shown(board()) == []


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "0 s"), (12, "12 s"), (59.9, "59 s"), (48 * 60, "48 min"), (3 * 3600, "3 h"), (49 * 3600, "2 d")],
)
def test_a_duration_reads_in_its_largest_unit(seconds: float, words: str) -> None:
    assert duration(dt.timedelta(seconds=seconds)) == words
