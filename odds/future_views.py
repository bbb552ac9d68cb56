from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from odds.futures import read_fields
from odds.views import PageRequest


@require_safe
def futures(request: PageRequest) -> HttpResponse:
    """Every open outright: the best price per runner and what the field costs at each book."""
    now = timezone.now()
    fields = read_fields(now=now)
    return render(request, "odds/futures.html", {"fields": fields, "now": now})
