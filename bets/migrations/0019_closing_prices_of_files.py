"""Keep what imported bets beat their files' closing prices by, and sports and books that we do not know."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bets", "0018_bankrolls_and_limits"),
    ]

    operations = [
        migrations.AddField(
            model_name="settledbet",
            name="file_clv_ppm",
            field=models.BigIntegerField(
                help_text="Price over the imported file's closing price − 1, in millionths.", null=True
            ),
        ),
        migrations.AddField(
            model_name="settledbet",
            name="said_book",
            field=models.CharField(
                blank=True,
                default="",
                help_text="Of an imported bet at a book that we do not know.",
                max_length=64,
            ),
        ),
        migrations.AddField(
            model_name="settledbet",
            name="said_sport",
            field=models.CharField(
                blank=True,
                default="",
                help_text="Of an imported bet in a league that we do not know.",
                max_length=64,
            ),
        ),
        migrations.RunSQL(
            "INSERT INTO changed_bets (bet_id, user_id) SELECT id, user_id FROM bets"
            " WHERE batch_id IS NOT NULL AND payout IS NOT NULL AND withdrawn_at IS NULL",
            migrations.RunSQL.noop,
        ),
    ]
