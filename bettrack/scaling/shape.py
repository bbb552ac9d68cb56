"""What the catalog says of the tables that are to be sharded, and what would keep Citus from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.db import connection

DISTRIBUTED: Final = ("odd_snapshots", "current_odds")
KEY: Final = "game_id"
REFERENCE: Final = ("sports", "teams", "bookmakers", "games", "selections")
"""In the order in which they point to each other."""

UNIQUE_KEYS: Final = """
SELECT t.relname, i.relname, array_agg(a.attname::text)
FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_class t ON t.oid = x.indrelid
LEFT JOIN pg_inherits h ON h.inhrelid = t.oid
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY(x.indkey)
WHERE x.indisunique AND coalesce(h.inhparent, t.oid) = ANY(%s::regclass[])
GROUP BY t.relname, i.relname ORDER BY t.relname, i.relname
"""
FOREIGN_KEYS: Final = """
SELECT f.relname, t.relname, c.conname
FROM pg_constraint c JOIN pg_class f ON f.oid = c.conrelid JOIN pg_class t ON t.oid = c.confrelid
WHERE c.contype = 'f' AND c.conparentid = 0 ORDER BY f.relname, c.conname
"""
EXCLUSIONS: Final = """
SELECT t.relname, c.conname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
WHERE c.contype = 'x' AND c.conrelid = ANY(%s::regclass[])
"""
NARROW_IDENTITIES: Final = """
SELECT t.relname, a.attname FROM pg_attribute a JOIN pg_class t ON t.oid = a.attrelid
WHERE a.attidentity <> '' AND a.atttypid IN ('int2'::regtype, 'int4'::regtype)
  AND t.relkind IN ('r', 'p') AND t.relname = ANY(%s) ORDER BY t.relname, a.attname
"""
TRIGGERS: Final = """
SELECT t.relname, g.tgname, pg_get_triggerdef(g.oid) FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid
WHERE NOT g.tgisinternal AND g.tgparentid = 0 AND t.oid = ANY(%s::regclass[]) ORDER BY t.relname, g.tgname
"""


def rows(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """All rows of a statement over the catalog."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def violations() -> Iterator[str]:
    """Every rule of Citus that the schema breaks, in a sentence."""
    for table, index, columns in rows(UNIQUE_KEYS, list(DISTRIBUTED)):
        if KEY not in columns:
            yield f"{table}: the unique index {index} lacks {KEY}, by which the table is to be sharded."
    for table, target, name in rows(FOREIGN_KEYS):
        if target in DISTRIBUTED:
            yield f"{table}: the foreign key {name} points to {target}, which only a co-located table may."
        if table in DISTRIBUTED and target not in REFERENCE:
            yield f"{table}: the foreign key {name} points to {target}, which is no reference table."
        if table in REFERENCE and target not in REFERENCE:
            yield f"{table}: the foreign key {name} points to {target}, which stays on the coordinator."
    for table, name in rows(EXCLUSIONS, list(DISTRIBUTED)):
        yield f"{table}: the exclusion constraint {name} cannot hold across shards."


def local_tables() -> list[str]:
    """Tables that stay on the coordinator and point to reference tables, so that Citus has to know them."""
    found = {table for table, target, _ in rows(FOREIGN_KEYS) if target in REFERENCE}
    return sorted(found - {*DISTRIBUTED, *REFERENCE})
