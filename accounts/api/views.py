"""The page on which people make, replace and revoke their API keys."""

from __future__ import annotations

import datetime as dt
import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.api.forms import NewKeyForm
from accounts.api.keys import KeyRefused, TooManyKeys, create_key, revoke_key, rotate_key
from accounts.http import SignedInRequest, signed_in
from accounts.models import ApiKey

SHOWN_REVOKED = dt.timedelta(days=30)


@signed_in
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def keys(request: SignedInRequest) -> HttpResponse:
    """The person's keys; POST makes one and shows it this once."""
    form = NewKeyForm(request.POST or None, is_staff=request.user.is_staff)
    if request.method == "POST" and form.is_valid():
        now, days = timezone.now(), int(form.cleaned_data["life"])
        try:
            made, text = create_key(
                user=request.user,
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                expires_at=now + dt.timedelta(days=days) if days else None,
                now=now,
            )
        except TooManyKeys as problem:
            form.add_error(None, str(problem))
        else:
            return page(request, NewKeyForm(is_staff=request.user.is_staff), made, text, status=201)
    return page(request, form, status=422 if form.is_bound else 200)


@signed_in
@require_POST
def revoke(request: SignedInRequest, key_id: uuid.UUID) -> HttpResponse:
    """Withdraw one of the person's keys; twice does no harm."""
    key = get_object_or_404(ApiKey.objects.owned_by(request.user), pk=key_id)
    if revoke_key(key=key, now=timezone.now()):
        messages.success(request, f"The key “{key.name}” is revoked. Whoever uses it is refused from now on.")
    return redirect("accounts:keys")


@signed_in
@never_cache
@require_POST
def rotate(request: SignedInRequest, key_id: uuid.UUID) -> HttpResponse:
    """Revoke a key and show its successor this once."""
    key = get_object_or_404(ApiKey.objects.owned_by(request.user).select_related("user"), pk=key_id)
    try:
        made, text = rotate_key(key=key, now=timezone.now())
    except (KeyRefused, TooManyKeys) as problem:
        messages.error(request, str(problem))
        return redirect("accounts:keys")
    return page(request, NewKeyForm(is_staff=request.user.is_staff), made, text, status=201)


def page(
    request: SignedInRequest, form: NewKeyForm, made: ApiKey | None = None, text: str = "", *, status: int
) -> HttpResponse:
    now = timezone.now()
    owned = ApiKey.objects.owned_by(request.user).exclude(revoked_at__lt=now - SHOWN_REVOKED)
    rows = [(key, key.state(now)) for key in owned]
    context = {"form": form, "rows": rows, "made": made, "text": text}
    return render(request, "accounts/keys.html", context, status=status)
