from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets.exceptions import NotAllowed, NotPossible
from bets.ledger import balance
from bets.models import Bet, BetEvent, BetEventKind, BetLeg, BetStatus, LedgerEntry, LedgerKind
from bets.settlement import settle_due
from bets.tests.factories import FAR, ended, funded_bankroll, offered, place
from bets.verification import verify
from bets.voiding import delete_game, void_bet
from games.models import CommenceTime, Game, GameStatus, ScoreReading
from games.tests.factories import CommenceTimeFactory, GameFactory, ScoreReadingFactory
from odds.models import CurrentOdds, Heartbeat, OddSnapshot, Selection
from odds.tests.factories import HeartbeatFactory, SnapshotFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> User:
    return UserFactory(is_staff=True)


@pytest.fixture
def game() -> Game:
    return GameFactory(commence_time=FAR)


def test_an_owner_voids_an_open_bet_and_has_the_stake_back(game: Game) -> None:
    bet = place(offered(game, "h2h"))
    void_bet(bet=bet, by=bet.user, reason="Placed by mistake")
    bet.refresh_from_db()
    assert (bet.status, bet.payout, bet.revision) == (BetStatus.VOID, 100, 1)
    assert balance(bet.bankroll) == 1000
    event = bet.events.get(kind=BetEventKind.VOIDED)
    assert (event.by, event.reason) == (bet.user, "Placed by mistake")
    assert bet.legs.get().evidence["summary"] == "Voided by hand: Placed by mistake"
    assert settle_due() == {}
    assert verify()[1] == []


@pytest.mark.parametrize("status", [GameStatus.LIVE, GameStatus.FINAL])
def test_an_owner_cannot_void_a_bet_whose_game_has_begun(game: Game, status: str) -> None:
    bet = place(offered(game, "h2h"))
    Game.objects.filter(pk=game.pk).update(status=status, home_score=0, away_score=1)
    with pytest.raises(NotAllowed, match="game has begun"):
        void_bet(bet=bet, by=bet.user, reason="It looks bad")
    assert balance(bet.bankroll) == 900


def test_an_owner_cannot_void_after_the_announced_start(game: Game) -> None:
    bet = place(offered(game, "h2h"))
    with pytest.raises(NotAllowed, match="game has begun"):
        void_bet(bet=bet, by=bet.user, reason="Late", now=FAR)


def test_staff_void_a_settled_bet_by_reversal_and_refund(game: Game, staff: User) -> None:
    bet = place(offered(game, "h2h"))
    ended(game, 1, 0)
    settle_due()
    void_bet(bet=bet, by=staff, reason="Wrong game")
    lines = LedgerEntry.objects.filter(bet=bet).order_by("seq")
    assert [(line.kind, str(line.amount), line.revision) for line in lines] == [
        (LedgerKind.STAKE, "-100.00", 0),
        (LedgerKind.PAYOUT, "190.91", 1),
        (LedgerKind.REVERSAL, "-190.91", 2),
        (LedgerKind.PAYOUT, "100.00", 2),
    ]
    kept = bet.events.get(kind=BetEventKind.VOIDED).data
    assert kept["before"] == {"status": "won", "payout": "190.91"}
    assert kept["legs"][0]["evidence"]["data"]["factor"] == "21/11"
    assert verify()[1] == []


def test_an_owner_cannot_void_a_settled_bet_nor_a_stranger_any(game: Game) -> None:
    bet = place(offered(game, "h2h"))
    with pytest.raises(NotAllowed):
        void_bet(bet=bet, by=UserFactory(), reason="mine now")
    ended(game, 0, 1)
    settle_due()
    with pytest.raises(NotAllowed):
        void_bet(bet=bet, by=bet.user, reason="I lost")


def test_a_bet_is_voided_once_and_with_a_reason(game: Game, staff: User) -> None:
    bet = place(offered(game, "h2h"))
    for reason in ("", "  ", "x" * 301):
        with pytest.raises(NotPossible, match="reason"):
            void_bet(bet=bet, by=staff, reason=reason)
    void_bet(bet=bet, by=staff, reason="once")
    with pytest.raises(NotPossible, match="void already"):
        void_bet(bet=bet, by=staff, reason="twice")
    assert balance(bet.bankroll) == 1000


def test_deleting_a_game_refunds_its_bets_and_keeps_their_history(game: Game, staff: User) -> None:
    line = offered(game, "h2h")
    other = offered(GameFactory(commence_time=FAR), "h2h")
    pending, untouched = place(line), place(other)
    yen = place(line, funded_bankroll("1000", currency="JPY"))
    void_bet(bet=(void := place(line)), by=staff, reason="before")
    SnapshotFactory(selection=line.selection, bookmaker=line.bookmaker)
    SnapshotFactory(selection=other.selection, bookmaker=other.bookmaker)
    HeartbeatFactory(game=game, bookmaker=line.bookmaker)
    CommenceTimeFactory(game=game)
    ScoreReadingFactory(game=game)

    gone = delete_game(game=game, by=staff, reason="Listed twice")

    assert (gone.bets, gone.refunded) == (2, {"USD": Decimal(100), "JPY": Decimal(100)})
    assert not Game.objects.filter(pk=game.pk).exists()
    for model in (Selection, CurrentOdds, OddSnapshot, Heartbeat, BetLeg, CommenceTime, ScoreReading):
        assert not model._default_manager.filter(game_id=game.pk).exists()
    assert OddSnapshot.objects.count() == 1
    for bet in (pending, yen):
        bet.refresh_from_db()
        assert (bet.status, bet.payout) == (BetStatus.VOID, bet.stake)
        assert balance(bet.bankroll) == 1000
        event = bet.events.get(kind=BetEventKind.VOIDED)
        assert "Listed twice" in event.reason
        assert event.data["legs"][0]["game_external_id"] == game.external_id
    assert void.events.filter(kind=BetEventKind.VOIDED).count() == 1
    assert Bet.objects.get(pk=untouched.pk).status == BetStatus.PENDING
    assert LogEntry.objects.get().change_message == "Listed twice (2 bets voided)"
    assert verify()[1] == []


def test_deleting_a_settled_game_takes_back_what_its_bets_paid(game: Game, staff: User) -> None:
    bet = place(offered(game, "h2h"))
    ended(game, 1, 0)
    settle_due()
    delete_game(game=game, by=staff, reason="Never played")
    assert balance(bet.bankroll) == 1000
    assert verify()[1] == []


def test_the_guards_stand_again_after_a_deletion(game: Game, staff: User) -> None:
    bet = place(offered(game, "h2h"))
    delete_game(game=game, by=staff, reason="Listed twice")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        BetEvent.objects.filter(bet=bet).delete()


def test_only_staff_delete_games_and_with_a_reason(game: Game, staff: User) -> None:
    with pytest.raises(NotAllowed):
        delete_game(game=game, by=UserFactory(), reason="bored")
    with pytest.raises(NotPossible, match="reason"):
        delete_game(game=game, by=staff, reason="")
    assert Game.objects.filter(pk=game.pk).exists()


def test_a_game_with_bets_cannot_be_deleted_past_the_service(game: Game) -> None:
    bet = place(offered(game, "h2h"))
    SnapshotFactory(selection=bet.legs.get().selection)
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM games WHERE id = %s", [game.pk])
