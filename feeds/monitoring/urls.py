from __future__ import annotations

from django.urls import URLPattern, path

from feeds.monitoring import views

app_name = "status"
urlpatterns: list[URLPattern] = [
    path("", views.overview, name="overview"),
    path("incidents/", views.incidents, name="incidents"),
    path("incidents/<uuid:incident_id>/", views.incident, name="incident"),
    path("feed.rss", views.IncidentFeed(), name="rss"),
    path("feed.atom", views.AtomIncidentFeed(), name="atom"),
]
