"""The page of closing-line coverage; ``odds/_closing_lines.html`` is its table for other pages to include."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from odds.closing import closing_coverage

SPANS = (7, 30, 90, 365)


@require_safe
@login_required
def closing_lines(request: HttpRequest) -> HttpResponse:
    """For how many games each book has a closing line, by sport, over one of ``SPANS`` days (``?days=``)."""
    wanted = request.GET.get("days", "30")
    if wanted not in map(str, SPANS):
        problem = f"days: choose one of {', '.join(map(str, SPANS))}."
        return render(request, "400.html", {"problems": [problem]}, status=400)
    days, now = int(wanted), timezone.now()
    sports = closing_coverage(since=now - dt.timedelta(days=days), until=now)
    return render(request, "odds/closing_lines.html", {"sports": sports, "days": days, "spans": SPANS})
