from __future__ import annotations

from django.apps import AppConfig, apps


class BetTrackConfig(AppConfig):
    name = "bettrack"

    def ready(self) -> None:
        """Tell the library's section of the admin from our own, which is called Accounts too."""
        from bettrack import auditing
        from bettrack.monitoring import expectations

        apps.get_app_config("account").verbose_name = "Email addresses"
        expectations.register()
        auditing.connect()
