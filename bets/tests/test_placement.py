from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import UserFactory
from bets.exceptions import (
    BadBet,
    GameClosed,
    IdempotencyConflict,
    InsufficientFunds,
    NotAllowed,
    PriceGone,
    PriceMoved,
    Refused,
)
from bets.ledger import balance
from bets.models import Bet, BetEvent, BetEventKind, BetStatus, LedgerEntry, LedgerKind
from bets.money import BadAmount
from bets.placement import place_straight
from bets.tests.factories import FAR, PLACED, ended, funded_bankroll, offered, place
from bets.verification import verify
from games.models import Game, GameStatus
from games.tests.factories import GameFactory, SportFactory
from odds.models import CurrentOdds, Selection
from odds.tests.factories import BookmakerFactory, HeartbeatFactory, SelectionFactory, SnapshotFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def game() -> Game:
    return GameFactory(commence_time=FAR)


@pytest.fixture
def line(game: Game) -> CurrentOdds:
    return offered(game, "spreads", "home", point="-3.5")


def test_a_placed_bet_has_its_leg_event_and_stake_line(line: CurrentOdds, game: Game) -> None:
    bankroll = funded_bankroll("250")
    seen = HeartbeatFactory(
        game=game, bookmaker=line.bookmaker, seen_at=line.changed_at + dt.timedelta(hours=1)
    )
    bet = place(line, bankroll, note="road favourite", tags=["model"])
    leg = bet.legs.get()
    assert (bet.status, bet.stake, bet.odds, bet.own_price) == (BetStatus.PENDING, 100, -110, False)
    assert (leg.bet_type, leg.point, leg.odds, leg.draw_offered) == ("spread", Decimal("-3.5"), -110, False)
    assert leg.price_seen_at == seen.seen_at
    assert bet.events.get().kind == BetEventKind.PLACED
    stake = LedgerEntry.objects.get(bet=bet)
    assert (stake.kind, stake.amount, stake.balance_after) == (LedgerKind.STAKE, -100, 150)
    assert balance(bankroll) == 150
    game.refresh_from_db()
    assert game.bet_count == Bet.objects.count() == 1
    assert verify()[1] == []


def test_placing_takes_a_constant_number_of_statements(line: CurrentOdds) -> None:
    bankroll = funded_bankroll()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        place(line, bankroll)
    assert len(queries) <= 12, [q["sql"][:80] for q in queries]


def test_the_same_key_and_terms_place_one_bet(line: CurrentOdds) -> None:
    bankroll = funded_bankroll()
    first = place(line, bankroll, idempotency_key="k", stake=Decimal(100))
    again = place(line, bankroll, idempotency_key="k", stake=Decimal("100.00"))
    assert first.pk == again.pk
    assert Bet.objects.count() == 1
    assert balance(bankroll) == 900


def test_a_repeat_after_the_price_moved_or_the_game_began_still_returns_the_first_bet(
    line: CurrentOdds, game: Game
) -> None:
    bankroll = funded_bankroll()
    first = place(line, bankroll, idempotency_key="k")
    CurrentOdds.objects.all().delete()
    ended(game, None, None, status="live")
    assert place(line, bankroll, idempotency_key="k").pk == first.pk


@pytest.mark.parametrize("other", [{"stake": Decimal(99)}, {"price": Decimal(-105)}, {"own_price": True}])
def test_the_same_key_with_other_terms_is_a_conflict(line: CurrentOdds, other: dict[str, Any]) -> None:
    bankroll = funded_bankroll()
    place(line, bankroll, idempotency_key="k")
    with pytest.raises(IdempotencyConflict):
        place(line, bankroll, idempotency_key="k", **other)
    assert Bet.objects.count() == 1


def test_two_users_may_use_the_same_key(line: CurrentOdds) -> None:
    assert place(line, idempotency_key="k").pk != place(line, idempotency_key="k").pk


def test_a_moved_price_is_refused_and_named(line: CurrentOdds) -> None:
    CurrentOdds.objects.filter(pk=line.pk).update(price=-120)
    with pytest.raises(PriceMoved, match="from −110 to −120") as moved:
        place(line)
    assert (moved.value.price, moved.value.point) == (-120, Decimal("-3.5"))
    assert not Bet.objects.exists()
    assert not LedgerEntry.objects.filter(kind=LedgerKind.STAKE).exists()


def test_a_moved_line_is_refused_and_named(line: CurrentOdds) -> None:
    CurrentOdds.objects.filter(pk=line.pk).update(point=Decimal("-4.5"), price=-105)
    with pytest.raises(PriceMoved, match=r"from −3\.5 to −4\.5 at −105") as moved:
        place(line)
    assert (moved.value.price, moved.value.point) == (-105, Decimal("-4.5"))


@pytest.mark.parametrize(
    ("offered_now", "accept", "odds"),
    [
        ("-105", "better", "-105"),
        ("120", "better", "120"),
        ("-110", "better", "-110"),
        ("-110", "exact", "-110"),
        ("-130", "any", "-130"),
        ("-105", "any", "-105"),
    ],
)
def test_a_price_within_tolerance_is_the_price_of_the_bet(
    line: CurrentOdds, offered_now: str, accept: str, odds: str
) -> None:
    CurrentOdds.objects.filter(pk=line.pk).update(price=Decimal(offered_now))
    bet = place(line, accept=accept)
    assert bet.odds == bet.legs.get().odds == Decimal(odds)


@pytest.mark.parametrize(
    ("offered_now", "accept"), [("-105", "exact"), ("-115", "better"), ("-111", "exact")]
)
def test_a_price_beyond_tolerance_is_refused(line: CurrentOdds, offered_now: str, accept: str) -> None:
    CurrentOdds.objects.filter(pk=line.pk).update(price=Decimal(offered_now))
    with pytest.raises(PriceMoved):
        place(line, accept=accept)


def test_a_withdrawn_line_is_refused(line: CurrentOdds) -> None:
    CurrentOdds.objects.all().delete()
    with pytest.raises(PriceGone):
        place(line)


def test_another_books_price_does_not_do(line: CurrentOdds) -> None:
    with pytest.raises(PriceGone):
        place(line, bookmaker=BookmakerFactory(key="fanduel"))


def test_a_price_of_the_users_own_is_marked_and_unverified(line: CurrentOdds) -> None:
    bet = place(line, price=Decimal(105), own_price=True)
    assert (bet.odds, bet.own_price, bet.legs.get().price_seen_at) == (105, True, None)


def test_a_price_of_the_users_own_that_the_archive_has_is_verified(line: CurrentOdds) -> None:
    bet = place(line, own_price=True)
    assert bet.own_price
    assert bet.legs.get().price_seen_at == line.changed_at


def test_a_bet_at_no_bookmaker_needs_an_own_price(line: CurrentOdds) -> None:
    assert place(line, bookmaker=None, own_price=True).bookmaker is None
    with pytest.raises(BadBet, match="Choose the bookmaker"):
        place(line, bookmaker=None)


@pytest.mark.parametrize(
    "status", [GameStatus.LIVE, GameStatus.FINAL, GameStatus.CANCELLED, GameStatus.ABANDONED]
)
def test_no_bet_on_a_game_that_has_begun_or_is_off(line: CurrentOdds, game: Game, status: str) -> None:
    ended(game, 1, 0, status=status, commence_time=FAR)
    with pytest.raises(GameClosed):
        place(line)


def test_the_databases_clock_decides_whether_a_game_has_begun(line: CurrentOdds, game: Game) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        now = cursor.fetchone()[0]
    Game.objects.update(commence_time=now)
    with pytest.raises(GameClosed, match="has started"):
        place(line)
    Game.objects.update(commence_time=now + dt.timedelta(hours=1))
    assert place(line).placed_at < now + dt.timedelta(minutes=5)


def test_a_deleted_game_takes_no_bet(line: CurrentOdds) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM games")
    with pytest.raises(GameClosed):
        place(line)


def test_missing_funds_are_refused_with_what_is_available(line: CurrentOdds) -> None:
    bankroll = funded_bankroll("99.99")
    with pytest.raises(InsufficientFunds, match=r"\$99\.99 is available") as refusal:
        place(line, bankroll)
    assert refusal.value.available == Decimal("99.99")
    assert not Bet.objects.exists()


def test_the_last_cent_may_be_staked(line: CurrentOdds) -> None:
    bankroll = funded_bankroll("100")
    place(line, bankroll)
    assert balance(bankroll) == 0


def test_a_bankroll_that_may_go_negative_does(line: CurrentOdds) -> None:
    bankroll = funded_bankroll("10", may_go_negative=True)
    place(line, bankroll)
    assert balance(bankroll) == -90


@pytest.mark.parametrize("stake", ["0", "-1", "0.001", "10.005", "NaN", "Infinity", "10000000000"])
def test_a_stake_is_whole_minor_units_above_zero(line: CurrentOdds, stake: str) -> None:
    with pytest.raises(BadAmount, match="stake"):
        place(line, stake=Decimal(stake))


def test_a_yen_bankroll_takes_whole_yen(line: CurrentOdds) -> None:
    bankroll = funded_bankroll("1000", currency="JPY")
    with pytest.raises(BadAmount, match="¥1"):
        place(line, bankroll, stake=Decimal("10.50"))
    assert place(line, bankroll, stake=Decimal(10)).stake == 10


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"price": Decimal(-99)}, "American odds"),
        ({"price": Decimal("NaN")}, "American odds"),
        ({"price": Decimal("-110.1234567")}, "six decimal places"),
        ({"price": Decimal(1_000_000)}, "six digits"),
        ({"price": Decimal(999_999), "stake": Decimal(9_999_999_999), "own_price": True}, "could return"),
        ({"point": None}, "needs its point"),
        *[({"point": Decimal(bad)}, "two decimal places") for bad in ("-3.125", "Infinity", "sNaN")],
        ({"idempotency_key": "a\0b"}, "no text"),
        ({"note": "half a \ud83d"}, "no text"),
        ({"tags": ["a\0b"]}, "no text"),
        ({"idempotency_key": ""}, "idempotency key"),
        ({"idempotency_key": "x" * 65}, "idempotency key"),
        ({"note": "x" * 2001}, "note"),
        ({"tags": [""]}, "tags"),
        ({"tags": ["x"] * 21}, "tags"),
    ],
)
def test_a_malformed_bet_is_refused_in_words(line: CurrentOdds, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(BadBet, match=message):
        place(line, **fields)
    assert not Bet.objects.exists()


def test_a_moneyline_has_no_point(game: Game) -> None:
    with pytest.raises(BadBet, match="no point"):
        place(offered(game, "h2h"), point=Decimal(1))


def test_lay_prices_cannot_be_backed(game: Game) -> None:
    with pytest.raises(BadBet, match="Lay"):
        place(offered(game, "h2h_lay"))


def test_a_strangers_bankroll_is_refused(line: CurrentOdds) -> None:
    with pytest.raises(NotAllowed):
        place(line, user=UserFactory())


def test_a_bankroll_at_another_bookmaker_is_refused(line: CurrentOdds) -> None:
    bankroll = funded_bankroll(bookmaker=BookmakerFactory(key="fanduel"))
    with pytest.raises(BadBet, match="another bookmaker"):
        place(line, bankroll)


@pytest.mark.parametrize(
    ("book_of_the_draw", "draw_offered"), [("draftkings", True), ("fanduel", False), (None, False)]
)
def test_the_bets_own_book_decides_whether_a_draw_was_offered(
    game: Game, book_of_the_draw: str | None, draw_offered: bool
) -> None:
    line = offered(game, "h2h", "home", price="120")
    if book_of_the_draw:
        offered(game, "h2h", "draw", price="240", bookmaker=BookmakerFactory(key=book_of_the_draw))
    assert place(line).legs.get().draw_offered is draw_offered


@pytest.mark.parametrize(
    ("sport", "market", "draw_offered"),
    [("soccer_epl", "h2h", True), ("soccer_epl", "h2h_h1", True), ("soccer_epl", "draw_no_bet", False),
     ("icehockey_nhl", "h2h", False)],
)  # fmt: skip
def test_in_soccer_a_draw_is_on_offer_even_while_a_book_shows_no_price_for_it(
    sport: str, market: str, draw_offered: bool
) -> None:
    game = GameFactory(sport=SportFactory(key=sport), commence_time=FAR)
    assert place(offered(game, market, "home", price="120")).legs.get().draw_offered is draw_offered


class TestReplay:
    """History placed at a past instant is judged by the archive as it was then."""

    START = PLACED + dt.timedelta(hours=6)

    @pytest.fixture
    def selection(self) -> Selection:
        game = GameFactory(final=True, commence_time=self.START)
        selection = SelectionFactory(game=game, market="spreads", side="home")
        for minutes, point, price in [(0, "-3.5", -110), (60, "-3.5", -120), (120, "-4.5", -105)]:
            SnapshotFactory(
                selection=selection,
                bookmaker=BookmakerFactory(key="draftkings"),
                price=Decimal(price),
                point=Decimal(point),
                timestamp=PLACED + dt.timedelta(minutes=minutes),
            )
        return selection

    def replay(self, selection: Selection, minutes: int, price: int, point: str = "-3.5") -> Bet:
        bankroll = funded_bankroll()
        return place_straight(
            user=bankroll.user,
            bankroll=bankroll,
            selection=selection,
            bookmaker=BookmakerFactory(key="draftkings"),
            price=Decimal(price),
            point=Decimal(point),
            stake=Decimal(10),
            idempotency_key=uuid.uuid4().hex,
            now=PLACED + dt.timedelta(minutes=minutes),
        )

    def test_the_price_of_that_instant_is_given(self, selection: Selection) -> None:
        bet = self.replay(selection, 30, -110)
        assert bet.placed_at == PLACED + dt.timedelta(minutes=30)
        assert bet.legs.get().price_seen_at == PLACED
        assert self.replay(selection, 150, -105, "-4.5").odds == -105

    @pytest.mark.parametrize(
        ("minutes", "price", "refusal"),
        [(30, 105, PriceMoved), (90, -110, PriceMoved), (150, -120, PriceGone), (-1, -110, PriceGone)],
    )
    def test_a_price_of_another_instant_is_refused(
        self, selection: Selection, minutes: int, price: int, refusal: type[Refused]
    ) -> None:
        with pytest.raises(refusal):
            self.replay(selection, minutes, price)

    def test_the_start_of_the_game_is_respected(self, selection: Selection) -> None:
        with pytest.raises(GameClosed):
            self.replay(selection, 360, -105, "-4.5")

    def test_a_draw_priced_by_then_loses(self, selection: Selection) -> None:
        book = BookmakerFactory(key="draftkings")
        for side, minutes in (("home", 0), ("draw", 60)):
            SnapshotFactory(
                selection=SelectionFactory(game=selection.game, market="h2h", side=side),
                bookmaker=book,
                price=Decimal(200),
                timestamp=PLACED + dt.timedelta(minutes=minutes),
            )
        bankroll = funded_bankroll()
        offered_at = {}
        for minutes in (30, 90):
            bet = place_straight(
                user=bankroll.user,
                bankroll=bankroll,
                selection=Selection.objects.get(market="h2h", side="home"),
                bookmaker=book,
                price=Decimal(200),
                point=None,
                stake=Decimal(10),
                idempotency_key=str(minutes),
                now=PLACED + dt.timedelta(minutes=minutes),
            )
            offered_at[minutes] = bet.legs.get().draw_offered
        assert offered_at == {30: False, 90: True}


def test_the_asked_terms_are_kept_with_the_first_event(line: CurrentOdds) -> None:
    bet = place(line, accept="any", price=Decimal(-105))
    data = BetEvent.objects.get(bet=bet).data
    assert data["asked"]["price"] == "-105"
    assert data["odds"] == "-110"
