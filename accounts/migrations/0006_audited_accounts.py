# Each trigger in a transaction of its own: no table is held locked while another is waited for.

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0005_audit_trail")]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="accountevent",
            trigger=pgtrigger.compiler.Trigger(
                name="audit_inserts",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF (SELECT count(*) FROM fresh n) <= 100 THEN INSERT INTO audit_events (at, context_id, kind, action, object_id, owner_id, before, after, row_count) SELECT statement_timestamp(), (SELECT audit_context()), TG_TABLE_NAME, 'insert', (coalesce(n.user_id::text, n.id::text))::text, (n.user_id)::uuid, NULL, jsonb_build_object('id', n.\"id\", 'kind', n.\"kind\", 'user_id', n.\"user_id\", 'by_id', n.\"by_id\", 'reason', n.\"reason\", 'at', n.\"at\"), 1 FROM fresh n; ELSE INSERT INTO audit_events (at, context_id, kind, action, object_id, owner_id, before, after, row_count) SELECT statement_timestamp(), (SELECT audit_context()), TG_TABLE_NAME, 'insert', '', NULL, NULL, NULL, count(*) FROM fresh n; END IF; RETURN NULL;",
                    hash="f919b678d2e9f29460fdae7520ea48b041ee325d",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_audit_inserts_08759",
                    referencing="REFERENCING NEW TABLE AS fresh ",
                    table="account_events",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="accountevent",
            trigger=pgtrigger.compiler.Trigger(
                name="audit_updates",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN ((OLD."id" IS DISTINCT FROM NEW."id" OR OLD."kind" IS DISTINCT FROM NEW."kind" OR OLD."user_id" IS DISTINCT FROM NEW."user_id" OR OLD."by_id" IS DISTINCT FROM NEW."by_id" OR OLD."reason" IS DISTINCT FROM NEW."reason" OR OLD."at" IS DISTINCT FROM NEW."at"))',
                    func='INSERT INTO audit_events (at, context_id, kind, action, object_id, owner_id, before, after, row_count) SELECT statement_timestamp(), (SELECT audit_context()), TG_TABLE_NAME, \'update\', (coalesce(NEW.user_id::text, NEW.id::text))::text, (NEW.user_id)::uuid, jsonb_object_agg(c.name, c.old), jsonb_object_agg(c.name, c.new), 1 FROM (VALUES (\'id\', to_jsonb(OLD."id"), to_jsonb(NEW."id")), (\'kind\', to_jsonb(OLD."kind"), to_jsonb(NEW."kind")), (\'user_id\', to_jsonb(OLD."user_id"), to_jsonb(NEW."user_id")), (\'by_id\', to_jsonb(OLD."by_id"), to_jsonb(NEW."by_id")), (\'reason\', to_jsonb(OLD."reason"), to_jsonb(NEW."reason")), (\'at\', to_jsonb(OLD."at"), to_jsonb(NEW."at"))) c (name, old, new) WHERE c.old IS DISTINCT FROM c.new; RETURN NULL;',
                    hash="344f2038c6af9b8ba4e71675165b080571184022",
                    operation="UPDATE",
                    pgid="pgtrigger_audit_updates_e7736",
                    table="account_events",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="accountevent",
            trigger=pgtrigger.compiler.Trigger(
                name="audit_deletes",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF current_setting('bettrack.forget', true) = 'on' THEN INSERT INTO audit_events (at, context_id, kind, action, object_id, owner_id, before, after, row_count) SELECT statement_timestamp(), (SELECT audit_context()), TG_TABLE_NAME, 'delete', '', NULL, NULL, NULL, count(*) FROM was o HAVING count(*) > 0; ELSE INSERT INTO audit_events (at, context_id, kind, action, object_id, owner_id, before, after, row_count) SELECT statement_timestamp(), (SELECT audit_context()), TG_TABLE_NAME, 'delete', (coalesce(o.user_id::text, o.id::text))::text, (o.user_id)::uuid, jsonb_build_object('id', o.\"id\", 'kind', o.\"kind\", 'user_id', o.\"user_id\", 'by_id', o.\"by_id\", 'reason', o.\"reason\", 'at', o.\"at\"), NULL, 1 FROM was o; END IF; RETURN NULL;",
                    hash="b73e3fdf90417fd517d622cc5df1c39637b1d018",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_audit_deletes_e80d5",
                    referencing="REFERENCING OLD TABLE AS was ",
                    table="account_events",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="apikey",
            trigger=pgtrigger.compiler.Trigger(
                name="audit_inserts",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF (SELECT count(*) FROM fresh n) <= 100 THEN INSERT INTO audit_events (at, context_id, kind, action, object_id, owner_id, before, after, row_count) SELECT statement_timestamp(), (SELECT audit_context()), TG_TABLE_NAME, 'insert', (n.\"id\")::text, (n.user_id)::uuid, NULL, jsonb_build_object('id', n.\"id\", 'user_id', n.\"user_id\", 'name', n.\"name\", 'prefix', n.\"prefix\", 'scopes', n.\"scopes\", 'created_at', n.\"created_at\", 'expires_at', n.\"expires_at\", 'revoked_at', n.\"revoked_at\"), 1 FROM fresh n; ELSE INSERT INTO audit_events (at, context_id, kind, action, object_id, owner_id, before, after, row_count) SELECT statement_timestamp(), (SELECT audit_context()), TG_TABLE_NAME, 'insert', '', NULL, NULL, NULL, count(*) FROM fresh n; END IF; RETURN NULL;",
                    hash="137b991019c02dc1bb51620a0ccf6bef19a465d1",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_audit_inserts_f49cd",
                    referencing="REFERENCING NEW TABLE AS fresh ",
                    table="api_keys",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="apikey",
            trigger=pgtrigger.compiler.Trigger(
                name="audit_updates",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN ((OLD."id" IS DISTINCT FROM NEW."id" OR OLD."user_id" IS DISTINCT FROM NEW."user_id" OR OLD."name" IS DISTINCT FROM NEW."name" OR OLD."prefix" IS DISTINCT FROM NEW."prefix" OR OLD."scopes" IS DISTINCT FROM NEW."scopes" OR OLD."created_at" IS DISTINCT FROM NEW."created_at" OR OLD."expires_at" IS DISTINCT FROM NEW."expires_at" OR OLD."revoked_at" IS DISTINCT FROM NEW."revoked_at" OR OLD."digest" IS DISTINCT FROM NEW."digest"))',
                    func='INSERT INTO audit_events (at, context_id, kind, action, object_id, owner_id, before, after, row_count) SELECT statement_timestamp(), (SELECT audit_context()), TG_TABLE_NAME, \'update\', (NEW."id")::text, (NEW.user_id)::uuid, jsonb_object_agg(c.name, c.old), jsonb_object_agg(c.name, c.new), 1 FROM (VALUES (\'id\', to_jsonb(OLD."id"), to_jsonb(NEW."id")), (\'user_id\', to_jsonb(OLD."user_id"), to_jsonb(NEW."user_id")), (\'name\', to_jsonb(OLD."name"), to_jsonb(NEW."name")), (\'prefix\', to_jsonb(OLD."prefix"), to_jsonb(NEW."prefix")), (\'scopes\', to_jsonb(OLD."scopes"), to_jsonb(NEW."scopes")), (\'created_at\', to_jsonb(OLD."created_at"), to_jsonb(NEW."created_at")), (\'expires_at\', to_jsonb(OLD."expires_at"), to_jsonb(NEW."expires_at")), (\'revoked_at\', to_jsonb(OLD."revoked_at"), to_jsonb(NEW."revoked_at")), (\'digest\', \'"hidden"\', CASE WHEN OLD."digest" IS DISTINCT FROM NEW."digest" THEN \'"changed"\'::jsonb ELSE \'"hidden"\' END)) c (name, old, new) WHERE c.old IS DISTINCT FROM c.new; RETURN NULL;',
                    hash="33b3439ed33a51f54ae22383c35dfb4da9212fe7",
                    operation="UPDATE",
                    pgid="pgtrigger_audit_updates_07e13",
                    table="api_keys",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="apikey",
            trigger=pgtrigger.compiler.Trigger(
                name="audit_deletes",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF current_setting('bettrack.forget', true) = 'on' THEN INSERT INTO audit_events (at, context_id, kind, action, object_id, owner_id, before, after, row_count) SELECT statement_timestamp(), (SELECT audit_context()), TG_TABLE_NAME, 'delete', '', NULL, NULL, NULL, count(*) FROM was o HAVING count(*) > 0; ELSE INSERT INTO audit_events (at, context_id, kind, action, object_id, owner_id, before, after, row_count) SELECT statement_timestamp(), (SELECT audit_context()), TG_TABLE_NAME, 'delete', (o.\"id\")::text, (o.user_id)::uuid, jsonb_build_object('id', o.\"id\", 'user_id', o.\"user_id\", 'name', o.\"name\", 'prefix', o.\"prefix\", 'scopes', o.\"scopes\", 'created_at', o.\"created_at\", 'expires_at', o.\"expires_at\", 'revoked_at', o.\"revoked_at\"), NULL, 1 FROM was o; END IF; RETURN NULL;",
                    hash="590627e84d0b695af47847ea7971ed9232e9d6d2",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_audit_deletes_77e32",
                    referencing="REFERENCING OLD TABLE AS was ",
                    table="api_keys",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="user",
            trigger=pgtrigger.compiler.Trigger(
                name="audit_inserts",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF (SELECT count(*) FROM fresh n) <= 100 THEN INSERT INTO audit_events (at, context_id, kind, action, object_id, owner_id, before, after, row_count) SELECT statement_timestamp(), (SELECT audit_context()), TG_TABLE_NAME, 'insert', (n.\"id\")::text, (n.id)::uuid, NULL, jsonb_build_object('is_superuser', n.\"is_superuser\", 'username', n.\"username\", 'first_name', n.\"first_name\", 'last_name', n.\"last_name\", 'email', n.\"email\", 'is_staff', n.\"is_staff\", 'is_active', n.\"is_active\", 'date_joined', n.\"date_joined\", 'id', n.\"id\", 'time_zone', n.\"time_zone\", 'odds_format', n.\"odds_format\", 'theme', n.\"theme\", 'suspended_at', n.\"suspended_at\", 'suspension_reason', n.\"suspension_reason\", 'session_series', n.\"session_series\"), 1 FROM fresh n; ELSE INSERT INTO audit_events (at, context_id, kind, action, object_id, owner_id, before, after, row_count) SELECT statement_timestamp(), (SELECT audit_context()), TG_TABLE_NAME, 'insert', '', NULL, NULL, NULL, count(*) FROM fresh n; END IF; RETURN NULL;",
                    hash="50b62acead9478064414edda00704d2dbde7691a",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_audit_inserts_4e05c",
                    referencing="REFERENCING NEW TABLE AS fresh ",
                    table="users",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="user",
            trigger=pgtrigger.compiler.Trigger(
                name="audit_updates",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN ((OLD."is_superuser" IS DISTINCT FROM NEW."is_superuser" OR OLD."username" IS DISTINCT FROM NEW."username" OR OLD."first_name" IS DISTINCT FROM NEW."first_name" OR OLD."last_name" IS DISTINCT FROM NEW."last_name" OR OLD."email" IS DISTINCT FROM NEW."email" OR OLD."is_staff" IS DISTINCT FROM NEW."is_staff" OR OLD."is_active" IS DISTINCT FROM NEW."is_active" OR OLD."date_joined" IS DISTINCT FROM NEW."date_joined" OR OLD."id" IS DISTINCT FROM NEW."id" OR OLD."time_zone" IS DISTINCT FROM NEW."time_zone" OR OLD."odds_format" IS DISTINCT FROM NEW."odds_format" OR OLD."theme" IS DISTINCT FROM NEW."theme" OR OLD."suspended_at" IS DISTINCT FROM NEW."suspended_at" OR OLD."suspension_reason" IS DISTINCT FROM NEW."suspension_reason" OR OLD."session_series" IS DISTINCT FROM NEW."session_series" OR OLD."password" IS DISTINCT FROM NEW."password"))',
                    func='INSERT INTO audit_events (at, context_id, kind, action, object_id, owner_id, before, after, row_count) SELECT statement_timestamp(), (SELECT audit_context()), TG_TABLE_NAME, \'update\', (NEW."id")::text, (NEW.id)::uuid, jsonb_object_agg(c.name, c.old), jsonb_object_agg(c.name, c.new), 1 FROM (VALUES (\'is_superuser\', to_jsonb(OLD."is_superuser"), to_jsonb(NEW."is_superuser")), (\'username\', to_jsonb(OLD."username"), to_jsonb(NEW."username")), (\'first_name\', to_jsonb(OLD."first_name"), to_jsonb(NEW."first_name")), (\'last_name\', to_jsonb(OLD."last_name"), to_jsonb(NEW."last_name")), (\'email\', to_jsonb(OLD."email"), to_jsonb(NEW."email")), (\'is_staff\', to_jsonb(OLD."is_staff"), to_jsonb(NEW."is_staff")), (\'is_active\', to_jsonb(OLD."is_active"), to_jsonb(NEW."is_active")), (\'date_joined\', to_jsonb(OLD."date_joined"), to_jsonb(NEW."date_joined")), (\'id\', to_jsonb(OLD."id"), to_jsonb(NEW."id")), (\'time_zone\', to_jsonb(OLD."time_zone"), to_jsonb(NEW."time_zone")), (\'odds_format\', to_jsonb(OLD."odds_format"), to_jsonb(NEW."odds_format")), (\'theme\', to_jsonb(OLD."theme"), to_jsonb(NEW."theme")), (\'suspended_at\', to_jsonb(OLD."suspended_at"), to_jsonb(NEW."suspended_at")), (\'suspension_reason\', to_jsonb(OLD."suspension_reason"), to_jsonb(NEW."suspension_reason")), (\'session_series\', to_jsonb(OLD."session_series"), to_jsonb(NEW."session_series")), (\'password\', \'"hidden"\', CASE WHEN OLD."password" IS DISTINCT FROM NEW."password" THEN \'"changed"\'::jsonb ELSE \'"hidden"\' END)) c (name, old, new) WHERE c.old IS DISTINCT FROM c.new; RETURN NULL;',
                    hash="c0de7e1412830ab92a965aa2df5aad29d43a9332",
                    operation="UPDATE",
                    pgid="pgtrigger_audit_updates_7aef1",
                    table="users",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="user",
            trigger=pgtrigger.compiler.Trigger(
                name="audit_deletes",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF current_setting('bettrack.forget', true) = 'on' THEN INSERT INTO audit_events (at, context_id, kind, action, object_id, owner_id, before, after, row_count) SELECT statement_timestamp(), (SELECT audit_context()), TG_TABLE_NAME, 'delete', '', NULL, NULL, NULL, count(*) FROM was o HAVING count(*) > 0; ELSE INSERT INTO audit_events (at, context_id, kind, action, object_id, owner_id, before, after, row_count) SELECT statement_timestamp(), (SELECT audit_context()), TG_TABLE_NAME, 'delete', (o.\"id\")::text, (o.id)::uuid, jsonb_build_object('is_superuser', o.\"is_superuser\", 'username', o.\"username\", 'first_name', o.\"first_name\", 'last_name', o.\"last_name\", 'email', o.\"email\", 'is_staff', o.\"is_staff\", 'is_active', o.\"is_active\", 'date_joined', o.\"date_joined\", 'id', o.\"id\", 'time_zone', o.\"time_zone\", 'odds_format', o.\"odds_format\", 'theme', o.\"theme\", 'suspended_at', o.\"suspended_at\", 'suspension_reason', o.\"suspension_reason\", 'session_series', o.\"session_series\"), NULL, 1 FROM was o; END IF; RETURN NULL;",
                    hash="e92eee1bdd9d96ecc7ff7927424731fa17280e65",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_audit_deletes_8428a",
                    referencing="REFERENCING OLD TABLE AS was ",
                    table="users",
                    when="AFTER",
                ),
            ),
        ),
    ]
