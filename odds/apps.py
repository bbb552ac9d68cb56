from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class OddsConfig(AppConfig):
    name = "odds"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        connection_created.connect(watch_connection, dispatch_uid="odds.versions")


def watch_connection(connection: Any, **_: object) -> None:
    """Let a new connection keep the versions of pages up to date."""
    from odds import versions  # needs the settings of the cache

    versions.watch(connection)
