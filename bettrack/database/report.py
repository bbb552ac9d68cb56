"""The whole report, section by section. What is wrong now comes first."""

from __future__ import annotations

from typing import Final

from bettrack.database import activity, indexes, sizes, statements, upkeep
from bettrack.database.sections import Collector, Section, collected

SECTIONS: Final[tuple[tuple[str, str, Collector], ...]] = (
    ("database", "Database", sizes.overview),
    ("activity", "Long-running and blocked", activity.queries),
    ("connections", "Connections", activity.clients),
    ("replication", "Replication", upkeep.replication),
    ("slow_queries", "Statements by time", statements.slowest),
    ("tables", "Tables by size", sizes.tables),
    ("partitions", "Months of odd_snapshots", sizes.partitions),
    ("vacuum", "Dead rows and vacuums", upkeep.vacuums),
    ("unused_indexes", "Indexes never read", indexes.unused),
    ("duplicate_indexes", "Indexes said twice", indexes.duplicates),
    ("unindexed_keys", "Foreign keys without an index", indexes.bare_keys),
    ("whole_reads", "Tables read whole", indexes.scanned),
    ("cache", "Cache hits", upkeep.cache),
    ("transaction_ids", "Transaction id age", upkeep.ages),
)
KEYS: Final = tuple(key for key, _, _ in SECTIONS)


def report(*, using: str = "default", only: tuple[str, ...] = KEYS) -> list[Section]:
    """The sections asked for, each with what it could read."""
    statements.create_extension(using=using)
    return [collected(key, title, collect, using=using) for key, title, collect in SECTIONS if key in only]
