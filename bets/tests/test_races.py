"""Races and crashes, in pairs: each guard is first shown to be needed, then to hold."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import pytest
from django.db import Error, IntegrityError, OperationalError, connection, transaction

from accounts.tests.factories import UserFactory
from bets import bankrolls, due, ledger, regrading, settlement, writing
from bets.exceptions import InsufficientFunds, Refused
from bets.ledger import balance
from bets.models import Bankroll, Bet, BetEvent, BetEventKind, BetStatus, LedgerEntry, LedgerKind
from bets.placement import service as placement
from bets.placement import standing
from bets.regrading import regrade_batch, regrade_due
from bets.settlement import settle_batch, settle_due
from bets.tests.factories import FAR, ended, funded_bankroll, offered, place
from bets.verification import verify
from bets.voiding import delete_game, void_bet
from games.models import Game
from games.tests.factories import GameFactory
from odds.models import CurrentOdds

pytestmark = pytest.mark.django_db(transaction=True)


def in_threads(count: int, act: Callable[[int], object]) -> Counter[str]:
    """Run ``act`` at once in threads with connections of their own; count outcomes by type name."""
    start = threading.Barrier(count)
    outcomes: Counter[str] = Counter()

    def run(n: int) -> None:
        try:
            start.wait(timeout=20)
            outcome = act(n)
            name = "done" if outcome else "nothing"
        except (Refused, Error) as failure:
            name = type(failure).__name__
        finally:
            connection.close()
        outcomes[name] += 1

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    return outcomes


@pytest.fixture
def line() -> CurrentOdds:
    return offered(GameFactory(commence_time=FAR), "h2h")


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Make every placement wait for the others after it has looked at the funds."""

    def arm(parties: int) -> None:
        barrier = threading.Barrier(parties)
        real = placement.write_bet

        def late(*args: Any, **kwargs: Any) -> None:
            barrier.wait(timeout=20)
            real(*args, **kwargs)

        monkeypatch.setattr(placement, "write_bet", late)

    return arm


def without_locks_of_game_and_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOCK_GAMES", "LOCK_OWNER"):
        unlocked = getattr(standing, name).replace("FOR NO KEY UPDATE", "")
        monkeypatch.setattr(standing, name, unlocked)


def test_without_locks_all_pass_the_check_of_funds_and_only_the_chain_refuses_them(
    line: CurrentOdds, monkeypatch: pytest.MonkeyPatch, together: Callable[[int], None]
) -> None:
    bankroll = funded_bankroll("100")
    without_locks_of_game_and_owner(monkeypatch)
    monkeypatch.setattr(ledger, "LOCK", "SELECT id FROM bankrolls WHERE id = ANY(%s::uuid[])")
    together(4)
    outcomes = in_threads(4, lambda n: place(line, bankroll, idempotency_key=f"k{n}"))
    # none was told that funds are short: the race is there, and the chain's unique key ends it
    assert outcomes == {"done": 1, "IntegrityError": 3}
    assert verify()[1] == []


def test_of_twenty_bets_on_a_bankroll_with_funds_for_one_exactly_one_is_placed(line: CurrentOdds) -> None:
    bankroll = funded_bankroll("100")
    outcomes = in_threads(20, lambda n: place(line, bankroll, idempotency_key=f"k{n}"))
    assert outcomes == {"done": 1, "InsufficientFunds": 19}
    assert balance(bankroll) == 0
    assert Bet.objects.count() == Game.objects.get().bet_count == 1
    assert verify()[1] == []


def test_the_bankrolls_lock_alone_holds_bets_on_different_games_apart() -> None:
    lines = [offered(GameFactory(commence_time=FAR), "h2h") for _ in range(8)]
    bankroll = funded_bankroll("300")
    outcomes = in_threads(8, lambda n: place(lines[n], bankroll, idempotency_key=f"k{n}"))
    assert outcomes == {"done": 3, "InsufficientFunds": 5}
    assert verify()[1] == []


def test_without_the_key_a_double_click_places_two_bets(line: CurrentOdds) -> None:
    bankroll = funded_bankroll("1000")
    in_threads(2, lambda n: place(line, bankroll, idempotency_key=uuid.uuid4().hex))
    assert Bet.objects.count() == 2


def test_a_double_click_places_one_bet(line: CurrentOdds) -> None:
    bankroll = funded_bankroll("1000")
    outcomes = in_threads(8, lambda n: place(line, bankroll, idempotency_key="click"))
    assert outcomes == {"done": 8}
    assert Bet.objects.count() == 1
    assert balance(bankroll) == 900
    assert verify()[1] == []


def test_a_double_click_places_one_bet_even_where_no_lock_is_shared(
    line: CurrentOdds, monkeypatch: pytest.MonkeyPatch, together: Callable[[int], None]
) -> None:
    bankroll = funded_bankroll("1000")
    without_locks_of_game_and_owner(monkeypatch)
    monkeypatch.setattr(ledger, "LOCK", "SELECT id FROM bankrolls WHERE id = ANY(%s::uuid[])")
    together(2)
    assert in_threads(2, lambda n: place(line, bankroll, idempotency_key="click")) == {"done": 2}
    assert Bet.objects.count() == 1
    assert verify()[1] == []


def finished(count: int, games: int = 4) -> list[Bet]:
    lines = [offered(GameFactory(commence_time=FAR), "h2h") for _ in range(games)]
    purses = [funded_bankroll("10000") for _ in range(3)]
    bets = [place(lines[n % games], purses[n % 3], stake=Decimal(10 + n)) for n in range(count)]
    for each in lines:
        ended(each.game, 1, 0)
    return bets


def paid_once(bets: Iterable[Bet]) -> bool:
    kinds = Counter(LedgerEntry.objects.filter(kind=LedgerKind.PAYOUT).values_list("bet", flat=True))
    settled = Counter(BetEvent.objects.filter(kind=BetEventKind.SETTLED).values_list("bet", flat=True))
    return kinds == settled == Counter(bet.pk for bet in bets)


def test_without_the_claim_two_workers_take_the_same_bets_and_one_is_stopped_by_the_guards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bets = finished(6)
    bare = due.CLAIM.split("FOR UPDATE")[0]
    monkeypatch.setattr(due, "CLAIM", bare)
    barrier = threading.Barrier(2)
    real = settlement.closing_of

    def both_have_claimed(claimed: Any) -> Any:
        barrier.wait(timeout=20)
        return real(claimed)

    monkeypatch.setattr(settlement, "closing_of", both_have_claimed)
    outcomes = in_threads(2, lambda n: guarded(settle_batch))
    assert outcomes == {"done": 1, "Stopped": 1}
    assert paid_once(bets)
    assert verify()[1] == []


class Stopped(Refused):
    """A batch that found its rows changed undid itself."""


def guarded(act: Callable[[], object]) -> object:
    try:
        return act()
    except RuntimeError as found:
        raise Stopped(str(found)) from found


def test_any_number_of_workers_settle_each_bet_once() -> None:
    bets = finished(120)
    outcomes = in_threads(4, lambda n: settle_due(batch_size=7))
    assert set(outcomes) <= {"done", "nothing"}
    settle_due()
    assert not Bet.objects.open().exists()
    assert paid_once(bets)
    assert verify()[1] == []


def test_a_worker_killed_before_its_commit_leaves_nothing_and_the_next_takes_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bets = finished(10)
    for fatal in ("write_legs", "write_bets", "write_events"):
        with monkeypatch.context() as patch:
            real = getattr(writing, fatal)
            patch.setattr(writing, fatal, killed_after(real))
            assert in_threads(1, lambda n: settle_batch()) == {"OperationalError": 1}
        assert Bet.objects.filter(status=BetStatus.PENDING).count() == 10
        assert not LedgerEntry.objects.filter(kind=LedgerKind.PAYOUT).exists()
    assert settle_due(batch_size=3) == {"won": 10}
    assert paid_once(bets)
    assert verify()[1] == []


def killed_after(real: Callable[..., None]) -> Callable[..., None]:
    """Do the work, then lose the server's process, as a kill -9 of it or of the worker would."""

    def fatal(*args: Any) -> None:
        real(*args)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    return fatal


def test_a_bet_being_voided_is_not_settled_as_well() -> None:
    for _ in range(3):
        (bet,) = finished(1)
        staff = UserFactory(is_staff=True)

        def act(n: int, bet: Bet = bet, staff: Any = staff) -> object:
            return void_bet(bet=bet, by=staff, reason="race") if n else settle_due()

        in_threads(2, act)
        settle_due()
        bet.refresh_from_db()
        assert bet.status == BetStatus.VOID  # alone, or after the grade by reversal
        assert balance(bet.bankroll) == 10000
        assert verify()[1] == []


def test_a_score_does_not_change_while_it_is_used_for_a_grade(monkeypatch: pytest.MonkeyPatch) -> None:
    finished(1)
    changed = threading.Event()
    real = settlement.closing_of

    def correct_meanwhile(claimed: Any) -> Any:
        def correct() -> None:
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute("SET LOCAL lock_timeout = '300ms'")
                    cursor.execute("UPDATE games SET home_score = 0, away_score = 5")
                    changed.set()
            except OperationalError:
                pass
            finally:
                connection.close()

        thread = threading.Thread(target=correct)
        thread.start()
        thread.join(timeout=20)
        return real(claimed)

    monkeypatch.setattr(settlement, "closing_of", correct_meanwhile)
    assert settle_due() == {"won": 1}
    assert not changed.is_set()
    with monkeypatch.context() as patch:  # and the race is real without the lock
        patch.setattr(due, "CLAIM", due.CLAIM.replace("FOR SHARE OF g SKIP LOCKED", ""))
        finished(1)
        settle_due()
        assert changed.is_set()


def test_deleting_a_game_and_betting_on_it_do_not_deadlock() -> None:
    staff = UserFactory(is_staff=True)
    for _ in range(3):
        line = offered(GameFactory(commence_time=FAR), "h2h")
        bankroll = funded_bankroll("1000")
        place(line, bankroll)

        def act(n: int, line: CurrentOdds = line, bankroll: Bankroll = bankroll) -> object:
            if n == 0:
                return delete_game(game=line.game, by=staff, reason="race")
            return place(line, bankroll, idempotency_key=f"{line.pk}-{n}")

        outcomes = in_threads(5, act)
        assert set(outcomes) <= {"done", "GameClosed"}
        assert balance(bankroll) == 1000
        assert not Bet.objects.open().exists()
        assert verify()[1] == []


def test_money_moves_in_both_directions_at_once_and_adds_up() -> None:
    bankroll = funded_bankroll("50")

    def act(n: int) -> object:
        step = bankrolls.deposit if n % 2 else bankrolls.withdraw
        return step(bankroll=bankroll, amount=Decimal(10), by=bankroll.user)

    outcomes = in_threads(12, act)
    assert outcomes["done"] + outcomes[InsufficientFunds.__name__] == 12
    assert outcomes[IntegrityError.__name__] == 0
    assert balance(bankroll) == 50 + 10 * (6 - (outcomes["done"] - 6))
    assert verify()[1] == []


def corrected(count: int) -> list[Bet]:
    """Bets settled as won whose game's score has since been turned round."""
    bets = finished(count)
    assert settle_due() == {"won": count}
    for game in Game.objects.filter(status="final"):
        game.home_score, game.away_score = game.away_score, game.home_score
        game.save()
    return bets


def test_any_number_of_workers_grade_each_corrected_bet_again_once() -> None:
    bets = corrected(60)
    in_threads(4, lambda n: regrade_due(batch_size=7))
    regrade_due()
    for bet in bets:
        bet.refresh_from_db()
        assert (bet.status, bet.revision) == (BetStatus.LOST, 2)
        assert bet.ledger.filter(kind=LedgerKind.REVERSAL).count() == 1
    assert verify()[1] == []


def test_without_the_lock_two_workers_meet_the_revisions_key_and_nothing_is_taken_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bets = corrected(1)
    monkeypatch.setattr(regrading, "CLAIM", regrading.CLAIM.replace("FOR UPDATE OF b SKIP LOCKED", ""))
    barrier = threading.Barrier(2)
    real = regrading.write_grades

    def together(*args: Any) -> None:
        barrier.wait(timeout=20)
        real(*args)

    monkeypatch.setattr(regrading, "write_grades", together)
    monkeypatch.setattr(ledger, "LOCK", ledger.LOCK.replace("FOR NO KEY UPDATE", ""))
    outcomes = in_threads(2, lambda n: guarded(regrade_batch))
    assert outcomes["done"] == 1
    assert bets[0].ledger.filter(kind=LedgerKind.REVERSAL).count() == 1
    assert verify()[1] == []


def test_a_worker_killed_while_grading_again_leaves_the_old_grade(monkeypatch: pytest.MonkeyPatch) -> None:
    bets = corrected(5)
    with monkeypatch.context() as patch:
        patch.setattr(writing, "write_events", killed_after(writing.write_events))
        assert in_threads(1, lambda n: regrade_batch()) == {"OperationalError": 1}
    assert Bet.objects.filter(status=BetStatus.WON, revision=1).count() == 5
    assert regrade_due() == {"lost": 5}
    assert not LedgerEntry.objects.filter(bet__in=bets, revision__gt=2).exists()
    assert verify()[1] == []
