"""A connection that reads all of an export as it stands at one moment, while the usual one goes on writing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection, connections, transaction

ALIAS: Final = "snapshot"
ONE_MOMENT: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


@contextmanager
def snapshot() -> Iterator[str]:
    """The alias to read with, in this thread; the moment is that of the first statement.

    One transaction on a connection of its own, so that a pooler between transactions serves it, also with a cursor
    of the server. What the caller has not committed is not seen.
    """
    own = connection.copy(ALIAS)
    own.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = False  # within one transaction any pooler keeps them
    own.settings_dict["OPTIONS"].pop("pool", None)
    connections[ALIAS] = own
    try:
        with transaction.atomic(using=ALIAS):
            with own.cursor() as cursor:
                cursor.execute(ONE_MOMENT)
            yield ALIAS
    finally:
        own.close()
        del connections[ALIAS]
