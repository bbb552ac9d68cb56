"""Tables that only grow cannot be emptied at a stroke either."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction

from bettrack.tests.emptying import guards_off
from odds.partitions import create_months

pytestmark = pytest.mark.django_db

TABLES = (
    "audit_events",
    "bet_events",
    "flips",
    "grades",
    "ledger_entries",
    "odd_snapshots",
    "odd_snapshots_default",
    "operations",
    "pghistory_context",
    "settlement_rules",
)
REFUSES_ROWS = """
SELECT DISTINCT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal AND t.tgtype::int & 26 = 26  -- before, of update and delete
"""


def truncate(table: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("purge", ["", "on"], ids=["as ever", "while games are deleted"])
def test_a_table_that_only_grows_refuses_to_be_truncated(table: str, purge: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('bettrack.purge', %s, true)", [purge])
    with pytest.raises(IntegrityError, match=f"^{table} is append-only: TRUNCATE is refused"):
        truncate(table)


def test_every_table_that_keeps_its_rows_is_among_them() -> None:
    with connection.cursor() as cursor:
        cursor.execute(REFUSES_ROWS)
        found = {name for (name,) in cursor.fetchall()}
    assert {name for name in found if not name.startswith("odd_snapshots_2")} == set(TABLES)


def test_a_new_month_refuses_it_as_its_table_does() -> None:
    (month,) = create_months([dt.date(2031, 5, 1)])
    with pytest.raises(IntegrityError, match=f"^{month} is append-only: TRUNCATE is refused"):
        truncate(month)


def test_so_does_what_hangs_on_the_table_that_is_named() -> None:
    with pytest.raises(IntegrityError, match="is append-only: TRUNCATE is refused"):
        truncate("games")


def test_the_tables_owner_can_empty_them_for_the_next_test() -> None:
    with guards_off(connection):
        for table in TABLES:
            truncate(table)
    with pytest.raises(IntegrityError, match="append-only"):
        truncate("ledger_entries")
