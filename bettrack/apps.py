from __future__ import annotations

from django.apps import AppConfig


class BetTrackConfig(AppConfig):
    name = "bettrack"
