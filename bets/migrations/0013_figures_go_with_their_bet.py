"""Figures go with their bet in the database too; those of bets settled so far are yet to be derived."""

from __future__ import annotations

from django.db import migrations

CASCADES = """
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT c.conname, a.attname, c.confrelid::regclass AS target
        FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
        WHERE c.conrelid = 'settled_bets'::regclass AND c.contype = 'f' AND cardinality(c.conkey) = 1
    LOOP
        EXECUTE format('ALTER TABLE settled_bets DROP CONSTRAINT %I', found.conname);
        EXECUTE format(
            'ALTER TABLE settled_bets ADD CONSTRAINT %I FOREIGN KEY (%I) REFERENCES %s (id) ON DELETE CASCADE '
            'DEFERRABLE INITIALLY DEFERRED', found.conname, found.attname, found.target);
    END LOOP;
END $$;
"""
NOTE_ALL = """
INSERT INTO changed_bets (bet_id, user_id) SELECT id, user_id FROM bets WHERE payout IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("bets", "0012_figures_of_settled_bets")]

    operations = [
        migrations.RunSQL(CASCADES, migrations.RunSQL.noop),
        migrations.RunSQL(NOTE_ALL, migrations.RunSQL.noop),
    ]
