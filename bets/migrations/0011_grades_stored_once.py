"""Evidence is stored once for each distinct content; settling a bet touches no index of its row."""

from __future__ import annotations

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

SHARE = """
INSERT INTO grades (id, evidence)
SELECT DISTINCT md5(evidence::text)::uuid, evidence FROM bet_legs WHERE evidence <> '{}';
UPDATE bet_legs SET grade_id = md5(evidence::text)::uuid WHERE evidence <> '{}';
"""
UNSHARE = """
UPDATE bet_legs l SET evidence = g.evidence FROM grades g WHERE g.id = l.grade_id;
"""
ROOM = "ALTER TABLE bets SET (fillfactor = 80)"
NO_ROOM = "ALTER TABLE bets RESET (fillfactor)"


class Migration(migrations.Migration):
    dependencies = [
        ("bets", "0010_money_stays_with_its_owner"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Grade",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("evidence", models.JSONField()),
            ],
            options={"db_table": "grades", "ordering": ["id"]},
        ),
        migrations.AddField(
            model_name="betleg",
            name="grade",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                help_text="Why it was graded so.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="legs",
                to="bets.grade",
            ),
        ),
        migrations.RunSQL(SHARE, UNSHARE),
        migrations.RemoveField(model_name="betleg", name="evidence"),
        pgtrigger.migrations.AddTrigger(
            model_name="grade",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n    IF TG_OP = 'DELETE' AND current_setting('bettrack.purge', true) = 'on' THEN\n        RETURN OLD;\n    END IF;\n    RAISE EXCEPTION '% is append-only: % of a row is refused', TG_TABLE_NAME, TG_OP\n        USING ERRCODE = 'integrity_constraint_violation';\n",
                    hash="785c788f1e33bd47e49cf4ac2f160d98c5154b10",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_f4491",
                    table="grades",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.RemoveIndex(model_name="bet", name="bet_pending"),
        migrations.RemoveIndex(model_name="bet", name="bet_review"),
        migrations.AddIndex(
            model_name="bet",
            index=models.Index(
                condition=models.Q(("review_reason__gt", "")), fields=["placed_at"], name="bet_review"
            ),
        ),
        migrations.RunSQL(ROOM, NO_ROOM),
        migrations.AlterField(
            model_name="betevent",
            name="by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="bet_events",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="betevent",
            index=models.Index(condition=models.Q(("by__isnull", False)), fields=["by"], name="event_by"),
        ),
    ]
