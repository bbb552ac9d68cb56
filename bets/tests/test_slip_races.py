"""One slip placed by several requests at once, in pairs: without the guard and with it."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from bets.bankrolls.page import bankrolls_of
from bets.models import Bet, LedgerEntry, LedgerKind, Slip, SlipLeg
from bets.slip import contents, page, placing
from bets.slip.contents import Clicked, legs_of
from bets.slip.page import SlipView, read_slip
from bets.slip.placing import place_slip
from bets.tests.factories import FAR, funded_bankroll, offered
from bets.tests.test_races import in_threads
from bets.verification import verify
from games.tests.factories import GameFactory

pytestmark = pytest.mark.django_db(transaction=True)


def filled(*, legs: int = 2, kind: str = "parlay", stake: str = "10") -> User:
    """A person with 1,000 dollars and a slip of that many games."""
    user: User = funded_bankroll("1000").user
    prices = [offered(GameFactory(commence_time=FAR), "h2h") for _ in range(legs)]
    lines = [
        Clicked(selection=one.selection, bookmaker=one.bookmaker, price=one.price, stake=stake)
        for one in prices
    ]
    contents.add(user=user, lines=lines, now=timezone.now())
    Slip.objects.filter(user=user).update(kind=kind, stake=stake)
    return user


def placer(user: User) -> Callable[[int], list[Bet]]:
    """Place the slip as it is now; every call is the same request."""
    key = Slip.objects.get(user=user).key

    def read() -> SlipView:
        return read_slip(
            legs_of(user),
            user=user,
            bankrolls=bankrolls_of(user),
            odds_format="american",
            now=timezone.now(),
        )

    return lambda n: place_slip(user=user, key=key, read=read)


@pytest.fixture
def unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two requests read the slip before either places it."""
    barrier = threading.Barrier(2)
    ready = placing.require_ready

    def late(view: SlipView) -> None:
        ready(view)
        barrier.wait(timeout=20)

    monkeypatch.setattr(placing, "locked", lambda user: Slip.objects.get(user=user))
    monkeypatch.setattr(placing, "require_ready", late)


def test_without_lock_and_key_two_requests_place_two_bets(
    unlocked: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = filled()
    real = page.sums_of

    def with_another_key(*args: Any, **kwargs: Any) -> Any:
        return real(*args, **kwargs | {"key": uuid.uuid4().hex})

    monkeypatch.setattr(page, "sums_of", with_another_key)
    assert in_threads(2, placer(user)) == {"done": 2}
    assert Bet.objects.count() == 2


def test_the_key_alone_lets_one_bet_through(unlocked: None) -> None:
    user = filled()
    assert in_threads(2, placer(user)) == {"done": 2}
    assert Bet.objects.count() == 1
    assert verify()[1] == []


@pytest.mark.parametrize("kind", ["parlay", "straight"])
def test_of_twenty_requests_each_bet_of_the_slip_is_placed_once(kind: str) -> None:
    user = filled(legs=3, kind=kind)
    assert in_threads(20, placer(user)) == {"done": 20}
    bets = 1 if kind == "parlay" else 3
    assert Bet.objects.count() == bets
    assert LedgerEntry.objects.filter(kind=LedgerKind.STAKE).count() == bets
    assert not SlipLeg.objects.exists()
    assert verify()[1] == []


def test_slips_of_straight_bets_on_the_same_games_do_not_lock_each_other_up() -> None:
    prices = [offered(GameFactory(commence_time=FAR), "h2h") for _ in range(4)]
    acts = []
    for n in range(8):
        user = funded_bankroll("1000").user
        lines = [
            Clicked(selection=one.selection, bookmaker=one.bookmaker, price=one.price, stake="10")
            for one in [*prices[n % 4 :], *prices[: n % 4]]
        ]
        contents.add(user=user, lines=lines, now=timezone.now())
        acts.append(placer(user))
    assert in_threads(8, lambda n: acts[n](n)) == {"done": 8}
    assert Bet.objects.count() == 32
    assert verify()[1] == []


def test_a_leg_added_in_another_window_is_not_placed_unseen() -> None:
    user = filled()
    act = placer(user)
    more = offered(GameFactory(commence_time=FAR), "h2h")
    contents.add(
        user=user,
        lines=[Clicked(selection=more.selection, bookmaker=more.bookmaker, price=more.price)],
        now=timezone.now(),
    )
    with pytest.raises(placing.SlipChanged, match="changed in another window"):
        act(0)
    assert not Bet.objects.exists()


def test_two_windows_that_add_legs_at_once_lose_none() -> None:
    user = funded_bankroll("1000").user
    prices = [offered(GameFactory(commence_time=FAR), "h2h") for _ in range(8)]

    def add(n: int) -> Slip:
        line = Clicked(
            selection=prices[n].selection, bookmaker=prices[n].bookmaker, price=Decimal(prices[n].price)
        )
        return contents.add(user=user, lines=[replace(line)], now=timezone.now())

    assert in_threads(8, add) == {"done": 8}
    assert SlipLeg.objects.filter(slip=user.pk, removed_at=None).count() == 8
