"""Legs of slips go with their selection, and so with its game, in the database too."""

from __future__ import annotations

from django.db import migrations

RECREATE = """
DO $$
DECLARE
    name text;
BEGIN
    SELECT c.conname INTO STRICT name
    FROM pg_constraint c
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    WHERE c.conrelid = 'slip_legs'::regclass AND c.contype = 'f' AND a.attname = 'selection_id';
    EXECUTE format('ALTER TABLE slip_legs DROP CONSTRAINT %I', name);
    EXECUTE format(
        'ALTER TABLE slip_legs ADD CONSTRAINT %I FOREIGN KEY (selection_id) REFERENCES selections (id) {action} '
        'DEFERRABLE INITIALLY DEFERRED', name);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("bets", "0016_slips")]

    operations = [
        migrations.RunSQL(RECREATE.format(action="ON DELETE CASCADE"), RECREATE.format(action="")),
    ]
