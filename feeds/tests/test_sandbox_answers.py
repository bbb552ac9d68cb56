from __future__ import annotations

import datetime as dt
import json
import time
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client as Browser
from django.test import override_settings

from feeds import espn, the_odds_api
from feeds.box_scores import box_score
from feeds.exceptions import BadKey, FeedError, Misconfigured, NotFound, OutOfCredits
from feeds.payloads import GameStatus
from feeds.sandbox.answers import answer
from feeds.sandbox.leagues import LEAGUES, NBA
from feeds.sandbox.transport import SandboxTransport
from feeds.sandbox.world import World

AT = dt.datetime(2026, 11, 21, 2, 33, 7, tzinfo=dt.UTC)
EVENING = dt.date(2026, 11, 20)


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=7)


@pytest.fixture
def odds_api(world: World) -> the_odds_api.Client:
    return the_odds_api.Client(transport=SandboxTransport(at=AT, world=world))


@pytest.fixture
def scores_api(world: World) -> espn.Client:
    return espn.Client(transport=SandboxTransport(at=AT, world=world))


def raw(world: World, path: str, at: dt.datetime = AT, **query: str) -> Any:
    found = answer(world, path, {"apiKey": "k"} | query, at)
    assert found.status == 200, found.body
    return json.loads(found.body)


@pytest.mark.parametrize("sport", LEAGUES)
def test_the_real_clients_read_every_league_without_a_rejection(
    odds_api: the_odds_api.Client, scores_api: espn.Client, sport: str
) -> None:
    odds = odds_api.odds(sport)
    assert len(odds.events) > 30
    assert {b.key for e in odds.events for b in e.bookmakers} >= {"draftkings", "fanduel", "betmgm", "lowvig"}
    scores = odds_api.scores(sport, days_from=3)
    board = scores_api.scoreboard(sport, EVENING)
    assert odds.rejected == scores.rejected == board.rejected == []
    assert {e.status for e in board.events} >= {GameStatus.FINAL, GameStatus.SCHEDULED}
    assert all(e.sport_key == sport for e in board.events)
    names = {team.name for team in scores_api.teams(sport).events}
    assert {e.home_team for e in odds.events} <= names


@pytest.mark.parametrize("sport", LEAGUES)
def test_both_providers_tell_the_same_results(
    odds_api: the_odds_api.Client, scores_api: espn.Client, sport: str
) -> None:
    board = {
        (e.home.name, e.away.name): e for e in scores_api.scoreboard(sport, EVENING).events if e.is_final
    }
    told = {(e.home_team, e.away_team): e for e in odds_api.scores(sport, days_from=1).events if e.completed}
    shared = [
        key
        for key in board.keys() & told.keys()
        if abs(board[key].date - told[key].commence_time) < dt.timedelta(hours=1)
    ]
    assert len(shared) > 20
    for key in shared:
        assert (board[key].home.score, board[key].away.score) == (told[key].home_score, told[key].away_score)
        assert sum(board[key].home.period_scores) == board[key].home.score


def test_a_finished_game_leaves_the_odds_and_enters_the_scores(world: World) -> None:
    fixture = next(f for f in world.day(NBA, EVENING) if f.called_off_at is None)
    for at, listed in ((fixture.starts_at, True), (world.play(fixture).ends_at, False)):
        client = the_odds_api.Client(transport=SandboxTransport(at=at, world=world))
        assert (fixture.event_id in {e.id for e in client.odds("basketball_nba").events}) is listed
        score = next(
            e for e in client.scores("basketball_nba", days_from=1).events if e.id == fixture.event_id
        )
        assert score.completed is not listed


def test_a_game_in_play_has_prices_a_clock_and_a_score(world: World) -> None:
    fixture = next(f for f in world.day(NBA, EVENING) if f.called_off_at is None)
    at = fixture.starts_at + dt.timedelta(minutes=3)
    odds = the_odds_api.Client(transport=SandboxTransport(at=at, world=world)).odds("basketball_nba")
    event = next(e for e in odds.events if e.id == fixture.event_id)
    assert event.commence_time <= at
    assert len(event.bookmakers) >= 4
    assert "lowvig" not in {book.key for book in event.bookmakers}
    live = next(
        e
        for e in espn.Client(transport=SandboxTransport(at=at, world=world))
        .scoreboard("basketball_nba", EVENING)
        .events
        if e.espn_id == fixture.espn_id
    )
    assert live.status is GameStatus.LIVE
    assert live.period >= 1
    assert (live.home.score or 0) + (live.away.score or 0) > 0


def test_a_called_off_game_is_nil_nil_and_no_result(world: World) -> None:
    found = [
        f
        for n in range(12)
        for f in world.day(NBA, EVENING - dt.timedelta(days=n))
        if f.called_off_at is not None
    ]
    assert found
    for fixture in found:
        at = fixture.scheduled
        board = raw(
            world, "/espn/apis/site/v2/sports/basketball/nba/scoreboard", at, dates=f"{fixture.day:%Y%m%d}"
        )
        told = next(e for e in board["events"] if e["id"] == fixture.espn_id)["competitions"][0]
        assert [c["score"] for c in told["competitors"]] == ["0", "0"]
        assert told["status"]["type"]["state"] == "post"
        assert told["status"]["type"]["completed"] is False
        client = the_odds_api.Client(transport=SandboxTransport(at=at, world=world))
        assert fixture.event_id not in {e.id for e in client.odds("basketball_nba").events}


def test_player_props_are_quoted_and_settled_by_the_box_score(world: World) -> None:
    fixture = next(f for f in world.day(NBA, EVENING) if f.called_off_at is None)
    before = the_odds_api.Client(
        transport=SandboxTransport(at=fixture.scheduled - dt.timedelta(hours=1), world=world)
    )
    props = before.event_odds(
        "basketball_nba", fixture.event_id, markets=["player_points", "player_rebounds", "h2h"]
    )
    assert props.rejected == []
    markets = {m.key: m for m in props.events[0].bookmakers[0].markets}
    quoted = {o.description for o in markets["player_points"].outcomes}
    assert len(quoted) >= 6
    assert {o.name for o in markets["player_points"].outcomes} == {"Over", "Under"}
    after = espn.Client(transport=SandboxTransport(at=world.play(fixture).ends_at, world=world))
    box = box_score(after.summary("basketball_nba", fixture.espn_id))
    assert box.rejected == ()
    assert quoted <= {line.name for line in box.lines}
    for line in box.lines:
        made = line.stats["field_goals_made"]
        threes, free = line.stats["three_point_field_goals_made"], line.stats["free_throws_made"]
        assert line.stats["points"] == 2 * made + threes + free


def test_props_are_fair_on_average(world: World) -> None:
    over = seen = 0
    for day in range(4):
        for fixture in world.day(NBA, EVENING - dt.timedelta(days=day)):
            if fixture.called_off_at is not None:
                continue
            client = the_odds_api.Client(
                transport=SandboxTransport(at=fixture.scheduled - dt.timedelta(minutes=5), world=world)
            )
            event = client.event_odds(
                "basketball_nba", fixture.event_id, markets=["player_points"], bookmakers=["draftkings"]
            ).events[0]
            box = box_score(
                espn.Client(transport=SandboxTransport(at=world.play(fixture).ends_at, world=world)).summary(
                    "basketball_nba", fixture.espn_id
                )
            )
            points = {line.name: line.stats["points"] for line in box.lines}
            for book in event.bookmakers:
                for outcome in book.markets[0].outcomes:
                    if outcome.name == "Over" and outcome.point is not None:
                        seen += 1
                        over += points[outcome.description] > outcome.point
    assert seen > 500
    assert 0.42 < over / seen < 0.56


def test_the_winner_market_prices_every_club(odds_api: the_odds_api.Client) -> None:
    [event] = odds_api.odds("basketball_nba_championship_winner", markets=("outrights",)).events
    assert event.is_outright
    assert len(event.bookmakers) == 8
    assert len(event.bookmakers[0].markets[0].outcomes) == 30
    assert odds_api.events("basketball_nba_championship_winner").events[0].id == event.id


def test_history_is_the_present_of_then(world: World, odds_api: the_odds_api.Client) -> None:
    then = dt.datetime(2026, 10, 1, 22, 17, tzinfo=dt.UTC)
    found = odds_api.historical_odds("icehockey_nhl", date=then)
    assert found.timestamp == then.replace(minute=15)
    assert found.next_timestamp == then.replace(minute=20)
    present = the_odds_api.Client(transport=SandboxTransport(at=found.timestamp, world=world)).odds(
        "icehockey_nhl"
    )
    assert found.data == present
    events = odds_api.historical_events("icehockey_nhl", date=then)
    assert [e.id for e in events.data.events] == [e.id for e in present.events]
    event = odds_api.historical_event_odds("icehockey_nhl", present.events[-1].id, date=then, markets=["h2h"])
    assert event.data.events[0].id == present.events[-1].id


def test_sports_list_the_inactive_only_on_request(odds_api: the_odds_api.Client) -> None:
    active = {sport.key for sport in odds_api.sports().events}
    every = {sport.key: sport.active for sport in odds_api.sports(include_inactive=True).events}
    assert active == {*LEAGUES, "basketball_nba_championship_winner"}
    assert every.pop("baseball_mlb") is False
    assert all(every.values())


def test_event_markets_name_keys_without_prices(odds_api: the_odds_api.Client) -> None:
    event = next(e for e in odds_api.events("basketball_nba").events if e.commence_time > AT)
    [told] = odds_api.event_markets("basketball_nba", event.id).events
    assert {"h2h", "player_points"} <= {m.key for b in told.bookmakers for m in b.markets}
    assert not any(m.outcomes for b in told.bookmakers for m in b.markets)


@pytest.mark.parametrize(
    ("key", "kind"),
    [("", BadKey), ("invalid", BadKey), ("deactivated", BadKey), ("out-of-credits", OutOfCredits)],
)
def test_keys_are_refused_as_the_provider_refuses_them(world: World, key: str, kind: type[FeedError]) -> None:
    with pytest.raises(kind):
        the_odds_api.Client(key=key, transport=SandboxTransport(at=AT, world=world)).sports()


HEX = "a" * 32


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("sports/cricket/odds", {}, 404, "UNKNOWN_SPORT"),
        ("sports", {"all": "yes"}, 422, "INVALID_ALL_SPORTS_PARAM"),
        ("sports/basketball_nba/odds", {"regions": ""}, 422, "MISSING_REGION"),
        ("sports/basketball_nba/odds", {"regions": "mars"}, 422, "INVALID_REGION"),
        ("sports/basketball_nba/odds", {"bookmakers": "No Such!"}, 422, "INVALID_BOOKMAKERS"),
        ("sports/basketball_nba/odds", {"markets": "player_points"}, 422, "INVALID_MARKET"),
        ("sports/basketball_nba/odds", {"markets": "outrights"}, 422, "INVALID_MARKET_COMBO"),
        ("sports/basketball_nba_championship_winner/odds", {"markets": "h2h"}, 422, "INVALID_MARKET_COMBO"),
        ("sports/basketball_nba/odds", {"oddsFormat": "roman"}, 422, "INVALID_ODDS_FORMAT"),
        ("sports/basketball_nba/odds", {"dateFormat": "roman"}, 422, "INVALID_DATE_FORMAT"),
        ("sports/basketball_nba/odds", {"eventIds": "1,2"}, 422, "INVALID_EVENT_IDS"),
        ("sports/basketball_nba/odds", {"commenceTimeFrom": "now"}, 422, "INVALID_COMMENCE_TIME_FROM"),
        (
            "sports/basketball_nba/odds",
            {"commenceTimeTo": "2026-13-01T00:00:00Z"},
            422,
            "INVALID_COMMENCE_TIME_TO",
        ),
        (
            "sports/basketball_nba/odds",
            {"commenceTimeFrom": "2026-12-02T00:00:00Z", "commenceTimeTo": "2026-12-01T00:00:00Z"},
            422,
            "INVALID_COMMENCE_TIME_RANGE",
        ),
        ("sports/basketball_nba/scores", {"daysFrom": "4"}, 422, "INVALID_SCORES_DAYS_FROM"),
        ("sports/basketball_nba/events/xyz/odds", {}, 422, "INVALID_EVENT_ID"),
        (f"sports/basketball_nba/events/{HEX}/odds", {}, 404, "EVENT_NOT_FOUND"),
        ("historical/sports/basketball_nba/odds", {}, 422, "MISSING_HISTORICAL_TIMESTAMP"),
        ("historical/sports/basketball_nba/odds", {"date": "x"}, 422, "INVALID_HISTORICAL_TIMESTAMP"),
        (
            "historical/sports/basketball_nba/odds",
            {"date": "2999-01-01T00:00:00Z"},
            422,
            "INVALID_HISTORICAL_TIMESTAMP",
        ),
    ],
)
def test_errors_come_in_the_providers_words(
    world: World, path: str, query: dict[str, str], status: int, code: str
) -> None:
    found = answer(world, f"/the-odds-api/v4/{path}", {"apiKey": "k", "regions": "us"} | query, AT)
    told = json.loads(found.body)
    assert (found.status, told["error_code"]) == (status, code)
    assert set(told) == {"message", "error_code", "details_url"}
    error, _ = the_odds_api.read_error(found.status, found.body)
    assert isinstance(error, NotFound if status == 404 else Misconfigured)
    assert error.code == code


@pytest.mark.parametrize(
    ("path", "query", "cost"),
    [
        ("sports", {}, 0),
        ("sports/basketball_nba/events", {}, 0),
        ("sports/basketball_nba/odds", {}, 1),
        ("sports/basketball_nba/odds", {"markets": "h2h,spreads,totals", "regions": "us,eu"}, 6),
        ("sports/basketball_nba/odds", {"bookmakers": ",".join(f"b{n}" for n in range(11))}, 2),
        ("sports/basketball_nba/scores", {}, 1),
        ("sports/basketball_nba/scores", {"daysFrom": "2"}, 2),
        ("historical/sports/basketball_nba/odds", {"date": "2026-11-01T00:00:00Z"}, 10),
        ("historical/sports/basketball_nba/events", {"date": "2026-11-01T00:00:00Z"}, 1),
        ("sports/upcoming/odds", {}, 1),
    ],
)
def test_headers_tell_cost_and_counters(world: World, path: str, query: dict[str, str], cost: int) -> None:
    found = answer(world, f"/the-odds-api/v4/{path}", {"apiKey": "k", "regions": "us"} | query, AT)
    assert found.headers["x-requests-last"] == str(cost)
    later = answer(world, "/the-odds-api/v4/sports", {"apiKey": "k"}, AT + dt.timedelta(minutes=1))
    assert int(later.headers["x-requests-used"]) > int(found.headers["x-requests-used"])
    assert int(later.headers["x-requests-remaining"]) < int(found.headers["x-requests-remaining"])


def test_decimal_odds_and_unix_dates_on_request(world: World) -> None:
    path = "/the-odds-api/v4/sports/basketball_nba/odds"
    plain = raw(world, path, regions="us", oddsFormat="american")
    found = raw(world, path, regions="us", oddsFormat="decimal", dateFormat="unix")
    assert isinstance(found[0]["commence_time"], int)
    american = plain[8]["bookmakers"][0]["markets"][0]["outcomes"][0]["price"]
    decimal = found[8]["bookmakers"][0]["markets"][0]["outcomes"][0]["price"]
    profit = Decimal(american) / 100 if american > 0 else Decimal(-100) / american
    assert abs(Decimal(str(decimal)) - 1 - profit) <= Decimal("0.005")


def test_filters_by_id_and_time(odds_api: the_odds_api.Client) -> None:
    every = odds_api.events("icehockey_nhl").events
    chosen = odds_api.odds("icehockey_nhl", event_ids=[every[3].id]).events
    assert [e.id for e in chosen] == [every[3].id]
    ahead = odds_api.odds("icehockey_nhl", commence_from=AT, commence_to=AT + dt.timedelta(hours=2)).events
    assert 0 < len(ahead) < len(every)
    assert all(AT <= e.commence_time <= AT + dt.timedelta(hours=2) for e in ahead)


@pytest.mark.parametrize(
    "path",
    [
        "/espn/apis/site/v2/sports/cricket/ipl/teams",
        "/espn/apis/site/v2/sports/basketball/nba/news",
        "/espn/apis/site/v2/sports/basketball/nba/summary",
        "/nothing",
    ],
)
def test_what_espn_does_not_have_is_not_found(world: World, path: str) -> None:
    assert answer(world, path, {}, AT).status == 404


def test_espn_refuses_a_range_of_days(world: World) -> None:
    path = "/espn/apis/site/v2/sports/basketball/nba/scoreboard"
    assert answer(world, path, {"dates": "20261101-20261103"}, AT).status == 400


def test_a_full_response_takes_under_a_tenth_of_a_second() -> None:
    """The median of the leagues, cold, and of later polls; generous for a busy machine."""
    world = World(seed=11)
    cold: list[float] = []
    warm: list[float] = []
    query = {"apiKey": "k", "regions": "us,eu", "markets": "h2h,spreads,totals", "oddsFormat": "american"}
    for times in (cold, warm):
        for sport in LEAGUES:
            begun = time.process_time()
            answer(world, f"/the-odds-api/v4/sports/{sport}/odds", query, AT)
            times.append(time.process_time() - begun)
    assert sorted(cold)[2] < 0.2
    assert sorted(warm)[2] < 0.1


@override_settings(SANDBOX_SEED=7, SANDBOX_SPEED=15.0, ROOT_URLCONF="feeds.sandbox.urls")
def test_the_views_speak_http() -> None:
    browser = Browser()
    found = browser.get("/the-odds-api/v4/sports", {"apiKey": "k"})
    assert found.status_code == 200
    assert found["x-requests-last"] == "0"
    assert found["content-type"].startswith("application/json")
    assert browser.get("/the-odds-api/v4/sports").status_code == 401
    assert browser.post("/the-odds-api/v4/sports").status_code == 405
    assert browser.get("/espn/apis/site/v2/sports/basketball/nba/scoreboard").status_code == 200
