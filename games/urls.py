from __future__ import annotations

from django.urls import path

from games import views

app_name = "games"
urlpatterns = [
    path("teams/<uuid:team_id>/monogram.svg", views.team_monogram, name="team_monogram"),
]
