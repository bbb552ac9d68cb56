"""Writes of this app: credits reserved and reconciled, calls recorded, blocks set and lifted."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, F, IntegerField, Q, Value, When

from .credits import Answer, Refused
from .exceptions import BadKey, OutOfCredits
from .models import RESERVATION_LIFETIME, ApiCall, Block, Provider, Quota

logger = logging.getLogger(__name__)

BREAKER_PAUSE = timedelta(hours=1)


def open_quota(*, provider: str, key_fingerprint: str, limit: int | None, now: datetime) -> Quota:
    """The running quota of a key, made on first sight with `limit` credits (None: unknown)."""
    quota = Quota.objects.current(provider=provider, key_fingerprint=key_fingerprint).first()
    if quota is not None:
        return quota
    with transaction.atomic():
        _lock_key(provider, key_fingerprint)
        quota = Quota.objects.current(provider=provider, key_fingerprint=key_fingerprint).first()
        return quota or Quota.objects.create(
            provider=provider, key_fingerprint=key_fingerprint, period_start=now, limit=limit
        )


def reserve_credits(*, quota: Quota, cost: int, now: datetime) -> None:
    """Set `cost` credits aside before a call, by one conditional UPDATE.

    Raises BadKey or OutOfCredits, naming why, when the quota is blocked or too small. A free call passes
    an open breaker, for it is how the counter is checked.
    """
    live = Case(
        When(reserved_at__lt=now - RESERVATION_LIFETIME, then=Value(0)),
        default=F("reserved"),
        output_field=IntegerField(),
    )
    open_blocks = [Block.NONE, Block.OUT_OF_CREDITS] if cost == 0 else [Block.NONE]
    free = Q() if cost == 0 else Q(limit=None) | Q(limit__gte=F("used") + live + cost)
    claimed = Quota.objects.filter(free, pk=quota.pk, block__in=open_blocks).update(
        reserved=live + cost, reserved_at=now
    )
    if not claimed:
        quota.refresh_from_db()
        raise _refusal(quota, cost)


def _refusal(quota: Quota, cost: int) -> BadKey | OutOfCredits:
    if quota.block == Block.BAD_KEY:
        return BadKey(
            f"{quota.get_provider_display()} refuses the key ({quota.blocked_code}): no call is made with it. "
            "Set a valid ODDS_API_KEY, or lift the block in the admin.",
            code=quota.blocked_code,
        )
    if quota.block == Block.OUT_OF_CREDITS:
        return OutOfCredits(
            f"{quota.get_provider_display()} has no credits left; calls wait until its counter falls. "
            f"Next check after {quota.breaker_until:%Y-%m-%d %H:%M} UTC.",
            code=quota.blocked_code,
        )
    return OutOfCredits(
        f"the call costs {cost} credits, but {quota.used} are used and {quota.reserved} reserved "
        f"of {quota.limit} in this period"
    )


def release_credits(*, quota: Quota, cost: int) -> None:
    """Give a reservation back."""
    Quota.objects.filter(pk=quota.pk).update(
        reserved=Case(
            When(reserved__gte=cost, then=F("reserved") - cost), default=Value(0), output_field=IntegerField()
        )
    )


@transaction.atomic
def reconcile_quota(*, quota: Quota, used: int, remaining: int, asked_at: datetime, now: datetime) -> Quota:
    """Take over the provider's own counters; a fallen `used` starts a new period and closes the breaker.

    An answer to a question asked before the last reconciliation is stale when it says less, and is left out.
    Returns the quota that now runs.
    """
    _lock_key(quota.provider, quota.key_fingerprint)
    current = (
        Quota.objects.current(provider=quota.provider, key_fingerprint=quota.key_fingerprint)
        .select_for_update()
        .get()
    )
    if used < current.used and current.synced_at is not None:
        if asked_at < current.synced_at:
            return current
        return Quota.objects.create(
            provider=quota.provider,
            key_fingerprint=quota.key_fingerprint,
            period_start=now,
            limit=used + remaining,
            used=used,
            remaining=remaining,
            synced_at=now,
        )
    current.used, current.remaining, current.limit, current.synced_at = used, remaining, used + remaining, now
    fields = ["used", "remaining", "limit", "synced_at"]
    current.save(update_fields=fields)
    return current


def record_call(*, provider: str, answer: Answer, now: datetime) -> ApiCall:
    """Record one HTTP request, answered or not."""
    return ApiCall.objects.create(
        provider=provider,
        endpoint=answer.endpoint,
        params=answer.params,
        cost=answer.cost,
        status=answer.status,
        error_code=answer.error_code[:80],
        duration_ms=answer.duration_ms,
        used=answer.used,
        remaining=answer.remaining,
        at=now,
    )


def block_quota(*, quota: Quota, refused: Refused, code: str, now: datetime) -> None:
    """Hold back calls: for good after a bad key, until the counter falls when out of credits."""
    out = refused is Refused.OUT_OF_CREDITS
    Quota.objects.filter(pk=quota.pk).update(
        block=Block.OUT_OF_CREDITS if out else Block.BAD_KEY,
        blocked_at=now,
        blocked_code=code[:80],
        breaker_until=now + BREAKER_PAUSE if out else None,
    )
    logger.error("%s: %s (%s); calls are held back", quota.provider, refused.value, code)


def lift_block(*, quota: Quota, by: Any, now: datetime) -> bool:
    """Let calls through again, by a person's decision. False when nothing was blocked."""
    lifted = (
        Quota.objects.blocked()
        .filter(pk=quota.pk)
        .update(block=Block.NONE, blocked_at=None, blocked_code="", breaker_until=None, reserved=0)
    )
    if lifted:
        logger.warning("block of %s lifted by %s at %s", quota, by, now.isoformat())
    return bool(lifted)


def forget_old_calls(*, now: datetime, keep_days: int = 90) -> int:
    """Delete recorded calls older than `keep_days`; returns how many."""
    deleted, _ = ApiCall.objects.older_than(now - timedelta(days=keep_days)).delete()
    return deleted


def _lock_key(provider: str, key_fingerprint: str) -> None:
    """Serialise the opening of periods of one key until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"quotas:{provider}:{key_fingerprint}"])


class QuotaLedger:
    """The database's side of a provider's credits, as `feeds.http` wants it (see `credits.Ledger`)."""

    def __init__(self, *, provider: Provider, key_fingerprint: str, limit: int | None) -> None:
        self.provider = provider
        self.key_fingerprint = key_fingerprint
        self.limit = limit

    def _quota(self, now: datetime) -> Quota:
        return open_quota(
            provider=self.provider, key_fingerprint=self.key_fingerprint, limit=self.limit, now=now
        )

    def must_check(self, now: datetime) -> bool:
        """True when the breaker is open and its pause is over: ask a free endpoint for the counter first."""
        quota = self._quota(now)
        return (
            quota.block == Block.OUT_OF_CREDITS
            and quota.breaker_until is not None
            and quota.breaker_until <= now
        )

    def reserve(self, cost: int, now: datetime) -> None:
        """See `reserve_credits`."""
        reserve_credits(quota=self._quota(now), cost=cost, now=now)

    def release(self, cost: int, now: datetime) -> None:
        """See `release_credits`."""
        release_credits(quota=self._quota(now), cost=cost)

    def record(self, answer: Answer, now: datetime) -> None:
        """Record the call, take over the provider's counters, and block the key if it says so."""
        record_call(provider=self.provider, answer=answer, now=now)
        quota = self._quota(now)
        if answer.used is not None and answer.remaining is not None:
            quota = reconcile_quota(
                quota=quota, used=answer.used, remaining=answer.remaining, asked_at=answer.asked_at, now=now
            )
        if answer.refused is not None:
            block_quota(quota=quota, refused=answer.refused, code=answer.error_code, now=now)
        elif quota.block == Block.OUT_OF_CREDITS and answer.cost == 0 and answer.status == 200:
            Quota.objects.filter(pk=quota.pk, block=Block.OUT_OF_CREDITS).update(
                breaker_until=now + BREAKER_PAUSE
            )


class CallLog:
    """For a provider without credits: calls are recorded, nothing is reserved."""

    def __init__(self, *, provider: Provider) -> None:
        self.provider = provider

    def must_check(self, now: datetime) -> bool:
        """Never: there is no counter."""
        return False

    def reserve(self, cost: int, now: datetime) -> None:
        """Nothing to reserve: calls are free."""

    def release(self, cost: int, now: datetime) -> None:
        """Nothing to give back: calls are free."""

    def record(self, answer: Answer, now: datetime) -> None:
        """Record the call."""
        record_call(provider=self.provider, answer=answer, now=now)
