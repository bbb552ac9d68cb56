"""Result checks go with their game; legs graded so far hold on the present state of their games."""

from __future__ import annotations

import importlib

from django.db import migrations

BACKFILL = """
UPDATE bet_legs l SET graded_on = g.updated_at
FROM games g WHERE g.id = l.game_id AND l.status <> 'pending'
"""
recreate = importlib.import_module("bets.migrations.0002_cascades_and_chain").recreate


class Migration(migrations.Migration):
    dependencies = [("bets", "0004_regrading")]

    operations = [
        recreate("result_checks", "game_id"),
        migrations.RunSQL(BACKFILL, migrations.RunSQL.noop),
    ]
