from __future__ import annotations

from django.apps import AppConfig, apps
from django.conf import settings


class BetTrackConfig(AppConfig):
    name = "bettrack"

    def ready(self) -> None:
        """Tell the library's section of the admin from our own, which is called Accounts too, and give other parts their start."""
        from bettrack import auditing
        from bettrack.monitoring import expectations, sentry
        from bettrack.scaling import checks  # noqa: F401 - registers itself
        from rest.wording import speak_plainly

        apps.get_app_config("account").verbose_name = "Email addresses"
        expectations.register()
        speak_plainly()
        if settings.SENTRY_DSN:
            sentry.start(settings.SENTRY_DSN)
        auditing.connect()
