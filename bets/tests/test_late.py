"""What no result will settle: overdue games, and the job that looks for all that is late."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bets import tasks
from bets.late import late_batch, settle_late
from bets.ledger import balance
from bets.models import BetEventKind, BetStatus
from bets.regrading import regrade_due
from bets.rulebook import rulebook
from bets.settlement import settle_due
from bets.tests.factories import (
    BetFactory,
    BetLegFactory,
    SettlementRuleFactory,
    funded_bankroll,
    offered,
    place,
)
from bets.tests.lateness import (
    PLACED,
    START,
    after,
    announced_game,
    bet_on,
    graded,
    hours_rule,
    window,
)
from bets.verification import verify
from bets.windows import late_groups
from feeds.payloads import GameStatus as Status
from games.models import Game
from games.tests.factories import CommenceTimeFactory, GameFactory
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


def test_a_feed_that_fell_silent_is_no_proof_that_a_game_did_not_end(game: Game, pinnacle: Bookmaker) -> None:
    hours_rule(pinnacle, not_finished_hours=30)
    bet = bet_on(game, pinnacle)
    from_espn(espn(game, Status.LIVE, (62, 54)), now=after(2))
    assert settle_late(now=after(25)) == {}
    assert settle_late(now=after(31)) == {"needs_review": 1}
    bet.refresh_from_db()
    assert bet.review_reason.startswith(
        "No source has reported a result of the game that was to begin at 2026-07-17 23:11 UTC, nor anything since "
        "2026-07-18 01:11 UTC"
    )


def test_a_result_nobody_delivers_goes_to_review_and_comes_back_by_itself(game: Game) -> None:
    bet = bet_on(game, BookmakerFactory(key="draftkings"))
    assert settle_late(now=after(23, 59)) == {}
    assert settle_late(now=after(24)) == {"needs_review": 1}
    assert graded(bet) == ("needs_review", "needs_review")
    assert "it was expected within 24 hours" in bet.review_reason
    assert bet.events.get(revision=1).kind == BetEventKind.REVIEW
    assert settle_late(now=after(40)) == {}
    assert regrade_due(now=after(40)) == {}
    from_espn(espn(game, score=(90, 99)), now=after(240))
    assert regrade_due(now=after(241)) == {"won": 1}
    assert graded(bet) == ("won", "won")
    assert balance(bet.bankroll) > 1000
    assert verify()[1] == []


def test_an_overdue_game_that_turns_out_to_be_postponed_waits_for_its_window_again(game: Game) -> None:
    bet = bet_on(game, BookmakerFactory(key="draftkings"))
    settle_late(now=after(24))
    from_espn(espn(game, Status.POSTPONED), now=after(25))
    assert regrade_due(now=after(26)) == {"pending": 1}
    assert settle_late(now=after(47)) == {}
    assert settle_late(now=after(49)) == {"void": 1}
    assert graded(bet) == ("void", "void")
    assert verify()[1] == []


def test_hours_until_overdue_are_a_parameter_of_the_rule(game: Game) -> None:
    bet = bet_on(game, BookmakerFactory(key="draftkings"))
    SettlementRuleFactory(parameters={"overdue_hours": 6})
    assert settle_late(now=after(5)) == {}
    assert settle_late(now=after(6)) == {"needs_review": 1}
    assert window(bet)["kind"] == "overdue"


def test_an_outright_has_no_window_but_is_looked_at_after_a_month(game: Game) -> None:
    outright = GameFactory(outright=True, commence_time=START)
    CommenceTimeFactory(game=outright, commence_time=after(-900), seen_at=PLACED - dt.timedelta(days=90))
    leg = BetLegFactory(
        selection__game=outright,
        selection__market="outrights",
        selection__participant="Lakers",
        selection__side="win",
    )
    assert settle_late(now=after(24 * 29)) == {}
    assert settle_late(now=after(24 * 30)) == {"needs_review": 1}
    assert leg.bet.legs.get().status == BetStatus.NEEDS_REVIEW


def test_a_batch_takes_the_same_number_of_statements_whatever_its_size(game: Game) -> None:
    counts = []
    for number in (2, 12):
        other = announced_game("icehockey_nhl")
        line, bankroll = offered(other, "h2h", "away"), funded_bankroll("5000")
        for _ in range(number):
            place(line, bankroll, now=PLACED, own_price=True)
        from_espn(espn(other, Status.POSTPONED), now=after(0, -30))
        with CaptureQueriesContext(connection) as queries:
            groups = late_groups(rulebook(), after(49))
            assert late_batch(groups, now=after(49)) == {"void": number}
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 20


def test_batches_go_on_until_all_are_settled(game: Game) -> None:
    line, bankroll = offered(game, "h2h", "away"), funded_bankroll("5000")
    for _ in range(7):
        place(line, bankroll, now=PLACED, own_price=True)
    from_espn(espn(game, Status.POSTPONED), now=after(0, -30))
    assert settle_late(now=after(49), batch_size=3) == {"void": 7}
    assert verify()[1] == []


def test_command_and_task_settle_what_is_late(game: Game, capsys: pytest.CaptureFixture[str]) -> None:
    first = bet_on(game, None)
    from_espn(espn(game, Status.POSTPONED), now=after(0, -30))
    call_command("settle")
    assert "1 bets were late by the rule of their book: 1 void." in capsys.readouterr().out
    assert graded(first) == ("void", "void")
    second = bet_on(game, None)
    assert tasks.settle_due() == {"void": 1}
    assert graded(second) == ("void", "void")


def test_a_parlay_goes_on_without_the_leg_that_is_void(game: Game) -> None:
    other = announced_game("icehockey_nhl", after(240))
    bankroll = funded_bankroll("1000")
    bet = place(offered(game, "h2h", "away"), bankroll, now=PLACED, own_price=True)
    parlay = BetFactory(kind="parlay", bankroll=bankroll, placed_at=PLACED)
    BetLegFactory(bet=parlay, selection=bet.legs.get().selection, position=1)
    BetLegFactory(bet=parlay, selection=offered(other, "h2h", "home").selection, position=2)
    from_espn(espn(game, Status.POSTPONED), now=after(0, -30))
    settle_late(now=after(49))
    parlay.refresh_from_db()
    assert (parlay.status, [leg.status for leg in parlay.legs.all()]) == ("pending", ["void", "pending"])
    assert settle_late(now=after(50)) == {}
    from_odds_api(scores(other, 3, 1), now=after(243))
    assert settle_due(now=after(244)) == {"won": 1}
    parlay.refresh_from_db()
    assert str(parlay.payout) == "190.91"


def test_bets_on_both_listings_of_a_game_are_each_paid_once(game: Game) -> None:
    again: Game = GameFactory(
        sport=game.sport,
        home_team=game.home_team,
        away_team=game.away_team,
        commence_time=after(3),
        seen_at=after(3.5),
    )
    CommenceTimeFactory(game=again, commence_time=after(3), seen_at=after(-2))
    old, new = bet_on(game, None), bet_on(again, None)
    from_espn(espn(again, score=(90, 99)), now=after(6))
    assert settle_due(now=after(7)) == {"won": 2}
    assert settle_due(now=after(8)) == settle_late(now=after(80)) == regrade_due(now=after(80)) == {}
    assert graded(old) == graded(new) == ("won", "won")
    assert old.ledger.count() == new.ledger.count() == 2
    assert verify()[1] == []


def test_looking_for_late_bets_takes_two_statements_whatever_their_number() -> None:
    for number in (1, 6):
        for _ in range(number):
            other = announced_game("icehockey_nhl")
            bet_on(other, None)
            from_espn(espn(other, Status.LIVE, (2, 1)), now=after(2))
        with CaptureQueriesContext(connection) as queries:
            rules = rulebook()
            found = late_groups(rules, after(40))
        assert found
        assert len(queries) <= 2 + 2  # and two for the rules
    assert len(found) == 7
