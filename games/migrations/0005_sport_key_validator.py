"""Say what is wrong with a sport's key in the admin; no change to the table."""

from __future__ import annotations

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("games", "0004_color_validator"),
    ]

    operations = [
        migrations.AlterField(
            model_name="sport",
            name="key",
            field=models.CharField(
                max_length=64,
                primary_key=True,
                serialize=False,
                validators=[
                    django.core.validators.RegexValidator(
                        "^[a-z0-9_]+\\Z", "Write the key as the odds feed does, such as basketball_nba."
                    )
                ],
            ),
        ),
    ]
