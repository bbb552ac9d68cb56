"""The archive and its months cannot be emptied at a stroke."""

from __future__ import annotations

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState

GUARD_MONTHS = """
DO $$
DECLARE
    guard text;
BEGIN
    PERFORM pg_advisory_xact_lock(7301001);  -- that of odds.partitions: no ingest holds a month
    FOR guard IN
        SELECT format('CREATE OR REPLACE TRIGGER %I BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION %s()',
                      g.tgname, i.inhrelid::regclass, g.tgfoid::regproc)
        FROM pg_trigger g JOIN pg_inherits i ON i.inhparent = g.tgrelid
        WHERE g.tgrelid = 'odd_snapshots'::regclass AND g.tgname = 'pgtrigger_never_emptied_57a91'
    LOOP
        EXECUTE guard;
    END LOOP;
END $$
"""
UNGUARD_MONTHS = """
DO $$
DECLARE
    month regclass;
BEGIN
    PERFORM pg_advisory_xact_lock(7301001);
    FOR month IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'odd_snapshots'::regclass LOOP
        EXECUTE format('DROP TRIGGER IF EXISTS pgtrigger_never_emptied_57a91 ON %s', month);
    END LOOP;
END $$
"""


class AddTriggerUnlessSharded(pgtrigger.migrations.AddTrigger):
    """Citus takes no trigger on a sharded table; privileges refuse it there."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('citus_tables') IS NOT NULL")
            if cursor.fetchone()[0]:
                cursor.execute("SELECT FROM citus_tables WHERE table_name = 'odd_snapshots'::regclass")
                if cursor.rowcount:
                    return
        super().database_forwards(app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):
    atomic = False  # no table is held locked while another is waited for
    dependencies = [
        ("odds", "0011_audit_trail"),
    ]

    operations = [
        AddTriggerUnlessSharded(
            model_name="oddsnapshot",
            trigger=pgtrigger.compiler.Trigger(
                name="never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n    RAISE EXCEPTION '% is append-only: TRUNCATE is refused', TG_TABLE_NAME\n        USING ERRCODE = 'integrity_constraint_violation';\n",
                    hash="d54b7d5f7f0a32107aea0ae8274095b190966414",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_never_emptied_57a91",
                    table="odd_snapshots",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.RunSQL(GUARD_MONTHS, UNGUARD_MONTHS),
    ]
