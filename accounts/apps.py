from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.db.backends.signals import connection_created


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import belongings

        belongings.register()
        connection_created.connect(watch_connection, dispatch_uid="accounts.audit")


def watch_connection(connection: Any, **_: object) -> None:
    """Let what a new connection writes say where it comes from. After odds.versions, which reads what we add to."""
    from accounts.audit import context  # needs the models

    context.watch(connection)


class StaffSiteConfig(AdminConfig):
    """Django's admin with the site's own door."""

    default_site = "accounts.staff_site.StaffSite"
