"""A bet is its bankroll's owner's; a ledger line that names a bet is of that bet's bankroll.

Each key of two columns takes the place of Django's own key on one of them.
"""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

DROP = """
DO $$
DECLARE
    found text;
BEGIN
    SELECT c.conname INTO STRICT found
    FROM pg_constraint c
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    WHERE c.conrelid = '{table}'::regclass AND c.contype = 'f'
      AND cardinality(c.conkey) = 1 AND a.attname = '{column}';
    EXECUTE format('ALTER TABLE {table} DROP CONSTRAINT %I', found);
END $$;
"""
RESTORE = """
ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_fk
    FOREIGN KEY ({column}) REFERENCES {target} (id) DEFERRABLE INITIALLY DEFERRED;
"""


def in_place_of(table: str, column: str, target: str, name: str, key: str) -> list[migrations.RunSQL]:
    """Put the composite key in the place of the one on ``column``; backwards, the reverse."""
    add = f"ALTER TABLE {table} ADD CONSTRAINT {name} {key};"
    return [
        migrations.RunSQL(
            add + DROP.format(table=table, column=column),
            RESTORE.format(table=table, column=column, target=target)
            + f"ALTER TABLE {table} DROP CONSTRAINT {name};",
        )
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("bets", "0009_cash_out_in_part"),
        ("odds", "0004_snapshots_are_not_from_the_future"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="bet",
            name="bankroll",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="bets",
                to="bets.bankroll",
            ),
        ),
        migrations.AddConstraint(
            model_name="bankroll",
            constraint=models.UniqueConstraint(fields=("id", "user"), name="bankroll_of_user_target"),
        ),
        migrations.AddConstraint(
            model_name="bet",
            constraint=models.UniqueConstraint(fields=("bankroll", "id"), name="bet_in_bankroll_target"),
        ),
        *in_place_of(
            "bets",
            "bankroll_id",
            "bankrolls",
            "bet_is_of_its_bankrolls_owner",
            "FOREIGN KEY (bankroll_id, user_id) REFERENCES bankrolls (id, user_id)",
        ),
        *in_place_of(
            "ledger_entries",
            "bet_id",
            "bets",
            "ledger_line_is_of_its_bets_bankroll",
            "FOREIGN KEY (bankroll_id, bet_id) REFERENCES bets (bankroll_id, id)",
        ),
    ]
