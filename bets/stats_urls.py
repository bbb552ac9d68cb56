from __future__ import annotations

from django.urls import URLPattern, path

from bets import record_views, stats_views

app_name = "stats"
urlpatterns: list[URLPattern] = [
    path("", stats_views.overview, name="overview"),
    path("chart.json", stats_views.chart, name="chart"),
    path("record.json", stats_views.record_json, name="json"),
    path("publish/", record_views.publish, name="publish"),
    path("revoke/<uuid:record_id>/", record_views.revoke, name="revoke"),
]
