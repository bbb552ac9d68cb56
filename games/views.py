from __future__ import annotations

import hashlib
import uuid

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from games.models import Team
from games.monograms import monogram

WEEK = 7 * 24 * 3600


@require_safe
@cache_control(public=True, max_age=WEEK)
def team_monogram(request: HttpRequest, team_id: uuid.UUID) -> HttpResponseBase:
    """A team's badge, the stand-in for its logo; strangers may see it, as they may see the board."""
    team = get_object_or_404(Team.objects.only("name", "abbr", "color"), pk=team_id)
    body = monogram(team.name, abbr=team.abbr, color=team.color)
    etag = f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"'
    response = HttpResponse(body, content_type="image/svg+xml; charset=utf-8", headers={"ETag": etag})
    return get_conditional_response(request, etag=etag, response=response) or response
