from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import UserFactory
from bets import settlement, tasks
from bets.exceptions import NotAllowed, NotPossible
from bets.grading import LegTerms, Result, grade_leg
from bets.ledger import balance
from bets.models import Bet, BetEvent, BetEventKind, BetStatus, LedgerEntry, LedgerKind
from bets.money import round_money
from bets.settlement import settle_batch, settle_due
from bets.tests.factories import (
    FAR,
    PLACED,
    BetFactory,
    BetLegFactory,
    ended,
    explained,
    funded_bankroll,
    offered,
    place,
)
from bets.verification import verify
from bets.voiding import grade_again
from games.models import Game, ResultSource
from games.tests.factories import GameFactory, ScoreReadingFactory, SportFactory, TeamFactory
from odds.tests.factories import SelectionFactory, SnapshotFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def game() -> Game:
    sport = SportFactory()
    return GameFactory(
        sport=sport,
        home_team=TeamFactory(sport=sport, name="Celtics"),
        away_team=TeamFactory(sport=sport, name="Lakers"),
        commence_time=FAR,
    )


def words(step: dict[str, Any]) -> list[str]:
    return [next(iter(part.values())) for part in step["parts"]]


def settled(bet: Bet) -> Bet:
    bet.refresh_from_db()
    return bet


def test_the_example_of_the_bet_page_is_settled_and_explained(game: Game) -> None:
    bet = place(offered(game, "spreads", "away", point="-3.5"))
    ended(game, 104, 112)
    read = ScoreReadingFactory(game=game, source_event_id="401810432", home_score=104, away_score=112)
    ScoreReadingFactory(
        game=game, source=ResultSource.THE_ODDS_API, status_detail="", home_score=104, away_score=112
    )
    assert settle_due() == {"won": 1}
    settled(bet)
    leg = bet.legs.get()
    assert (bet.status, bet.payout, bet.revision) == (BetStatus.WON, Decimal("190.91"), 1)
    assert (leg.status, leg.return_factor) == (BetStatus.WON, Fraction(21, 11))
    shown = explained(bet)
    assert shown["summary"] == (
        "Lakers 112–104 Celtics, final; −3.5 covers by 4.5; 100.00 at −110 pays 190.91"
    )
    score, arithmetic, money = shown["steps"]
    assert words(score) == ["Final score", "Lakers 112", "Celtics 104"]
    assert score["note"] == "ESPN event 401810432, status STATUS_FINAL"
    assert score["read_at"] == read.read_at.isoformat()
    assert score["note_after"] == "The Odds API agrees"
    assert words(arithmetic) == ["112 − 104 − 3.5 =", "+4.5", "above zero, so the leg wins"]
    assert arithmetic["note"] == "Rule: full game, overtime included."
    assert words(money) == ["$100.00 × (1 + 100 ÷ 110) =", "$190.91"]
    assert money["note"] == "Rounded once, half up, to $0.01. Ledger line 3, revision 1."
    assert leg.evidence["data"]["readings"][0]["id"] == read.pk
    assert balance(bet.bankroll) == Decimal("1090.91")
    assert verify()[1] == []


@pytest.mark.parametrize(
    ("market", "side", "point", "home", "away", "status", "payout", "summary"),
    [
        ("h2h", "home", None, 110, 100, "won", "190.91", "Celtics 110–100 Lakers, final; Celtics wins by 10"),
        ("h2h", "away", None, 110, 100, "lost", "0.00", "Lakers 100–110 Celtics, final; Lakers loses by 10"),
        (
            "h2h",
            "home",
            None,
            90,
            90,
            "push",
            "100.00",
            "Celtics 90–90 Lakers, final; Celtics draws and is refunded",
        ),
        (
            "spreads",
            "home",
            "-10",
            110,
            100,
            "push",
            "100.00",
            "Celtics 110–100 Lakers, final; −10 is a push",
        ),
        ("spreads", "home", "-10.25", 110, 100, "half_lost", "50.00", "−10.25 half misses by 0.25"),
        ("totals", "over", "220.5", 110, 100, "lost", "0.00", "over 220.5 misses by 10.5"),
        ("totals", "under", "210.25", 110, 100, "half_won", "145.45", "under 210.25 half covers by 0.25"),
    ],
)
def test_each_market_is_paid_to_the_cent_and_said_in_a_line(
    game: Game,
    market: str,
    side: str,
    point: str | None,
    home: int,
    away: int,
    status: str,
    payout: str,
    summary: str,
) -> None:
    bet = place(offered(game, market, side, point=point))
    ended(game, home, away)
    assert settle_due() == {status: 1}
    assert str(settled(bet).payout) == payout
    assert summary in explained(bet)["summary"]
    lines = LedgerEntry.objects.filter(bet=bet, kind=LedgerKind.PAYOUT)
    assert [str(line.amount) for line in lines] == ([payout] if Decimal(payout) else [])
    assert bet.events.get(kind=BetEventKind.SETTLED).revision == 1
    assert verify()[1] == []


@pytest.mark.parametrize("status", ["scheduled", "live", "postponed"])
def test_a_game_without_result_leaves_its_bets_pending(game: Game, status: str) -> None:
    bet = place(offered(game, "h2h"))
    ended(game, 0, 0, status=status)
    assert settle_due() == {}
    assert settled(bet).status == BetStatus.PENDING


def test_a_cancelled_game_returns_the_stake(game: Game) -> None:
    bet = place(offered(game, "h2h"))
    ended(game, None, None, status="cancelled")
    assert settle_due() == {"void": 1}
    assert (settled(bet).payout, balance(bet.bankroll)) == (100, 1000)
    summary = explained(bet)["summary"]
    assert summary == "Celtics v Lakers, cancelled; the stake is returned; 100.00 at −110 pays 100.00"
    assert verify()[1] == []


@pytest.mark.parametrize(
    ("market", "status", "reason"),
    [("h2h", "abandoned", "abandoned"), ("player_points", "final", "player_points")],
)
def test_what_cannot_be_graded_goes_to_review(game: Game, market: str, status: str, reason: str) -> None:
    bet = place(offered(game, market, "home"))
    ended(game, 3, 1, status=status)
    assert settle_due() == {"needs_review": 1}
    settled(bet)
    assert (bet.status, bet.payout, bet.settled_at) == (BetStatus.NEEDS_REVIEW, None, None)
    assert reason in bet.review_reason
    assert bet.legs.get().status == BetStatus.NEEDS_REVIEW
    assert bet.events.get(kind=BetEventKind.REVIEW).reason == bet.review_reason
    assert settle_due() == {}
    assert verify()[1] == []


def test_sources_that_disagree_send_the_bet_to_review_until_staff_decide(game: Game) -> None:
    bet = place(offered(game, "spreads", "home", point="-3.5"))
    ended(game, 24, 20)
    ScoreReadingFactory(game=game, home_score=24, away_score=20)
    ScoreReadingFactory(game=game, source=ResultSource.THE_ODDS_API, home_score=24, away_score=21)
    # staff had it live for a while, which decides nothing
    ScoreReadingFactory(game=game, source=ResultSource.STAFF, status="live", home_score=24, away_score=13)
    assert settle_due() == {"needs_review": 1}
    assert settled(bet).review_reason == "The sources disagree: ESPN says 24–20 but The Odds API says 24–21."
    ScoreReadingFactory(game=game, source=ResultSource.STAFF, home_score=24, away_score=20)
    grade_again(bet=bet, by=UserFactory(is_staff=True), reason="League's box score says 24–20")
    assert settle_due() == {"won": 1}
    assert settled(bet).revision == 2
    step = bet.legs.get().evidence["steps"][0]
    assert step["note"].startswith("Staff")
    assert step["note_after"] == "ESPN agrees; The Odds API says 24–21"
    assert verify()[1] == []


def test_only_staff_send_a_bet_back_and_only_from_review(game: Game) -> None:
    bet = place(offered(game, "h2h"))
    with pytest.raises(NotAllowed):
        grade_again(bet=bet, by=bet.user, reason="please")
    with pytest.raises(NotPossible, match="under review"):
        grade_again(bet=bet, by=UserFactory(is_staff=True), reason="again")


def test_an_earlier_reading_of_a_source_that_corrected_itself_is_no_conflict(game: Game) -> None:
    place(offered(game, "spreads", "home", point="-3.5"))
    ended(game, 24, 20)
    first = ScoreReadingFactory(game=game, home_score=24, away_score=21)
    ScoreReadingFactory(
        game=game, home_score=24, away_score=20, read_at=first.read_at + dt.timedelta(minutes=5)
    )
    assert settle_due() == {"won": 1}


def test_the_closing_price_is_the_last_before_the_start_at_the_same_book_and_point(game: Game) -> None:
    line = offered(game, "spreads", "home", point="-3.5")
    bet = place(line)
    start = PLACED + dt.timedelta(hours=2)
    for minutes, point, price in [
        (0, "-3.5", -110),
        (60, "-3.5", -118),
        (90, "-4.5", -105),
        (130, "-3.5", 300),
    ]:
        SnapshotFactory(
            selection=line.selection,
            bookmaker=line.bookmaker,
            price=Decimal(price),
            point=Decimal(point),
            timestamp=PLACED + dt.timedelta(minutes=minutes),
        )
    ended(game, 24, 20, commence_time=start)
    settle_due()
    leg = bet.legs.get()
    assert (leg.closing_odds, leg.closing_point) == (-118, Decimal("-3.5"))
    assert leg.closing_seen_at == PLACED + dt.timedelta(minutes=60)


def test_without_a_price_before_the_start_there_is_no_closing_price(game: Game) -> None:
    line = offered(game, "h2h")
    bet = place(line)
    SnapshotFactory(
        selection=line.selection, bookmaker=line.bookmaker, timestamp=PLACED + dt.timedelta(hours=1)
    )
    ended(game, 24, 20, commence_time=PLACED)
    settle_due()
    leg = bet.legs.get()
    assert (leg.closing_odds, leg.closing_seen_at) == (None, None)


def test_settling_again_changes_nothing(game: Game) -> None:
    place(offered(game, "h2h"))
    ended(game, 24, 20)
    assert settle_due() == {"won": 1}
    before = list(LedgerEntry.objects.values()), list(BetEvent.objects.values()), list(Bet.objects.values())
    assert settle_due() == {}
    assert tasks.settle_due() == {}
    assert before == (
        list(LedgerEntry.objects.values()),
        list(BetEvent.objects.values()),
        list(Bet.objects.values()),
    )


def many_bets(count: int, games: int = 4, bankrolls: int = 3) -> None:
    lines = [offered(GameFactory(commence_time=FAR), "spreads", "home", point="-3.5") for _ in range(games)]
    purses = [funded_bankroll("100000") for _ in range(bankrolls)]
    for n in range(count):
        place(lines[n % games], purses[n % bankrolls], stake=Decimal(10 + n))
    for line in lines:
        ScoreReadingFactory(game=ended(line.game, 24, 20), home_score=24, away_score=20)


def test_a_batch_takes_the_same_number_of_statements_whatever_its_size() -> None:
    taken = []
    for count in (1, 40):
        many_bets(count)
        with CaptureQueriesContext(connection) as queries:
            settle_batch()
        taken.append([q["sql"][:60] for q in queries])
    assert len(taken[0]) == len(taken[1]), taken
    # savepoint twice, claim, load, games, readings, schedules, lock, tails, grades, legs, bets, events, ledger
    assert len(taken[1]) == 15, taken[1]


def test_batches_add_up_and_the_chain_holds() -> None:
    many_bets(50)
    assert settle_due(batch_size=7) == {"won": 50}
    assert not Bet.objects.open().exists()
    assert LedgerEntry.objects.filter(kind=LedgerKind.PAYOUT).count() == 50
    assert verify()[1] == []


def test_settling_can_be_kept_to_some_games() -> None:
    many_bets(8, games=2)
    game = Game.objects.earliest("id")
    assert settle_due(game_ids=[game.pk]) == {"won": 4}
    assert Bet.objects.open().count() == 4


def test_one_bet_that_breaks_the_grader_goes_to_review_and_the_others_are_paid(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    many_bets(3, games=1)
    odd = Bet.objects.earliest("stake")

    def fragile(bet: Any, legs: Any, **ticket: Any) -> Any:
        if bet.id == odd.pk:
            raise ZeroDivisionError
        return real(bet, legs, **ticket)

    real = settlement.grade_stored
    monkeypatch.setattr(settlement, "grade_stored", fragile)
    assert settle_due() == {"won": 2, "needs_review": 1}
    assert settled(odd).review_reason == "Grading failed; the server's log has the details."
    assert str(odd.pk) in caplog.text
    assert verify()[1] == []


def test_a_parlay_is_settled_once_both_games_ended(game: Game) -> None:
    bet = BetFactory(kind="parlay")
    other = GameFactory(commence_time=FAR)
    for position, each in enumerate([game, other], start=1):
        BetLegFactory(bet=bet, selection=SelectionFactory(game=each), position=position)
    ended(game, 1, 0)
    assert settle_due() == {}
    ended(other, 1, 0)
    assert settle_due() == {"won": 1}
    assert settled(bet).payout == round_money(Fraction(bet.stake) * Fraction(21, 11) ** 2, "USD")


def test_a_payout_beyond_what_the_ledger_holds_goes_to_review(game: Game) -> None:
    line = offered(game, "h2h", price="900000")
    bankroll = funded_bankroll("9999999999")
    bets = [place(line, bankroll, stake=Decimal(100_000_000)) for _ in range(2)]
    ended(game, 1, 0)
    assert settle_due() == {"won": 1, "needs_review": 1}
    assert {settled(bet).status for bet in bets} == {BetStatus.WON, BetStatus.NEEDS_REVIEW}
    assert verify()[1] == []


def test_period_scores_that_are_no_whole_numbers_count_as_none(game: Game) -> None:
    sport = SportFactory(key="soccer_epl", title="EPL")
    match = GameFactory(
        sport=sport,
        home_team=TeamFactory(sport=sport),
        away_team=TeamFactory(sport=sport),
        commence_time=FAR,
    )
    bet = place(offered(match, "h2h", "home"))
    ended(match, 2, 1, period_scores={"home": [1, None], "away": "1"})
    assert settle_due() == {"won": 1}
    assert bet.legs.get().evidence["data"]["rule"] == "ninety_minutes"


def test_the_evidence_can_be_graded_again_to_the_same_end(game: Game) -> None:
    bet = place(offered(game, "spreads", "away", point="-3.5"))
    ended(game, 104, 112)
    settle_due()
    data = bet.legs.get().evidence["data"]
    terms = LegTerms(data["market"], data["side"], Decimal(data["odds"]), Decimal(data["point"]))
    result = Result(data["game"]["status"], data["game"]["home"], data["game"]["away"])
    again = grade_leg(terms, result)
    assert f"{again.factor}" == data["factor"]


class TestCommand:
    def run(self, *args: str) -> str:
        out = StringIO()
        call_command("settle", *args, stdout=out)
        return out.getvalue()

    def test_it_says_what_it_did(self, game: Game) -> None:
        place(offered(game, "h2h"))
        assert self.run() == "No bet was due.\n"
        ended(game, 24, 20)
        assert self.run("--game", str(game.pk)) == "Settled 1 bets: 1 won.\n"

    def test_it_names_what_needs_review(self, game: Game) -> None:
        place(offered(game, "player_points", "over"))
        ended(game, 24, 20)
        assert self.run() == "Settled 1 bets: 1 needs review.\n1 bets need review.\n"

    @pytest.mark.parametrize(
        "arguments",
        [["--batch", "0"], ["--batch", "10001"], ["--game", "01a1fbd5-52dd-759d-9a42-33c8b80fcb88"]],
    )
    def test_a_wrong_argument_is_refused(self, arguments: list[str]) -> None:
        with pytest.raises(CommandError):
            self.run(*arguments)
