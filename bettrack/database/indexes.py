"""Indexes that nobody reads, that say the same twice, and that are wanting."""

from __future__ import annotations

from typing import Final

from django.db.backends.utils import CursorWrapper

from bettrack.database.sections import BYTES, CODE, COUNT, Column, Section, rows_of, shown

AGE: Final = """
SELECT stats_reset, pg_postmaster_start_time() AS started FROM pg_stat_database WHERE datname = current_database()
"""
UNUSED: Final = """
WITH used AS (
    SELECT coalesce(i.inhparent, s.indexrelid) AS root, sum(s.idx_scan)::bigint AS scans,
           sum(pg_relation_size(s.indexrelid))::bigint AS size
    FROM pg_stat_user_indexes s
    LEFT JOIN pg_inherits i ON i.inhrelid = s.indexrelid
    GROUP BY 1
)
SELECT c.relname AS name, x.indrelid::regclass::text AS "table", u.size, u.scans
FROM used u
JOIN pg_index x ON x.indexrelid = u.root
JOIN pg_class c ON c.oid = u.root
WHERE u.scans = 0 AND NOT x.indisunique AND NOT x.indisexclusion
  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.indexrelid)
ORDER BY u.size DESC, c.relname
"""
DUPLICATES: Final = """
WITH ours AS (
    SELECT x.indexrelid, x.indrelid, x.indkey::text AS keys, x.indclass::text AS classes,
           x.indcollation::text AS collations, x.indoption::text AS options, c.relam,
           coalesce(pg_get_expr(x.indexprs, x.indrelid), '') AS expressions,
           coalesce(pg_get_expr(x.indpred, x.indrelid), '') AS predicate, x.indisunique,
           x.indnkeyatts = x.indnatts AS is_plain,
           EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.indexrelid) AS serves, c.relname
    FROM pg_index x
    JOIN pg_class c ON c.oid = x.indexrelid
    JOIN pg_class t ON t.oid = x.indrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT c.relispartition AND x.indisvalid
)
SELECT less.relname AS name, less.indrelid::regclass::text AS "table", enough.relname AS instead,
       coalesce((SELECT sum(pg_relation_size(t.relid)) FROM pg_partition_tree(less.indexrelid) t),
                pg_relation_size(less.indexrelid))::bigint AS size
FROM ours less
JOIN LATERAL (
    SELECT * FROM ours e
    WHERE e.indrelid = less.indrelid AND e.indexrelid <> less.indexrelid AND e.relam = less.relam
      AND e.predicate = less.predicate AND e.expressions = less.expressions
      AND (
        (e.keys = less.keys AND e.classes = less.classes AND e.collations = less.collations
         AND e.options = less.options AND (NOT less.indisunique OR e.indisunique)
         AND (e.indisunique, e.serves, -e.indexrelid::bigint) > (less.indisunique, less.serves, -less.indexrelid::bigint))
        OR (NOT less.indisunique AND less.is_plain AND less.expressions = ''
            AND less.relam = (SELECT oid FROM pg_am WHERE amname = 'btree')
            AND starts_with(e.keys, less.keys || ' ') AND starts_with(e.classes, less.classes || ' ')
            AND starts_with(e.collations, less.collations || ' ') AND starts_with(e.options, less.options || ' '))
      )
    ORDER BY e.relname LIMIT 1
) AS enough ON true
WHERE NOT less.serves
ORDER BY size DESC, name
"""
BARE_KEYS: Final = """
SELECT k.conrelid::regclass::text AS "table",
       (SELECT string_agg(a.attname, ', ' ORDER BY place.n)
        FROM unnest(k.conkey) WITH ORDINALITY AS place (attnum, n)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = place.attnum) AS columns,
       k.confrelid::regclass::text AS target,
       coalesce((SELECT sum(pg_relation_size(t.relid)) FROM pg_partition_tree(k.conrelid) t),
                pg_relation_size(k.conrelid))::bigint AS size
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
WHERE k.contype = 'f' AND NOT c.relispartition AND k.conparentid = 0
  AND NOT EXISTS (
      SELECT FROM pg_index x
      WHERE x.indrelid = k.conrelid AND x.indisvalid
        AND (x.indkey::smallint[])[0] = ANY (k.conkey)
        AND (x.indpred IS NULL OR pg_get_expr(x.indpred, x.indrelid) ~ 'IS NOT NULL')
  )
ORDER BY size DESC, 1, 2
"""
SCANNED: Final = """
SELECT s.relname AS "table", s.n_live_tup AS rows, s.seq_scan AS whole, coalesce(s.idx_scan, 0) AS by_index,
       round(s.seq_tup_read::numeric / nullif(s.seq_scan, 0))::bigint AS rows_each
FROM pg_stat_user_tables s
WHERE s.n_live_tup > 10000 AND s.seq_scan > 50 AND s.seq_scan > coalesce(s.idx_scan, 0)
ORDER BY s.seq_tup_read DESC, 1
LIMIT 20
"""
INVALID: Final = """
SELECT c.relname FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid WHERE NOT x.indisvalid ORDER BY 1
"""


def counted_since(cursor: CursorWrapper) -> str:
    """A sentence on the age of the counters, without which "never used" says nothing."""
    (age,) = rows_of(cursor, AGE)
    if age["stats_reset"] is None:
        return (
            "Reads have been counted since the database was made or its server last recovered from a crash; "
            f"it has been running since {shown(age['started'], 'instant')} UTC."
        )
    return f"Reads have been counted since {shown(age['stats_reset'], 'instant')} UTC."


def unused(cursor: CursorWrapper) -> Section:
    """Indexes that no query has read and no constraint needs; partitions counted with their parent."""
    columns = [
        Column("name", "Index", CODE),
        Column("table", "Table", CODE),
        Column("size", "Size", BYTES),
        Column("scans", "Times read", COUNT),
    ]
    found = Section("unused_indexes", "Indexes never read", columns, rows_of(cursor, UNUSED))
    found.notes = [
        counted_since(cursor),
        "Wait a full season before dropping one. A replica counts its own reads. Unique keys are not listed.",
    ]
    cursor.execute(INVALID)
    if broken := [name for (name,) in cursor.fetchall()]:
        found.warnings.append(
            f"Not valid, and in nobody's use: {', '.join(broken)}. A concurrent build broke off: drop and build again."
        )
    return found


def duplicates(cursor: CursorWrapper) -> Section:
    columns = [
        Column("name", "Index", CODE),
        Column("table", "Table", CODE),
        Column("instead", "Covered by", CODE),
        Column("size", "Size", BYTES),
    ]
    notes = ["The other index has the same columns, or begins with them: it answers the same queries."]
    return Section("duplicate_indexes", "Indexes said twice", columns, rows_of(cursor, DUPLICATES), notes)


def bare_keys(cursor: CursorWrapper) -> Section:
    columns = [
        Column("table", "Table", CODE),
        Column("columns", "Columns", CODE),
        Column("target", "Points to", CODE),
        Column("size", "Table's size", BYTES),
    ]
    notes = [
        "Deleting a row that is pointed to reads such a table as a whole. That is meant where rows are never deleted."
    ]
    return Section(
        "unindexed_keys", "Foreign keys without an index", columns, rows_of(cursor, BARE_KEYS), notes
    )


def scanned(cursor: CursorWrapper) -> Section:
    columns = [
        Column("table", "Table", CODE),
        Column("rows", "Rows", COUNT),
        Column("whole", "Read whole", COUNT),
        Column("by_index", "By an index", COUNT),
        Column("rows_each", "Rows each time", COUNT),
    ]
    notes = [
        "Large tables that are read as a whole more often than by an index: one may be missing, or reports do it.",
        counted_since(cursor),
    ]
    return Section("whole_reads", "Tables read whole", columns, rows_of(cursor, SCANNED), notes)
