"""The trail cannot be emptied at a stroke."""

from __future__ import annotations

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

GUARD_CONTEXTS = """
CREATE OR REPLACE FUNCTION audit_contexts_never_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: TRUNCATE is refused', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE OR REPLACE TRIGGER audit_contexts_never_emptied BEFORE TRUNCATE ON pghistory_context
FOR EACH STATEMENT EXECUTE FUNCTION audit_contexts_never_emptied()
"""
UNGUARD_CONTEXTS = """
DROP TRIGGER audit_contexts_never_emptied ON pghistory_context; DROP FUNCTION audit_contexts_never_emptied()
"""


class Migration(migrations.Migration):
    atomic = False  # no table is held locked while another is waited for
    dependencies = [
        ("accounts", "0008_view_database"),
    ]

    operations = [
        migrations.RunSQL(GUARD_CONTEXTS, UNGUARD_CONTEXTS),
        pgtrigger.migrations.AddTrigger(
            model_name="auditevent",
            trigger=pgtrigger.compiler.Trigger(
                name="never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n    RAISE EXCEPTION '% is append-only: TRUNCATE is refused', TG_TABLE_NAME\n        USING ERRCODE = 'integrity_constraint_violation';\n",
                    hash="c73db681537b96d70eaa93ee156eb6b17f5e8959",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_never_emptied_9f3eb",
                    table="audit_events",
                    when="BEFORE",
                ),
            ),
        ),
    ]
