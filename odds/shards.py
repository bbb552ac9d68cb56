"""Statements over archive and board where the two lie on the shards of a Citus cluster.

On one machine a statement looks single lines up by the index, line after line. Across shards Citus refuses a limit in
a lateral join, a correlated subquery and an outer join without the sharded table in front (its page "SQL Support and
Workarounds"); what it offers instead is to fetch a part of the table first, as a common table expression, and to go
on with that in full SQL.
"""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from games.models import Game

LATEST: Final = """DISTINCT ON (game_id, selection_id, bookmaker_id, point)"""
NEWEST_FIRST: Final = """ORDER BY game_id, selection_id, bookmaker_id, point, "timestamp" DESC, id DESC"""


def sliced(statement: str, *, board: str = "", archive: str = "", latest: bool = False) -> str:
    """The statement, over those rows alone that satisfy the conditions; on one machine as it is.

    The conditions have to hold for every row that the statement would use anyway, and name the games: the rest goes on
    with what they let through. ``latest`` keeps of the archive the last change of each line.
    """
    if not settings.ARCHIVE_IS_SHARDED:
        return statement
    slices = [
        f"{table} AS MATERIALIZED (SELECT {columns} FROM {table} WHERE {condition} {order})"  # noqa: S608 - the parts are constants
        for table, condition, columns, order in (
            ("current_odds", board, "*", ""),
            ("odd_snapshots", archive, f"{LATEST} *" if latest else "*", NEWEST_FIRST if latest else ""),
        )
        if condition
    ]
    head, words, rest = statement.lstrip().partition("WITH ")
    return "WITH " + ",\n".join(slices) + (f",\n{rest}" if words and not head else f"\n{statement}")


def having(rows: QuerySet[Any], among: QuerySet[Game]) -> Q:
    """The condition that a game has any of these rows of archive or board; ``among`` are all that can be asked for."""
    if not settings.ARCHIVE_IS_SHARDED:
        return Q(Exists(rows.filter(game=OuterRef("pk"))))
    found = rows.filter(game__in=among.order_by().values("pk")).order_by()
    return Q(pk__in=found.values("game").distinct())
