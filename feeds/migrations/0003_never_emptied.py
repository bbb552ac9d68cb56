"""Flips cannot be emptied at a stroke."""

from __future__ import annotations

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False  # no table is held locked while another is waited for
    dependencies = [
        ("feeds", "0002_monitors"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="flip",
            trigger=pgtrigger.compiler.Trigger(
                name="never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'flips is append-only: TRUNCATE is refused' USING ERRCODE = 'integrity_constraint_violation';",
                    hash="6d2301eb61b91e7456ebe154c2bad5d6782b8b00",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_never_emptied_c27e9",
                    table="flips",
                    when="BEFORE",
                ),
            ),
        ),
    ]
