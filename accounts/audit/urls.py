from __future__ import annotations

from django.urls import URLPattern, path

from accounts.audit import views

app_name = "trail"
urlpatterns: list[URLPattern] = [
    path("", views.trail, name="search"),
    path("trail.csv", views.export, name="export"),
]
