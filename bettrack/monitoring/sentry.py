"""Reports of errors to Sentry, where SENTRY_DSN names one: what broke and where, nothing of people and no secret."""

from __future__ import annotations

import importlib
from typing import Any, Final
from urllib.parse import urlsplit

from .context import REQUEST, TASK
from .redaction import redact_all

KEPT_OF_REQUEST: Final = ("method", "url")


def start(dsn: str) -> None:
    """Report what breaks from now on. The package is optional; the settings have seen to it that it is there."""
    sentry = importlib.import_module("sentry_sdk")
    sentry.init(
        dsn=dsn,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        traces_sample_rate=0.0,
        server_name="bettrack",
        before_send=scrubbed,
        before_breadcrumb=scrubbed_crumb,
    )


def scrubbed(event: dict[str, Any], hint: Any = None) -> dict[str, Any]:
    """The event without cookies, headers, bodies, queries and names, and with the ids by which the log is searched."""
    request = event.pop("request", None)
    user = event.pop("user", None)
    found: dict[str, Any] = redact_all(event)
    if isinstance(request, dict):
        told = {name: request[name] for name in KEPT_OF_REQUEST if isinstance(request.get(name), str)}
        if "url" in told:
            parts = urlsplit(told["url"])
            told["url"] = f"{parts.scheme}://{parts.hostname or ''}{parts.path}"
        found["request"] = redact_all(told)
    if isinstance(user, dict) and user.get("id"):
        found["user"] = {"id": str(user["id"])}
    ids = {"request_id": REQUEST.get(), "task_id": TASK.get()}
    found["tags"] = {**(found.get("tags") or {}), **{name: value for name, value in ids.items() if value}}
    return found


def scrubbed_crumb(crumb: dict[str, Any], hint: Any = None) -> dict[str, Any]:
    """What happened before, likewise."""
    found: dict[str, Any] = redact_all(crumb)
    return found
