"""Filters kept under a name: made from the filter of a page, listed, renamed, deleted and brought back."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.http import SignedInRequest, back, signed_in
from bets.exceptions import NotAllowed, Refused
from bets.history.choices import filter_view, own_values
from bets.history.filters import BetFilter
from bets.history.saved import delete_filter, rename_filter, restore_filter, save_filter
from bets.models import Bankroll, Bet, SavedFilter


class NameForm(forms.Form):
    name = forms.CharField(max_length=60, error_messages={"required": "Give the filter a name."})


@signed_in
@require_safe
def filters(request: SignedInRequest) -> HttpResponse:
    """The user's filters, each with what it asks for."""
    rolls = list(Bankroll.objects.owned_by(request.user).order_by("created_at", "id"))
    mine = Bet.objects.owned_by(request.user)
    own, shown = own_values(request.user), []
    for kept in SavedFilter.objects.owned_by(request.user):
        asked = BetFilter(QueryDict(kept.query), mine, request=request)
        shown.append((kept, filter_view(asked, rolls, reverse("bets:history"), own=own)))
    deleted = request.session.pop("deleted_filter", None)
    gone = SavedFilter.objects.filter(user=request.user, deleted_at__isnull=False, pk=deleted).first()
    return render(request, "bets/filter_list.html", {"filters": shown, "gone": gone})


@signed_in
@require_POST
def save(request: SignedInRequest) -> HttpResponse:
    """Keep the filter of the page under a name."""
    asked = BetFilter(
        QueryDict(request.POST.get("query", "")[:4000]), Bet.objects.owned_by(request.user), request=request
    )
    form = NameForm(request.POST)
    if not asked.form.is_valid():
        messages.error(request, " ".join(asked.form.sentences()))
    elif not form.is_valid():
        messages.error(request, str(next(iter(form.errors.values()))[0]))
    else:
        try:
            kept = save_filter(by=request.user, name=form.cleaned_data["name"], query=asked.query)
            messages.success(request, f"Kept as “{kept.name}”.")
        except Refused as refused:
            messages.error(request, str(refused))
    return back(request, reverse("bets:history"))


def acting(request: SignedInRequest, act: Callable[[], SavedFilter], done: str) -> SavedFilter | None:
    """Do it and say so; another's filter is not found, a refusal is said."""
    try:
        kept = act()
    except NotAllowed as error:
        raise Http404(str(error)) from error
    except Refused as refused:
        messages.error(request, str(refused))
        return None
    messages.success(request, done.format(kept.name))
    return kept


@signed_in
@require_POST
def rename(request: SignedInRequest, filter_id: uuid.UUID) -> HttpResponse:
    name = request.POST.get("name", "")[:200]
    acting(request, lambda: rename_filter(filter_id=filter_id, by=request.user, name=name), "It is “{}” now.")
    return redirect("bets:filters")


@signed_in
@require_POST
def delete(request: SignedInRequest, filter_id: uuid.UUID) -> HttpResponse:
    kept = acting(request, lambda: delete_filter(filter_id=filter_id, by=request.user), "“{}” is deleted.")
    if kept is not None:
        request.session["deleted_filter"] = str(kept.pk)
    return redirect("bets:filters")


@signed_in
@require_POST
def restore(request: SignedInRequest, filter_id: uuid.UUID) -> HttpResponse:
    acting(request, lambda: restore_filter(filter_id=filter_id, by=request.user), "“{}” is back.")
    return redirect("bets:filters")
