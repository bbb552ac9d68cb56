"""Two imports of one file at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from accounts.tests.factories import UserFactory
from bets.models import Bet
from bets.tests.test_imports import PIKKIT, imported


@pytest.mark.django_db(transaction=True)
def test_the_same_file_twice_at_once_adds_each_bet_once() -> None:
    user = UserFactory(time_zone="UTC")
    start = Barrier(4)

    def run(_: int) -> int:
        try:
            start.wait(timeout=10)
            return imported(user, PIKKIT).plan.counts["add"]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        added = sorted(pool.map(run, range(4)))
    assert added == [0, 0, 0, 5]
    assert Bet.objects.count() == 5
