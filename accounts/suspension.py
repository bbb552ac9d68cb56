"""Staff shut an account out and let it in again."""

from __future__ import annotations

import datetime as dt

from accounts.administrators import an_administrator_remains
from accounts.exceptions import AccountRefused
from accounts.models import AccountEvent, AccountEventKind, ApiKey, User
from accounts.sessions import end_all_sessions
from accounts.signals import access_ended

LONGEST_REASON = 300


def suspend(*, user: User, reason: str, by: User, now: dt.datetime) -> AccountEvent:
    """Shut the account out: its sessions end for good, its keys are revoked, what it published is hidden.

    ``access_ended`` is sent in the transaction. Raises AccountRefused for an account that is suspended already, without
    a reason, for oneself, and for an administrator if ``by`` is none; LastAdministrator for the last one.
    """
    reason = _reason(reason)
    with an_administrator_remains():
        locked = User.objects.select_for_update().get(pk=user.pk)
        _may_decide(by, locked)
        if locked.suspended_at is not None:
            raise AccountRefused(f"{locked.username} is suspended already.")
        locked.is_active = False
        locked.suspended_at = now
        locked.suspension_reason = reason
        locked.save(update_fields=["is_active", "suspended_at", "suspension_reason"])
        end_all_sessions(user=locked)
        ApiKey.objects.filter(user=locked, revoked_at__isnull=True).update(revoked_at=now)
        access_ended.send(sender=User, user=locked)
        return AccountEvent.objects.create(
            kind=AccountEventKind.SUSPENDED, user=locked, by=by, reason=reason, at=now
        )


def end_suspension(*, user: User, reason: str, by: User, now: dt.datetime) -> AccountEvent:
    """Let the account in again; sessions and keys that ended stay ended. Raises AccountRefused if it is not suspended."""
    reason = _reason(reason)
    with an_administrator_remains():
        locked = User.objects.select_for_update().get(pk=user.pk)
        _may_decide(by, locked)
        if locked.suspended_at is None:
            raise AccountRefused(f"{locked.username} is not suspended.")
        locked.is_active = True
        locked.suspended_at = None
        locked.suspension_reason = ""
        locked.save(update_fields=["is_active", "suspended_at", "suspension_reason"])
        return AccountEvent.objects.create(
            kind=AccountEventKind.UNSUSPENDED, user=locked, by=by, reason=reason, at=now
        )


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not reason:
        raise AccountRefused("Give a reason: it is kept with the decision. The person is not shown it.")
    if len(reason) > LONGEST_REASON:
        raise AccountRefused(f"The reason is longer than {LONGEST_REASON} characters.")
    return reason


def _may_decide(by: User, about: User) -> None:
    if by.pk == about.pk:
        raise AccountRefused("Nobody decides about his own account: ask another member of staff.")
    if not User.objects.filter(pk=by.pk, is_staff=True, is_active=True).exists():
        raise AccountRefused("Only staff may do this.")
    if about.is_superuser and not by.is_superuser:
        raise AccountRefused(f"{about.username} is an administrator: only another administrator may do this.")
