"""Signed-in browsers of a person, and their end."""

from __future__ import annotations

from importlib import import_module

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import SESSION_KEY, update_session_auth_hash
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest

from accounts.models import User


@transaction.atomic
def end_session(*, user: User, session_id: int) -> bool:
    """End one browser's session of the user's; False if there is none of that number."""
    found = UserSession.objects.select_for_update().filter(user=user, pk=session_id).first()
    if found is None:
        return False
    found.end()
    return True


@transaction.atomic
def end_other_sessions(request: HttpRequest, *, user: User) -> None:
    """End every session of the user's but this one, those that are on no list among them."""
    current = request.session.session_key
    for other in UserSession.objects.filter(user=user).exclude(session_key=current):
        other.end()
    _next_series(user)
    update_session_auth_hash(request, user)
    renewed = request.session.session_key
    UserSession.objects.filter(user=user, session_key=current).update(session_key=renewed)


@transaction.atomic
def end_all_sessions(*, user: User) -> None:
    """End every session of the user's, for good."""
    for one in UserSession.objects.filter(user=user):
        one.end()
    _next_series(user)


def delete_sessions(*, user: User) -> None:
    """Delete what is stored of every session of the user's, listed or not. Reads all sessions of the site."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    for session in Session.objects.iterator():
        if store().decode(session.session_data).get(SESSION_KEY) == str(user.pk):
            session.delete()


def _next_series(user: User) -> None:
    User.objects.filter(pk=user.pk).update(session_series=F("session_series") + 1)
    user.refresh_from_db(fields=["session_series"])
