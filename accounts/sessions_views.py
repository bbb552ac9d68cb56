from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts import sessions
from accounts.http import SignedInRequest, signed_in


@signed_in
@require_POST
def end_one(request: SignedInRequest, session_id: int) -> HttpResponse:
    """End the session of one other browser."""
    if not sessions.end_session(user=request.user, session_id=session_id):
        raise Http404("You have no such session.")
    messages.success(request, "That session is over.")
    return redirect("usersessions_list")


@signed_in
@require_POST
def end_others(request: SignedInRequest) -> HttpResponse:
    """End every session but this one."""
    sessions.end_other_sessions(request, user=request.user)
    messages.success(request, "All other sessions are over.")
    return redirect("usersessions_list")
