"""What a request may do: the scope of its key, the standing of its person."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.api.models import Scope
from accounts.models import ApiKey
from rest.problems import ApiProblem


class HasScope(BasePermission):
    """The view's scope: a key must have it, a session has all; ``admin`` is for staff alone."""

    def has_permission(self, request: Request, view: Any) -> bool:
        scope = view.scope_of(str(request.method))
        if not scope:
            return True
        if not request.user.is_authenticated:
            if scope == Scope.ODDS_READ and settings.PUBLIC_ODDS:
                return True
            raise NotAuthenticated
        if isinstance(request.auth, ApiKey) and scope not in request.auth.scopes:
            raise ApiProblem("scope_missing", f"This needs a key with the scope {scope}.")
        if scope == Scope.ADMIN and not request.user.is_staff:
            raise ApiProblem("staff_only")
        return True
