"""What happened to prices, told through Redis to whoever is listening: one entry for each game of each response.

The log holds the last ten thousand entries or so. It names game and instant; the changes themselves are read from the archive.
An entry is written after the commit, so its place in the log is the order in which changes could be seen.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable
from functools import partial
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db import transaction

logger = logging.getLogger(__name__)
KEPT: Final = 10_000
AT_ONCE: Final = 500
START: Final = "0-0"


class LogGone(Exception):
    """Redis does not answer."""


class Move(NamedTuple):
    """Prices of a game changed in the response received at ``captured_at``."""

    id: str
    game: UUID
    captured_at: dt.datetime


def tell(games: Iterable[UUID], captured_at: dt.datetime) -> None:
    """Write to the log once the transaction is committed; without Redis nothing is told."""
    transaction.on_commit(partial(_write, sorted(set(games)), captured_at), robust=True)


def _write(games: list[UUID], captured_at: dt.datetime) -> None:
    try:
        pipe = _client().pipeline(transaction=False)
        for game in games:
            pipe.xadd(
                _key(), {"game": str(game), "at": captured_at.isoformat()}, maxlen=KEPT, approximate=True
            )
        pipe.execute()
    except Exception as error:  # noqa: BLE001 - whatever keeps Redis, or an embedded one, from answering
        logger.warning("changed prices were not told: %s", error)


def newest() -> str:
    """The id of the last entry. Raises LogGone."""
    found = _ask("xrevrange", _key(), count=1)
    return _text(found[0][0]) if found else START


def is_complete_after(last: str) -> bool:
    """Tell whether everything after this entry is still there. Raises LogGone."""
    found = _ask("xrange", _key(), count=1)
    if not found:
        return last == START
    if order_of(last) > order_of(newest()):
        return False  # of a log that was lost
    if order_of(last) >= order_of(_text(found[0][0])):
        return True
    state = _ask("xinfo_stream", _key())
    return bool(state.get("entries-added", KEPT + state["length"]) <= state["length"])


def after(last: str, *, wait: float) -> list[Move]:
    """The entries after this one, waiting so many seconds for the first. Raises LogGone."""
    found = _ask("xread", {_key(): last}, count=AT_ONCE, block=max(1, int(wait * 1000)))
    streams = found.values() if isinstance(found, dict) else [entries for _, entries in found or []]
    return [_move(entry) for entries in streams for entry in _flat(entries)]


def order_of(entry: str) -> tuple[int, int]:
    first, _, second = entry.partition("-")
    return int(first), int(second)


def _flat(entries: Any) -> Iterable[Any]:
    return entries[0] if entries and isinstance(entries[0], list) else entries


def _move(entry: Any) -> Move:
    found = {_text(name): _text(value) for name, value in entry[1].items()}
    return Move(_text(entry[0]), UUID(found["game"]), dt.datetime.fromisoformat(found["at"]))


def _ask(command: str, *args: Any, **options: Any) -> Any:
    try:
        return getattr(_client(), command)(*args, **options)
    except Exception as error:
        raise LogGone(str(error)) from error


def _client() -> Any:
    return cache._cache.get_client(None, write=True)  # type: ignore[attr-defined] # of Django's Redis cache


def _key() -> str:
    return f"{settings.CACHES['default']['KEY_PREFIX']}:moves"


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
