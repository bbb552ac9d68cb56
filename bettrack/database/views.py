"""The staff page of the database report, and the end of a connection."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django import forms
from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from bettrack.database import activity
from bettrack.database.direct import direct_alias
from bettrack.database.report import report

PERMISSION: Final = "accounts.view_database"


class BackendForm(forms.Form):
    """Which connection was looked at: its number may have gone to another one since."""

    started = forms.CharField(widget=forms.HiddenInput, max_length=40)

    def clean_started(self) -> dt.datetime:
        try:
            return dt.datetime.fromisoformat(self.cleaned_data["started"]).astimezone(dt.UTC)
        except (ValueError, OverflowError):
            raise forms.ValidationError("The form has lost which connection it is about.") from None


@require_safe
@never_cache
@login_required
def database(request: HttpRequest) -> HttpResponse:
    """How the database is doing; for staff with the permission."""
    if not (request.user.is_staff and request.user.has_perm(PERMISSION)):
        raise PermissionDenied
    sections = report(using=direct_alias())
    every = "all" in request.GET
    shown = [(section, section.shown_rows(every=every)) for section in sections]
    warned = [section for section in sections if section.warnings]
    context = {"shown": shown, "warned": warned, "every": every, "now": timezone.now()}
    return render(request, "database/report.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def end_connection(request: HttpRequest, pid: int) -> HttpResponse:
    """Show a client's connection and, once confirmed, end it; for administrators. It is noted who did."""
    if not request.user.is_superuser:
        raise PermissionDenied
    using = direct_alias()
    try:
        backend = activity.find_backend(min(pid, 2**31 - 1), using=using)
        form = BackendForm(request.POST or None, initial={"started": backend.started.isoformat()})
        if request.method == "POST" and form.is_valid():
            seen = activity.Backend(
                pid, form.cleaned_data["started"], backend.app, backend.state, backend.query
            )
            ended = activity.terminate(seen, by=f"{request.user}", using=using)
            note(request, backend, ended=ended)
            return redirect("database")
    except activity.NotOurs as problem:
        messages.error(request, str(problem))
        return redirect("database")
    except DatabaseError as error:
        messages.error(request, f"The database refuses: {str(error).strip().splitlines()[0]}")
        return redirect("database")
    return render(request, "database/end_connection.html", {"backend": backend, "form": form})


def note(request: HttpRequest, backend: activity.Backend, *, ended: bool) -> None:
    """Tell the person, and keep it in the admin's log."""
    what = f"connection {backend.pid} ({backend.app})"
    if ended:
        messages.success(request, f"The {what} has ended.")
    else:
        messages.warning(request, f"The {what} did not end within five seconds; look again.")
    LogEntry.objects.create(
        user_id=str(request.user.pk),
        action_flag=CHANGE,
        object_repr=f"Database {what}"[:200],
        change_message=f"{'Ended' if ended else 'Tried to end'} it: {backend.query}",
    )
