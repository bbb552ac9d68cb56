from __future__ import annotations

import zoneinfo
from collections.abc import Iterator

import pgtrigger
from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from accounts.access.models import AccessRule
from accounts.api.models import ApiKey, KeptAnswer
from accounts.audit.models import AuditEvent
from accounts.audit.tracking import audited
from accounts.ids import uuid7

__all__ = [
    "NO_PLACE",
    "AccessRule",
    "ApiKey",
    "AuditEvent",
    "KeptAnswer",
    "OddsFormat",
    "Theme",
    "User",
    "validate_time_zone",
]


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


AN_ADMINISTRATOR_REMAINS = """
    IF OLD.is_superuser AND OLD.is_active THEN
        IF TG_OP = 'UPDATE' AND NEW.is_superuser AND NEW.is_active AND NEW.email = OLD.email THEN
            RETURN NULL;
        END IF;
        PERFORM pg_advisory_xact_lock(hashtext('an_administrator_remains'));
        IF NOT an_administrator_may_enter() THEN
            RAISE EXCEPTION 'the last active administrator cannot go'
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'an_administrator_remains';
        END IF;
    END IF;
    RETURN NULL;
"""
"""Two who give up their rights at once wait for each other; the second sees what the first left."""


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
    suspended_at = models.DateTimeField(null=True, blank=True, editable=False)
    suspension_reason = models.CharField(max_length=300, blank=True, editable=False)
    session_series = models.PositiveIntegerField(
        default=0,
        editable=False,
        help_text="A session of an earlier series is over, whatever its cookie says.",
    )

    class Meta(AbstractUser.Meta):
        db_table = "users"
        ordering = ["username"]
        permissions = [("view_database", "Can read the report of the database")]
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
            models.CheckConstraint(
                condition=Q(suspended_at__isnull=True, suspension_reason="")
                | (Q(suspended_at__isnull=False, is_active=False) & ~Q(suspension_reason="")),
                name="suspended_is_inactive_for_a_reason",
                violation_error_message="A suspended account is inactive and has the reason; no other has one.",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="an_administrator_remains",
                operation=pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.After,
                func=AN_ADMINISTRATOR_REMAINS,
            ),
            *audited(hidden=["password"], quiet=["last_login"], owner="{row}.id"),
        ]

    def get_session_auth_hash(self) -> str:
        """What a session must hold to be this account's: it changes with the password and the series."""
        return self._in_series(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        for old in super().get_session_auth_fallback_hash():
            yield self._in_series(old)

    def _in_series(self, session_hash: str) -> str:
        return f"{session_hash}.{self.session_series}" if self.session_series else session_hash


class AccountEventKind(models.TextChoices):
    SUSPENDED = "suspended", "Suspended"
    UNSUSPENDED = "unsuspended", "Suspension ended"
    DELETED = "deleted", "Deleted by its owner"


class AccountEvent(models.Model):
    """What staff did to an account, and that an account was deleted: of that one nothing but the time is kept."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=11, choices=AccountEventKind)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="account_events",
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    reason = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "account_events"
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=AccountEventKind.values),
                name="account_event_kind_is_known",
                violation_error_message="Choose a known kind of event.",
            ),
            models.CheckConstraint(
                condition=Q(kind=AccountEventKind.DELETED, user__isnull=True, by__isnull=True, reason="")
                | (~Q(kind=AccountEventKind.DELETED) & Q(user__isnull=False)),
                name="deletion_keeps_no_name",
                violation_error_message="Of a deleted account only the time is kept; other events name theirs.",
            ),
        ]
        triggers = audited(owner="{row}.user_id", object_id="coalesce({row}.user_id::text, {row}.id::text)")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d %H:%M:%SZ}"
