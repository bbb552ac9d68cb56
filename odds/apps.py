from __future__ import annotations

import datetime as dt
from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class OddsConfig(AppConfig):
    name = "odds"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from feeds.monitoring import pulses, registry
        from odds.freshness import read_freshness

        connection_created.connect(watch_connection, dispatch_uid="odds.versions")
        registry.register("prices", read_freshness)
        late = dt.timedelta(minutes=10)
        pulses.expect(pulses.Expected("pull", "Pulling prices", late, "odds.tasks.pull_due_odds", 10))
        pulses.expect(pulses.Expected("results", "Pulling results", late, "odds.tasks.pull_due_results", 11))


def watch_connection(connection: Any, **_: object) -> None:
    """Let a new connection keep the versions of pages up to date."""
    from odds import versions  # needs the settings of the cache

    versions.watch(connection)
