"""Stake, prices and book are set right before the start, note and tags at any time; ledger and history follow."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from bets.exceptions import (
    BadBet,
    GameClosed,
    InsufficientFunds,
    LimitReached,
    NotAllowed,
    NotPossible,
    Refused,
)
from bets.history import editing
from bets.history.editing import Terms, edit_terms, edit_words, terms_of
from bets.ledger import balance
from bets.limits import set_limit
from bets.models import Bet, BetEvent, LedgerEntry
from bets.money import BadAmount
from bets.placement import LegAsked, place_ticket
from bets.settlement import settle_batch, settle_due
from bets.tests.factories import FAR, PLACED, BetFactory, ended, funded_bankroll, offered, place
from bets.tests.test_races import in_threads
from bets.verification import verify
from bets.voiding import void_bet
from games.models import Game
from games.tests.factories import GameFactory
from odds.tests.factories import BookmakerFactory, SnapshotFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def bet() -> Bet:
    """A bet of 100 at −110 out of a bankroll of 1,000."""
    return place(offered(GameFactory(commence_time=FAR), "h2h"))


def parlay(**terms: Any) -> Bet:
    lines = [offered(GameFactory(commence_time=FAR), "h2h", price=price) for price in ("100", "150", "-200")]
    bankroll = funded_bankroll()
    return place_ticket(
        user=bankroll.user, bankroll=bankroll, bookmaker=lines[0].bookmaker, stake=Decimal(10),
        legs=[LegAsked(selection=line.selection, price=line.price) for line in lines],
        idempotency_key="p", **({"kind": "parlay"} | terms),
    )  # fmt: skip


def changed(bet: Bet, **terms: Any) -> Bet:
    """Edit as the owner, from the terms as they are."""
    fresh = Bet.objects.select_related("bankroll", "bookmaker", "user").get(pk=bet.pk)
    now = terms_of(fresh, list(fresh.legs.order_by("position")))
    return edit_terms(bet=fresh, by=fresh.user, terms=replace(now, **terms))


def test_a_lower_stake_gives_the_difference_back_by_a_line_of_its_own(bet: Bet) -> None:
    changed(bet, stake=Decimal(30))
    bet.refresh_from_db()
    assert (bet.stake, bet.revision, balance(bet.bankroll)) == (30, 1, 970)
    line = LedgerEntry.objects.get(bet=bet, kind="restake")
    assert (line.amount, line.revision, line.note) == (70, 1, "Stake $100.00 changed to $30.00")
    event = BetEvent.objects.get(bet=bet, kind="edited")
    assert (event.by, event.data) == (bet.user, {"stake": {"from": "100", "to": "30"}})
    assert verify()[1] == []


def test_a_raised_stake_takes_the_difference_and_is_graded_as_the_new_one(bet: Bet) -> None:
    changed(bet, stake=Decimal(150))
    changed(bet, stake=Decimal(200), prices=(Decimal(150),))
    ended(bet.legs.get().game, 1, 0)
    settle_due()
    bet.refresh_from_db()
    assert (bet.status, bet.payout, balance(bet.bankroll)) == ("won", 500, 1300)
    assert verify()[1] == []


def test_a_stake_is_not_raised_beyond_the_bankroll(bet: Bet) -> None:
    with pytest.raises(InsufficientFunds, match="rise of the stake"):
        changed(bet, stake=Decimal("1000.01"))
    changed(bet, stake=Decimal(1000))
    assert balance(bet.bankroll) == 0


def test_a_stake_is_not_raised_beyond_a_limit_and_lowered_in_spite_of_it(bet: Bet) -> None:
    common: dict[str, Any] = {"user": bet.user, "currency": "USD", "money": bet.bankroll.kind}
    set_limit(kind="stake", amount=Decimal(120), **common)
    set_limit(kind="daily_loss", amount=Decimal(110), **common)
    with pytest.raises(LimitReached, match=r"Your limit is \$120"):
        changed(bet, stake=Decimal(121))
    with pytest.raises(LimitReached, match="daily loss limit"):
        changed(bet, stake=Decimal(111))
    changed(bet, stake=Decimal(110))
    set_limit(kind="stake", amount=Decimal(5), **common)
    changed(bet, stake=Decimal(90))
    assert balance(bet.bankroll) == 910


@pytest.mark.parametrize(
    ("terms", "error"),
    [
        ({"stake": Decimal(0)}, BadAmount),
        ({"stake": Decimal(-5)}, BadAmount),
        ({"stake": Decimal("1.001")}, BadAmount),
        ({"prices": (Decimal(50),)}, BadBet),
        ({"prices": ()}, BadBet),
        ({"prices": (Decimal("NaN"),)}, BadBet),
    ],
)
def test_terms_that_no_bet_can_have_are_refused(
    bet: Bet, terms: dict[str, Any], error: type[Refused]
) -> None:
    with pytest.raises(error):
        changed(bet, **terms)
    assert not BetEvent.objects.filter(kind="edited").exists()


def test_unchanged_terms_leave_nothing_behind(bet: Bet) -> None:
    changed(bet)
    assert not BetEvent.objects.filter(kind="edited").exists()


def test_a_price_that_the_archive_saw_at_placement_stays_verified_and_another_is_the_persons_own(
    bet: Bet,
) -> None:
    leg = bet.legs.get()
    SnapshotFactory(
        game=leg.game, selection=leg.selection, bookmaker=bet.bookmaker, price=Decimal(120),
        timestamp=bet.placed_at - dt.timedelta(minutes=5), captured_at=bet.placed_at - dt.timedelta(minutes=5),
    )  # fmt: skip
    changed(bet, prices=(Decimal(120),))
    bet.refresh_from_db()
    leg.refresh_from_db()
    assert (bet.odds, leg.odds, bet.own_price, leg.price_seen_at is None) == (120, 120, False, False)
    changed(bet, prices=(Decimal(125),))
    bet.refresh_from_db()
    leg.refresh_from_db()
    assert (bet.odds, bet.own_price, leg.price_seen_at) == (125, True, None)
    assert balance(bet.bankroll) == 900


def test_another_book_brings_its_own_commission(bet: Bet) -> None:
    exchange = BookmakerFactory(key="betfair", title="Betfair", is_exchange=True, commission=Decimal("0.05"))
    changed(bet, bookmaker=exchange)
    bet.refresh_from_db()
    assert (bet.bookmaker, bet.commission_pct, bet.own_price) == (exchange, 5, True)
    data = BetEvent.objects.get(kind="edited").data
    assert data["bookmaker"]["to"] == "Betfair"
    changed(bet, bookmaker=None)
    bet.refresh_from_db()
    assert (bet.bookmaker, bet.commission_pct) == (None, 0)


def test_a_leg_of_a_parlay_has_its_price_changed_and_the_ticket_follows() -> None:
    bet = parlay()
    assert bet.odds == 650
    changed(bet, prices=(Decimal(100), Decimal(200), Decimal(-200)))
    bet.refresh_from_db()
    assert bet.odds == 800
    data = BetEvent.objects.get(kind="edited").data
    assert data["leg 2 odds"] == {"from": "150", "to": "200"}
    assert data["odds"] == {"from": "650", "to": "800"}


def test_the_stake_of_a_round_robin_is_that_of_each_combination() -> None:
    bet = parlay(kind="round_robin", sizes=[2])
    assert (bet.stake, bet.unit_stake, balance(bet.bankroll)) == (30, 10, 970)
    changed(bet, stake=Decimal(20))
    bet.refresh_from_db()
    assert (bet.stake, bet.unit_stake, balance(bet.bankroll)) == (60, 20, 940)
    assert verify()[1] == []


def test_a_bonus_bet_moves_no_money() -> None:
    bet = parlay(is_bonus=True)
    changed(bet, stake=Decimal(20))
    bet.refresh_from_db()
    assert (bet.stake, balance(bet.bankroll)) == (20, 1000)
    assert verify()[1] == []


def test_nothing_is_changed_once_a_game_has_begun_by_the_databases_clock() -> None:
    bet = parlay()
    Game.objects.filter(pk=bet.legs.get(position=1).game_id).update(commence_time=timezone.now())
    with pytest.raises(GameClosed, match="has started, so stake and price stay"):
        changed(bet, stake=Decimal(5))
    assert balance(bet.bankroll) == 990


def test_nothing_is_changed_of_a_decided_bet(bet: Bet) -> None:
    void_bet(bet=bet, by=bet.user, reason="mistake")
    with pytest.raises(NotPossible, match="once a bet is decided"):
        changed(bet, stake=Decimal(5))


def test_only_the_owner_edits_not_even_staff(bet: Bet) -> None:
    stranger, boss = funded_bankroll().user, funded_bankroll().user
    boss.is_staff = True
    boss.save()
    for by in (stranger, boss):
        with pytest.raises(NotAllowed):
            edit_terms(bet=bet, by=by, terms=Terms(Decimal(5), (Decimal(100),), None, None))
        with pytest.raises(NotAllowed):
            edit_words(bet=bet, by=by, note="mine", tags=[])


def test_an_edit_of_a_bet_that_has_changed_in_between_is_refused(bet: Bet) -> None:
    changed(bet, stake=Decimal(50))
    with pytest.raises(NotPossible, match="has changed since you looked"):
        edit_terms(bet=bet, by=bet.user, terms=Terms(Decimal(5), (Decimal(100),), None, None), revision=0)


def test_note_and_tags_change_at_any_time_each_as_an_event(bet: Bet) -> None:
    ended(bet.legs.get().game, 1, 0)
    settle_due()
    edit_words(bet=bet, by=bet.user, note=" Lucky\r\nday ", tags=["model", " model ", "fun"])
    edit_words(bet=bet, by=bet.user, note="Lucky\nday", tags=["model", "fun"])
    bet.refresh_from_db()
    assert (bet.note, bet.tags) == ("Lucky\nday", ["model", "fun"])
    assert BetEvent.objects.get(bet=bet, kind="edited").data == {
        "note": {"from": "", "to": "Lucky\nday"},
        "tags": {"from": [], "to": ["model", "fun"]},
    }


@pytest.mark.parametrize(("note", "tags"), [("x" * 2001, []), ("\0", []), ("", ["x" * 41])])
def test_words_that_cannot_be_kept_are_refused(bet: Bet, note: str, tags: list[str]) -> None:
    with pytest.raises(Refused):
        edit_words(bet=bet, by=bet.user, note=note, tags=tags)


def test_a_bet_without_games_of_ours_keeps_its_terms() -> None:
    bare = BetFactory(placed_at=PLACED)
    with pytest.raises(NotPossible):
        edit_terms(bet=bare, by=bare.user, terms=Terms(Decimal(5), (), None, None))


class TestRaces:
    pytestmark = pytest.mark.django_db(transaction=True)

    def test_without_the_lock_the_database_refuses_to_change_what_has_been_settled(
        self, bet: Bet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stale = Bet.objects.select_related("bankroll", "user", "bookmaker").get(pk=bet.pk)
        stale_legs = terms_of(stale, list(stale.legs.all()))
        ended(bet.legs.get().game, 1, 0)
        settle_due()
        Game.objects.update(commence_time=FAR, status="scheduled", home_score=None, away_score=None)
        monkeypatch.setattr(editing, "lock", lambda *_: stale)
        with pytest.raises(IntegrityError, match="agreed terms"), transaction.atomic():
            edit_terms(bet=stale, by=stale.user, terms=replace(stale_legs, stake=Decimal(5)))
        assert balance(bet.bankroll) == Decimal("1090.91")
        assert verify()[1] == []

    def test_an_edit_and_the_end_of_its_game_at_once_leave_one_truth(self) -> None:
        stakes = set()
        for _ in range(6):
            bet = place(offered(GameFactory(commence_time=FAR), "h2h"))
            terms = Terms(Decimal(40), (Decimal(-110),), None, bet.bookmaker)

            def act(n: int, bet: Bet = bet, terms: Terms = terms) -> object:
                if n:
                    ended(bet.legs.get().game, 1, 0)
                    return settle_batch()
                return edit_terms(bet=bet, by=bet.user, terms=terms)

            outcomes = in_threads(2, act)
            assert sum(outcomes[name] for name in ("done", "nothing", "GameClosed", "NotPossible")) == 2
            settle_due()
            bet.refresh_from_db()
            assert bet.status == "won"
            stakes.add(bet.stake)
            assert bet.payout == round(bet.stake * 21 / 11, 2)
        assert stakes <= {40, 100}
        assert verify()[1] == []

    def test_an_edit_and_a_void_at_once_give_back_what_was_staked(self) -> None:
        for _ in range(4):
            bet = place(offered(GameFactory(commence_time=FAR), "h2h"))
            terms = Terms(Decimal(40), (Decimal(-110),), None, bet.bookmaker)

            def act(n: int, bet: Bet = bet, terms: Terms = terms) -> object:
                if n:
                    return void_bet(bet=bet, by=bet.user, reason="mistake")
                return edit_terms(bet=bet, by=bet.user, terms=terms)

            outcomes = in_threads(2, act)
            assert outcomes["done"] + outcomes["NotPossible"] == 2
            assert balance(bet.bankroll) == 1000
        assert verify()[1] == []

    def test_of_many_edits_of_one_revision_one_is_made(self, bet: Bet) -> None:
        def act(n: int) -> object:
            terms = Terms(Decimal(10 + n), (Decimal(-110),), None, bet.bookmaker)
            return edit_terms(bet=bet, by=bet.user, terms=terms, revision=0)

        assert in_threads(6, act) == {"done": 1, "BetChanged": 5}
        assert verify()[1] == []

    def test_edits_of_two_bets_do_not_overdraw_their_bankroll(self) -> None:
        bankroll = funded_bankroll("200")
        bets = [
            place(offered(GameFactory(commence_time=FAR), "h2h"), bankroll, stake=Decimal(50)) for _ in "12"
        ]

        def act(n: int) -> object:
            terms = Terms(Decimal(150), (Decimal(-110),), None, bets[n].bookmaker)
            return edit_terms(bet=bets[n], by=bankroll.user, terms=terms)

        assert in_threads(2, act) == {"done": 1, "InsufficientFunds": 1}
        assert balance(bankroll) == 0
        assert verify()[1] == []
