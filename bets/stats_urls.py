from __future__ import annotations

from django.urls import URLPattern, path

from bets import stats_views

app_name = "stats"
urlpatterns: list[URLPattern] = [
    path("", stats_views.overview, name="overview"),
    path("chart.json", stats_views.chart, name="chart"),
]
