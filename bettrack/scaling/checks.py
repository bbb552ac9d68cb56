"""What the application is told of its archive has to be so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks

from bettrack.scaling.plan import citus_tables
from bettrack.scaling.shape import DISTRIBUTED


@checks.register(checks.Tags.database)
def archive_is_where_it_is_said_to_be(
    app_configs: Any = None, databases: Sequence[str] | None = None, **_: Any
) -> list[checks.CheckMessage]:
    """ARCHIVE_IS_SHARDED against the catalog; asked by ``migrate`` and ``check --database default``."""
    if "default" not in (databases or ()):
        return []
    is_sharded = citus_tables().keys() >= set(DISTRIBUTED)
    if is_sharded and not settings.ARCHIVE_IS_SHARDED:
        text = "The archive is sharded, but ARCHIVE_IS_SHARDED is not on: Citus will refuse pulls and pages."
        return [checks.Warning(text, hint="Set ARCHIVE_IS_SHARDED=1.", id="bettrack.W001")]
    if settings.ARCHIVE_IS_SHARDED and not is_sharded:
        text = "ARCHIVE_IS_SHARDED is on, but the archive is on one machine: pulls and pages are slower than they need be."
        return [checks.Warning(text, hint="Unset it, or run manage.py distribute.", id="bettrack.W002")]
    return []
