from __future__ import annotations

import uuid

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import SignedInRequest, signed_in
from bets.clock import database_now
from bets.exceptions import Refused
from bets.limits import cancel_change, set_limit, set_time_out
from bets.limits.enforcing import clock
from bets.limits.forms import AMOUNTS, LimitsForm, ScopeForm, TimeOutForm
from bets.limits.page import amounts_held, changed_kinds, limits_page, outcome
from bets.models import LimitChange


@signed_in
@require_safe
def show(request: SignedInRequest) -> HttpResponse:
    """The limits of the person who asks."""
    return page(request)


@signed_in
@require_POST
def change(request: SignedInRequest) -> HttpResponse:
    """Set the limits of one currency of real or paper money; those left as they are stay untouched."""
    scope = ScopeForm(request.POST)
    if not scope.is_valid():
        return HttpResponseBadRequest(
            "Choose a currency, and real or paper money.", content_type="text/plain"
        )
    currency, money = scope.cleaned_data["currency"], scope.cleaned_data["money"]
    held = amounts_held(
        LimitChange.objects.filter(user=request.user).in_force(database_now()), currency, money
    )
    form = LimitsForm(request.POST, currency=currency, money=money, held=held)
    if not form.is_valid():
        return page(request, sent=form)
    renewed = [kind for kind in AMOUNTS if kind == request.POST.get("renew") and held.get(kind)]
    wanted = {str(kind): held[kind] for kind in renewed} or {
        kind: form.cleaned_data[kind] for kind in changed_kinds(form, held)
    }
    with transaction.atomic():
        changes = [
            set_limit(user=request.user, kind=kind, currency=currency, money=money, amount=amount)
            for kind, amount in wanted.items()
        ]
    for one in changes:
        if one is not None:
            messages.success(request, outcome(one, request.user.time_zone))
    if not any(changes):
        messages.info(request, "Nothing has changed.")
    return redirect("limits:show")


@signed_in
@require_POST
def time_out(request: SignedInRequest) -> HttpResponse:
    """Take a time-out, lengthen it, or ask for its end."""
    until = None
    if "end" not in request.POST:
        form = TimeOutForm(request.POST)
        if not form.is_valid():
            return page(request, time_out_form=form)
        until = database_now() + form.cleaned_data["days"]
    try:
        made = set_time_out(user=request.user, until=until)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("limits:show")
    zone = request.user.time_zone
    if made is None:
        messages.info(request, "Nothing has changed.")
    elif made.loosens:
        messages.success(
            request,
            f"The change takes effect {clock(made.effective_at, zone)}. Until then the time-out stays.",
        )
    elif made.until is not None:
        messages.success(request, f"No bet is placed until {clock(made.until, zone)}.")
    return redirect("limits:show")


@signed_in
@require_POST
def cancel(request: SignedInRequest, change_id: uuid.UUID) -> HttpResponse:
    """Call off a loosening that waits."""
    found = LimitChange.objects.filter(pk=change_id, user=request.user).first()
    if found is None:
        raise Http404("You have no such change.")
    try:
        cancel_change(change=found, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "Cancelled. The limit stays as it is.")
    return redirect("limits:show")


def page(
    request: SignedInRequest, *, sent: LimitsForm | None = None, time_out_form: TimeOutForm | None = None
) -> HttpResponse:
    context = {
        "limits": limits_page(request.user, timezone.now(), sent=sent),
        "time_out_form": time_out_form or TimeOutForm(),
        "zone": request.user.time_zone,
    }
    refused = sent is not None or time_out_form is not None
    return render(request, "bets/limits.html", context, status=422 if refused else 200)
