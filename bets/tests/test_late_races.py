"""Two workers on the same late bets, in pairs: without the claim the guards stop one of them, with it nothing clashes."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, transaction

from bets import settlement, windows
from bets.late import late_batch, settle_late
from bets.models import Bet, BetEvent, BetEventKind
from bets.rulebook import rulebook
from bets.settlement import settle_due
from bets.tests.lateness import after, announced_game, bet_on
from bets.tests.test_races import guarded, in_threads
from bets.verification import verify
from feeds.payloads import GameStatus as Status
from games.models import Game
from games.tests.readings import espn, from_espn

pytestmark = pytest.mark.django_db(transaction=True)


def postponed(count: int) -> tuple[Game, list[Bet]]:
    game = announced_game("basketball_nba")
    bets = [bet_on(game, None) for _ in range(count)]
    from_espn(espn(game, Status.POSTPONED), now=after(0, -30))
    return game, bets


def refunded_once(bets: list[Bet]) -> bool:
    return all(list(bet.ledger.values_list("amount", flat=True)) == [-100, 100] for bet in bets)


def test_without_the_claim_two_workers_take_the_same_late_bets_and_one_is_stopped_by_the_guards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, bets = postponed(6)
    monkeypatch.setattr(windows, "CLAIM", windows.CLAIM.split("FOR UPDATE")[0])
    barrier = threading.Barrier(2)
    real = settlement.closing_of

    def both_have_claimed(claimed: Any) -> Any:
        barrier.wait(timeout=20)
        return real(claimed)

    monkeypatch.setattr(settlement, "closing_of", both_have_claimed)
    groups = windows.late_groups(rulebook(), after(49))
    outcomes = in_threads(2, lambda n: guarded(lambda: late_batch(groups, now=after(49))))
    assert outcomes == {"done": 1, "Stopped": 1}
    assert refunded_once(bets)
    assert verify()[1] == []


def test_any_number_of_workers_void_each_late_bet_once() -> None:
    _, bets = postponed(40)
    outcomes = in_threads(4, lambda n: settle_late(now=after(49), batch_size=7))
    assert set(outcomes) <= {"done", "nothing"}
    settle_late(now=after(49))
    assert set(Bet.objects.values_list("status", flat=True)) == {"void"}
    assert BetEvent.objects.filter(kind=BetEventKind.SETTLED).count() == 40
    assert refunded_once(bets)
    assert verify()[1] == []


def test_a_result_that_arrives_between_looking_and_claiming_leaves_the_bet_to_it() -> None:
    game, _ = postponed(3)
    groups = windows.late_groups(rulebook(), after(49))
    assert groups
    from_espn(espn(game, score=(90, 99)), now=after(48))
    assert late_batch(groups, now=after(49)) is None
    assert settle_due(now=after(50)) == {"won": 3}
    assert verify()[1] == []


def test_a_result_being_written_holds_the_claim_off_until_the_next_run() -> None:
    game, _ = postponed(3)
    groups = windows.late_groups(rulebook(), after(49))
    written, go_on = threading.Event(), threading.Event()

    def write(n: int) -> object:
        if n:
            assert written.wait(timeout=20)
            found = late_batch(groups, now=after(49))
            go_on.set()
            return found
        with transaction.atomic():
            from_espn(espn(game, score=(90, 99)), now=after(48))
            written.set()
            assert go_on.wait(timeout=20)
        return True

    assert in_threads(2, write) == {"done": 1, "nothing": 1}
    assert settle_due(now=after(50)) == {"won": 3}
    assert not connection.in_atomic_block
    assert verify()[1] == []
