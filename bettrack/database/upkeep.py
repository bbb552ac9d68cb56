"""What keeps a database well: dead rows and vacuums, cache, replication, the age of transaction ids."""

from __future__ import annotations

from typing import Final

from django.db.backends.utils import CursorWrapper

from bettrack.database import replica
from bettrack.database.sections import (
    BYTES,
    CODE,
    COUNT,
    INSTANT,
    PERCENT,
    SECONDS,
    Column,
    Section,
    rows_of,
    sized,
)

VACUUMS: Final = """
SELECT s.relname AS name, s.n_live_tup AS live, s.n_dead_tup AS dead,
       round(100.0 * s.n_dead_tup / nullif(s.n_live_tup + s.n_dead_tup, 0), 1) AS share,
       greatest(s.last_vacuum, s.last_autovacuum) AS vacuumed, greatest(s.last_analyze, s.last_autoanalyze) AS analysed,
       s.n_mod_since_analyze AS changed
FROM pg_stat_user_tables s
ORDER BY s.n_dead_tup DESC, s.n_live_tup DESC, s.relname
"""
CACHE: Final = """
SELECT 'rows' AS what, sum(heap_blks_hit)::bigint AS hits, sum(heap_blks_read)::bigint AS reads FROM pg_statio_user_tables
UNION ALL
SELECT 'indexes', sum(idx_blks_hit)::bigint, sum(idx_blks_read)::bigint FROM pg_statio_user_tables
UNION ALL
SELECT 'TOAST', (sum(toast_blks_hit) + sum(tidx_blks_hit))::bigint, (sum(toast_blks_read) + sum(tidx_blks_read))::bigint
FROM pg_statio_user_tables
"""
REPLICAS: Final = """
SELECT coalesce(host(client_addr), 'local') AS client, application_name AS app, state, sync_state AS sync,
       pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END,
                       replay_lsn)::bigint AS behind,
       extract(epoch FROM replay_lag) AS lag
FROM pg_stat_replication
ORDER BY 1, 2
"""
SLOTS: Final = """
SELECT slot_name, active, wal_status,
       pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END,
                       restart_lsn)::bigint AS kept
FROM pg_replication_slots
ORDER BY 1
"""
AGES: Final = """
SELECT coalesce(p.relname, c.relname) AS name, max(age(c.relfrozenxid)) AS age,
       round(100.0 * max(age(c.relfrozenxid)) / 2147483647, 2) AS share,
       current_setting('autovacuum_freeze_max_age')::bigint AS freeze
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND c.relispartition
LEFT JOIN pg_class p ON p.oid = i.inhparent
WHERE c.relkind IN ('r', 'm')
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10
"""
DATABASE_AGE: Final = """
SELECT age(datfrozenxid), current_setting('autovacuum_freeze_max_age')::bigint FROM pg_database
WHERE datname = current_database()
"""
MANY_DEAD: Final = 20.0
ENOUGH_DEAD: Final = 10_000
GOOD_CACHE: Final = 95.0
ENOUGH_READS: Final = 10_000
MUCH_WAL: Final = 2**30
WRAPAROUND: Final = 2**31


def vacuums(cursor: CursorWrapper) -> Section:
    columns = [
        Column("name", "Table", CODE),
        Column("live", "Live rows", COUNT),
        Column("dead", "Dead rows", COUNT),
        Column("share", "Dead", PERCENT),
        Column("vacuumed", "Last vacuum (UTC)", INSTANT),
        Column("analysed", "Last analyze (UTC)", INSTANT),
        Column("changed", "Changed since", COUNT),
    ]
    found = Section("vacuum", "Dead rows and vacuums", columns, rows_of(cursor, VACUUMS))
    for row in found.rows:
        if row["dead"] >= ENOUGH_DEAD and float(row["share"]) >= MANY_DEAD:
            found.warnings.append(
                f"{row['share']} % of the rows of {row['name']} are dead: run manage.py maintain."
            )
    cursor.execute("SELECT current_setting('autovacuum')")
    if cursor.fetchone()[0] != "on":
        found.warnings.append(
            "Autovacuum is off: tables grow with every change, and ids run out. Switch it on."
        )
    return found


def cache(cursor: CursorWrapper) -> Section:
    columns = [
        Column("what", "Of"),
        Column("hits", "From memory", COUNT),
        Column("reads", "From disk or the system's cache", COUNT),
        Column("ratio", "Hit ratio", PERCENT),
    ]
    found = Section("cache", "Cache hits", columns, rows_of(cursor, CACHE))
    for row in found.rows:
        looked = (row["hits"] or 0) + (row["reads"] or 0)
        row["ratio"] = 100 * row["hits"] / looked if looked else None
        if looked >= ENOUGH_READS and row["ratio"] < GOOD_CACHE:
            found.notes.append(
                f"{row['ratio']:.1f} % of the blocks of {row['what']} came from shared_buffers; above {GOOD_CACHE:.0f} % is usual."
            )
    cursor.execute("SELECT current_setting('shared_buffers')")
    found.notes.append(f"shared_buffers is {cursor.fetchone()[0]}.")
    return found


def replication(cursor: CursorWrapper) -> Section:
    """Replicas that stream from this server, and what their slots hold back."""
    columns = [
        Column("client", "Replica", CODE),
        Column("app", "Name"),
        Column("state", "State"),
        Column("sync", "Mode"),
        Column("behind", "Behind by", BYTES),
        Column("lag", "Lag", SECONDS),
    ]
    found = Section("replication", "Replication", columns, rows_of(cursor, REPLICAS))
    if not found.rows:
        found.notes.append("No replica streams from this server.")
    if standing := replica.sentence():
        found.notes.append(standing)
    for slot in rows_of(cursor, SLOTS):
        if not slot["active"]:
            kept = sized(slot["kept"] or 0)
            sentence = (
                f"Slot {slot['slot_name']} has no reader and keeps {kept} of WAL ({slot['wal_status']})."
            )
            large = (slot["kept"] or 0) >= MUCH_WAL
            (found.warnings if large else found.notes).append(
                f"{sentence} It fills the disk: start its replica, or drop it with pg_drop_replication_slot()."
                if large
                else sentence
            )
    return found


def ages(cursor: CursorWrapper) -> Section:
    """How near tables are to the end of transaction ids, after which PostgreSQL stops writing."""
    columns = [
        Column("name", "Table", CODE),
        Column("age", "Transactions", COUNT),
        Column("share", "Of the limit", PERCENT),
    ]
    found = Section("transaction_ids", "Transaction id age", columns, rows_of(cursor, AGES))
    cursor.execute(DATABASE_AGE)
    age, freeze = cursor.fetchone()
    found.notes.append(
        f"The database is {age:,} transactions old of {WRAPAROUND:,}; autovacuum freezes by itself from {freeze:,} on."
    )
    if age > 2 * freeze:
        found.warnings.append(
            "Freezing does not keep up: run manage.py maintain, and look for transactions left open for days."
        )
    return found
