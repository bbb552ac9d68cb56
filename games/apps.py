from __future__ import annotations

from django.apps import AppConfig


class GamesConfig(AppConfig):
    name = "games"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import personal

        personal.keeps("games.ScoreReading", "by", words=("score you entered", "scores you entered"))
