"""API keys, and the answers that are kept for requests sent again."""

from __future__ import annotations

import datetime as dt
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.audit.tracking import audited
from accounts.ids import uuid7


class Scope(models.TextChoices):
    """What a key may do. None of them includes another."""

    ODDS_READ = "odds:read", "Read games, odds and the archive"
    BETS_READ = "bets:read", "Read your bets, bankrolls and statistics"
    BETS_WRITE = "bets:write", "Place and change your bets"
    ADMIN = "admin", "Staff: review queue, quota and feeds"


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def owned_by(self, user: object) -> Self:
        return self.filter(user=user)

    def working(self, now: dt.datetime) -> Self:
        """Neither revoked nor expired; whether their owner may still sign in is not looked at."""
        return self.filter(revoked_at__isnull=True).filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now))


class ApiKey(models.Model):
    """A secret by which a program acts for a person. Only its digest is kept; the prefix finds it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=60, help_text="What it is for, such as “spreadsheet”.")
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    digest = models.CharField(
        max_length=64, editable=False, help_text="SHA-256 of the whole key, hexadecimal."
    )
    scopes = ArrayField(models.CharField(max_length=16))
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="To the minute.")

    objects = models.Manager.from_queryset(ApiKeyQuerySet)()

    class Meta:
        db_table = "api_keys"
        verbose_name = "API key"
        ordering = ["-created_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(scopes__contained_by=Scope.values),
                name="api_key_scopes_are_known",
                violation_error_message="Choose known scopes.",
            ),
            models.CheckConstraint(
                condition=Q(scopes__len__gt=0),
                name="api_key_has_a_scope",
                violation_error_message="A key needs one scope at least.",
            ),
            models.CheckConstraint(
                condition=Q(digest__regex="^[0-9a-f]{64}$"),
                name="api_key_digest_is_sha256",
                violation_error_message="The digest of a key is its SHA-256.",
            ),
            models.CheckConstraint(
                condition=~Q(name=""),
                name="api_key_has_a_name",
                violation_error_message="Say what the key is for.",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=F("created_at")),
                name="api_key_expires_after_it_was_made",
                violation_error_message="A key cannot expire before it is made.",
            ),
        ]
        triggers = audited(hidden=["digest"], quiet=["last_used_at"], owner="{row}.user_id")

    def __str__(self) -> str:
        return f"{self.name} (bt_{self.prefix}…)"

    def state(self, now: dt.datetime) -> str:
        """``active``, ``expired`` or ``revoked``."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "active"


class KeptAnswer(models.Model):
    """The answer to a write that named an ``Idempotency-Key``, given again to the same request for a day."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of method, address and body.")
    status = models.PositiveSmallIntegerField(null=True, editable=False)
    headers = models.JSONField(default=dict, editable=False)
    body = models.BinaryField(default=bytes, editable=False)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "kept_answers"
        ordering = ["-created_at", "id"]
        indexes = [models.Index(fields=["created_at"], name="kept_answer_age")]  # what is to be forgotten
        constraints = [
            models.UniqueConstraint(
                fields=["user", "key"],
                name="one_answer_per_user_and_idempotency_key",
                violation_error_message="This key stands for another request.",
            ),
            models.CheckConstraint(
                condition=~Q(key=""),
                name="kept_answer_has_a_key",
                violation_error_message="An idempotency key needs a character at least.",
            ),
            models.CheckConstraint(
                condition=Q(fingerprint__regex="^[0-9a-f]{64}$"),
                name="kept_answer_fingerprint_is_sha256",
                violation_error_message="The fingerprint of a request is a SHA-256.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.status}"
