"""The sandbox over HTTP, for the real clients."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from .answers import answer
from .world import World


@require_GET
def sandbox(request: HttpRequest, path: str) -> HttpResponse:
    """Answer as the provider would, now."""
    found = answer(World.from_settings(), f"/{path}", request.GET.dict(), timezone.now())
    return HttpResponse(found.body, status=found.status, headers=found.headers)
