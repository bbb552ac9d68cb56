"""Windows of the rules: void after them and not before, by the times that are stored."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.tests.factories import UserFactory
from bets.late import settle_late
from bets.ledger import balance
from bets.models import BetEventKind
from bets.regrading import regrade_due
from bets.settlement import settle_due
from bets.tests.factories import (
    SettlementRuleFactory,
)
from bets.tests.lateness import (
    after,
    announced_game,
    bet_on,
    graded,
    hours_rule,
    moved,
    unfinished,
    window,
)
from bets.verification import verify
from feeds.payloads import GameStatus as Status
from games.models import Game
from games.services import set_result
from games.tests.readings import espn, from_espn, from_odds_api, scores
from odds.models import Bookmaker
from odds.tests.factories import BookmakerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def pinnacle() -> Bookmaker:
    return BookmakerFactory(key="pinnacle")


@pytest.fixture
def game() -> Game:
    """Announced for START since the day before."""
    return announced_game("basketball_nba")


def test_a_postponed_game_voids_after_the_window_and_not_a_minute_before(
    game: Game, pinnacle: Bookmaker
) -> None:
    hours_rule(pinnacle, not_started_hours=12)
    bet = bet_on(game, pinnacle)
    from_espn(espn(game, Status.POSTPONED), now=after(0, -30))
    assert settle_due(now=after(12)) == settle_late(now=after(12)) == {}
    assert graded(bet) == ("pending", "pending")
    assert settle_late(now=after(12, 1)) == {"void": 1}
    assert graded(bet) == ("void", "void")
    assert balance(bet.bankroll) == 1000
    evidence = bet.legs.get().evidence
    assert (
        "The game was to begin at 2026-07-17 23:11 UTC and has been postponed; bets stand if it begins within 12 "
        "hours, by 2026-07-18 11:11 UTC. So the bet is void." in evidence["data"]["reason"]
    )
    assert window(bet)["rule"] == "pinnacle, all sports, moneyline (version 1)"
    assert window(bet)["limit"] == "2026-07-18T11:11:00+00:00"
    assert "House rule: pinnacle, all sports, moneyline (version 1)" in evidence["steps"][1]["note"]
    assert settle_late(now=after(13)) == {}
    assert verify()[1] == []


def test_each_bet_has_the_window_of_its_own_book_and_market(game: Game, pinnacle: Bookmaker) -> None:
    hours_rule(pinnacle, not_started_hours=12)
    early, other_market = bet_on(game, pinnacle), bet_on(game, pinnacle, "spreads", point="3.5")
    other_book = bet_on(game, BookmakerFactory(key="draftkings"))
    from_espn(espn(game, Status.POSTPONED), now=after(0, -30))
    assert settle_late(now=after(47, 59)) == {"void": 1}
    assert graded(early) == ("void", "void")
    assert settle_late(now=after(48, 1)) == {"void": 2}
    assert graded(other_market) == graded(other_book) == ("void", "void")


def test_a_game_moved_within_the_window_keeps_its_bets(game: Game, pinnacle: Bookmaker) -> None:
    hours_rule(pinnacle, not_started_hours=12)
    bet = bet_on(game, pinnacle)
    moved(game, after(11), seen_at=after(-1))
    assert settle_late(now=after(13)) == {}
    game.refresh_from_db()
    from_espn(espn(game, score=(90, 99)), now=after(14))
    assert settle_due(now=after(14)) == {"won": 1}
    assert "window" not in bet.legs.get().evidence["data"]


def test_a_game_moved_beyond_the_window_voids_at_its_end_and_stays_void_once_played(
    game: Game, pinnacle: Bookmaker
) -> None:
    hours_rule(pinnacle, not_started_hours=12)
    bet = bet_on(game, pinnacle)
    moved(game, after(20), seen_at=after(-1))
    assert settle_late(now=after(11)) == {}  # it may still move back
    assert settle_late(now=after(12, 1)) == {"void": 1}
    assert "is now set for 2026-07-18 19:11 UTC" in window(bet)["words"]
    game.refresh_from_db()
    from_espn(espn(game, score=(90, 99)), now=after(23))
    assert regrade_due(now=after(24)) == {
        "void": 1
    }  # the words say now that it began too late; no money moves
    assert graded(bet) == ("void", "void")
    assert "began at 2026-07-18 19:11 UTC" in window(bet)["words"]
    assert balance(bet.bankroll) == 1000
    assert verify()[1] == []


def test_after_an_outage_a_game_played_beyond_the_window_is_void_not_graded(
    game: Game, pinnacle: Bookmaker
) -> None:
    hours_rule(pinnacle, not_started_hours=12)
    bet = bet_on(game, pinnacle)
    moved(game, after(20), seen_at=after(-1))
    later = bet_on(game, pinnacle, placed_at=after(2))
    game.refresh_from_db()
    from_espn(espn(game, score=(90, 99)), now=after(23))
    assert settle_due(now=after(200)) == {"void": 1, "won": 1}
    assert graded(bet) == ("void", "void")
    assert graded(later) == ("won", "won")  # placed after the move: its start was the new one


def test_staffs_final_score_stands_above_the_window(game: Game, pinnacle: Bookmaker) -> None:
    hours_rule(pinnacle, not_started_hours=12)
    bet = bet_on(game, pinnacle)
    moved(game, after(20), seen_at=after(-1))
    settle_late(now=after(13))
    staff = UserFactory(is_staff=True)
    set_result(game=game, status="final", home_score=90, away_score=99, by=staff, now=after(24))
    assert regrade_due(now=after(25)) == {"won": 1}
    assert bet.events.get(revision=2).kind == BetEventKind.REGRADED
    assert list(bet.ledger.order_by("seq").values_list("kind", flat=True)) == [
        "stake",
        "payout",
        "reversal",
        "payout",
    ]
    assert verify()[1] == []


def test_a_void_is_taken_back_when_the_game_turns_out_to_have_been_played_in_time(
    game: Game, pinnacle: Bookmaker
) -> None:
    hours_rule(pinnacle, not_started_hours=12)
    bet = bet_on(game, pinnacle)
    from_espn(espn(game, Status.POSTPONED), now=after(0, -30))
    settle_late(now=after(13))
    from_odds_api(scores(game, 99, 90), now=after(14))
    assert regrade_due(now=after(15)) == {"lost": 1}
    assert graded(bet) == ("lost", "lost")
    assert verify()[1] == []


@pytest.mark.parametrize(
    ("rule", "stands", "falls"),
    [
        (
            "same_day",
            dt.datetime(2026, 7, 18, 3, 59, tzinfo=dt.UTC),
            dt.datetime(2026, 7, 18, 4, tzinfo=dt.UTC),
        ),
        (
            "same_week",
            dt.datetime(2026, 7, 23, 3, 59, tzinfo=dt.UTC),
            dt.datetime(2026, 7, 23, 4, tzinfo=dt.UTC),
        ),
    ],
)
def test_days_and_weeks_are_those_of_the_sports_own_zone(
    pinnacle: Bookmaker, rule: str, stands: dt.datetime, falls: dt.datetime
) -> None:
    hours_rule(pinnacle, not_started=rule, overdue_hours=None)
    kept, lost = announced_game("baseball_mlb"), announced_game("icehockey_nhl")
    in_time, too_late = bet_on(kept, pinnacle), bet_on(lost, pinnacle)
    moved(kept, stands, seen_at=after(-1))
    moved(lost, falls, seen_at=after(-1))
    assert settle_late(now=falls - dt.timedelta(minutes=1)) == {}
    assert settle_late(now=falls + dt.timedelta(hours=1)) == {"void": 1}
    assert graded(too_late) == ("void", "void")
    assert graded(in_time) == ("pending", "pending")


def test_a_thursdays_game_has_until_wednesday_and_a_wednesdays_only_its_day(pinnacle: Bookmaker) -> None:
    hours_rule(pinnacle, not_started="same_week", overdue_hours=None)
    thursday, wednesday = (
        announced_game("americanfootball_nfl", dt.datetime(2026, 7, day, 23, tzinfo=dt.UTC))
        for day in (16, 22)
    )
    for game in (thursday, wednesday):
        bet_on(game, pinnacle, placed_at=game.commence_time - dt.timedelta(hours=8))
        from_espn(espn(game, Status.POSTPONED), now=game.commence_time - dt.timedelta(hours=1))
    thursday_of_the_next_week = dt.datetime(2026, 7, 23, 4, tzinfo=dt.UTC)
    assert settle_late(now=thursday_of_the_next_week - dt.timedelta(seconds=1)) == {}
    assert settle_late(now=thursday_of_the_next_week) == {"void": 2}


def test_a_game_not_finished_in_time_voids_except_finished_periods(game: Game, pinnacle: Bookmaker) -> None:
    for family in ("moneyline", "spread", "total"):
        SettlementRuleFactory(
            bookmaker=pinnacle, family=family, parameters={"not_finished_hours": 30, "suspended": "void"}
        )
    whole = bet_on(game, pinnacle)
    first_half = bet_on(game, pinnacle, "h2h_h1", "home")
    third_quarter = bet_on(game, pinnacle, "h2h_q3", "home")
    decided = bet_on(game, pinnacle, "totals", "over", "100.5")
    open_total = bet_on(game, pinnacle, "totals", "over", "200.5")
    unfinished(game)
    assert settle_late(now=after(29)) == {}
    assert settle_late(now=after(31)) == {"void": 3, "won": 2}
    assert graded(whole) == graded(third_quarter) == graded(open_total) == ("void", "void")
    assert graded(first_half) == graded(decided) == ("won", "won")
    assert window(whole)["kind"] == window(first_half)["kind"] == "not_finished"
    assert "had not ended by 2026-07-19 05:11 UTC, the limit of 30 hours" in window(whole)["words"]
    said = [
        part["text"]
        for step in first_half.legs.get().evidence["steps"]
        for part in step["parts"]
        if "text" in part
    ]
    assert any("had not ended by" in words for words in said)
    # it goes on and ends after the limit: what was settled stays as it is
    from_espn(espn(game, score=(95, 99)), now=after(40))
    assert regrade_due(now=after(41)).keys() <= {"void", "won"}
    assert graded(whole) == ("void", "void")
    assert verify()[1] == []
