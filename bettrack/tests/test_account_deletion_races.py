"""An account is deleted while its owner bets, pays in and is settled: all or nothing, and nobody hangs."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection
from django.utils import timezone

from accounts.deletion import delete_account
from accounts.models import User
from bets.bankrolls import operations
from bets.exceptions import Refused
from bets.models import Bankroll, Bet, LedgerEntry
from bets.settlement import settle_due
from bets.tests.factories import FAR, ended, funded_bankroll, offered, place
from games.tests.factories import GameFactory

pytestmark = pytest.mark.django_db(transaction=True)
NOW = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize("attempt", range(4))
def test_betting_paying_in_and_settling_do_not_get_in_the_way(attempt: int) -> None:
    game, over = GameFactory(commence_time=FAR), GameFactory(commence_time=FAR)
    mine, theirs = funded_bankroll("100000"), funded_bankroll("100000")
    line, old = offered(game, "h2h"), offered(over, "h2h")
    for roll in (mine, theirs):
        for _ in range(5):
            place(line, roll)
            place(old, roll)
    ended(over, 3, 1)
    ready, hung = Barrier(5), []

    def run(act: Callable[[], object]) -> None:
        ready.wait()
        try:
            act()
        except OperationalError as error:  # a deadlock
            hung.append(str(error))
        except (Refused, IntegrityError, KeyError, Bankroll.DoesNotExist, User.DoesNotExist):
            pass  # came after the account had gone
        except DatabaseError as error:
            hung.append(str(error))
        finally:
            connection.close()

    def bet_on(roll: Bankroll) -> None:
        for _ in range(8):
            place(line, roll)

    def pay_in() -> None:
        for _ in range(8):
            operations.deposit(bankroll=mine, by=mine.user, amount=Decimal(5), key=uuid.uuid4().hex)

    acts: list[Callable[[], object]] = [
        lambda: bet_on(mine),
        lambda: bet_on(theirs),
        pay_in,
        lambda: settle_due(now=timezone.now()),
        lambda: delete_account(user=mine.user, now=NOW),
    ]
    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not hung
    assert not User.objects.filter(pk=mine.user_id).exists()
    assert not Bet.objects.exclude(user=theirs.user).exists()
    assert not LedgerEntry.objects.exclude(bankroll=theirs).exists()
    assert Bet.objects.filter(user=theirs.user).count() == 18
    game.refresh_from_db()
    assert game.bet_count == 13
