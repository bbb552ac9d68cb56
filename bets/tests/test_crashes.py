"""A real worker process killed in the middle of a batch, and guards taken away to see what they are for."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections, transaction

from accounts.tests.factories import UserFactory
from bets import due, ledger, settlement, voiding
from bets.ledger import balance
from bets.models import Bet, BetEvent, BetStatus, LedgerEntry, LedgerKind
from bets.regrading import regrade_due
from bets.settlement import settle_due
from bets.tests.factories import FAR, ended, funded_bankroll, offered, place
from bets.tests.test_races import finished, in_threads, paid_once, without_locks_of_game_and_owner
from bets.verification import verify
from bets.voiding import void_bet
from games.models import Game
from games.services import set_result
from games.tests.factories import GameFactory

pytestmark = pytest.mark.django_db(transaction=True)

WORKER = """
import json, sys, django
from django.conf import settings
settings.DATABASES["default"].update(json.loads(sys.argv[1]))
django.setup()
if sys.argv[2] == "unguarded":
    from django.db.transaction import Atomic
    Atomic.__enter__ = lambda self: None
    Atomic.__exit__ = lambda self, *raised: None
from django.core.management import call_command
call_command("settle", batch=5)
"""
"""``manage.py settle`` on the tests' database; unguarded, each statement commits for itself."""

BLOCKED = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND wait_event_type = 'Lock'
"""
ALIVE = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'doomed'
"""


def worker(mode: str) -> subprocess.Popen[bytes]:
    """Start ``manage.py settle`` in a process of its own."""
    own = {key: connection.settings_dict[key] for key in ("NAME", "HOST", "PORT", "USER", "PASSWORD")}
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, json.dumps(own), mode],
        env=os.environ | {"PGAPPNAME": "doomed"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def until(sql: str, wanted: int, process: subprocess.Popen[bytes] | None = None) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            if cursor.fetchone() == (wanted,):
                return
        if process is not None and process.poll() is not None:
            assert process.stderr is not None
            pytest.fail(f"the worker ended by itself: {process.stderr.read().decode()[-500:]}")
        time.sleep(0.02)
    pytest.fail(f"never came to {wanted}: {sql}")


@contextmanager
def stumbling_block(bet: Bet, kind: str, revision: int) -> Iterator[None]:
    """Hold back whoever writes the event of the bet's grade: the key of one not committed yet is in the way.

    By then the legs and bets of the batch are written, the events are not, nor is any money.
    """
    other = connections.create_connection("default")
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute(
                "INSERT INTO bet_events (bet_id, revision, kind, reason, data, at)"
                " VALUES (%s, %s, %s, '', '{}', now())",
                [bet.pk, revision, kind],
            )
        yield
    finally:
        other.rollback()
        other.close()


def killed_while_writing(bet: Bet, mode: str, kind: str = "settled", revision: int = 1) -> None:
    """Start a worker, wait until it is in the middle of the batch of the bet, and kill -9 it."""
    with stumbling_block(bet, kind, revision):
        process = worker(mode)
        until(BLOCKED, 1, process)
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait(timeout=20) == -signal.SIGKILL
        assert process.stderr is not None
        process.stderr.close()
    until(ALIVE, 0)


def last_of_queue(bets: list[Bet]) -> Bet:
    """The bet whose game comes last to the workers, so that batches before it are done when it is reached."""
    return max(bets, key=lambda bet: bet.legs.get().game_id)


def test_without_a_transaction_a_killed_worker_leaves_bets_won_and_not_paid() -> None:
    bets = finished(20)
    killed_while_writing(last_of_queue(bets), "unguarded")
    broken = {fault.rule: fault for fault in verify()[1]}
    assert "A bet has paid what it says: its payout if settled, nothing while open" in broken
    assert settle_due() == {}  # nobody would ever have paid them
    assert not paid_once(bets)


def test_a_worker_process_killed_in_the_middle_of_a_batch_loses_nothing_and_pays_nothing_twice() -> None:
    bets = finished(20)
    doomed = last_of_queue(bets)
    killed_while_writing(doomed, "guarded")
    counts = Counter(Bet.objects.values_list("status", flat=True))
    assert counts[BetStatus.WON] in (10, 15), counts  # whole batches of five, and none by halves
    assert counts.total() == counts[BetStatus.WON] + counts[BetStatus.PENDING] == 20
    assert Bet.objects.get(pk=doomed.pk).status == BetStatus.PENDING
    assert LedgerEntry.objects.filter(kind=LedgerKind.PAYOUT).count() == counts[BetStatus.WON]
    assert verify()[1] == []
    assert settle_due() == {"won": counts[BetStatus.PENDING]}
    assert paid_once(bets)
    assert verify()[1] == []


def test_a_worker_process_killed_while_grading_again_leaves_the_old_grades_whole() -> None:
    bets = finished(6, games=1)
    assert settle_due() == {"won": 6}
    Game.objects.all().update(home_score=0, away_score=1, updated_at=FAR)
    staff = UserFactory(is_staff=True)
    set_result(game=Game.objects.get(), status="final", home_score=0, away_score=1, by=staff, now=FAR)
    killed_while_writing(bets[-1], "guarded", "regraded", 2)
    assert Bet.objects.get(pk=bets[-1].pk).status == BetStatus.WON
    assert verify()[1] == []
    regrade_due()
    assert set(Bet.objects.values_list("status", "revision")) == {(BetStatus.LOST, 2)}
    assert LedgerEntry.objects.filter(kind=LedgerKind.REVERSAL).count() == 6
    assert verify()[1] == []


@contextmanager
def without_constraints(table: str, *names: str) -> Iterator[None]:
    """Take constraints away for a while; the table is emptied before they come back."""
    with connection.cursor() as cursor:
        definitions = []
        for name in names:
            cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [name])
            definitions.append((name, cursor.fetchone()[0]))
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    try:
        yield
    finally:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")  # the ledger refuses to be emptied
            cursor.execute(f"TRUNCATE {table} CASCADE")
        with connection.cursor() as cursor:
            for name, definition in reversed(definitions):
                cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


CHAIN = (
    "ledger_line_starts_from_the_balance_before",
    "ledger_chain_target",
    "ledger_seq_is_unique",
)


def test_without_lock_and_chain_twenty_bets_are_placed_on_funds_for_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = offered(GameFactory(commence_time=FAR), "h2h")
    bankroll = funded_bankroll("100")
    without_locks_of_game_and_owner(monkeypatch)
    monkeypatch.setattr(ledger, "LOCK", "SELECT id FROM bankrolls WHERE id = ANY(%s::uuid[])")
    all_have_looked = meeting(20, ledger.require_funds)
    monkeypatch.setattr(ledger, "require_funds", all_have_looked)
    with without_constraints("ledger_entries", *CHAIN):
        outcomes = in_threads(20, lambda n: place(line, bankroll, idempotency_key=f"k{n}"))
        assert outcomes == {"done": 20}
        assert any("Every line follows" in fault.rule for fault in verify()[1])


def meeting(parties: int, real: Callable[..., Any]) -> Callable[..., Any]:
    """Do the work, then wait until all the others have done it too."""
    barrier = threading.Barrier(parties)

    def wait(*args: Any, **kwargs: Any) -> Any:
        found = real(*args, **kwargs)
        barrier.wait(timeout=30)
        return found

    return wait


def void_meets_settlement(monkeypatch: pytest.MonkeyPatch) -> tuple[Bet, Counter[str]]:
    """Void a bet in one thread while another settles it; neither begins to write before both have read."""
    (bet,) = finished(1)
    staff = UserFactory(is_staff=True)
    both_have_read = meeting(2, lambda found: found)
    real_lock, real_closing = voiding.lock_bets, settlement.closing_of

    def read_and_wait(bets: Any) -> Any:
        return both_have_read(
            list(Bet.objects.filter(pk__in=[b.pk for b in bets]).select_related("bankroll"))
        )

    monkeypatch.setattr(voiding, "lock_bets", read_and_wait)
    monkeypatch.setattr(settlement, "closing_of", lambda bets: both_have_read(real_closing(bets)))

    def act(n: int) -> object:
        return void_bet(bet=bet, by=staff, reason="race") if n else settle_due()

    outcomes = in_threads(2, act)
    monkeypatch.setattr(voiding, "lock_bets", real_lock)
    monkeypatch.setattr(settlement, "closing_of", real_closing)
    return bet, outcomes


def test_without_lock_and_key_a_bet_is_settled_and_voided_and_paid_for_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with without_constraints("ledger_entries", "bet_is_paid_once_per_revision"):
        for _ in range(5):
            bet, outcomes = void_meets_settlement(monkeypatch)
            if "OperationalError" not in outcomes:  # now and then they lock each other up instead
                break
        assert outcomes == {"done": 2}
        assert bet.ledger.filter(kind=LedgerKind.PAYOUT).count() == 2
        assert verify()[1] != []


def test_without_the_lock_the_key_still_keeps_a_bet_from_being_settled_and_voided(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bet, outcomes = void_meets_settlement(monkeypatch)
    assert outcomes["done"] == 1
    assert outcomes.total() == 2
    assert bet.ledger.filter(kind=LedgerKind.PAYOUT).count() == 1
    assert verify()[1] == []


def test_a_void_that_meets_the_settlement_waits_and_takes_the_payout_back() -> None:
    (bet,) = finished(1)
    staff = UserFactory(is_staff=True)
    other = connections.create_connection("default")
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:  # a worker that has claimed the bet
            cursor.execute("SELECT id FROM bets WHERE id = %s FOR UPDATE", [bet.pk])
        assert settle_due() == {}  # does not wait for it
        outcomes: Counter[str] = Counter()
        voiding_thread = threading.Thread(
            target=lambda: outcomes.update(in_threads(1, lambda n: voided(bet, staff)))
        )
        voiding_thread.start()
        until(BLOCKED, 1)
        other.rollback()
        voiding_thread.join(timeout=60)
    finally:
        other.close()
    assert outcomes == {"done": 1}
    settle_due()
    bet.refresh_from_db()
    assert bet.status == BetStatus.VOID
    assert balance(bet.bankroll) == 10000
    assert BetEvent.objects.filter(bet=bet, kind__in=["settled", "voided"]).count() == 1
    assert verify()[1] == []


def voided(bet: Bet, staff: Any) -> object:
    return void_bet(bet=bet, by=staff, reason="race")


def test_a_correction_that_meets_the_settlement_is_graded_again_and_the_money_follows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bets = finished(8, games=1)
    staff = UserFactory(is_staff=True)
    game = Game.objects.get()

    def act(n: int) -> object:
        if n:
            return set_result(game=game, status="final", home_score=0, away_score=3, by=staff, now=FAR)
        return settle_due()

    in_threads(2, act)
    settle_due()
    regrade_due()
    for bet in bets:
        bet.refresh_from_db()
        assert bet.status == BetStatus.LOST
        paid = sum((line.amount for line in bet.ledger.exclude(kind=LedgerKind.STAKE)), Decimal(0))
        assert paid == 0
    assert verify()[1] == []


def test_a_settlement_on_a_score_that_has_changed_meanwhile_is_found_and_undone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without the lock on the game the grade rests on a score that is gone; grading again finds it by its version."""
    bets = finished(3, games=1)
    game = Game.objects.get()
    real = settlement.closing_of

    def corrected_meanwhile(claimed: Any) -> Any:
        def correct(n: int) -> object:
            ended(game, 0, 3, updated_at=FAR)
            return True

        assert in_threads(1, correct) == {"done": 1}
        return real(claimed)

    with monkeypatch.context() as patch:
        patch.setattr(due, "CLAIM", due.CLAIM.replace("FOR SHARE OF g SKIP LOCKED", ""))
        patch.setattr(settlement, "closing_of", corrected_meanwhile)
        assert settle_due() == {"won": 3}  # on a score that no longer stands
    staff = UserFactory(is_staff=True)
    set_result(game=game, status="final", home_score=0, away_score=3, by=staff, now=FAR)
    assert regrade_due() == {"lost": 3}
    assert {bet.ledger.filter(kind=LedgerKind.REVERSAL).count() for bet in bets} == {1}
    assert verify()[1] == []
