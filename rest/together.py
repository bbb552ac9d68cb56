"""Several statements in one round trip: sent together, carried out one after the other.

Each sees what was committed before it began, as if it had been sent by itself; ``statement_timestamp()`` alone is that
of all of them, so that who needs the time after a lock asks for ``clock_timestamp()``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import psycopg
from django.db import connection
from psycopg.pq import ExecStatus

Parameters = Sequence[Any] | Mapping[str, Any]
BETWEEN: Final = "\n; "
"""On a line of its own, where no comment at a statement's end reaches it."""


class Filled(str):
    """Statements with their values put in. ``template`` is the text without: who looks at statements looks there."""

    __slots__ = ("template",)

    template: str


def ask(*statements: tuple[str, Parameters]) -> list[list[tuple[Any, ...]]]:
    """The rows of each statement, none of one that returns none."""
    with connection.cursor() as cursor:
        raw: Any = cursor.cursor
        if not isinstance(
            raw, psycopg.ClientCursor
        ):  # the server puts the values in: one statement at a time
            return [_rows(cursor, sql, values) for sql, values in statements]
        with connection.wrap_database_errors:
            text = Filled(BETWEEN.join([raw.mogrify(sql, values) for sql, values in statements]))
        text.template = BETWEEN.join([sql for sql, _ in statements])
        cursor.execute(text)
        found = []
        while True:
            found.append(_fetched(cursor))
            if not cursor.nextset():
                return found


def _rows(cursor: Any, sql: str, values: Parameters) -> list[tuple[Any, ...]]:
    cursor.execute(sql, values)
    return _fetched(cursor)


def _fetched(cursor: Any) -> list[tuple[Any, ...]]:
    """The rows of the result at hand; they may have no columns."""
    has_rows = cursor.cursor.pgresult.status == ExecStatus.TUPLES_OK
    return list(cursor.fetchall()) if has_rows else []
