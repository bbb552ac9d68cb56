"""Two responses of one sport at once: the second waits until the first is committed or undone."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from odds.ingest import rows
from odds.models import OddSnapshot
from odds.tests.test_ingest import book, ingest, moneyline

PATIENCE = 1.0


def ingest_elsewhere(done: threading.Event) -> None:
    try:
        ingest(book(moneyline()), at=2)
        done.set()
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("held", "waits"), [("basketball_nba", True), ("icehockey_nhl", False)])
def test_a_pull_waits_for_the_other_pull_of_its_sport_and_for_no_other(held: str, *, waits: bool) -> None:
    ingest(book(moneyline(-140)), at=1)
    done = threading.Event()
    other = threading.Thread(target=ingest_elsewhere, args=(done,))
    with transaction.atomic():
        rows.begin([held])
        other.start()
        assert done.wait(PATIENCE if waits else 20) is not waits
    other.join(20)
    assert done.is_set()
    assert OddSnapshot.objects.count() == 3
