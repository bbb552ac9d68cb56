"""Legs go with their game in the database too; the ledger is a chain that cannot be broken."""

from __future__ import annotations

from django.db import migrations

CASCADES = [
    ("bet_legs", "game_id"),
    ("bet_legs", "selection_id"),
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


LEG_OF_ITS_GAME = """
ALTER TABLE bet_legs ADD CONSTRAINT leg_selection_is_of_its_game
    FOREIGN KEY (game_id, selection_id) REFERENCES selections (game_id, id)
    ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;
"""
LEDGER_CHAIN = """
ALTER TABLE ledger_entries ADD CONSTRAINT ledger_line_starts_from_the_balance_before
    FOREIGN KEY (bankroll_id, previous_seq, balance_before)
    REFERENCES ledger_entries (bankroll_id, seq, balance_after);
"""


class Migration(migrations.Migration):
    dependencies = [("bets", "0001_initial"), ("odds", "0003_cascades")]

    operations = [
        *[recreate(table, column) for table, column in CASCADES],
        migrations.RunSQL(
            LEG_OF_ITS_GAME, "ALTER TABLE bet_legs DROP CONSTRAINT leg_selection_is_of_its_game"
        ),
        migrations.RunSQL(
            LEDGER_CHAIN,
            "ALTER TABLE ledger_entries DROP CONSTRAINT ledger_line_starts_from_the_balance_before",
        ),
    ]
