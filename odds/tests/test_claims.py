"""Claims on work: one holder, renewed while he lives, void soon after he has died."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator

import pytest
from django.core.cache.backends.locmem import LocMemCache

from odds import claims
from odds.claims import claimed

LEASE = 1


@pytest.fixture
def cache() -> Iterator[LocMemCache]:
    own = LocMemCache(f"claims-{uuid.uuid4().hex}", {})
    yield own
    own.clear()


def test_of_two_workers_at_the_same_moment_one_gets_the_work(cache: LocMemCache) -> None:
    barrier, got = threading.Barrier(2), []

    def work() -> None:
        barrier.wait()
        with claimed(cache, "pull") as is_mine:
            got.append(is_mine)
            barrier.wait()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(10)
    assert sorted(got) == [False, True]


def test_a_claim_lasts_as_long_as_the_work_and_is_free_afterwards(cache: LocMemCache) -> None:
    with claimed(cache, "pull", lease=LEASE) as is_mine:
        assert is_mine
        time.sleep(1.5 * LEASE)
        with claimed(cache, "pull", lease=LEASE) as is_theirs:
            assert not is_theirs
    with claimed(cache, "pull", lease=LEASE) as is_mine:
        assert is_mine


def test_the_claim_of_a_holder_that_died_is_void_after_its_lease(
    cache: LocMemCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A killed process renews nothing and gives nothing back."""
    monkeypatch.setattr(claims, "_renew", lambda *args: None)
    holder = claimed(cache, "pull", lease=LEASE)
    assert holder.__enter__()
    with claimed(cache, "pull", lease=LEASE) as is_mine:
        assert not is_mine
    time.sleep(1.1 * LEASE)
    with claimed(cache, "pull", lease=LEASE) as is_mine:
        assert is_mine
        # whoever comes late does not take away what is another's by now
        holder.__exit__(None, None, None)
        with claimed(cache, "pull", lease=LEASE) as is_theirs:
            assert not is_theirs
