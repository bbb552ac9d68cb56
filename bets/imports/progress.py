"""How far a running import is: kept beside its transaction, for who asks meanwhile."""

from __future__ import annotations

import contextlib
import uuid
from typing import Final

from django.core.cache import cache
from redis.exceptions import RedisError

KEPT_SECONDS: Final = 600


def note_progress(batch_id: uuid.UUID, written: int, of: int) -> None:
    """Say how many bets are written, of how many; without Redis it is not said."""
    with contextlib.suppress(RedisError):
        cache.set(f"import:{batch_id}", {"written": written, "of": of}, KEPT_SECONDS)


def read_progress(batch_id: uuid.UUID) -> dict[str, int]:
    """``written`` and ``of``: 0 of 0 before the first, and where nothing is known."""
    found: dict[str, int] | None = None
    with contextlib.suppress(RedisError):
        found = cache.get(f"import:{batch_id}")
    return found or {"written": 0, "of": 0}
