"""Answers 304 to who asks again for a page that has not changed, without a look at the database.

A page's ETag names everything its text depends on: its address, the htmx target, the visitor's cookies (who is
signed in, the theme, a message to be shown), the versions of the archive and, for visitors with a session, of
what belongs to people, their slip and preferences among it. Time is in it too: the view says until when the
page would read the same, "in 48 min" and all, and at the latest after a minute it is made anew.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers

from odds import versions
from rest.middleware import API

LONGEST: Final = dt.timedelta(minutes=1)
"""Bounds what a lost version could do."""
TAG: Final = re.compile(r'"([0-9a-f]{32})-(\d{13})"')
VARY: Final = ("Cookie", "HX-Request", "HX-Target")
UNTIL: Final = "unchanged_until"


def revalidated(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Mark a view whose responses may say, by ``keep_until``, how long they stay as they are."""
    view.is_revalidated = True  # type: ignore[attr-defined]
    return view


def keep_until(response: HttpResponse, instants: Iterable[dt.datetime], *, now: dt.datetime) -> None:
    """Let the response stand until the first of these instants, and for a minute at most."""
    setattr(response, UNTIL, min([now + LONGEST, *(at for at in instants if at > now)]))


class UnchangedPageMiddleware:
    """Stands before whatever reads the session or the visitor, so that a 304 costs one question to Redis."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in ("GET", "HEAD") or not _is_revalidated(request.path_info):
            return self.get_response(request)
        state = state_of(request)
        held = None if state is None else unchanged_tag(request, state, timezone.now())
        if held is not None:
            return _with_headers(HttpResponseNotModified(), held)
        response = self.get_response(request)
        until: dt.datetime | None = getattr(response, UNTIL, None)
        if state is None or until is None or response.status_code != 200:
            return response
        return _with_headers(response, f'W/"{state}-{int(until.timestamp() * 1000):013d}"')


def state_of(request: HttpRequest) -> str | None:
    """A digest of what the page depends on; None where the versions are not known."""
    cookies = request.COOKIES
    session = cookies.get(settings.SESSION_COOKIE_NAME, "")
    found = versions.current([versions.ARCHIVE, versions.PEOPLE] if session else [versions.ARCHIVE])
    if found is None:
        return None
    parts: list[Any] = [
        request.build_absolute_uri(),
        request.headers.get("HX-Request"),
        request.headers.get("HX-Target"),
    ]
    parts += [sorted(cookies.items()), found]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def unchanged_tag(request: HttpRequest, state: str, now: dt.datetime) -> str | None:
    """The tag by which the visitor holds the page of this state, if its time has not come yet."""
    for held, until in TAG.findall(request.headers.get("If-None-Match", "")):
        if held == state and int(until) > now.timestamp() * 1000:
            return f'W/"{held}-{until}"'
    return None


def _is_revalidated(path: str) -> bool:
    if path.startswith(API):  # has tags of its own, and no time to find its view twice
        return False
    try:
        return getattr(resolve(path).func, "is_revalidated", False)
    except Resolver404:
        return False


def _with_headers(response: HttpResponse, tag: str) -> HttpResponse:
    response.headers["ETag"] = tag
    patch_cache_control(response, private=True, no_cache=True)
    patch_vary_headers(response, VARY)
    return response
