"""Two administrators who go at the same moment: one of them stays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from django.db import connection, transaction

from accounts.deletion import delete_account
from accounts.exceptions import AccountRefused
from accounts.models import User
from accounts.suspension import suspend
from accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
NOW = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)


def both(act: Callable[[User, User], object]) -> list[str]:
    """Let two administrators act on each other at once; return the names of the refusals."""
    people = [UserFactory(staff=True), UserFactory(staff=True)]
    ready, refused = Barrier(2), []

    def run(me: User, other: User) -> None:
        ready.wait()
        try:
            act(me, other)
        except AccountRefused as error:
            refused.append(type(error).__name__)
        finally:
            connection.close()

    threads = [Thread(target=run, args=(people[n], people[1 - n])) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refused


def administrators() -> int:
    return User.objects.filter(is_superuser=True, is_active=True).count()


@pytest.mark.parametrize("attempt", range(5))
@pytest.mark.parametrize(
    "act",
    [
        lambda me, other: suspend(user=other, reason="x", by=me, now=NOW),
        lambda me, other: delete_account(user=me, now=NOW),
    ],
    ids=["suspend each other", "delete themselves"],
)
def test_one_of_two_stays(act: Callable[[User, User], object], attempt: int) -> None:
    assert len(both(act)) == 1
    assert administrators() == 1


def test_without_the_database_both_could_go() -> None:
    """The race is real: with the look before the leap alone, both see the other and go."""
    together = Barrier(2)

    def careless(me: User, other: User) -> None:
        left = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=me.pk).exists()
        together.wait()
        if left:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL session_replication_role = replica")  # no triggers
                cursor.execute("UPDATE users SET is_active = false WHERE id = %s", [me.pk])

    assert both(careless) == []
    assert administrators() == 0
