from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import belongings

        belongings.register()


class StaffSiteConfig(AdminConfig):
    """Django's admin with the site's own door."""

    default_site = "accounts.staff_site.StaffSite"
