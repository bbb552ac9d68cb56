from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.http import SignedInRequest, signed_in
from bets.models import BettingPreferences
from bets.preferences_form import BettingPreferencesForm


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def betting_preferences(request: SignedInRequest) -> HttpResponse:
    """Currency, default book and stake, and the unit of the signed-in user."""
    mine = BettingPreferences.objects.of(request.user)
    form = BettingPreferencesForm(request.POST or None, instance=mine)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Preferences saved.")
        return redirect("betting_preferences")
    return render(request, "bets/preferences.html", {"form": form}, status=422 if form.errors else 200)
