"""The staff page of the polling plan."""

from __future__ import annotations

import datetime as dt

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from games.models import Sport
from odds.planner import forecast
from odds.planning import monthly_cost

MOST_PULLS = 40


class WhatIfForm(forms.Form):
    """A fixed cadence to price, and the size of a key to plan for."""

    sports = forms.IntegerField(min_value=1, max_value=200, initial=4)
    markets = forms.IntegerField(min_value=1, max_value=100, initial=3)
    regions = forms.IntegerField(min_value=1, max_value=20, initial=1)
    minutes = forms.IntegerField(min_value=1, max_value=43_200, initial=10, label="Minutes between polls")
    hours = forms.IntegerField(min_value=1, max_value=24, initial=24, label="Hours a day")

    def cost(self) -> int:
        """Credits a month."""
        given = self.cleaned_data
        return monthly_cost(
            sports=given["sports"],
            markets=given["markets"],
            regions=given["regions"],
            every=dt.timedelta(minutes=given["minutes"]),
            hours_a_day=given["hours"],
        )


class KeyForm(forms.Form):
    """A key of another size: ``?credits=``."""

    credits = forms.IntegerField(
        min_value=0, max_value=1_000_000_000, required=False, label="Credits a month", initial=20_000
    )


@require_safe
@login_required
def polling_plan(request: HttpRequest) -> HttpResponse:
    """What is polled in the coming week and what it costs; for staff."""
    if not request.user.is_staff:
        raise PermissionDenied
    what_if = WhatIfForm(request.GET if "minutes" in request.GET else None)
    other_key = KeyForm(request.GET if "credits" in request.GET else None)
    wanted = other_key.cleaned_data["credits"] if other_key.is_valid() else None
    now = timezone.now()
    found = forecast(list(Sport.objects.filter(active=True)), now=now, credits_a_month=wanted)
    upcoming = [item for item in found.upcoming if item[0].at >= now]
    context = {
        "plan": found,
        "now": now,
        "upcoming": upcoming[:MOST_PULLS],
        "more": max(0, len(upcoming) - MOST_PULLS),
        "most_monthly": max([found.key.limit, found.monthly, 1]),
        "what_if": what_if,
        "what_if_cost": what_if.cost() if what_if.is_valid() else None,
        "other_key": other_key,
        "wanted": wanted,
    }
    return render(request, "odds/polling_plan.html", context)
