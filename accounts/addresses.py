"""Email addresses: whose they are once they are confirmed."""

from __future__ import annotations

from allauth.account.models import EmailAddress

from accounts.models import User


def release_unconfirmed(confirmed: EmailAddress) -> None:
    """Take an address that is being confirmed away from accounts that have only claimed it.

    Nothing happens if another account has confirmed it: then it cannot be confirmed here.
    """
    others = EmailAddress.objects.filter(email__iexact=confirmed.email).exclude(user_id=confirmed.user_id)
    if others.filter(verified=True).exists():
        return
    others.delete()
    User.objects.filter(email__iexact=confirmed.email).exclude(pk=confirmed.user_id).update(email="")


def shown_address(user: User) -> EmailAddress | None:
    """Return the address that mail for the account goes to, None without one."""
    return EmailAddress.objects.filter(user=user).order_by("-primary", "-verified", "pk").first()
