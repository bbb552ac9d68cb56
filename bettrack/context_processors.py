from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """What every page shows: whether the prices are the sandbox's."""
    return {"demo": settings.DEMO}
