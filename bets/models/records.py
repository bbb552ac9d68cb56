"""Records that their owners have published."""

from __future__ import annotations

import secrets
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.audit.tracking import audited
from accounts.ids import uuid7
from bets.models.bankrolls import BankrollKind, Currency


def new_token() -> str:
    """Return 256 random bits as 43 characters of an address."""
    return secrets.token_urlsafe(32)


class PublishedRecordQuerySet(models.QuerySet["PublishedRecord"]):
    def public(self) -> Self:
        """Those that anybody with the link may read: not revoked, of an owner who may sign in."""
        return self.filter(revoked_at__isnull=True, user__is_active=True)


class PublishedRecord(models.Model):
    """A read-only page of all bets in one currency with one kind of money, at a link that cannot be guessed.

    It is always of all these bets: a chosen part would flatter.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="published_records", db_index=False
    )
    token = models.CharField(max_length=64, unique=True, default=new_token, editable=False)
    title = models.CharField(max_length=60)
    currency = models.CharField(max_length=3, choices=Currency)
    kind = models.CharField(max_length=5, choices=BankrollKind)
    shows_amounts = models.BooleanField(
        default=False, help_text="Show sums of money; otherwise multiples of the average stake."
    )
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(PublishedRecordQuerySet)()

    class Meta:
        db_table = "published_records"
        ordering = ["-created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "currency", "kind"],
                condition=Q(revoked_at__isnull=True),
                name="one_published_record_of_the_same_bets",
                violation_error_message="This record is published already.",
            ),
            models.CheckConstraint(
                condition=Q(currency__in=Currency.values),
                name="record_currency_is_known",
                violation_error_message="Choose a known currency.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=BankrollKind.values),
                name="record_kind_is_known",
                violation_error_message="A record is of real or of paper money.",
            ),
            models.CheckConstraint(
                condition=Q(token__regex=r"^[A-Za-z0-9_-]{43,64}$"),  # noqa: S106 - a pattern
                name="record_link_cannot_be_guessed",
                violation_error_message="The link of a record needs at least 43 random characters.",
            ),
            models.CheckConstraint(
                condition=~Q(title=""),
                name="record_has_a_title",
                violation_error_message="Give the record a title.",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True) | Q(revoked_at__gte=models.F("created_at")),
                name="record_is_revoked_after_it_is_published",
                violation_error_message="A record cannot be revoked before it was published.",
            ),
        ]
        triggers = audited(hidden=["token"], owner="{row}.user_id")

    def __str__(self) -> str:
        return self.title
