from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from accounts.audit.context import origin
from accounts.client_ip import client_ip

PLACE: Final = re.compile(r"<(?:(\w+):)?(\w+)>")
SHOWN: Final = frozenset({"uuid", "int"})
OF_ADMIN: Final = "object_id"


class AuditMiddleware:
    """Changes made by a request come from its visitor, address and page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with origin(lambda: details_of(request)):
            return self.get_response(request)


def details_of(request: HttpRequest) -> dict[str, Any]:
    """What is known of a request by now; nothing is read for it that has not been read already."""
    user = request.__dict__.get("user")
    if isinstance(user, SimpleLazyObject):
        user = getattr(request, "_cached_user", None)
    person = getattr(user, "pk", None)
    return {
        "address": client_ip(request),
        "method": request.method,
        "path": page_of(request),
        "user": None if person is None else str(person),
    }


def page_of(request: HttpRequest) -> str:
    """The address' pattern with the ids in it; links that are keys (of mails, of published records) are not told."""
    match = request.resolver_match
    if match is None:
        return ""

    def value(place: re.Match[str]) -> str:
        shown = place[1] in SHOWN or (place[2] == OF_ADMIN and match.namespace == "admin")
        return str(match.kwargs.get(place[2], place[0])) if shown else place[0]

    return f"/{PLACE.sub(value, match.route)}"[:300]
