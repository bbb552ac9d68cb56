"""The connection past any pooler, for what needs a session of its own: migrations, upkeep, the report."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import connections

DIRECT: Final = "direct"


def direct_alias() -> str:
    """The alias to use; ``default`` where that is a direct connection already.

    ``direct`` is known to Django from the first call on: nothing connects before it is used.
    """
    if not settings.DIRECT_DATABASE:
        return "default"
    if DIRECT not in connections.databases:
        connections.databases[DIRECT] = connections.configure_settings(
            {"default": {}, DIRECT: dict(settings.DIRECT_DATABASE)}
        )[DIRECT]
    return DIRECT
