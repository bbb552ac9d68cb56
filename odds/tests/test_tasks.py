"""The periodic pulls, against the sandbox without sockets at chosen instants."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
from collections.abc import Callable, Iterator

import httpx
import pytest
from django.core.cache.backends.locmem import LocMemCache
from django.db import DatabaseError, connection
from pytest_django.fixtures import Settings

from feeds import espn, the_odds_api
from feeds.exceptions import BadKey, Unavailable
from feeds.payloads import Parsed, ScoreboardEvent
from feeds.sandbox.transport import SandboxTransport
from feeds.sandbox.world import World
from games.models import Game, GameStatus, Sport
from games.tests.factories import GameFactory, SportFactory
from odds import planner, pull, tasks
from odds.ingest import ingest_odds
from odds.models import CurrentOdds, Heartbeat, OddSnapshot
from odds.partitions import existing_partitions
from odds.tests.test_ingest import T0, book, checksums, event, minute, moneyline

pytestmark = pytest.mark.django_db

START = dt.datetime(2026, 11, 20, 23, 0, tzinfo=dt.UTC)
NBA = {"key": "basketball_nba", "title": "NBA"}
WINNER = {"key": "basketball_nba_championship_winner", "title": "NBA Winner", "has_outrights": True}


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> dt.datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += dt.timedelta(**span)


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocMemCache]:
    """A cache of the test's own: nobody else's claims, and none left behind."""
    own = LocMemCache("claims", {})
    own.clear()
    monkeypatch.setattr(tasks, "cache", own)
    monkeypatch.setattr(planner, "cache", own)
    yield own
    own.clear()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Clock:
    """Both clients talk to one sandbox, whose time, like the tasks', is this clock's."""
    settings.DEMO = True
    clock = Clock()
    transport = SandboxTransport(at=clock, world=World(seed=11))
    monkeypatch.setattr(
        the_odds_api.Client, "from_settings", lambda: the_odds_api.Client(transport=transport, clock=clock)
    )
    monkeypatch.setattr(espn.Client, "from_settings", lambda: espn.Client(transport=transport, clock=clock))
    monkeypatch.setattr("django.utils.timezone.now", clock)
    for name in (
        "pull_sport",
        "pull_props",
        "pull_fixtures",
        "pull_scoreboard",
        "pull_scores",
        "pull_box_score",
    ):
        real = getattr(pull, name)
        monkeypatch.setattr(tasks, name, _with_clock(real, clock))
    return clock


def _with_clock(real: Callable[..., object], clock: Clock) -> Callable[..., object]:
    return lambda *args: real(*args, clock=clock)


def test_a_tick_fills_the_board_with_lines_props_and_outrights(clock: Clock) -> None:
    SportFactory(**NBA)
    SportFactory(**WINNER)
    tasks.pull_due_odds()
    markets = set(CurrentOdds.objects.values_list("selection__market", flat=True))
    assert {"h2h", "spreads", "totals", "outrights", "player_points"} <= markets
    assert Heartbeat.objects.filter(scope="player_points").exists()


def test_what_was_just_pulled_is_not_due_again(clock: Clock) -> None:
    SportFactory(**NBA)
    tasks.pull_due_odds()
    before = checksums()
    tasks.pull_due_odds()
    assert checksums() == before


def test_most_of_the_next_poll_is_unchanged(clock: Clock, cache: LocMemCache) -> None:
    SportFactory(**NBA)
    tasks.pull_due_odds()
    first = OddSnapshot.objects.count()
    clock.advance(seconds=20)
    cache.clear()
    tasks.pull_due_odds()
    assert 0 < OddSnapshot.objects.count() - first < first // 4


def test_games_end_and_their_results_arrive(clock: Clock) -> None:
    SportFactory(**NBA)
    tasks.pull_due_odds()
    clock.advance(minutes=45)
    tasks.pull_due_results()
    assert Game.objects.final().filter(home_score__isnull=False).exists()


def test_box_scores_follow_for_games_whose_players_had_prices(clock: Clock) -> None:
    SportFactory(**NBA)
    tasks.pull_due_odds()
    clock.advance(minutes=45)
    tasks.pull_due_results()
    boxed = Game.objects.final().filter(player_stats__stat="points").distinct()
    assert boxed.exists()
    assert pull.games_without_box_score(clock.now, most=10) == []


def test_a_sport_put_aside_still_gets_results_while_a_bet_is_open(clock: Clock) -> None:
    sport = SportFactory(**NBA)
    tasks.pull_due_odds()
    Sport.objects.filter(pk=sport.pk).update(active=False)
    clock.advance(minutes=45)
    tasks.pull_due_results()
    assert not Game.objects.final().exists()
    Game.objects.update(bet_count=1)
    tasks.pull_due_results()
    assert Game.objects.final().exists()


def test_after_an_outage_results_are_asked_for_by_day(clock: Clock) -> None:
    SportFactory(**NBA)
    tasks.pull_due_odds()
    clock.advance(days=3)
    tasks.pull_due_results()
    ended = Game.objects.filter(commence_time__lt=clock.now - dt.timedelta(hours=4))
    assert ended.exists()
    assert not ended.filter(status__in=[GameStatus.SCHEDULED, GameStatus.LIVE]).exists()


def test_after_ten_days_without_results_one_tick_asks_for_every_missing_day(
    clock: Clock, cache: LocMemCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    SportFactory(**NBA)
    asked: list[dt.date] = []
    scoreboard = espn.Client.scoreboard

    def counted(self: espn.Client, sport_key: str, day: dt.date) -> Parsed[ScoreboardEvent]:
        asked.append(day)
        if day == START.date() + dt.timedelta(days=4) and asked.count(day) == 1:
            raise Unavailable("ESPN is away")
        return scoreboard(self, sport_key, day)

    monkeypatch.setattr(espn.Client, "scoreboard", counted)
    for _ in range(10):
        tasks.pull_due_odds()
        clock.advance(days=1)
        cache.clear()
    over = Game.objects.filter(commence_time__lt=clock.now - dt.timedelta(hours=6))
    unknown = over.filter(status__in=[GameStatus.SCHEDULED, GameStatus.LIVE])
    days = {espn.us_day(start) for start in over.values_list("commence_time", flat=True)}
    assert len(days) >= 9
    assert not over.final().exists()
    tasks.pull_due_results()
    assert days <= set(asked)
    left = set(unknown.values_list("commence_time", flat=True))
    assert {espn.us_day(start) for start in left} == {START.date() + dt.timedelta(days=4)}
    clock.advance(minutes=31)
    cache.clear()
    tasks.pull_due_results()
    assert not unknown.exists()


def test_of_an_old_game_without_result_the_neighbouring_days_are_asked_for_too() -> None:
    nba = SportFactory(**NBA)
    now = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
    GameFactory(sport=nba, commence_time=now - dt.timedelta(days=9, hours=2))  # 05:00 in New York
    GameFactory(sport=nba, commence_time=now - dt.timedelta(hours=20))
    assert pull.days_without_result(nba, now) == [dt.date(2026, 11, day) for day in (10, 11, 12, 19)]


def test_a_failing_sport_does_not_stop_the_others(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    SportFactory(**NBA)
    SportFactory(key="icehockey_nhl", title="NHL")
    real = pull.pull_sport

    def broken(client: the_odds_api.Client, sport: Sport) -> object:
        if sport.key == "basketball_nba":
            raise Unavailable("no usable answer")
        return real(client, sport, clock=clock)

    monkeypatch.setattr(tasks, "pull_sport", broken)
    tasks.pull_due_odds()
    assert set(Game.objects.values_list("sport", flat=True)) == {"icehockey_nhl"}


def test_a_refused_key_stops_the_tick(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    SportFactory(**NBA)
    SportFactory(key="icehockey_nhl", title="NHL")
    asked = []

    def refused(client: the_odds_api.Client, sport: Sport) -> object:
        asked.append(sport.key)
        raise BadKey("the key is not valid")

    monkeypatch.setattr(tasks, "pull_sport", refused)
    tasks.pull_due_odds()
    assert len(asked) == 1


def test_a_sport_out_of_season_or_inactive_is_not_pulled(clock: Clock) -> None:
    SportFactory(**NBA, active=False)
    SportFactory(key="cricket_ipl", title="IPL")
    tasks.pull_due_odds()
    assert not Game.objects.exists()


def test_nobody_pulls_a_sport_another_worker_is_pulling(clock: Clock, cache: LocMemCache) -> None:
    SportFactory(**NBA)
    cache.add("odds:run:odds:basketball_nba", "other", 60)
    cache.add("odds:run:props:basketball_nba", "other", 60)
    tasks.pull_due_odds()
    assert not Game.objects.exists()
    assert cache.get("odds:run:odds:basketball_nba") == "other"


def test_with_a_key_only_sports_with_games_near_cost_credits(clock: Clock, settings: Settings) -> None:
    settings.DEMO = False
    nba = SportFactory(**NBA)
    tasks.pull_due_odds()
    assert not CurrentOdds.objects.exists(), "the free fixtures came first"
    assert Game.objects.exists()
    assert pull.has_games_near(nba, clock.now)
    tasks.pull_due_odds()
    assert CurrentOdds.objects.exists()


def test_days_without_result_are_us_days_of_games_that_have_started() -> None:
    nba = SportFactory(**NBA)
    now = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
    for hours in (-30, -20, 5, -24 * 40):
        GameFactory(sport=nba, commence_time=now + dt.timedelta(hours=hours))
    GameFactory(sport=nba, commence_time=now - dt.timedelta(days=5), final=True)
    assert pull.days_without_result(nba, now) == [dt.date(2026, 11, 19)]


def test_months_ahead_are_created_by_the_task() -> None:
    tasks.create_partitions()
    assert tasks.create_partitions() == []
    assert len(existing_partitions()) >= 5


def test_the_key_of_a_bad_answer_is_in_no_log(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DEMO = False
    SportFactory(**NBA)
    transport = httpx.MockTransport(lambda request: httpx.Response(401, json={"error_code": "INVALID_KEY"}))
    monkeypatch.setattr(
        the_odds_api.Client,
        "from_settings",
        lambda: the_odds_api.Client(key="s3cret-key", transport=transport),
    )
    tasks.pull_due_odds()
    assert "INVALID_KEY" in caplog.text
    assert "s3cret" not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_two_ingests_of_one_sport_at_once_do_not_interleave() -> None:
    ready = threading.Barrier(4)
    faults: list[DatabaseError] = []

    def run(worker: int) -> None:
        try:
            ready.wait()
            for step in range(5):
                ingest_odds(
                    events=[event(book(moneyline(-150 - step)))],
                    captured_at=minute(step * 4 + worker),
                    polled_markets=["h2h"],
                )
        except DatabaseError as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    rows = list(
        OddSnapshot.objects.filter(selection__side="home").order_by("id").values_list("captured_at", "price")
    )
    assert [at for at, _ in rows] == sorted(at for at, _ in rows)
    assert all(before[1] != after[1] for before, after in itertools.pairwise(rows))
    offer = CurrentOdds.objects.get(selection__side="home")
    assert offer.price == rows[-1][1]
    assert Heartbeat.objects.get().polled_at == T0 + dt.timedelta(minutes=19)
