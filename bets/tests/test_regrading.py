from __future__ import annotations

import datetime as dt
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import UserFactory
from bets import tasks
from bets.bankrolls import withdraw
from bets.ledger import balance
from bets.models import Bet, BetEventKind, BetStatus, ResultCheck
from bets.regrading import regrade_batch, regrade_due
from bets.settlement import settle_due
from bets.tests.factories import FAR, explained, funded_bankroll, offered, place
from bets.verification import verify
from bets.voiding import void_bet
from games.models import Game, GameStatus
from games.services import set_result
from games.tests.factories import GameFactory, SportFactory, TeamFactory
from games.tests.readings import espn, from_espn, from_odds_api, scores

pytestmark = pytest.mark.django_db
OVER = dt.datetime(2099, 1, 1, 3, tzinfo=dt.UTC)


@pytest.fixture
def game() -> Game:
    sport = SportFactory()
    return GameFactory(
        sport=sport,
        home_team=TeamFactory(sport=sport, name="Celtics"),
        away_team=TeamFactory(sport=sport, name="Lakers"),
        commence_time=FAR,
    )


def after(hours: int) -> dt.datetime:
    return OVER + dt.timedelta(hours=hours)


def settled(game: Game, point: str = "-3.5") -> Bet:
    """A bet of 100 on the Lakers −3.5 (unless said), settled on ESPN's score of 112–104 for them."""
    bet = place(offered(game, "spreads", "away", point=point))
    from_espn(espn(game, score=(104, 112)), now=OVER)
    assert settle_due(now=after(1)).total() == 1
    bet.refresh_from_db()
    return bet


def lines(bet: Bet) -> list[tuple[str, int, Decimal]]:
    return list(bet.ledger.order_by("seq").values_list("kind", "revision", "amount"))


def test_a_corrected_score_reverses_the_payout_and_pays_the_new_grade(game: Game) -> None:
    bet = settled(game)
    assert bet.status == BetStatus.WON
    old = bet.legs.get().evidence
    from_espn(espn(game, score=(109, 112)), now=after(2))
    assert regrade_due(now=after(3)) == {"lost": 1}
    bet.refresh_from_db()
    leg = bet.legs.get()
    assert (bet.status, bet.payout, bet.revision, leg.status) == ("lost", 0, 2, "lost")
    assert lines(bet) == [
        ("stake", 0, Decimal("-100.00")),
        ("payout", 1, Decimal("190.91")),
        ("reversal", 2, Decimal("-190.91")),
    ]
    event = bet.events.get(kind=BetEventKind.REGRADED)
    assert event.at == after(3)
    assert event.by is None
    assert event.data["before"]["legs"][0]["evidence"] == old
    assert (event.data["before"]["status"], event.data["before"]["payout"]) == ("won", "190.91")
    assert leg.evidence["summary"].startswith("Lakers 112–109 Celtics, final; −3.5 misses by 0.5")
    assert balance(bet.bankroll) == 900
    assert verify()[1] == []


def test_a_bet_that_pays_another_sum_gets_both_lines_under_one_revision(game: Game) -> None:
    bet = settled(game, point="-8")
    assert bet.status == BetStatus.PUSH
    from_espn(espn(game, score=(103, 112)), now=after(2))
    assert regrade_due(now=after(3)) == {"won": 1}
    bet.refresh_from_db()
    assert lines(bet)[2:] == [("reversal", 2, Decimal("-100.00")), ("payout", 2, Decimal("190.91"))]
    assert "Ledger lines 4 and 5, revision 2." in explained(bet)["steps"][-1]["note"]
    assert verify()[1] == []


def test_grading_again_does_so_once_for_each_correction(game: Game) -> None:
    bet = settled(game)
    for n, score in enumerate([(109, 112), (104, 112), (109, 112)], start=1):
        from_espn(espn(game, score=score), now=after(1 + n))
        assert regrade_due(now=after(1 + n)).total() == 1
        assert regrade_due(now=after(1 + n)) == {}
        bet.refresh_from_db()
        assert bet.revision == 1 + n
    assert bet.status == BetStatus.LOST
    assert balance(bet.bankroll) == 900
    assert verify()[1] == []


def test_the_same_grade_on_another_score_is_explained_anew_and_moves_no_money(game: Game) -> None:
    bet = settled(game)
    from_espn(espn(game, score=(104, 113)), now=after(2))
    assert regrade_due(now=after(3)) == {"won": 1}
    bet.refresh_from_db()
    assert bet.revision == 2
    assert len(lines(bet)) == 2
    evidence = explained(bet)
    assert evidence["summary"].startswith("Lakers 113–104")
    assert "Paid by an earlier grade." in evidence["steps"][-1]["note"]
    assert verify()[1] == []


def test_news_that_changes_no_grade_leaves_the_bet_as_it_is(game: Game) -> None:
    bet = place(offered(game, "spreads", "away", point="-3.5"))
    from_odds_api(scores(game, 104, 112), now=OVER)
    settle_due(now=after(1))
    from_espn(espn(game, score=(104, 112)), now=after(2))  # brings the periods
    assert regrade_due(now=after(3)) == {}
    bet.refresh_from_db()
    game.refresh_from_db()
    assert bet.revision == 1
    assert bet.legs.get().graded_on == game.updated_at == after(2)
    assert ResultCheck.objects.get(game=game).version == after(2)
    assert regrade_batch()[0] == 0


def test_a_feeds_correction_counts_within_the_window_and_staffs_at_any_time(game: Game) -> None:
    bet = settled(game)
    from_espn(espn(game, score=(109, 112)), now=after(74))
    assert regrade_due(now=after(74)) == {}
    bet.refresh_from_db()
    assert (bet.status, bet.revision) == (BetStatus.WON, 1)
    set_result(
        game=game,
        status="final",
        home_score=110,
        away_score=112,
        by=UserFactory(is_staff=True),
        now=after(9000),
    )
    assert regrade_due(now=after(9001)) == {"lost": 1}
    assert verify()[1] == []


def test_money_already_spent_leaves_the_bankroll_below_zero_and_says_so(game: Game) -> None:
    bankroll = funded_bankroll("100")
    bet = place(offered(game, "spreads", "away", point="-3.5"), bankroll)
    from_espn(espn(game, score=(104, 112)), now=OVER)
    settle_due(now=after(1))
    withdraw(bankroll=bankroll, amount=Decimal("150.91"), by=bankroll.user)
    from_espn(espn(game, score=(109, 112)), now=after(2))
    assert regrade_due(now=after(3)) == {"lost": 1}
    assert balance(bankroll) == Decimal("-150.91")
    assert lines(bet)[-1] == ("reversal", 2, Decimal("-190.91"))
    assert verify()[1] == []


def test_a_game_found_not_to_have_ended_takes_the_payout_back_and_waits(game: Game) -> None:
    bet = settled(game)
    staff = UserFactory(is_staff=True)
    set_result(game=game, status=GameStatus.LIVE, home_score=90, away_score=99, by=staff, now=after(2))
    assert regrade_due(now=after(3)) == {"pending": 1}
    bet.refresh_from_db()
    assert (bet.status, bet.payout, bet.settled_at, bet.legs.get().status) == (
        "pending",
        None,
        None,
        "pending",
    )
    assert balance(bet.bankroll) == 900
    assert verify()[1] == []
    set_result(game=game, status="final", home_score=90, away_score=99, by=staff, now=after(4))
    assert settle_due(now=after(5)) == {"won": 1}
    bet.refresh_from_db()
    assert bet.revision == 3
    assert balance(bet.bankroll) == Decimal("1090.91")
    assert verify()[1] == []


def test_an_abandoned_game_sends_a_paid_bet_to_review_and_takes_the_money_back(game: Game) -> None:
    bet = settled(game)
    set_result(game=game, status="abandoned", by=UserFactory(is_staff=True), now=after(2))
    assert regrade_due(now=after(3)) == {"needs_review": 1}
    bet.refresh_from_db()
    assert bet.status == BetStatus.NEEDS_REVIEW
    assert "abandoned" in bet.review_reason
    assert balance(bet.bankroll) == 900
    assert verify()[1] == []


def test_a_bet_under_review_is_graded_once_staff_set_its_result_right(game: Game) -> None:
    bet = place(offered(game, "spreads", "away", point="-3.5"))
    from_espn(espn(game, score=(104, 112)), now=OVER)
    from_odds_api(scores(game, 112, 104), now=OVER)
    assert settle_due(now=after(1)) == {"needs_review": 1}
    assert regrade_due(now=after(1)) == {}
    staff = UserFactory(is_staff=True)
    set_result(game=game, status="final", home_score=104, away_score=112, by=staff, now=after(2))
    assert regrade_due(now=after(3)) == {"won": 1}
    bet.refresh_from_db()
    assert bet.review_reason == ""
    assert bet.events.get(revision=2).kind == BetEventKind.SETTLED
    assert verify()[1] == []


def test_a_second_source_that_contradicts_after_settlement_sends_the_bet_to_review(game: Game) -> None:
    bet = settled(game)
    from_odds_api(scores(game, 112, 104), now=after(2))
    assert regrade_due(now=after(3)) == {"needs_review": 1}
    bet.refresh_from_db()
    assert (bet.status, balance(bet.bankroll)) == ("needs_review", 900)
    assert bet.review_reason == "The sources disagree: ESPN says 104–112 but The Odds API says 112–104."
    assert regrade_due(now=after(3)) == {}
    from_odds_api(scores(game, 104, 112), now=after(4))  # it sets itself right
    assert regrade_due(now=after(5)) == {"won": 1}
    bet.refresh_from_db()
    assert (bet.status, bet.revision, balance(bet.bankroll)) == ("won", 3, Decimal("1090.91"))
    assert verify()[1] == []


def test_a_contradiction_after_the_window_moves_nothing(game: Game) -> None:
    bet = settled(game)
    from_odds_api(scores(game, 112, 104), now=after(74))
    assert regrade_due(now=after(75)) == {}
    bet.refresh_from_db()
    assert (bet.status, bet.revision) == (BetStatus.WON, 1)


def test_staffs_final_score_is_contradicted_by_no_feed(game: Game) -> None:
    bet = settled(game)
    staff = UserFactory(is_staff=True)
    set_result(game=game, status="final", home_score=104, away_score=112, by=staff, now=after(2))
    assert regrade_due(now=after(2)) == {}
    from_odds_api(scores(game, 112, 104), now=after(3))
    assert regrade_due(now=after(4)) == {}
    bet.refresh_from_db()
    assert bet.status == BetStatus.WON


def test_what_a_person_decided_stands(game: Game) -> None:
    bet = settled(game)
    void_bet(bet=bet, by=UserFactory(is_staff=True), reason="palpable error", now=after(2))
    from_espn(espn(game, score=(109, 112)), now=after(3))
    assert regrade_due(now=after(3)) == {}
    bet.refresh_from_db()
    assert bet.status == BetStatus.VOID


def test_a_batch_takes_the_same_number_of_statements_whatever_its_size(game: Game) -> None:
    counts = []
    for number in (2, 12):
        other = GameFactory(sport=game.sport, commence_time=FAR + dt.timedelta(days=number))
        line, bankroll = offered(other, "h2h", "away"), funded_bankroll("5000")
        for _ in range(number):
            place(line, bankroll)
        from_espn(espn(other, score=(104, 112)), now=OVER)
        settle_due(now=after(1))
        from_espn(espn(other, score=(112, 104)), now=after(2))
        with CaptureQueriesContext(connection) as queries:
            assert regrade_batch(now=after(3))[0] == number
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_command_and_task_grade_again(game: Game) -> None:
    settled(game)
    from_espn(espn(game, score=(109, 112)), now=after(2))
    out = StringIO()
    call_command("settle", stdout=out)
    assert "Graded 1 bets again after a corrected result." in out.getvalue()
    assert tasks.settle_due() == {}
