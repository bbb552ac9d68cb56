"""When the odds feed last listed a game, so that a stale response cannot move its start back."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("games", "0002_cascades")]

    operations = [
        migrations.AddField(
            model_name="game",
            name="seen_at",
            field=models.DateTimeField(
                editable=False,
                help_text="Latest response of the odds feed that listed this game.",
                null=True,
            ),
        ),
    ]
