from __future__ import annotations

from django.urls import URLPattern, path

from bets.stats import record_views, views

app_name = "stats"
urlpatterns: list[URLPattern] = [
    path("", views.overview, name="overview"),
    path("chart.json", views.chart, name="chart"),
    path("record.json", views.record_json, name="json"),
    path("publish/", record_views.publish, name="publish"),
    path("revoke/<uuid:record_id>/", record_views.revoke, name="revoke"),
]
