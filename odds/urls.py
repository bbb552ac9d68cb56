from __future__ import annotations

from django.urls import URLPattern, path

from odds import closing_views, edge_views, future_views, views

app_name = "odds"
urlpatterns: list[URLPattern] = [
    path("books/closing-lines/", closing_views.closing_lines, name="closing_lines"),
    path("", views.board, name="board"),
    path("edges/", edge_views.edges, name="edges"),
    path("futures/", future_views.futures, name="futures"),
    path("games/<uuid:game_id>/", views.game, name="game"),
    path("games/<uuid:game_id>/movement.json", views.movement, name="movement"),
]
