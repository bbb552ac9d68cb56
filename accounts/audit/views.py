"""The staff page of the trail, and the same as a file."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any, Final

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.audit.forms import TrailForm
from accounts.audit.models import AuditEvent
from accounts.audit.trail import Asked, Place, every, metadata_of, names_for, page_of
from accounts.audit.words import row_of, who_of
from accounts.http import signed_in

PERMISSION: Final = "accounts.view_auditevent"
MOST_EXPORTED: Final = 200_000
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
ORIGIN: Final = (
    "user",
    "address",
    "method",
    "path",
    "request",
    "key",
    "command",
    "os_user",
    "task",
    "task_id",
)
COLUMNS: Final = ("at", "action", "kind", "object", "rows", "who", *ORIGIN, "owner", "before", "after")


def may_read(request: HttpRequest) -> None:
    """Raise PermissionDenied for everybody but staff with the permission to view the trail."""
    if not (getattr(request.user, "is_staff", False) and request.user.has_perm(PERMISSION)):
        raise PermissionDenied


@signed_in
@never_cache
@require_safe
def trail(request: HttpRequest) -> HttpResponse:
    """Who changed what, when and from where, newest first, by any of the filters."""
    may_read(request)
    form = TrailForm(request.GET)
    context: dict[str, Any] = {
        "form": form,
        "rows": [],
        "filtered": any(request.GET.get(name) for name in form.fields),
    }
    if form.is_valid():
        events, after = page_of(form.asked(), place_of(request))
        names = names_for(events)
        context |= {"rows": [row_of(event, names) for event in events], "after": after}
    context["begins_later"] = "after" in request.GET
    return render(request, "accounts/trail.html", context, status=200 if form.is_valid() else 422)


@signed_in
@never_cache
@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """What the filters let through as CSV, newest first."""
    may_read(request)
    form = TrailForm(request.GET)
    if not form.is_valid():
        raise BadRequest("The filter cannot be read: go back to the page, which says why.")
    return StreamingHttpResponse(
        lines(form.asked()),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="bettrack-trail.csv"'},
    )


def place_of(request: HttpRequest) -> Place | None:
    text = request.GET.get("after", "")
    try:
        return Place.read(text) if text else None
    except (ValueError, OverflowError):
        raise BadRequest("after: no place in the trail.") from None


class Line:
    """Gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def lines(asked: Asked) -> Iterator[str]:
    writer = csv.writer(Line(), lineterminator="\r\n")
    yield writer.writerow(COLUMNS)
    for events in every(asked, most=MOST_EXPORTED):
        names = names_for(events)
        for event in events:
            yield writer.writerow(
                [disarmed(cell) for cell in cells(event, who_of(metadata_of(event), names))]
            )


def cells(event: AuditEvent, who: str) -> Iterator[str]:
    known = metadata_of(event)
    yield from (event.at.isoformat(), event.action, event.kind, event.object_id, str(event.row_count), who)
    yield from (str(known.get(name, "")) for name in ORIGIN)
    yield str(event.owner_id or "")
    for side in (event.before, event.after):
        yield "" if side is None else json.dumps(side, ensure_ascii=False)


def disarmed(cell: str) -> str:
    """So that no spreadsheet takes it for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
