"""What statistics read of settled bets, fair closing chances, and records that are published."""

from __future__ import annotations

import django.contrib.postgres.fields
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import accounts.ids
import bets.models.records


class Migration(migrations.Migration):
    dependencies = [
        ("bets", "0011_grades_stored_once"),
        ("games", "0008_results_file"),
        ("odds", "0006_price_imports"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ChangedBet",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("bet_id", models.UUIDField()),
                ("user_id", models.UUIDField()),
            ],
            options={
                "db_table": "changed_bets",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="PublishedRecord",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=accounts.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "token",
                    models.CharField(
                        default=bets.models.records.new_token, editable=False, max_length=64, unique=True
                    ),
                ),
                ("title", models.CharField(max_length=60)),
                (
                    "currency",
                    models.CharField(
                        choices=[
                            ("AUD", "Australian dollar"),
                            ("BRL", "Brazilian real"),
                            ("CAD", "Canadian dollar"),
                            ("CHF", "Swiss franc"),
                            ("CZK", "Czech koruna"),
                            ("DKK", "Danish krone"),
                            ("EUR", "Euro"),
                            ("GBP", "Pound sterling"),
                            ("HUF", "Hungarian forint"),
                            ("INR", "Indian rupee"),
                            ("JPY", "Japanese yen"),
                            ("MXN", "Mexican peso"),
                            ("NOK", "Norwegian krone"),
                            ("NZD", "New Zealand dollar"),
                            ("PLN", "Polish złoty"),
                            ("SEK", "Swedish krona"),
                            ("USD", "US dollar"),
                            ("ZAR", "South African rand"),
                        ],
                        max_length=3,
                    ),
                ),
                ("kind", models.CharField(choices=[("real", "Real"), ("paper", "Paper")], max_length=5)),
                (
                    "shows_amounts",
                    models.BooleanField(
                        default=False,
                        help_text="Show sums of money; otherwise multiples of the average stake.",
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "published_records",
                "ordering": ["-created_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="SettledBet",
            fields=[
                (
                    "bet",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="facts",
                        serialize=False,
                        to="bets.bet",
                    ),
                ),
                ("status", models.CharField(max_length=12)),
                ("kind", models.CharField(max_length=16)),
                ("placed_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField()),
                (
                    "sport",
                    models.CharField(
                        help_text="The legs' sport; * for several, empty without legs.", max_length=64
                    ),
                ),
                (
                    "market",
                    models.CharField(
                        help_text="The legs' market; * for several, empty without legs.", max_length=64
                    ),
                ),
                (
                    "bet_type",
                    models.CharField(
                        help_text="Of a straight bet its leg's, else the ticket's kind.", max_length=16
                    ),
                ),
                (
                    "side",
                    models.CharField(help_text="favourite, underdog, or empty for neither.", max_length=9),
                ),
                ("is_live", models.BooleanField(help_text="Placed after a game of it had begun.")),
                (
                    "is_verified",
                    models.BooleanField(help_text="The archive saw every leg's price at that book."),
                ),
                ("is_bonus", models.BooleanField()),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), default=list, size=None
                    ),
                ),
                (
                    "staked",
                    models.BigIntegerField(help_text="Without bonus stakes and what a void refunded."),
                ),
                ("net", models.BigIntegerField(help_text="Profit; of a bonus bet all that it paid.")),
                ("band", models.SmallIntegerField(help_text="Of the odds: see bets.stats.facts.")),
                ("odds_micro", models.BigIntegerField(help_text="Decimal odds in millionths.")),
                (
                    "clv_ppm",
                    models.BigIntegerField(
                        help_text="Price over closing price − 1, in millionths.", null=True
                    ),
                ),
                (
                    "fair_clv_ppm",
                    models.BigIntegerField(
                        help_text="Price × fair closing chance − 1, in millionths.", null=True
                    ),
                ),
                (
                    "chance_ppb",
                    models.BigIntegerField(help_text="Fair closing chance, in billionths.", null=True),
                ),
                ("if_won", models.BigIntegerField(help_text="Profit if it wins, in hundredths.", null=True)),
                (
                    "if_lost",
                    models.BigIntegerField(help_text="Profit if it loses, in hundredths.", null=True),
                ),
            ],
            options={
                "db_table": "settled_bets",
                "ordering": ["bankroll", "settled_at", "bet"],
            },
        ),
        migrations.AddField(
            model_name="betleg",
            name="closing_fair",
            field=models.DecimalField(
                blank=True,
                decimal_places=8,
                help_text="Chance of the selection by closing prices, the margin taken out in proportion.",
                max_digits=9,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="betleg",
            name="closing_fair_from",
            field=models.CharField(
                blank=True,
                choices=[
                    ("sharp", "Pinnacle"),
                    ("consensus", "Consensus of sharp books"),
                    ("own", "The bet's own book"),
                    ("none", "None has a complete market"),
                ],
                help_text="Whose closing prices; empty: not looked for yet.",
                max_length=9,
                null=True,
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="bet",
            trigger=pgtrigger.compiler.Trigger(
                name="note_settled_inserts",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO changed_bets (bet_id, user_id) SELECT id, user_id FROM fresh WHERE payout IS NOT NULL; RETURN NULL;",
                    hash="2735f57632ff06afb8791bf8eeec46919bf74471",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_note_settled_inserts_240b3",
                    referencing="REFERENCING NEW TABLE AS fresh ",
                    table="bets",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="bet",
            trigger=pgtrigger.compiler.Trigger(
                name="note_settled_updates",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        INSERT INTO changed_bets (bet_id, user_id)\n        SELECT fresh.id, fresh.user_id FROM fresh JOIN was ON was.id = fresh.id\n        WHERE fresh.payout IS NOT NULL OR was.payout IS NOT NULL;\n        RETURN NULL;\n    ",
                    hash="82693815b306f068ef11c34680df35174622e6c8",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_note_settled_updates_8d5a0",
                    referencing="REFERENCING OLD TABLE AS was  NEW TABLE AS fresh ",
                    table="bets",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="betleg",
            trigger=pgtrigger.compiler.Trigger(
                name="note_closing_updates",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."closing_fair" IS DISTINCT FROM (NEW."closing_fair") OR OLD."closing_odds" IS DISTINCT FROM (NEW."closing_odds"))',
                    func="\n        INSERT INTO changed_bets (bet_id, user_id)\n        SELECT b.id, b.user_id FROM bets b WHERE b.id = NEW.bet_id AND b.payout IS NOT NULL;\n        RETURN NULL;\n    ",
                    hash="1ecfca9cc206edd40889ce936afd0a26578d121c",
                    operation="UPDATE",
                    pgid="pgtrigger_note_closing_updates_fdbfe",
                    table="bet_legs",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="betleg",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closing_fair__isnull", True), ("closing_fair_from__isnull", True)),
                    models.Q(("closing_fair__isnull", True), ("closing_fair_from", "none")),
                    models.Q(
                        ("closing_fair__gt", 0),
                        ("closing_fair__isnull", False),
                        ("closing_fair__lt", 1),
                        ("closing_fair_from__in", ["sharp", "consensus", "own"]),
                        ("closing_fair_from__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="fair_close_is_a_chance_and_names_its_source",
                violation_error_message="A fair closing chance lies between 0 and 1 and names its source.",
            ),
        ),
        migrations.AddIndex(
            model_name="changedbet",
            index=models.Index(fields=["user_id"], name="changed_bet_user"),
        ),
        migrations.AddField(
            model_name="publishedrecord",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="published_records",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="settledbet",
            name="bankroll",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="bets.bankroll",
            ),
        ),
        migrations.AddField(
            model_name="settledbet",
            name="bookmaker",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="odds.bookmaker",
            ),
        ),
        migrations.AddConstraint(
            model_name="publishedrecord",
            constraint=models.UniqueConstraint(
                condition=models.Q(("revoked_at__isnull", True)),
                fields=("user", "currency", "kind"),
                name="one_published_record_of_the_same_bets",
                violation_error_message="This record is published already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="publishedrecord",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "currency__in",
                        [
                            "AUD",
                            "BRL",
                            "CAD",
                            "CHF",
                            "CZK",
                            "DKK",
                            "EUR",
                            "GBP",
                            "HUF",
                            "INR",
                            "JPY",
                            "MXN",
                            "NOK",
                            "NZD",
                            "PLN",
                            "SEK",
                            "USD",
                            "ZAR",
                        ],
                    )
                ),
                name="record_currency_is_known",
                violation_error_message="Choose a known currency.",
            ),
        ),
        migrations.AddConstraint(
            model_name="publishedrecord",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["real", "paper"])),
                name="record_kind_is_known",
                violation_error_message="A record is of real or of paper money.",
            ),
        ),
        migrations.AddConstraint(
            model_name="publishedrecord",
            constraint=models.CheckConstraint(
                condition=models.Q(("token__regex", "^[A-Za-z0-9_-]{43,64}$")),
                name="record_link_cannot_be_guessed",
                violation_error_message="The link of a record needs at least 43 random characters.",
            ),
        ),
        migrations.AddConstraint(
            model_name="publishedrecord",
            constraint=models.CheckConstraint(
                condition=models.Q(("title", ""), _negated=True),
                name="record_has_a_title",
                violation_error_message="Give the record a title.",
            ),
        ),
        migrations.AddConstraint(
            model_name="publishedrecord",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("revoked_at__isnull", True), ("revoked_at__gte", models.F("created_at")), _connector="OR"
                ),
                name="record_is_revoked_after_it_is_published",
                violation_error_message="A record cannot be revoked before it was published.",
            ),
        ),
        migrations.AddIndex(
            model_name="settledbet",
            index=models.Index(fields=["bankroll", "settled_at", "bet"], name="settled_in_order"),
        ),
    ]
