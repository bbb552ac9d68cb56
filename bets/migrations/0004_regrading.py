"""What re-grading needs to know: the state of the game a leg was graded on, and the games looked at since."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bets", "0003_chain_has_no_gap"), ("games", "0004_color_validator")]

    operations = [
        migrations.CreateModel(
            name="ResultCheck",
            fields=[
                (
                    "game",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="result_check",
                        serialize=False,
                        to="games.game",
                    ),
                ),
                ("version", models.DateTimeField(help_text="The game's updated_at as of the last look.")),
            ],
            options={"db_table": "result_checks", "ordering": ["game"]},
        ),
        migrations.AddField(
            model_name="betleg",
            name="graded_on",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="The game's updated_at when it was graded; another one now means: look again.",
                null=True,
            ),
        ),
    ]
