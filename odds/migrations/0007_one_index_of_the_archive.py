"""The archive's primary key is its lines' order, so that one index serves both: rows take less room and time."""

from __future__ import annotations

from django.db import migrations

BY_LINE = """
ALTER TABLE odd_snapshots DROP CONSTRAINT odd_snapshots_pkey,
    ADD CONSTRAINT odd_snapshots_pkey PRIMARY KEY (game_id, selection_id, bookmaker_id, "timestamp", id);
DROP INDEX snapshot_line;
"""
BY_ID = """
CREATE INDEX snapshot_line ON odd_snapshots (selection_id, bookmaker_id, "timestamp");
ALTER TABLE odd_snapshots DROP CONSTRAINT odd_snapshots_pkey,
    ADD CONSTRAINT odd_snapshots_pkey PRIMARY KEY (game_id, id, "timestamp");
"""


class Migration(migrations.Migration):
    dependencies = [("odds", "0006_price_imports")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(BY_LINE, BY_ID)],
            state_operations=[migrations.RemoveIndex(model_name="oddsnapshot", name="snapshot_line")],
        ),
    ]
