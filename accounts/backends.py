"""Who may sign in by a password."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from accounts.lookup import accounts_named


class SignInBackend(AuthenticationBackend):  # type: ignore[misc]
    """allauth's backend, with one look at the password whether or not there is such an account.

    Its own looks twice for an address that is known and once for one that is not, which the clock tells apart.
    """

    def _authenticate(self, request: HttpRequest | None, **credentials: Any) -> AbstractBaseUser | None:
        login = credentials.get("email") or credentials.get("username") or ""
        for user in accounts_named(login):
            found: AbstractBaseUser | None = self._check_password(user, credentials["password"])
            if found is not None:
                return found
        return None
