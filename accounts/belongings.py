"""What of the accounts themselves and of the libraries that serve them belongs to a person."""

from __future__ import annotations

from pghistory.models import Context

from accounts import personal
from accounts.audit.retention import forget_addresses
from accounts.models import AuditEvent, User


def register() -> None:
    personal.owns("account.EmailAddress", words=("email address", "email addresses"))
    personal.owns("account.EmailConfirmation", "email_address__user")
    personal.owns("mfa.Authenticator", words=("second factor", "second factors"))
    personal.owns("usersessions.UserSession", words=("session", "sessions"))
    personal.owns(
        "socialaccount.SocialAccount", words=("connection to a provider", "connections to providers")
    )
    personal.owns("socialaccount.SocialToken", "account__user")
    personal.owns("admin.LogEntry", words=("entry of the staff log", "entries of the staff log"))
    personal.owns(
        "accounts.AccountEvent", words=("decision of staff about you", "decisions of staff about you")
    )
    personal.owns("accounts.User_groups")
    personal.owns("accounts.User_user_permissions")
    personal.owns("accounts.ApiKey", words=("API key", "API keys"))
    personal.owns("accounts.KeptAnswer")
    personal.keeps("accounts.AccountEvent", "by")
    personal.owns("accounts.AccessRule")
    personal.keeps("accounts.AccessRule", "by")
    personal.keeps("accounts.AuditEvent", "owner", forget=forget_trail)


def forget_trail(user: User) -> None:
    """Keep that something was done and by whom (an id that leads to nobody now), not what it said nor from where."""
    AuditEvent.objects.filter(owner=user).exclude(before=None, after=None).update(before=None, after=None)
    forget_addresses(Context.objects.filter(metadata__user=str(user.pk)))
