from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.addresses import shown_address
from accounts.appearance import THEME_COOKIE
from accounts.forms import PreferencesForm, ThemeForm
from accounts.http import PageRequest, SignedInRequest, back, refreshed, signed_in

YEAR = 365 * 24 * 3600


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: SignedInRequest) -> HttpResponse:
    """Time zone, odds format and theme of the signed-in user."""
    form = PreferencesForm(request.POST or None, instance=request.user)
    if request.method == "POST":
        if form.is_valid():
            request.user.save(update_fields=list(form.fields))
            messages.success(request, "Preferences saved.")
            response = redirect("accounts:preferences")
            return remember_theme(request, response, request.user.theme)
        request.user.refresh_from_db(fields=list(form.fields))  # the page around the form shows what holds
    context = {"form": form, "address": shown_address(request.user)}
    return render(request, "accounts/preferences.html", context, status=422 if form.is_bound else 200)


@signed_in
@require_safe
def data(request: SignedInRequest) -> HttpResponse:
    """What a person can take along, and the way to delete the account."""
    return render(request, "accounts/data.html")


@require_POST
def theme(request: PageRequest) -> HttpResponse:
    """Set light, dark or system: in the account when signed in, and in a cookie for signed-out pages."""
    form = ThemeForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest("theme: choose light, dark or system.", content_type="text/plain")
    chosen = form.cleaned_data["theme"]
    if request.user.is_authenticated:
        request.user.theme = chosen
        request.user.save(update_fields=["theme"])
    response = refreshed() if request.htmx else back(request, "/")
    return remember_theme(request, response, chosen)


def remember_theme(request: HttpRequest, response: HttpResponse, chosen: str) -> HttpResponse:
    """Keep the theme for pages seen signed out."""
    response.set_cookie(
        THEME_COOKIE, chosen, max_age=YEAR, httponly=True, samesite="Lax", secure=request.is_secure()
    )
    return response
