from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("odds", "0003_cascades")]

    operations = [
        migrations.AddConstraint(
            model_name="oddsnapshot",
            constraint=models.CheckConstraint(
                condition=models.Q(("timestamp__lte", models.F("captured_at"))),
                name="snapshot_is_not_from_the_future",
                violation_error_message="A book cannot have changed a price after it was received.",
            ),
        ),
    ]
