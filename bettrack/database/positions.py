"""How far into the primary's log a reader must be shown, kept in Redis beside the versions of pages.

After every commit that outdates a version of pages (see ``odds.versions``) the end of the log is noted under the
version's name, before the version is replaced: who finds the new version finds its position too.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final

from django.conf import settings
from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, connections

from odds import versions

logger = logging.getLogger(__name__)

END_OF_LOG: Final = "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint"
"""What an unfinished flush has not written yet is in it: ingestion does not wait for the disk."""


def note(name: str) -> None:
    """Note where the log ends now. Where that cannot be known, nothing is, and readers note it anew."""
    try:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(END_OF_LOG)
            (position,) = cursor.fetchone()
    except Exception as error:  # noqa: BLE001 - whatever it is, no old position may stand
        logger.warning("position of %s not known: %s", name, error)
        _client().zrem(_key(), name)
        return
    _client().zadd(_key(), {name: position}, gt=True)


def required(names: Sequence[str]) -> int | None:
    """The position that shows all that was committed under these names; None where it is not known."""
    try:
        found = _client().zmscore(_key(), list(names))
        if any(score is None for score in found):
            for name in names:
                note(name)
            return None
    except Exception as error:  # noqa: BLE001 - whatever keeps Redis, or an embedded one, from answering
        logger.warning("no positions: %s", error)
        return None
    return int(max(found))


def connect() -> None:
    """Note positions from now on."""
    versions.outdated.connect(_outdated, dispatch_uid="positions")


def _outdated(*, name: str, **_: Any) -> None:
    note(name)


def _client() -> Any:
    return cache._cache.get_client(None, write=True)  # type: ignore[attr-defined] # of Django's Redis cache


def _key() -> str:
    return f"{settings.CACHES['default']['KEY_PREFIX']}:positions"
