"""Deleting a row deletes what hangs on it in the database too, not only in Django."""

from __future__ import annotations

from django.db import migrations

CASCADES = [
    ("selections", "game_id"),
    ("heartbeats", "game_id"),
    ("heartbeats", "bookmaker_id"),
]

RECREATE = """
DO $$
DECLARE
    found record;
BEGIN
    SELECT c.conname, c.confrelid::regclass AS target INTO STRICT found
    FROM pg_constraint c
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    WHERE c.conrelid = '{table}'::regclass AND c.contype = 'f'
      AND cardinality(c.conkey) = 1 AND a.attname = '{column}';
    EXECUTE format('ALTER TABLE {table} DROP CONSTRAINT %I', found.conname);
    EXECUTE format(
        'ALTER TABLE {table} ADD CONSTRAINT %I FOREIGN KEY ({column}) REFERENCES %s (id) {action} '
        'DEFERRABLE INITIALLY DEFERRED', found.conname, found.target);
END $$;
"""


def recreate(table: str, column: str) -> migrations.RunSQL:
    """Give the foreign key ON DELETE CASCADE; backwards, take it away."""
    return migrations.RunSQL(
        RECREATE.format(table=table, column=column, action="ON DELETE CASCADE"),
        RECREATE.format(table=table, column=column, action=""),
    )


class Migration(migrations.Migration):
    dependencies = [("odds", "0002_price_tables")]

    operations = [recreate(table, column) for table, column in CASCADES]
