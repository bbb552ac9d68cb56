"""Each request has an id, and a line in the log that says what it was and came to."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.functional import LazyObject, empty

from .context import REQUEST, USER, request_id_of

logger = logging.getLogger("bettrack.requests")

HEADER: Final = "X-Request-ID"
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""What could begin a line of its own in a log."""
QUIET: Final = ("/healthz", "/readyz", "/metrics", "/static/")
"""Asked for all the time; told at DEBUG alone, unless they fail."""


class RequestIdMiddleware:
    """The first of all: takes the id a proxy sent or makes one, returns it, and logs the request when it is over.

    The line has the path without its query, the status and the milliseconds, and who is signed in by key alone.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        tokens = [
            (REQUEST, REQUEST.set(request_id_of(request.headers.get(HEADER, "")))),
            (USER, USER.set("")),
        ]
        begun = time.monotonic()
        try:
            response = self.get_response(request)
            response.headers[HEADER] = REQUEST.get()
            USER.set(user_of(request))
            tell(request, response.status_code, begun)
        finally:
            for variable, token in tokens:
                variable.reset(token)
        return response


class UserIdMiddleware:
    """Lets the log lines of a request say by key who is signed in, once that is known."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        USER.set(user_of(request))
        return self.get_response(request)


def user_of(request: HttpRequest) -> str:
    """The key of who is signed in, if that has been looked up already; '' otherwise. Never asks the database."""
    user = vars(request).get("user")
    if isinstance(user, LazyObject) and user._wrapped is empty:
        return ""
    key = getattr(user, "pk", None)
    return str(key) if key else ""


def tell(request: HttpRequest, status: int, begun: float) -> None:
    path = path_of(request)
    is_quiet = status < 400 and path.startswith(QUIET)
    took = int((time.monotonic() - begun) * 1000)
    logger.log(
        logging.DEBUG if is_quiet else logging.INFO,
        "%s %s %s in %d ms", request.method, path, status, took,
        extra={"method": request.method, "path": path, "status": status, "duration_ms": took},
    )  # fmt: skip


def path_of(request: HttpRequest) -> str:
    """The path without its query; what opens something for whoever has it is left out."""
    path = request.path
    match = request.resolver_match
    for name, value in (match.kwargs if match else {}).items():
        if name in ("token", "key", "uidb36") and isinstance(value, str) and value:
            path = path.replace(value, "[redacted]")
    return CONTROL.sub("?", path[:300])
