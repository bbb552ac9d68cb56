"""Say what is wrong with a colour before the database does; no change to the table."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("games", "0003_latest_sighting")]

    operations = [
        migrations.AlterField(
            model_name="team",
            name="color",
            field=models.CharField(
                blank=True,
                help_text="Team colour, such as #552583.",
                max_length=7,
                validators=[RegexValidator("^#[0-9a-f]{6}$", "Write the colour as #rrggbb in lower case.")],
            ),
        ),
    ]
