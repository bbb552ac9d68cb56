"""What the odds' views share: their scope, and an ETag that is known before anything is read."""

from __future__ import annotations

import hashlib
from typing import ClassVar

from django.utils import timezone
from rest_framework.request import Request

from games.filters import zone_of
from odds import versions
from rest.views import ApiView

DAY_PART = 900
"""Days begin at a quarter of an hour of UTC in every zone there is."""


class OddsView(ApiView):
    """Base of the views of the archive. ``changes_with_time`` tells that an answer changes though nothing is written."""

    scope = "odds:read"
    tag = "odds"
    changes_with_time: ClassVar[bool] = False

    def read_state(self, request: Request) -> str | None:
        if self.changes_with_time:
            return None
        found = versions.current([versions.ARCHIVE])
        if found is None:
            return None
        part = int(timezone.now().timestamp()) // DAY_PART
        parts = [request.build_absolute_uri(), zone_of(request).key, part, found]
        return f'W/"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"'
