import datetime

from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    """New rows only: an operation told of long ago cannot be changed and does not stop an upgrade."""

    dependencies = [
        ("bets", "0022_webhooks"),
        ("odds", "0010_keys_of_the_board_stay"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AddConstraintNotValid(
            model_name="bet",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("placed_at__gte", datetime.datetime(1990, 1, 1, 0, 0, tzinfo=datetime.UTC))
                ),
                name="bet_is_not_placed_before_1990",
                violation_error_message="A bet cannot be placed before 1990.",
            ),
        ),
        AddConstraintNotValid(
            model_name="operation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("happened_at__gte", datetime.datetime(1990, 1, 1, 0, 0, tzinfo=datetime.UTC))
                ),
                name="operation_is_not_before_1990",
                violation_error_message="The time cannot be before 1990.",
            ),
        ),
    ]
