"""Which accounts a person means who types a username or an address."""

from __future__ import annotations

from allauth.account.models import EmailAddress

from accounts.models import User


def accounts_named(login: str) -> list[User]:
    """Return the accounts that ``login`` may mean: by address, then by username.

    More than one only for an address that several have given and none has confirmed, or that is somebody's username.
    """
    login = login.strip()
    if not login:
        return []
    owners = accounts_with(login) if "@" in login else []
    return owners + [user for user in User.objects.filter(username__iexact=login) if user not in owners]


def accounts_with(email: str) -> list[User]:
    """Return the account that has confirmed the address, else all that have given it, oldest first."""
    given = list(EmailAddress.objects.filter(email__iexact=email).select_related("user").order_by("pk"))
    confirmed = [address.user for address in given if address.verified]
    if confirmed:
        return confirmed[:1]
    claimed = {address.user for address in given} | set(User.objects.filter(email__iexact=email))
    return sorted(claimed, key=lambda user: (user.date_joined, user.pk))
