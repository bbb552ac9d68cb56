"""Schedulers beside each other: one sends, another follows when it is gone, and Redis may come and go."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery
from celery.beat import ScheduleEntry
from django.conf import settings

from bettrack.celery import app as real_app
from bettrack.scheduling import Lock, LockedScheduler

LEASE = 0.6
DEAD = "redis://127.0.0.1:1/0"


class Recorded(LockedScheduler):
    """A scheduler whose tasks are noted instead of sent."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.sent: list[str] = []
        super().__init__(*args, **kwargs)

    def apply_async(
        self, entry: ScheduleEntry, producer: Any = None, advance: bool = True, **_: Any
    ) -> object:
        self.sent.append(str(entry.name))
        return type("Result", (), {"id": "1"})()

    @property
    def producer(self) -> Any:
        return None


Make = Callable[..., Recorded]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    key = f"test:scheduler:{uuid.uuid4().hex}"
    made: list[Recorded] = []

    def build(url: str = settings.REDIS_URL, every: float = 0.05) -> Recorded:
        app = Celery("scheduling", broker="memory://", set_as_current=False)
        app.conf.beat_schedule = {"often": {"task": "often", "schedule": every}}
        scheduler = Recorded(
            app=app,
            schedule_filename=str(tmp_path / f"schedule{len(made)}"),
            lock=Lock(url, lease=LEASE, key=key),
        )
        made.append(scheduler)
        return scheduler

    yield build
    for scheduler in made:
        scheduler.close()


def run(seconds: float, *schedulers: Recorded) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for scheduler in schedulers:
            scheduler.tick()
        time.sleep(0.01)


def test_of_two_schedulers_one_sends(make: Make) -> None:
    first, second = make(), make()
    run(0.4, first, second)
    assert len(first.sent) >= 3
    assert second.sent == []


def test_another_follows_a_killed_one_within_its_lease_and_sends_what_fell_due_meanwhile(make: Make) -> None:
    first, second = make(), make()
    run(0.2, first, second)
    begun = time.monotonic()
    while not second.sent and time.monotonic() - begun < 5:
        run(0.02, second)
    assert second.sent
    assert time.monotonic() - begun < LEASE + LEASE / 3 + 0.3


def test_another_follows_at_once_when_one_ends_properly(make: Make) -> None:
    first, second = make(), make()
    run(0.2, first, second)
    first.lock.release()
    run(LEASE / 3 + 0.1, second)
    assert second.sent


def test_one_that_was_away_for_longer_than_its_lease_sends_nothing_more(make: Make) -> None:
    first, second = make(), make()
    run(0.2, first, second)
    run(LEASE + 0.4, second)
    assert second.sent
    sent = len(first.sent)
    run(0.2, first)
    assert len(first.sent) == sent


def test_what_the_holder_has_sent_long_ago_is_not_sent_again_by_who_follows(make: Make) -> None:
    """An entry of once a night that fell due while another held the lock."""
    first, second = make(every=3600.0), make(every=3600.0)
    assert first.lock.holds()
    second.apply_entry(second.schedule["often"])
    assert list(second.missed) == ["often"]
    run(2 * LEASE + 0.2, first)
    first.lock.release()
    run(LEASE / 3 + 0.1, second)
    assert second.lock.holds()
    assert second.sent == []


def test_it_goes_on_when_redis_has_forgotten_everything(make: Make) -> None:
    first, second = make(), make()
    run(0.2, first, second)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        assert client.delete(first.lock.key) == 1
    before = len(first.sent) + len(second.sent)
    run(0.5, first, second)
    assert len(first.sent) + len(second.sent) >= before + 3
    assert {first.lock.holds(), second.lock.holds()} == {True, False}


def test_without_redis_nobody_sends_and_what_fell_due_is_sent_when_it_is_back(make: Make) -> None:
    scheduler = make(DEAD, every=3600.0)
    assert scheduler.lock.holds() is None
    scheduler.apply_entry(scheduler.schedule["often"])
    run(0.1, scheduler)
    assert scheduler.sent == []
    scheduler.lock.client = redis.Redis.from_url(settings.REDIS_URL)
    run(LEASE / 3 + 0.1, scheduler)
    assert scheduler.sent == ["often"]


def test_without_the_lock_both_would_send(make: Make) -> None:
    first, second = make(), make()
    second.lock.key += ":another"
    run(0.3, first, second)
    assert first.sent
    assert second.sent


def test_the_schedule_is_kept_by_it() -> None:
    assert real_app.conf.beat_scheduler == "bettrack.scheduling:LockedScheduler"
