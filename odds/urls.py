from __future__ import annotations

from django.urls import URLPattern, path

from odds import books_views, closing_views, edge_views, future_views, planner_views, views

app_name = "odds"
urlpatterns: list[URLPattern] = [
    path("", views.board, name="board"),
    path("books/", books_views.books, name="books"),
    path("books/closing-lines/", closing_views.closing_lines, name="closing_lines"),
    path("edges/", edge_views.edges, name="edges"),
    path("futures/", future_views.futures, name="futures"),
    path("polling/", planner_views.polling_plan, name="polling_plan"),
    path("games/<uuid:game_id>/", views.game, name="game"),
    path("games/<uuid:game_id>/movement.json", views.movement, name="movement"),
]
