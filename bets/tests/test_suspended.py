"""Games that break off: from the scoreboard that says so to the grade by the seeded rule of the book."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from bets.grading.scores import minutes_played
from bets.late import settle_late
from bets.models import Bet
from bets.regrading import regrade_due
from bets.rulebook import seed_rules
from bets.settlement import settle_due
from bets.tests.lateness import after, announced_game, bet_on
from bets.verification import verify
from feeds.payloads import GameStatus, ScoreboardEvent, parse_scoreboard
from games.models import Game
from games.seeding import seed_games
from games.tests.readings import from_espn, state
from odds.models import Bookmaker
from odds.seeding import seed_bookmakers

pytestmark = pytest.mark.django_db

Periods = tuple[list[int], list[int]]
FOUR: Periods = ([10, 10, 10, 2], [5, 10, 5, 5])
THREE: Periods = ([2, 1, 0], [1, 0, 1])
LEAGUES = {
    "americanfootball_nfl": "s:20~l:28~e:1",
    "basketball_nba": "s:40~l:46~e:1",
    "icehockey_nhl": "s:70~l:90~e:1",
    "baseball_mlb": "s:1~l:10~e:1",
    "soccer_epl": "s:600~l:700~e:1",
}


@pytest.fixture(autouse=True)
def _seeds() -> None:
    seed_games()
    seed_bookmakers()
    seed_rules()


def said(
    game: Game,
    name: str,
    periods: Periods,
    *,
    period: int | None = None,
    clock: str = "0:00",
    state: str = "in",
) -> ScoreboardEvent:
    """What ESPN's scoreboard shows of the game, in its own shape."""
    assert game.home_team is not None
    assert game.away_team is not None

    def side(where: str, team: Any, scores: list[int]) -> dict[str, Any]:
        return {
            "homeAway": where,
            "score": str(sum(scores)),
            "team": {"id": team.espn_id or f"9{team.pk.int % 10_000}", "displayName": team.name},
            "linescores": [{"value": float(n), "period": i} for i, n in enumerate(scores, start=1)],
        }

    detail = f"{clock} - 4th" if name == "STATUS_IN_PROGRESS" else name[7:].title()
    status = {
        "period": len(periods[0]) if period is None else period,
        "displayClock": clock,
        "type": {
            "name": name,
            "state": state,
            "completed": name == "STATUS_FINAL",
            "shortDetail": detail,
        },
    }
    event = {
        "id": "401",
        "uid": LEAGUES[game.sport_id],
        "date": f"{game.commence_time:%Y-%m-%dT%H:%MZ}",
        "competitions": [
            {
                "competitors": [
                    side("home", game.home_team, periods[0]),
                    side("away", game.away_team, periods[1]),
                ],
                "status": status,
            }
        ],
    }
    (parsed,) = parse_scoreboard(json.dumps({"events": [event]}).encode()).events
    return parsed


def status_of(bet: Bet) -> str:
    bet.refresh_from_db()
    return bet.status


def book(key: str) -> Bookmaker:
    return Bookmaker.objects.get(key=key)


@pytest.mark.parametrize(
    ("sport", "periods", "clock", "expected"),
    [
        ("americanfootball_nfl", FOUR, "5:00", "won"),  # 55 minutes played
        ("americanfootball_nfl", FOUR, "5:01", "void"),
        ("basketball_nba", FOUR, "5:00", "won"),  # 43
        ("basketball_nba", FOUR, "5:01", "void"),
        ("icehockey_nhl", THREE, "5:00", "won"),  # 55
        ("icehockey_nhl", THREE, "5:01", "void"),
        ("americanfootball_nfl", FOUR, "0:00", "needs_review"),  # the clock does not tell
    ],
)
def test_an_abandoned_game_counts_from_the_official_minute(
    sport: str, periods: Periods, clock: str, expected: str
) -> None:
    game = announced_game(sport)
    bet = bet_on(game, book("betmgm"), side="home")
    from_espn(said(game, "STATUS_IN_PROGRESS", periods, clock=clock), now=after(2))
    from_espn(said(game, "STATUS_ABANDONED", periods, clock=clock, state="post"), now=after(3))
    assert state(game) == ("abandoned", sum(periods[0]), sum(periods[1]))
    settle_due(now=after(4))
    assert status_of(bet) == expected
    if expected == "won":
        minutes = {"americanfootball_nfl": "55", "basketball_nba": "43", "icehockey_nhl": "55"}[sport]
        assert bet.legs.get().evidence["data"]["minutes_played"].removesuffix(".00") == minutes
    assert verify()[1] == []


def test_a_game_abandoned_without_a_score_keeps_the_one_it_had() -> None:
    game = announced_game("americanfootball_nfl")
    bet = bet_on(game, book("betmgm"), side="home")
    from_espn(said(game, "STATUS_IN_PROGRESS", FOUR, clock="2:00"), now=after(2))
    from_espn(said(game, "STATUS_ABANDONED", FOUR, period=0, state="post"), now=after(3))
    assert state(game) == ("abandoned", 32, 25)
    assert settle_due(now=after(4)) == {"won": 1}
    assert bet.legs.get().evidence["data"]["minutes_played"] == "58.00"


def test_a_game_abandoned_before_it_began_has_no_score_of_nil_to_nil() -> None:
    game = announced_game("soccer_epl")
    bet = bet_on(game, book("betmgm"), side="home")
    from_espn(said(game, "STATUS_ABANDONED", ([0], [0]), period=0, state="post"), now=after(1))
    assert state(game) == ("abandoned", None, None)
    settle_due(now=after(2))
    assert status_of(bet) == "needs_review"


FIVE_AHEAD: Periods = ([0, 2, 0, 1], [1, 0, 0, 0, 0])
FIVE_BEHIND: Periods = ([0, 0, 0, 0], [1, 0, 0, 0, 0])
NINE_AHEAD: Periods = ([0, 2, 0, 1, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0, 0])
EIGHT: Periods = ([0, 2, 0, 1, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0])


@pytest.mark.parametrize(
    ("market", "side", "point", "periods", "expected"),
    [
        ("h2h", "home", None, FIVE_AHEAD, "won"),  # four and a half innings, home ahead
        ("h2h", "home", None, FIVE_BEHIND, "void"),
        ("spreads", "home", "-1.5", EIGHT, "void"),
        ("spreads", "home", "-1.5", NINE_AHEAD, "won"),
        ("totals", "over", "3.5", EIGHT, "won"),  # decided: four have scored
        ("totals", "under", "3.5", EIGHT, "lost"),
        ("totals", "over", "4.5", EIGHT, "void"),
        ("h2h_1st_5_innings", "home", None, EIGHT, "won"),
    ],
)
def test_an_abandoned_baseball_game_counts_by_innings(
    market: str, side: str, point: str | None, periods: Periods, expected: str
) -> None:
    game = announced_game("baseball_mlb")
    bet = bet_on(game, book("draftkings"), market, side, point)
    from_espn(said(game, "STATUS_ABANDONED", periods, state="post"), now=after(3))
    settle_due(now=after(4))
    assert status_of(bet) == expected


def test_a_game_suspended_for_36_hours_counts_at_betmgm_as_of_its_last_full_inning() -> None:
    game = announced_game("baseball_mlb", dt.datetime(2026, 7, 17, 20, 11, tzinfo=dt.UTC))
    began = game.commence_time
    at_betmgm = bet_on(game, book("betmgm"), side="away")
    total = bet_on(game, book("betmgm"), "totals", "over", "8.5")
    elsewhere = bet_on(game, book("draftkings"), side="away")
    # the visitors are one ahead after six innings; the home side has scored two in an unfinished seventh
    periods: Periods = ([0, 1, 0, 0, 0, 1, 2], [1, 0, 0, 2, 0, 0, 0])
    suspended = said(game, "STATUS_SUSPENDED", periods, state="post")
    assert suspended.status is GameStatus.LIVE
    from_espn(suspended, now=began + dt.timedelta(hours=3))
    from_espn(suspended, now=began + dt.timedelta(hours=35, minutes=59))
    assert settle_late(now=began + dt.timedelta(hours=36)) == {}
    from_espn(suspended, now=began + dt.timedelta(hours=36, minutes=1))
    late = settle_late(now=began + dt.timedelta(hours=36, minutes=2))
    assert late.total() == 2
    assert status_of(total) == "void"
    assert status_of(elsewhere) == "pending"  # the other book's rule gives it 48 hours
    final = said(
        game, "STATUS_FINAL", ([0, 1, 0, 0, 0, 1, 2, 0, 3], [1, 0, 0, 2, 0, 0, 0, 0, 0]), state="post"
    )
    before = status_of(at_betmgm)
    from_espn(final, now=began + dt.timedelta(hours=40))
    settle_due(now=began + dt.timedelta(hours=41))
    regrade_due(now=began + dt.timedelta(hours=41))
    assert status_of(elsewhere) == "lost"
    assert (status_of(at_betmgm), status_of(total)) == (before, "void")
    assert verify()[1] == []


@pytest.mark.parametrize(
    ("sport", "period", "clock", "minutes"),
    [
        ("americanfootball_nfl", 4, "5:00 - 4th", 55),
        ("basketball_nba", 4, "5:00 - 4th", 43),
        ("basketball_wnba", 4, "5:00 - 4th", 35),
        ("basketball_ncaab", 2, "5:00 - 2nd", 35),
        ("icehockey_nhl", 3, "5:00 - 3rd", 55),
        ("icehockey_nhl", 4, "1:00 - OT", 60),
        ("americanfootball_nfl", 3, "End of 3rd", 45),
        ("americanfootball_nfl", 3, "0:00 - 3rd", None),
        ("americanfootball_nfl", 3, "17:00 - 3rd", None),
        ("americanfootball_nfl", 0, "15:00", None),
        ("americanfootball_nfl", 4, "Final", None),
        ("soccer_epl", 2, "67'", None),
        ("baseball_mlb", 5, "Top 5th", None),
    ],
)
def test_minutes_played_are_told_by_period_and_clock(
    sport: str, period: int, clock: str, minutes: int | None
) -> None:
    assert minutes_played(sport, period, clock) == minutes
