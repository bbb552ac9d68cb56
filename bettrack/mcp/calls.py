"""Calls of the API within this process: the same views, keys, scopes, rates and refusals, without a web server."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import close_old_connections
from django.urls import Resolver404, resolve

from accounts.audit.context import origin, os_user
from rest.problems import ApiProblem, body_of
from rest.renderers import dumps

ID: Final = re.compile(r"[\w-]{1,64}", re.ASCII)
logger = logging.getLogger(__name__)


class Refused(Exception):
    """The API refuses; ``problem`` is its problem document (RFC 9457)."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(problem["code"])
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Call:
    """One call. ``view`` answers in place of the one at the path."""

    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    view: Callable[..., Any] | None = None


class InnerRequest(WSGIRequest):
    """A request that came over no network, so its host is the site's own."""

    def get_host(self) -> str:
        return urlsplit(settings.BETTRACK_URL).netloc


def ask(call: Call, *, key: str) -> dict[str, Any]:
    """Return what the API answers to who holds the key. Raises Refused.

    In place of the address of the next page stands ``next_cursor`` (or ``next_page``), null on the last one; an
    answer to a write has ``idempotency_replayed``.
    """
    close_old_connections()
    try:
        response = respond(call, key)
        answer: dict[str, Any] = msgspec.json.decode(response.content)
    except ApiProblem as problem:
        raise Refused(body_of(problem)) from None
    except Exception:
        logger.exception("server_error: %s", call.path)
        raise Refused(body_of(ApiProblem("server_error"))) from None
    finally:
        close_old_connections()
    if response.status_code >= 400:
        later = response.headers.get("Retry-After")
        raise Refused({**answer, "retry_after_seconds": int(later)} if later else answer)
    if call.method != "GET":
        return {**answer, "idempotency_replayed": "Idempotency-Replayed" in response.headers}
    return with_place(answer)


def respond(call: Call, key: str) -> Any:
    """The rendered response of the view. Raises ApiProblem where there is none."""
    try:
        view, args, kwargs = resolve(call.path)
    except Resolver404:
        raise ApiProblem("not_found") from None
    with origin(command="mcp", os_user=os_user(), method=call.method, path=call.path):
        response = (call.view or view)(request_of(call, key), *args, **kwargs)
        return response.render() if hasattr(response, "render") else response


def request_of(call: Call, key: str) -> InnerRequest:
    body = b"" if call.body is None else dumps(call.body)
    site = urlsplit(settings.BETTRACK_URL)
    environ = {
        "REQUEST_METHOD": call.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": call.path,
        "QUERY_STRING": urlencode(call.query),
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": site.hostname or "localhost",
        "SERVER_PORT": str(site.port or 80),
        "wsgi.url_scheme": site.scheme,
        "wsgi.input": io.BytesIO(body),
        "HTTP_AUTHORIZATION": f"Bearer {key}",
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in call.headers.items()},
    }
    return InnerRequest(environ)


def path_with(template: str, ids: Mapping[str, Any]) -> str:
    """The path with its ids filled in. Raises Refused for what cannot be an id."""
    for name, value in ids.items():
        if not ID.fullmatch(str(value)):
            raise Refused(body_of(ApiProblem("not_found", f"There is no such {name}.")))
        template = template.replace("{" + name + "}", str(value))
    return template


def with_place(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer with what the next call needs in place of an address."""
    if "next" not in answer:
        return answer
    rest = {name: value for name, value in answer.items() if name not in ("next", "previous")}
    found = parse_qs(urlsplit(answer["next"] or "").query)
    if "day" in answer or "page" in found:
        return {**rest, "next_page": int(found["page"][0]) if "page" in found else None}
    return {**rest, "next_cursor": found["cursor"][0] if "cursor" in found else None}
