"""Who asks: a key in the Authorization header, else the session of a browser."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.access.gate import rules_of
from accounts.api.keys import KeyRefused, find_key, note_use
from accounts.audit.context import note
from accounts.models import ApiKey, User
from rest.problems import ApiProblem

CHALLENGE = 'Bearer realm="BetTrack API"'


class KeyAuthentication(BaseAuthentication):
    """``Authorization: Bearer bt_…``. ``request.auth`` is the key."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        header = request.headers.get("Authorization", "")
        if not header:
            return None
        method, _, text = header.partition(" ")
        if method.lower() != "bearer" or not text.isascii():
            raise refused("not_authenticated", "Send the key as Authorization: Bearer bt_…")
        now = timezone.now()
        try:
            key = find_key(text.strip(), now=now, access=rules_of(request._request))
        except KeyRefused as problem:
            raise refused(problem.code, str(problem)) from None
        note(user=str(key.user_id), key=str(key.pk))
        note_use(key=key, now=now)
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


def still_holds(request: Request) -> bool:
    """Whether the key or the session of a long request would still be let in."""
    if not request.user.is_authenticated:
        return True
    people = User.objects.filter(pk=request.user.pk, is_active=True)
    if isinstance(request.auth, ApiKey):
        return ApiKey.objects.working(timezone.now()).filter(pk=request.auth.pk, user__in=people).exists()
    session = request._request.session
    return people.exists() and bool(session.session_key and session.exists(session.session_key))


def refused(code: str, text: str) -> ApiProblem:
    return ApiProblem(code, text, headers={"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'})


def owner_of(request: Any) -> User:
    """The person of a request that has passed the permission check for something of a person's."""
    user: User = request.user
    return user
