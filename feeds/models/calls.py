"""What the providers were asked, and how many credits are left."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

RESERVATION_LIFETIME = timedelta(minutes=5)


class Provider(models.TextChoices):
    THE_ODDS_API = "the_odds_api", "The Odds API"
    ESPN = "espn", "ESPN"


class ApiCallQuerySet(models.QuerySet["ApiCall"]):
    def older_than(self, instant: datetime) -> ApiCallQuerySet:
        """Calls made before `instant`."""
        return self.filter(at__lt=instant)

    def failed(self) -> ApiCallQuerySet:
        """Calls without an answer, or answered with an error."""
        return self.filter(Q(status=None) | Q(status__gte=400))

    def newest_first(self) -> ApiCallQuerySet:
        """In order of time, the newest first."""
        return self.order_by("-at", "-id")


class ApiCall(models.Model):
    """One HTTP request to a provider. Holds no key: `endpoint` is a bare path, `params` leaves secrets out."""

    id = models.BigAutoField(primary_key=True)
    provider = models.CharField(max_length=20, choices=Provider)
    endpoint = models.CharField(max_length=200)
    params = models.JSONField(default=dict, blank=True)
    cost = models.PositiveIntegerField(
        default=0, help_text="credits, by the provider's word where it gave one"
    )
    status = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="HTTP status; none without an answer"
    )
    error_code = models.CharField(max_length=80, blank=True)
    duration_ms = models.PositiveIntegerField()
    used = models.PositiveIntegerField(null=True, blank=True)
    remaining = models.PositiveIntegerField(null=True, blank=True)
    at = models.DateTimeField()

    objects: ClassVar = ApiCallQuerySet.as_manager()

    class Meta:
        db_table = "api_calls"
        verbose_name = "API call"
        ordering = ("-at", "-id")
        # the admin's and the status page's newest calls of a provider; retention goes by it too
        indexes = (models.Index(fields=("provider", "-at"), name="api_calls_provider_at"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(provider__in=Provider.values),
                name="api_calls_provider_is_known",
                violation_error_message="The provider is not one we know.",
            ),
            models.CheckConstraint(
                condition=Q(status=None) | Q(status__range=(100, 599)),
                name="api_calls_status_is_http",
                violation_error_message="An HTTP status is between 100 and 599.",
            ),
            models.CheckConstraint(
                condition=~Q(endpoint__contains="?") & ~Q(endpoint__contains="://"),
                name="api_calls_endpoint_is_a_bare_path",
                violation_error_message="The endpoint is a path without host and query, so that it cannot hold a key.",
            ),
            models.CheckConstraint(
                condition=~Q(params__has_any_keys=["apiKey", "api_key"]),
                name="api_calls_params_hold_no_key",
                violation_error_message="The parameters must not hold the API key.",
            ),
            models.CheckConstraint(
                condition=Q(used=None, remaining=None) | Q(used__isnull=False, remaining__isnull=False),
                name="api_calls_used_with_remaining",
                violation_error_message="Used and remaining credits come together.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_provider_display()} {self.endpoint} {self.status or 'no answer'}"


class Block(models.TextChoices):
    NONE = "", "not blocked"
    BAD_KEY = "bad_key", "the provider refuses the key"
    OUT_OF_CREDITS = "out_of_credits", "out of credits"


class QuotaQuerySet(models.QuerySet["Quota"]):
    def current(self, *, provider: str, key_fingerprint: str) -> QuotaQuerySet:
        """The running period of a key, as a queryset of at most one row."""
        newest = (
            self.filter(provider=provider, key_fingerprint=key_fingerprint)
            .order_by("-period_start", "-id")
            .values("id")[:1]
        )
        return self.filter(id__in=newest)

    def blocked(self) -> QuotaQuerySet:
        """Quotas whose calls are held back."""
        return self.exclude(block=Block.NONE)

    def with_left(self) -> QuotaQuerySet:
        """Adds `left`: credits neither used nor reserved, null without a limit."""
        return self.annotate(left=F("limit") - F("used") - F("reserved"))


class Quota(models.Model):
    """The credits of one key in one period. A new period starts when the provider's used counter falls."""

    id = models.BigAutoField(primary_key=True)
    provider = models.CharField(max_length=20, choices=Provider)
    key_fingerprint = models.CharField(max_length=12, help_text="start of the SHA-256 of the key")
    period_start = models.DateTimeField()
    limit = models.PositiveIntegerField(
        null=True, blank=True, help_text="credits of the period; none if unknown"
    )
    used = models.PositiveIntegerField(default=0)
    reserved = models.PositiveIntegerField(default=0, help_text="credits of calls on their way")
    reserved_at = models.DateTimeField(null=True, blank=True)
    remaining = models.PositiveIntegerField(null=True, blank=True, help_text="by the provider's last word")
    synced_at = models.DateTimeField(
        null=True, blank=True, help_text="when the provider last told its counters"
    )
    block = models.CharField(max_length=20, choices=Block, default=Block.NONE, blank=True)
    blocked_at = models.DateTimeField(null=True, blank=True)
    blocked_code = models.CharField(max_length=80, blank=True, help_text="the provider's error code")
    breaker_until = models.DateTimeField(
        null=True, blank=True, help_text="no check of the counter before this"
    )

    objects: ClassVar = QuotaQuerySet.as_manager()

    class Meta:
        db_table = "quotas"
        ordering = ("provider", "-period_start", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("provider", "key_fingerprint", "period_start"),
                name="quotas_one_per_key_and_period",
                violation_error_message="This key already has a quota for this period.",
            ),
            models.CheckConstraint(
                condition=Q(provider__in=Provider.values),
                name="quotas_provider_is_known",
                violation_error_message="The provider is not one we know.",
            ),
            models.CheckConstraint(
                condition=Q(block__in=Block.values),
                name="quotas_block_is_known",
                violation_error_message="The kind of block is not one we know.",
            ),
            models.CheckConstraint(
                condition=Q(block="", blocked_at=None) | (~Q(block="") & Q(blocked_at__isnull=False)),
                name="quotas_blocked_with_its_time",
                violation_error_message="A block and its time come together.",
            ),
            models.CheckConstraint(
                condition=Q(block=Block.OUT_OF_CREDITS, breaker_until__isnull=False)
                | (~Q(block=Block.OUT_OF_CREDITS) & Q(breaker_until=None)),
                name="quotas_breaker_only_out_of_credits",
                violation_error_message="The breaker is open exactly while the key is out of credits.",
            ),
            models.CheckConstraint(
                condition=Q(reserved=0) | Q(reserved_at__isnull=False),
                name="quotas_reserved_with_its_time",
                violation_error_message="Reserved credits need the time of their reservation.",
            ),
            models.CheckConstraint(
                condition=Q(remaining=None) | Q(synced_at__isnull=False),
                name="quotas_remaining_with_its_time",
                violation_error_message="Remaining credits need the time they were told.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_provider_display()} {self.key_fingerprint} from {self.period_start:%Y-%m-%d}"
