"""Part of a stake may be cashed out early; a decision may be undone."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bets", "0008_tickets_of_several_legs")]

    operations = [
        migrations.RemoveConstraint(
            model_name="betevent",
            name="bet_event_kind_is_known",
        ),
        migrations.AddField(
            model_name="bet",
            name="cashed_out",
            field=models.DecimalField(db_default=0, decimal_places=2, default=0, max_digits=14),
        ),
        migrations.AddField(
            model_name="bet",
            name="cashed_stake",
            field=models.DecimalField(
                db_default=0,
                decimal_places=2,
                default=0,
                max_digits=12,
            ),
        ),
        migrations.AlterField(
            model_name="betevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("placed", "Placed"),
                    ("settled", "Settled"),
                    ("regraded", "Graded again"),
                    ("voided", "Voided"),
                    ("cashed_out", "Cashed out"),
                    ("review", "Sent to review"),
                    ("edited", "Edited"),
                    ("credited", "Bonus credit"),
                    ("undone", "Decision undone"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="bet",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cashed_out", 0), ("cashed_stake", 0)),
                    models.Q(
                        ("cashed_out__gt", 0),
                        ("cashed_stake__gt", 0),
                        ("cashed_stake__lt", models.F("stake")),
                    ),
                    _connector="OR",
                ),
                name="part_cashed_out_is_less_than_the_stake",
                violation_error_message="A part cashed out is below the stake and was paid for; the rest rides on.",
            ),
        ),
        migrations.AddConstraint(
            model_name="bet",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("payout__isnull", True), ("payout__gte", models.F("cashed_out")), _connector="OR"
                ),
                name="what_was_cashed_out_is_in_the_payout",
                violation_error_message="The payout is at least what was paid for the part cashed out.",
            ),
        ),
        migrations.AddConstraint(
            model_name="betevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "placed",
                            "settled",
                            "regraded",
                            "voided",
                            "cashed_out",
                            "review",
                            "edited",
                            "credited",
                            "undone",
                        ],
                    )
                ),
                name="bet_event_kind_is_known",
                violation_error_message="Choose a known kind of event.",
            ),
        ),
    ]
