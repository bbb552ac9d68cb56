from __future__ import annotations

import datetime as dt

from django.apps import AppConfig


class BetsConfig(AppConfig):
    name = "bets"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bets import belongings
        from bets.health import read_settlement
        from feeds.monitoring import pulses, registry

        belongings.register()
        registry.register("settlement", read_settlement)
        late = dt.timedelta(minutes=5)
        pulses.expect(pulses.Expected("settle", "Settling bets", late, "bets.tasks.settle_due", 20))
