"""Work that one process at a time does, among however many: a claim in the cache that ends with its holder."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from django.core.cache.backends.base import BaseCache

logger = logging.getLogger(__name__)

LEASE: Final = 30.0
"""Seconds after which the claim of a holder that died is void; a living one renews it three times as often."""


@contextmanager
def claimed(cache: BaseCache, name: str, *, lease: float = LEASE) -> Iterator[bool]:
    """Hold the claim while the block runs, however long; False when somebody else holds it."""
    token = uuid.uuid4().hex
    if not cache.add(name, token, lease):
        yield False
        return
    is_done = threading.Event()
    # bound here: in another thread the default cache would be another one, with connections of its own
    keeper = threading.Thread(
        target=_renew, args=(cache.get, cache.touch, name, token, lease, is_done), daemon=True
    )
    keeper.start()
    try:
        yield True
    finally:
        is_done.set()
        keeper.join()
        if cache.get(name) == token:
            cache.delete(name)


def _renew(
    get: Callable[..., object],
    touch: Callable[..., object],
    name: str,
    token: str,
    lease: float,
    is_done: threading.Event,
) -> None:
    while not is_done.wait(lease / 3):
        try:
            if get(name) != token:
                return
            touch(name, lease)
        except Exception:  # a cache that is away may be back before the lease is over
            logger.warning("the claim %s could not be renewed", name, exc_info=True)
