from __future__ import annotations

from django.urls import URLPattern, path

from odds import views

app_name = "odds"
urlpatterns: list[URLPattern] = [
    path("", views.board, name="board"),
    path("games/<uuid:game_id>/", views.game, name="game"),
    path("games/<uuid:game_id>/movement.json", views.movement, name="movement"),
]
