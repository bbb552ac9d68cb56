from __future__ import annotations

import zoneinfo

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from accounts.api.models import ApiKey, KeptAnswer
from accounts.ids import uuid7

__all__ = ["NO_PLACE", "ApiKey", "KeptAnswer", "OddsFormat", "Theme", "User", "validate_time_zone"]


class OddsFormat(models.TextChoices):
    AMERICAN = "american", "American (−110)"
    DECIMAL = "decimal", "Decimal (1.91)"
    FRACTIONAL = "fractional", "Fractional (10/11)"
    HONG_KONG = "hong_kong", "Hong Kong (0.91)"
    INDONESIAN = "indonesian", "Indonesian (−1.10)"
    MALAY = "malay", "Malay (0.91)"
    IMPLIED = "implied", "Implied probability (52.4%)"


class Theme(models.TextChoices):
    SYSTEM = "system", "As the system"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


NO_PLACE = frozenset({"Factory", "localtime"})
"""Files among the time zones that stand for “not set” and “as this machine”."""


def validate_time_zone(name: str) -> None:
    """Raise ValidationError unless ``name`` is an IANA time zone."""
    if name in NO_PLACE or name not in zoneinfo.available_timezones():
        raise ValidationError(f"“{name}” is not a time zone. Choose one such as Europe/London.")


class User(AbstractUser):
    """A person who signs in. Email and username are unique whatever their case."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    time_zone = models.CharField(max_length=64, default="America/New_York", validators=[validate_time_zone])
    odds_format = models.CharField(max_length=12, choices=OddsFormat, default=OddsFormat.AMERICAN)
    theme = models.CharField(max_length=8, choices=Theme, default=Theme.SYSTEM)

    class Meta(AbstractUser.Meta):
        db_table = "users"
        ordering = ["username"]
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="username_is_unique_in_any_case",
                violation_error_message="That username is taken.",
            ),
            models.UniqueConstraint(
                Lower("email"),
                condition=~Q(email=""),
                name="email_is_unique_in_any_case",
                violation_error_message="That email address is taken.",
            ),
            models.CheckConstraint(
                condition=Q(odds_format__in=OddsFormat.values),
                name="user_odds_format_is_known",
                violation_error_message="Choose a known odds format.",
            ),
            models.CheckConstraint(
                condition=Q(theme__in=Theme.values),
                name="user_theme_is_known",
                violation_error_message="Choose a known theme.",
            ),
        ]
