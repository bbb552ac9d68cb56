"""Where the archive shows a price as it was seen: the game's page as of that instant."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from django.urls import reverse

from odds.models import Selection
from odds.tabs import tab_of


def snapshot_url(selection: Selection, seen_at: dt.datetime) -> str:
    """Return the address of the game's prices as of the instant (UTC), the selection's movement among them."""
    _, tab, _ = tab_of(selection.market)
    instant = seen_at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    page = reverse("odds:game", args=[selection.game_id])
    return f"{page}?{urlencode({'tab': tab, 'chart': selection.pk, 'at': instant})}#grids"
