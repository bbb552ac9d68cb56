"""The two high-volume tables, made by SQL.

Their primary and unique keys carry ``game_id``, so that both can be sharded by it; Django is told the
simple key. ``odd_snapshots`` is partitioned by month; months are created by ``create_partitions`` and by
the ingest, and what fits none falls into the default partition.
"""

from __future__ import annotations

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

TABLES = """
CREATE SEQUENCE odd_snapshots_id_seq AS bigint;

CREATE TABLE odd_snapshots (
    id bigint NOT NULL DEFAULT nextval('odd_snapshots_id_seq'),
    game_id uuid NOT NULL,
    selection_id bigint NOT NULL,
    bookmaker_id smallint NOT NULL
        CONSTRAINT snapshot_has_a_bookmaker REFERENCES bookmakers (id) ON DELETE RESTRICT,
    price numeric(12, 6),
    point numeric(8, 2),
    "timestamp" timestamptz NOT NULL,
    captured_at timestamptz NOT NULL,
    CONSTRAINT odd_snapshots_pkey PRIMARY KEY (game_id, id, "timestamp"),
    CONSTRAINT snapshot_selection_is_of_its_game FOREIGN KEY (game_id, selection_id)
        REFERENCES selections (game_id, id) ON DELETE CASCADE,
    CONSTRAINT snapshot_price_is_american_odds CHECK (price IS NULL OR price <= -100 OR price >= 100)
) PARTITION BY RANGE ("timestamp");

ALTER SEQUENCE odd_snapshots_id_seq OWNED BY odd_snapshots.id;
CREATE INDEX snapshot_line ON odd_snapshots (selection_id, bookmaker_id, "timestamp");
CREATE TABLE odd_snapshots_default PARTITION OF odd_snapshots DEFAULT;

CREATE SEQUENCE current_odds_id_seq AS bigint;

CREATE TABLE current_odds (
    id bigint NOT NULL DEFAULT nextval('current_odds_id_seq'),
    game_id uuid NOT NULL,
    selection_id bigint NOT NULL,
    bookmaker_id smallint NOT NULL
        CONSTRAINT current_odds_have_a_bookmaker REFERENCES bookmakers (id) ON DELETE RESTRICT,
    point numeric(8, 2),
    price numeric(12, 6) NOT NULL,
    previous_price numeric(12, 6),
    "timestamp" timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT current_odds_pkey PRIMARY KEY (game_id, id),
    CONSTRAINT current_odds_selection_is_of_its_game FOREIGN KEY (game_id, selection_id)
        REFERENCES selections (game_id, id) ON DELETE CASCADE,
    CONSTRAINT one_price_per_line_and_book UNIQUE NULLS NOT DISTINCT
        (game_id, selection_id, bookmaker_id, point),
    CONSTRAINT current_price_is_american_odds CHECK (price <= -100 OR price >= 100)
);

ALTER SEQUENCE current_odds_id_seq OWNED BY current_odds.id;
CREATE INDEX current_odds_selection ON current_odds (selection_id);
"""

DROP_TABLES = """
DROP TABLE current_odds;
DROP TABLE odd_snapshots;
"""


class Migration(migrations.Migration):
    dependencies = [("odds", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(TABLES, DROP_TABLES)],
            state_operations=[
                migrations.CreateModel(
                    name="OddSnapshot",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("price", models.DecimalField(decimal_places=6, max_digits=12, null=True)),
                        ("point", models.DecimalField(decimal_places=2, max_digits=8, null=True)),
                        (
                            "timestamp",
                            models.DateTimeField(
                                help_text="When the book last updated the market, says the feed."
                            ),
                        ),
                        (
                            "captured_at",
                            models.DateTimeField(help_text="When the response that brought it was received."),
                        ),
                        (
                            "bookmaker",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="snapshots",
                                to="odds.bookmaker",
                            ),
                        ),
                        (
                            "game",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="snapshots",
                                to="games.game",
                            ),
                        ),
                        (
                            "selection",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="snapshots",
                                to="odds.selection",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "odd_snapshots",
                        "ordering": ["timestamp", "id"],
                    },
                ),
                migrations.CreateModel(
                    name="CurrentOdds",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("point", models.DecimalField(decimal_places=2, max_digits=8, null=True)),
                        ("price", models.DecimalField(decimal_places=6, max_digits=12)),
                        ("previous_price", models.DecimalField(decimal_places=6, max_digits=12, null=True)),
                        (
                            "timestamp",
                            models.DateTimeField(
                                help_text="When the book last updated the market, says the feed."
                            ),
                        ),
                        (
                            "changed_at",
                            models.DateTimeField(
                                help_text="When the response that brought this price was received."
                            ),
                        ),
                        ("updated_at", models.DateTimeField(help_text="When this row was last written.")),
                        (
                            "bookmaker",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="current_odds",
                                to="odds.bookmaker",
                            ),
                        ),
                        (
                            "game",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="current_odds",
                                to="games.game",
                            ),
                        ),
                        (
                            "selection",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="current_odds",
                                to="odds.selection",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "current odds",
                        "db_table": "current_odds",
                        "ordering": ["game", "selection", "bookmaker", "point"],
                    },
                ),
                migrations.AddIndex(
                    model_name="oddsnapshot",
                    index=models.Index(fields=["selection", "bookmaker", "timestamp"], name="snapshot_line"),
                ),
                migrations.AddConstraint(
                    model_name="oddsnapshot",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("price__isnull", True),
                            ("price__lte", -100),
                            ("price__gte", 100),
                            _connector="OR",
                        ),
                        name="snapshot_price_is_american_odds",
                        violation_error_message="American odds are at most −100 or at least +100.",
                    ),
                ),
                migrations.AddIndex(
                    model_name="currentodds",
                    index=models.Index(fields=["selection"], name="current_odds_selection"),
                ),
                migrations.AddConstraint(
                    model_name="currentodds",
                    constraint=models.UniqueConstraint(
                        fields=("game", "selection", "bookmaker", "point"),
                        name="one_price_per_line_and_book",
                        nulls_distinct=False,
                        violation_error_message="This book already has a price for that line.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="currentodds",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("price__lte", -100), ("price__gte", 100), _connector="OR"),
                        name="current_price_is_american_odds",
                        violation_error_message="American odds are at most −100 or at least +100.",
                    ),
                ),
            ],
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="oddsnapshot",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n    IF TG_OP = 'DELETE' AND current_setting('bettrack.purge', true) = 'on' THEN\n        RETURN OLD;\n    END IF;\n    RAISE EXCEPTION '% is append-only: % of a row is refused', TG_TABLE_NAME, TG_OP\n        USING ERRCODE = 'integrity_constraint_violation';\n",
                    hash="c6ad98e092f7b3460828d990add6b0846be9d9ec",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_13078",
                    table="odd_snapshots",
                    when="BEFORE",
                ),
            ),
        ),
    ]
