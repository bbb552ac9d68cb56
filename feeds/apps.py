from __future__ import annotations

from django.apps import AppConfig


class FeedsConfig(AppConfig):
    name = "feeds"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Feeds"

    def ready(self) -> None:
        from feeds.monitoring import providers, pulses, registry

        registry.register("providers", providers.read_providers)
        registry.register("work", pulses.read_pulses)
