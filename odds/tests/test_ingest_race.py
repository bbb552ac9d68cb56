"""Two responses of one sport at once: the second waits until the first is committed or undone, and why it has to."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, transaction

from odds.ingest import ingest_odds, rows
from odds.ingest.beats import Beat
from odds.models import CurrentOdds, Heartbeat, OddSnapshot
from odds.tests.test_ingest import book, ingest, minute, moneyline

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


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", [True, False])
def test_the_lock_keeps_two_pulls_without_a_game_from_counting_as_one(
    monkeypatch: pytest.MonkeyPatch, *, locked: bool
) -> None:
    """The first pull stops between its reading and its writing. Without the lock the second, which ought to withdraw
    the lines as the third without them, reads the same count and writes the same."""
    ingest(book(moneyline(-140)), at=1)
    list_nothing(at=2)
    has_read, second_is_in = threading.Event(), threading.Event()
    read_beats = rows.read_beats

    def read_and_stop(*args: Any) -> list[Beat]:
        beats = read_beats(*args)
        if threading.current_thread() is first:
            has_read.set()
            second_is_in.wait(PATIENCE)
        return beats

    def list_nothing_elsewhere() -> None:
        try:
            list_nothing(at=3)
        finally:
            connection.close()

    first = threading.Thread(target=list_nothing_elsewhere)
    monkeypatch.setattr(rows, "read_beats", read_and_stop)
    if not locked:
        monkeypatch.setattr(rows, "begin", lambda sports: None)
    first.start()
    assert has_read.wait(20)
    list_nothing(at=4)
    second_is_in.set()
    first.join(20)
    (beat,) = Heartbeat.objects.all()
    assert (beat.missed, beat.polled_at) == ((3, minute(4)) if locked else (2, minute(3)))
    assert CurrentOdds.objects.count() == (0 if locked else 2)


def list_nothing(*, at: int) -> None:
    ingest_odds(events=[], captured_at=minute(at), polled_markets=["h2h"], listed_sport="basketball_nba")
